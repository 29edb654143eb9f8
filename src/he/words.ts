/**
 * Coefficients between the wire, where each has as few bytes as its prime, and SEAL's memory layout,
 * where each is a word of eight. Words are read and written as two halves: no BigInt in the loops.
 */

/** A prime as the loops need it. */
export type WirePrime = {
  /** Bytes of a coefficient on the wire, 1 to 8. */
  readonly width: number;
  /** The prime's upper and lower 32 bits. */
  readonly high: number;
  readonly low: number;
};

/** Splits a prime below 2^63. */
export const wirePrime = (prime: bigint): WirePrime =>
  Object.freeze({
    width: Math.ceil((prime - 1n).toString(2).length / 8),
    high: Number(prime >> 32n),
    low: Number(prime & 0xffff_ffffn),
  });

/** What {@link widenInto} found in the coefficients. */
export type Widened = 'fine' | 'not-below-prime' | 'all-zero';

/**
 * Reads `count` coefficients of `prime.width` bytes each, least significant first, into pairs of
 * 32-bit words, and checks each against the prime.
 *
 * @param out `2 · count` words are written from `outAt`, the lower half of each pair first
 * @param from must hold `count · prime.width` bytes from `fromAt`
 *
 * **Security**: stops at the first coefficient that is not below the prime; what is read is public.
 * **Cost**: one pass, no allocation.
 */
export function widenInto(
  out: Uint32Array,
  outAt: number,
  from: DataView,
  fromAt: number,
  count: number,
  prime: WirePrime,
): Widened {
  const { width, high: primeHigh, low: primeLow } = prime;
  let some = 0;
  let at = fromAt;
  let to = outAt;
  if (width <= 4) {
    for (let i = 0; i < count; i++) {
      let low = 0;
      for (let byte = width - 1; byte >= 0; byte--) low = (low << 8) | from.getUint8(at + byte);
      low >>>= 0;
      if (primeHigh === 0 && low >= primeLow) return 'not-below-prime';
      out[to] = low;
      out[to + 1] = 0;
      some |= low;
      at += width;
      to += 2;
    }
    return some === 0 ? 'all-zero' : 'fine';
  }
  const aligned = (from.byteOffset + fromAt) % 4 === 0;
  if (width === 8 && aligned) return copyInto(out, outAt, from, fromAt, count, prime);
  if (width === 7 && aligned && count % 4 === 0) {
    return widenSevensInto(out, outAt, from, fromAt, count, prime);
  }
  if (width === 6 && aligned && count % 2 === 0) {
    return widenSixesInto(out, outAt, from, fromAt, count, prime);
  }
  // The last four bytes of a coefficient overlap its first four: what is left of them is the upper half.
  const shift = 8 * (8 - width);
  const back = width - 4;
  for (let i = 0; i < count; i++) {
    const low = from.getUint32(at, true);
    const high = from.getUint32(at + back, true) >>> shift;
    if (high >= primeHigh && (high > primeHigh || low >= primeLow)) return 'not-below-prime';
    out[to] = low;
    out[to + 1] = high;
    some |= low | high;
    at += width;
    to += 2;
  }
  return some === 0 ? 'all-zero' : 'fine';
}

/** {@link widenInto} for whole words: what is left of the work is the check. */
function copyInto(
  out: Uint32Array,
  outAt: number,
  from: DataView,
  fromAt: number,
  count: number,
  prime: WirePrime,
): Widened {
  const { high: primeHigh, low: primeLow } = prime;
  out.set(new Uint32Array(from.buffer, from.byteOffset + fromAt, 2 * count), outAt);
  const end = outAt + 2 * count;
  let some = 0;
  for (let at = outAt; at < end; at += 2) {
    const low = out[at] as number;
    const high = out[at + 1] as number;
    if (high >= primeHigh && (high > primeHigh || low >= primeLow)) return 'not-below-prime';
    some |= low | high;
  }
  return some === 0 ? 'all-zero' : 'fine';
}

