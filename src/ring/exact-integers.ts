/**
 * Vectors of whole numbers whose sum must be exact: counts, histograms, votes. Each value is coded
 * as its offset from the minimum, so that what enters the ring is never negative.
 */
import { UsageError } from '../errors.ts';
import { assertInteger, assertLength, assertNumbers } from '../internal/assert.ts';

/** A code for whole numbers from `min` to `max`: all of it public. Frozen. */
export type ExactIntegers = {
  /** Coordinates of a vector. */
  readonly length: number;
  /** The least value. */
  readonly min: number;
  /** The greatest value. */
  readonly max: number;
  /** max − min + 1, at most 2^32: what `modulusBits` asks for. */
  readonly levels: number;
};

/**
 * Derives a code for whole numbers.
 *
 * @param parameters.length coordinates, 1 to 2^28
 * @param parameters.min a safe integer
 * @param parameters.max a safe integer, `min` ≤ `max` < `min` + 2^32
 * @throws UsageError `out-of-range`
 */
export function exactIntegers(parameters: {
  readonly length: number;
  readonly min: number;
  readonly max: number;
}): ExactIntegers {
  const { length, min, max } = parameters;
  assertInteger('exactIntegers: length', length, 1, 2 ** 28);
  assertInteger('exactIntegers: min', min, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const ceiling = Math.min(min + 2 ** 32 - 1, Number.MAX_SAFE_INTEGER);
  assertInteger('exactIntegers: max', max, min, ceiling);
  return Object.freeze({ length, min, max, levels: max - min + 1 });
}

/**
 * Codes each value as `value − min`. Nothing is clipped or rounded: a value that does not fit is
 * refused, since an exact sum of something else would be no exact sum.
 *
 * @param code from {@link exactIntegers}
 * @param values `code.length` integers from `code.min` to `code.max`
 * @returns fresh words, each below `code.levels`
 * @throws UsageError `wrong-length`, `out-of-range` (the message names the index, not the value)
 *
 * **Security**: which index is refused shows in time and message; valid vectors of one length
 * take one path.
 * **Cost**: one pass and the result.
 */
export function encodeIntegers(code: ExactIntegers, values: ArrayLike<number>): Uint32Array {
  assertNumbers('encodeIntegers: values', values, code.length);
  const out = new Uint32Array(code.length);
  for (let i = 0; i < out.length; i++) {
    const value = values[i] as number;
    if (!(Number.isInteger(value) && value >= code.min && value <= code.max)) {
      out.fill(0);
      throw new UsageError(
        'out-of-range',
        `encodeIntegers: values[${i}]: got something else, expected an integer from ${code.min} to ${code.max}`,
        { index: i, min: code.min, max: code.max },
      );
    }
    out[i] = value - code.min;
  }
  return out;
}

/**
 * The exact sums: each offset sum plus `contributors · min`.
 *
 * @param code from {@link exactIntegers}
 * @param sums `code.length` sums of coded values, reduced modulo the ring, which must be large
 *   enough (see `modulusBits`) for the sums never to have wrapped
 * @param contributors how many vectors were added, 0 or more; with integer weights, their sum
 * @returns fresh integers, each exact
 * @throws UsageError `wrong-length`, `out-of-range` (also for a sum of 2^53 or more in magnitude)
 *
 * **Security**: checks arithmetic, not people. A client that codes outside of `min` to `max` on
 * purpose is not noticed here.
 * **Cost**: one pass and the result.
 */
export function decodeIntegerSum(
  code: ExactIntegers,
  sums: Uint32Array,
  contributors: number,
): number[] {
  assertLength('decodeIntegerSum: sums', sums, code.length);
  assertInteger('decodeIntegerSum: contributors', contributors, 0, 2 ** 32 - 1);
  const offset = contributors * code.min;
  const out = new Array<number>(code.length);
  for (let i = 0; i < out.length; i++) {
    const sum = offset + (sums[i] as number);
    // An offset or sum that is not safe may have been rounded; both are then refused.
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(sum)) {
      throw new UsageError(
        'out-of-range',
        `decodeIntegerSum: sums[${i}]: got a sum over ${contributors} contributors with min ${code.min} that is not below 2^53, expected a smaller one`,
        { index: i, contributors, min: code.min },
      );
    }
    out[i] = sum;
  }
  return out;
}
