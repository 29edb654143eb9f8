/** Draws from a table of thresholds in plain TypeScript: what runs where WebAssembly does not. */

/** Numbers of both signs, drawn by comparing 128 random bits with thresholds; public. */
export type GaussianTable = {
  /**
   * Rows of four words: `heads` of them with a head in every half word, ascending, the last one 0x7fff; two
   * with the heads' low bytes and two with their high bytes, at the end padded; then the thresholds,
   * ascending, least significant word first. A head is the upper 15 bits of a threshold, of one only
   * unless it is the last.
   */
  readonly words: Uint32Array;
  /** Different heads, the last one twice if they would be odd; at most 32. */
  readonly heads: number;
};

/** Limbs of 16 bits in a threshold. */
const LIMBS = 8;

/** Rows between the heads and the thresholds. */
export const BYTE_ROWS = 4;

/** Half word i of a vector of words. */
const half = (words: Uint32Array, i: number): number =>
  ((words[i >> 1] as number) >>> (16 * (i & 1))) & 0xffff;

/** x, or −x if the word has its top bit set. */
const signed = (x: number, word: number): number => (x ^ -(word >>> 15)) + (word >>> 15);

/**
 * Draws from words of 16 bits, a sign and 15 bits, and lists those whose 15 bits equal a head.
 *
 * @param random 16 bytes for each slot, and then two for each draw
 * @param ties room for one more than there are draws
 * @returns how many there are on the list
 */
export function drawGaussian(
  out: Int16Array,
  random: Uint32Array,
  slots: number,
  { words, heads }: GaussianTable,
  ties: Uint16Array,
): number {
  let found = 0;
  for (let i = 0; i < out.length; i++) {
    const word = half(random, LIMBS * slots + i);
    let x = 0;
    let isTie = 0;
    for (let row = 0; row < heads; row++) {
      const above = ((words[4 * row] as number) & 0xffff) - (word & 0x7fff);
      x += above >>> 31;
      isTie |= ~(above | -above) >>> 31;
    }
    out[i] = signed(x, word);
    ties[found] = i;
    found += isTie;
  }
  return found;
}

/**
 * Settles ties `first` to `first` + slots − 1 with the low 113 bits of their slots.
 *
 * @param random as for {@link drawGaussian}
 * @param found how many ties there are; slots from there on change nothing, and take as long
 */
export function settleGaussian(
  out: Int16Array,
  random: Uint32Array,
  slots: number,
  { words, heads }: GaussianTable,
  ties: Uint16Array,
  first: number,
  found: number,
): void {
  const limbs = new Int32Array(LIMBS);
  for (let slot = 0; slot < slots; slot++) {
    const used = (first + slot - found) >> 31;
    const i = (ties[first + slot] as number) & used;
    const word = half(random, LIMBS * slots + i);
    for (let limb = 0; limb < LIMBS; limb++) limbs[limb] = half(random, LIMBS * slot + limb);
    limbs[LIMBS - 1] = ((word & 0x7fff) << 1) | ((limbs[LIMBS - 1] as number) & 1);
    let x = 0;
    for (let at = LIMBS * (heads + BYTE_ROWS); at < 2 * words.length; at += LIMBS) {
      let borrow = 0;
      for (let limb = 0; limb < LIMBS; limb++) {
        borrow = ((limbs[limb] as number) - half(words, at + limb) - borrow) >>> 31;
      }
      x += 1 - borrow;
    }
    const before = out[i] as number;
    out[i] = before ^ ((before ^ signed(x, word)) & used);
  }
  limbs.fill(0);
}
