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
 * @param words two draws in each
 * @param ties room for one more than there are draws
 * @returns how many there are on the list
 */
export function drawGaussian(
  out: Int16Array,
  words: Uint32Array,
  { words: table, heads }: GaussianTable,
  ties: Uint16Array,
): number {
  let found = 0;
  for (let i = 0; i < out.length; i++) {
    const word = half(words, i);
    let x = 0;
    let isTie = 0;
    for (let row = 0; row < heads; row++) {
      const above = ((table[4 * row] as number) & 0xffff) - (word & 0x7fff);
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
 * Settles ties `first` to `first` + slots − 1 with 113 more bits each.
 *
 * @param words as for {@link drawGaussian}
 * @param found how many ties there are; slots from there on change nothing, and take as long
 * @param tails four words for each slot, of which the low 113 bits count
 */
export function settleGaussian(
  out: Int16Array,
  words: Uint32Array,
  { words: table, heads }: GaussianTable,
  ties: Uint16Array,
  first: number,
  found: number,
  tails: Uint32Array,
): void {
  const limbs = new Int32Array(LIMBS);
  const from = 2 * 4 * (heads + BYTE_ROWS);
  for (let slot = 0; LIMBS * slot < 2 * tails.length; slot++) {
    const used = (first + slot - found) >> 31;
    const i = (ties[first + slot] as number) & used;
    const word = half(words, i);
    for (let limb = 0; limb < LIMBS; limb++) limbs[limb] = half(tails, LIMBS * slot + limb);
    limbs[LIMBS - 1] = ((word & 0x7fff) << 1) | ((limbs[LIMBS - 1] as number) & 1);
    let x = 0;
    for (let at = from; at < 2 * table.length; at += LIMBS) {
      let borrow = 0;
      for (let limb = 0; limb < LIMBS; limb++) {
        borrow = ((limbs[limb] as number) - half(table, at + limb) - borrow) >>> 31;
      }
      x += 1 - borrow;
    }
    const before = out[i] as number;
    out[i] = before ^ ((before ^ signed(x, word)) & used);
  }
  limbs.fill(0);
}
