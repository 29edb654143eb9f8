/** Randomness: the platform's CSPRNG and nothing else. */

/** The Web Crypto limit of one call. */
const CHUNK = 65_536;

/** Fills `out` with random bytes, in place. Any length. */
export function fillRandom(out: Uint8Array | Uint32Array): void {
  const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
  for (let at = 0; at < bytes.length; at += CHUNK) {
    globalThis.crypto.getRandomValues(
      bytes.subarray(at, Math.min(at + CHUNK, bytes.length)) as Uint8Array<ArrayBuffer>,
    );
  }
}

/** `length` fresh random bytes. */
export function randomBytes(length: number): Uint8Array {
  const out = new Uint8Array(length);
  fillRandom(out);
  return out;
}
