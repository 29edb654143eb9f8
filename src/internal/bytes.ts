/** Small pure functions on byte strings. None is constant-time unless its name says so. */

const encoder = new TextEncoder();

/** UTF-8 bytes of a string. */
export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** All parts one after the other, in fresh memory. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * Whether two byte strings are equal. The time depends on the lengths only, so it may be used on
 * secrets (as far as a JavaScript engine keeps such a promise).
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let out = '';
  for (const byte of bytes) out += byte.toString(16).padStart(2, '0');
  return out;
}

/** A number below 2^32 as four bytes, most significant first. */
export const u32 = (value: number): Uint8Array =>
  Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);

/** Every part preceded by its length in four bytes: no two lists of parts give the same bytes. */
export function lengthPrefixed(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += 4 + part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    const size = part.length;
    out[at++] = size >>> 24;
    out[at++] = size >>> 16;
    out[at++] = size >>> 8;
    out[at++] = size;
    out.set(part, at);
    at += size;
  }
  return out;
}

/** Overwrites with zeros. JavaScript may have copied the bytes elsewhere; this is best effort. */
export function wipe(...secrets: readonly (Uint8Array | Uint32Array | undefined)[]): void {
  for (const secret of secrets) secret?.fill(0);
}
