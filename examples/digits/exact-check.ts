/**
 * Shows that a private sum is exact: as integers, it equals the sum of what the contributors encoded.
 *
 * veilsum encodes a real vector as integers, and rounds at random on the way (so that rounding errors
 * average out). Encoding the same update twice gives two different vectors, and there would be
 * nothing to compare with. So the demo encodes each update itself, keeps the integers, and hands
 * veilsum the numbers that they stand for: a number that is a whole multiple of the grid's step is
 * encoded as that multiple, whatever the dice say. Only a demo needs this; others pass the update.
 */
import type { RealField } from 'veilsum';
import { decodeReal, encodeReal, exactSquaredNorm, fixedPoint } from 'veilsum/ring';

/** An update on the grid of a field. */
export type GridUpdate = {
  /** In steps of the grid. */
  readonly integers: Int32Array;
  /** The same in the caller's units, for `client.mask`. */
  readonly values: Float64Array;
};

/**
 * Clips and rounds an update as `client.mask` would. Rounding may leave an update that was cut to the
 * bound a little longer than it; `client.mask` would cut that again, so a shorter one is taken.
 */
export function toGrid(field: RealField, update: ArrayLike<number>): GridUpdate {
  const code = fixedPoint({ bits: 16, ...field });
  const { integers } = encodeReal(code, update);
  const values = decodeReal(code, integers);
  if (exactSquaredNorm(integers) <= BigInt(code.maxMagnitude) ** 2n) return { integers, values };
  return toGrid(
    field,
    values.map((value) => 0.99 * value),
  );
}

/**
 * Whether a sum is, in every coordinate, the integer that the parts add up to. No tolerance.
 *
 * It takes a field whose scale (grid steps per 1.0) is a power of two: then going from integers to
 * reals and back is exact in floating point.
 */
export function isExactSum(
  field: RealField,
  sum: Float64Array,
  parts: readonly GridUpdate[],
): boolean {
  const { scale } = fixedPoint({ bits: 16, ...field });
  return sum.every((value, i) => {
    const expected = parts.reduce((total, part) => total + (part.integers[i] as number), 0);
    return value * scale === expected;
  });
}
