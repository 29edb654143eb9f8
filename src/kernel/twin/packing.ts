/**
 * Packing in plain TypeScript: the low `bits` bits of every word one after the other, least significant
 * bit first, and zeros up to the next whole byte. Lengths are the caller's to check.
 */

/** Packs the low `bits` bits (1 to 32) of every word; writes every byte of `out`. */
export function packWords(out: Uint8Array, words: Uint32Array, bits: number): void {
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  const mask = 0xffffffff >>> (32 - bits);
  let at = 0;
  // `pending` holds the lowest `held` (0 to 31) bits that are not written yet.
  let pending = 0;
  let held = 0;
  for (let i = 0; i < words.length; i++) {
    const value = (words[i] as number) & mask;
    pending |= value << held;
    held += bits;
    if (held >= 32) {
      view.setUint32(at, pending, true);
      at += 4;
      held -= 32;
      // The `held` top bits of the value. Two shifts, since one by 32 would be one by 0.
      pending = (value >>> 1) >>> (bits - held - 1);
    }
  }
  for (; held > 0; held -= 8) {
    out[at++] = pending;
    pending >>>= 8;
  }
}

/** The inverse of {@link packWords}. */
export function unpackWords(out: Uint32Array, bytes: Uint8Array, bits: number): void {
  out.fill(0);
  unpackAddWords(out, bytes, bits);
}

/** Adds packed words to `accumulator` mod 2^32. */
export function unpackAddWords(accumulator: Uint32Array, bytes: Uint8Array, bits: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mask = 0xffffffff >>> (32 - bits);
  // Every element is read as five bytes from the one it starts in. `whole` elements have all five.
  const whole = Math.max(0, Math.floor(((bytes.length - 5) * 8) / bits) + 1);
  const end = Math.min(accumulator.length, whole);
  let at = 0;
  let shift = 0;
  for (let i = 0; i < end; i++) {
    // Two shifts for the fifth byte, since one by 32 (shift = 0) would be one by 0.
    const value =
      (view.getUint32(at, true) >>> shift) | ((view.getUint8(at + 4) << 1) << (31 - shift));
    accumulator[i] = (accumulator[i] as number) + (value & mask);
    shift += bits;
    at += shift >>> 3;
    shift &= 7;
  }
  for (let i = end; i < accumulator.length; i++) {
    const value = readNearEnd(bytes, at, shift);
    accumulator[i] = (accumulator[i] as number) + (value & mask);
    shift += bits;
    at += shift >>> 3;
    shift &= 7;
  }
}

/** As the fast loop reads, but with zeros beyond the end. Only for the last few elements. */
function readNearEnd(bytes: Uint8Array, at: number, shift: number): number {
  const byte = (k: number): number => (at + k < bytes.length ? (bytes[at + k] as number) : 0);
  const low = byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24);
  return (low >>> shift) | ((byte(4) << 1) << (31 - shift));
}
