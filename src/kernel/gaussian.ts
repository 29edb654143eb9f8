/**
 * Narrow noise from a table of thresholds, two bytes a draw: each draw is compared with the whole table, so
 * there is no branch and no address that depends on it. What the thresholds are, and how far a draw is from
 * the distribution wanted, is the caller's to know.
 */
import { room, stage, unstage, wipeScratches } from './staging.ts';
import {
  BYTE_ROWS,
  drawGaussian as drawTwin,
  type GaussianTable,
  settleGaussian as settleTwin,
} from './twin/gaussian.ts';
import { homeOf, type Instance, SCRATCHES, sharedInstance } from './wasm.ts';

export type { GaussianTable } from './twin/gaussian.ts';

/** Draws of a piece: with their slots they fit one call of Web Crypto. */
const DRAWS = 30_720;

/** Words of a slot: a tie needs 113 bits. */
const SLOT_WORDS = 4;

/**
 * Ties for which a piece of n draws has time and random words, whether there are so many or not. A draw ties
 * with a chance of heads / 2^15 ≤ 2^−10, so the chance that they are not enough is below 2^−60; then more
 * are drawn.
 */
const slotsFor = (n: number): number => 32 + 2 * (n >> 10);

/**
 * Overwrites a vector with independent draws: a sign, and the number of thresholds that do not lie above a
 * uniform number of 128 bits.
 *
 * @param draw fills what it is given, at most 64 KiB, with uniform words: for each piece four for each slot
 *   and then one for every two draws, whose halves are a sign (the top bit) and the upper 15 bits of the
 *   number. The lower 113 of the first draws whose 15 bits are not enough are in the slots
 *
 * **Cost**: 2 random bytes a draw, and 16 for each slot.
 *
 * **Security**: no branch depends on a draw, but for one that has a chance below 2^−60 a piece. No address
 * does, but those at which the draws lie that need their lower bits, about one in a thousand. Scratches
 * are wiped, also if `draw` throws; what is in `out` then is of no use.
 */
export function gaussianInto(
  out: Int16Array,
  table: GaussianTable,
  draw: (words: Uint32Array) => void,
): void {
  const instance = homeOf(out) ?? sharedInstance();
  const most = Math.min(DRAWS, out.length);
  const length = SLOT_WORDS * slotsFor(most) + Math.ceil(most / 2);
  const ties = new Uint16Array(instance === undefined ? most + slotsFor(most) : 0);
  const random =
    instance === undefined
      ? new Uint32Array(length)
      : new Uint32Array(instance.words.buffer, SCRATCHES[0], length);
  try {
    for (let from = 0; from < out.length; from += DRAWS) {
      const n = Math.min(DRAWS, out.length - from);
      const slots = slotsFor(n);
      const drawn = random.subarray(0, SLOT_WORDS * slots + Math.ceil(n / 2));
      draw(drawn);
      const { found, settle } =
        instance === undefined
          ? drawPlain(out.subarray(from, from + n), drawn, slots, table, ties)
          : drawPiece(instance, room(instance, 1, out, from), n, drawn.byteOffset, slots, table);
      settle(0);
      for (let first = slots; first < found; first += slots) {
        draw(drawn.subarray(0, SLOT_WORDS * slots));
        settle(first);
      }
      if (instance !== undefined) unstage(instance, 1, out, from, n);
    }
  } finally {
    random.fill(0);
    ties.fill(0);
    // The lists of ties take less than three bytes a draw.
    if (instance !== undefined) wipeScratches(instance, table.words.byteLength + 1_024 + 3 * most);
  }
}

/** A piece that is drawn but for its ties; `settle` settles as many of them as there are slots. */
type Drawn = { readonly found: number; readonly settle: (first: number) => void };

function drawPlain(
  out: Int16Array,
  random: Uint32Array,
  slots: number,
  table: GaussianTable,
  ties: Uint16Array,
): Drawn {
  const found = drawTwin(out, random, slots, table, ties);
  return {
    found,
    settle: (first) => settleTwin(out, random, slots, table, ties, first, found),
  };
}

/** `out` and `random` are addresses; the lists of ties go behind the table. */
function drawPiece(
  instance: Instance,
  out: number,
  n: number,
  random: number,
  slots: number,
  table: GaussianTable,
): Drawn {
  const { drawGaussian, settleGaussian } = instance.exports;
  const rows = stage(instance, 2, table.words, 0, table.words.length);
  const thresholds = rows + 16 * (table.heads + BYTE_ROWS);
  const end = rows + table.words.byteLength;
  const words = random + 4 * SLOT_WORDS * slots;
  const groups = SCRATCHES[2] + table.words.byteLength;
  const ties = groups + 4 * (slots + (n >> 4) + 3);
  const found = drawGaussian(out, words, n, rows, table.heads, slots, groups, ties);
  return {
    found,
    settle: (first) =>
      settleGaussian(out, words, ties, first, found, slots, random, thresholds, end),
  };
}
