/**
 * Alias tables in exact integers. A table of K = 2^k columns holds a total mass of K · 2^124, each column
 * 2^124 of it, divided between at most two values by a threshold. A uniform column and 124 uniform bits
 * then give each value with exactly its mass over the total: the only error is that of the masses.
 *
 * A column is six words, as `kernel/alias.ts` reads them: four 31-bit limbs of the threshold, least
 * significant first, the value below the threshold and the value from it on.
 */
import type { Interval } from './interval.ts';

/** Bits of a threshold: four limbs of 31. */
export const THRESHOLD_BITS = 124;

/** Words of a column. */
export const COLUMN_WORDS = 6;

const CAPACITY = 1n << BigInt(THRESHOLD_BITS);
const LIMB = (1n << 31n) - 1n;

/** Integer masses of values 0, 1, …, which add up to 2^bits, and how far they are from the truth. */
export type Masses = {
  readonly masses: readonly bigint[];
  readonly columns: number;
  /** At least the total-variation distance to the true distribution, in units of 2^−precision. */
  readonly distance: bigint;
};

/**
 * Rounds probabilities down to whole masses; whatever is left over, the tail as well, goes to the first.
 *
 * @param terms bounds of the probabilities of values 0, 1, … in units of 2^−precision
 * @param tail at least what is missing from them
 * @param precision well above 124 + log2 of the number of terms
 *
 * All masses but the first are at most the true ones, so the distance is what those lack together.
 */
export function massesOf(terms: readonly Interval[], tail: bigint, precision: number): Masses {
  const columns = columnsFor(terms.length);
  const bits = Math.log2(columns) + THRESHOLD_BITS;
  const shift = BigInt(precision - bits);
  let rest = 1n << BigInt(bits);
  let distance = tail;
  const masses = terms.map(({ lower, upper }, i) => {
    if (i === 0) return 0n;
    const mass = lower >> shift;
    rest -= mass;
    distance += upper - (mass << shift);
    return mass;
  });
  masses[0] = rest;
  return { masses, columns, distance };
}

/** The least power of two that is not below the number of values, and not below 2. */
export const columnsFor = (values: number): number =>
  2 ** Math.max(1, Math.ceil(Math.log2(values)));

/**
 * Fills columns so that value i has exactly `masses[i]`.
 *
 * @param out six words a column
 * @param masses at most as many as columns; they add up to columns · 2^124
 * @param valueAt what value i stands for, a signed 32-bit integer
 *
 * **Source**: Walker 1977; the exact division with two stacks is Vose 1991.
 */
export function fillColumns(
  out: Uint32Array,
  masses: readonly bigint[],
  valueAt: (i: number) => number,
): void {
  const columns = out.length / COLUMN_WORDS;
  const left = Array.from({ length: columns }, (_, i) => masses[i] ?? 0n);
  const small: number[] = [];
  const large: number[] = [];
  left.forEach((mass, i) => {
    (mass < CAPACITY ? small : large).push(i);
  });
  for (;;) {
    const column = small.pop();
    if (column === undefined) break;
    // The masses add up to the columns' capacity, so a column with room has a giver.
    const giver = large.at(-1) as number;
    const own = left[column] as bigint;
    writeColumn(out, column, own, valueAt(column), valueAt(giver));
    const remaining = (left[giver] as bigint) - (CAPACITY - own);
    left[giver] = remaining;
    if (remaining < CAPACITY) {
      large.pop();
      small.push(giver);
    }
  }
  // What is left is exactly full: both halves hold the same value, so the threshold does not matter.
  for (const column of large) writeColumn(out, column, 0n, valueAt(column), valueAt(column));
}

/** `threshold` < 2^124: below it the column gives `own`. */
function writeColumn(
  out: Uint32Array,
  column: number,
  threshold: bigint,
  own: number,
  alias: number,
): void {
  const at = COLUMN_WORDS * column;
  for (let limb = 0; limb < 4; limb++) {
    out[at + limb] = Number((threshold >> BigInt(31 * limb)) & LIMB);
  }
  out[at + 4] = own;
  out[at + 5] = alias;
}
