/**
 * Residues in plain TypeScript: on the wire `width` bytes each, least significant first, in memory two
 * words of 32 bits each, the lower first. Words are compared and added as halves: no BigInt.
 */

/** A prime below 2^61, and how many bytes a residue of it has on the wire. */
export type WirePrime = {
  /** 1 to 8. */
  readonly width: number;
  /** The prime's upper and lower 32 bits. */
  readonly high: number;
  readonly low: number;
};

/** What was found in residues; the first that applies. */
export type Found = 'not-below-prime' | 'all-zero' | 'fine';

/** Bytes `first` to `end` of a residue, as an unsigned number. */
function read(bytes: Uint8Array, at: number, first: number, end: number): number {
  let value = 0;
  for (let byte = end - 1; byte >= first; byte--) {
    value = (value << 8) | (bytes[at + byte] as number);
  }
  return value >>> 0;
}

/** Looks at all residues of `bytes` and, if there is room for them, writes them as words. */
export function widenResidues(
  out: Uint32Array | undefined,
  bytes: Uint8Array,
  prime: WirePrime,
): Found {
  const { width } = prime;
  const middle = Math.min(4, width);
  let some = 0;
  let bad = false;
  let to = 0;
  for (let at = 0; at < bytes.length; at += width) {
    const low = read(bytes, at, 0, middle);
    const high = read(bytes, at, middle, width);
    bad ||= high > prime.high || (high === prime.high && low >= prime.low);
    some |= low | high;
    if (out !== undefined) {
      out[to++] = low;
      out[to++] = high;
    }
  }
  return bad ? 'not-below-prime' : some === 0 ? 'all-zero' : 'fine';
}

/** sum[i] ← (sum[i] + residue i) mod prime, all of them below the prime. */
export function addResidues(sum: Uint32Array, bytes: Uint8Array, prime: WirePrime): void {
  const { width } = prime;
  const middle = Math.min(4, width);
  for (let at = 0, to = 0; at < bytes.length; at += width, to += 2) {
    let low = (sum[to] as number) + read(bytes, at, 0, middle);
    let high = (sum[to + 1] as number) + read(bytes, at, middle, width);
    if (low >= 2 ** 32) {
      low -= 2 ** 32;
      high++;
    }
    if (high > prime.high || (high === prime.high && low >= prime.low)) {
      low -= prime.low;
      high -= prime.high;
      if (low < 0) {
        low += 2 ** 32;
        high--;
      }
    }
    sum[to] = low;
    sum[to + 1] = high;
  }
}

/** Writes the low `width` bytes of words of eight bytes. */
export function narrowResidues(out: Uint8Array, words: Uint8Array, width: number): void {
  for (let at = 0, to = 0; at < words.length; at += 8) {
    for (let byte = 0; byte < width; byte++) out[to++] = words[at + byte] as number;
  }
}