/** {@link widenInto} for six bytes: two coefficients are three words. */
function widenSixesInto(
  out: Uint32Array,
  outAt: number,
  from: DataView,
  fromAt: number,
  count: number,
  prime: WirePrime,
): Widened {
  const { high: primeHigh, low: primeLow } = prime;
  const words = new Uint32Array(from.buffer, from.byteOffset + fromAt, (count / 2) * 3);
  let some = 0;
  let to = outAt;
  for (let at = 0; at < words.length; at += 3) {
    const a = words[at] as number;
    const b = words[at + 1] as number;
    const c = words[at + 2] as number;
    const high0 = b & 0xffff;
    const low1 = (b >>> 16) | (c << 16);
    const high1 = c >>> 16;
    if (high0 >= primeHigh && (high0 > primeHigh || a >= primeLow)) return 'not-below-prime';
    if (high1 >= primeHigh && (high1 > primeHigh || low1 >>> 0 >= primeLow)) {
      return 'not-below-prime';
    }
    some |= a | b | c;
    out[to] = a;
    out[to + 1] = high0;
    out[to + 2] = low1;
    out[to + 3] = high1;
    to += 4;
  }
  return some === 0 ? 'all-zero' : 'fine';
}

/** {@link widenInto} for seven bytes: four coefficients are seven words. */
function widenSevensInto(
  out: Uint32Array,
  outAt: number,
  from: DataView,
  fromAt: number,
  count: number,
  prime: WirePrime,
): Widened {
  const { high: primeHigh } = prime;
  const words = new Uint32Array(from.buffer, from.byteOffset + fromAt, (count / 4) * 7);
  let some = 0;
  let greatest = 0;
  let to = outAt;
  for (let at = 0; at < words.length; at += 7) {
    const b = words[at + 1] as number;
    const d = words[at + 3] as number;
    const f = words[at + 5] as number;
    const g = words[at + 6] as number;
    const c = words[at + 2] as number;
    const e = words[at + 4] as number;
    const high0 = b & 0xff_ffff;
    const high1 = (c >>> 24) | ((d & 0xffff) << 8);
    const high2 = (e >>> 16) | ((f & 0xff) << 16);
    const high3 = g >>> 8;
    out[to] = words[at] as number;
    out[to + 1] = high0;
    out[to + 2] = (b >>> 24) | (c << 8);
    out[to + 3] = high1;
    out[to + 4] = (d >>> 16) | (e << 16);
    out[to + 5] = high2;
    out[to + 6] = (f >>> 8) | (g << 24);
    out[to + 7] = high3;
    some |= (out[to] as number) | b | c | d | e | f | g;
    greatest = Math.max(greatest, high0, high1, high2, high3);
    to += 8;
  }
  // Rarely is an upper half as great as the prime's; only then do the lower halves matter.
  if (greatest >= primeHigh && !allBelow(out, outAt, count, prime)) return 'not-below-prime';
  return some === 0 ? 'all-zero' : 'fine';
}

function allBelow(out: Uint32Array, outAt: number, count: number, prime: WirePrime): boolean {
  for (let at = outAt; at < outAt + 2 * count; at += 2) {
    const high = out[at + 1] as number;
    if (high > prime.high || (high === prime.high && (out[at] as number) >= prime.low))
      return false;
  }
  return true;
}

/**
 * Writes `count` words of eight bytes as coefficients of `prime.width` bytes; whether they are below
 * the prime is known of SEAL's own words.
 *
 * @param out `count · prime.width` bytes are written from `outAt`
 * @param from must hold `8 · count` bytes from `fromAt`
 */
export function narrowInto(
  out: DataView,
  outAt: number,
  from: DataView,
  fromAt: number,
  count: number,
  prime: WirePrime,
): void {
  const { width } = prime;
  let at = fromAt;
  let to = outAt;
  if (width <= 4) {
    for (let i = 0; i < count; i++) {
      const low = from.getUint32(at, true);
      for (let byte = 0; byte < width; byte++) out.setUint8(to + byte, low >>> (8 * byte));
      at += 8;
      to += width;
    }
    return;
  }
  if (width === 8) {
    const bytes = new Uint8Array(from.buffer, from.byteOffset + fromAt, 8 * count);
    new Uint8Array(out.buffer, out.byteOffset + outAt, 8 * count).set(bytes);
    return;
  }
  const shift = 8 * (8 - width);
  const back = width - 4;
  for (let i = 0; i < count; i++) {
    const low = from.getUint32(at, true);
    const high = from.getUint32(at + 4, true);
    out.setUint32(to, low, true);
    out.setUint32(to + back, (high << shift) | (low >>> (32 - shift)), true);
    at += 8;
    to += width;
  }
}
