/**
 * From real numbers to integers: unbiased stochastic rounding, and the same conditioned on an exact
 * bound of the result's norm. Below `fixed-point.ts`, which knows about clipping and scale.
 */
import { UsageError } from '../errors.ts';
import { assertLength } from '../internal/assert.ts';
import { fillRandom } from '../internal/random.ts';
import { quantiseDrawingInto, type Reals, type Scaling, sumOfSquares } from '../kernel/index.ts';

/**
 * How often rounding is tried before it gives way to rounding towards zero. A try fails with
 * probability at most e^(−1/2), so all of these fail with at most e^(−32) ≈ 1.3 · 10^−14.
 */
export const MAX_TRIES = 64;

/** Values that are units already. */
const AS_THEY_ARE: Scaling = Object.freeze({ limit: Number.POSITIVE_INFINITY, factor: 1 });

/**
 * Rounds every element, cut to ±limit and multiplied by the factor, to one of its two neighbouring
 * integers, so that the expectation is the element itself up to 2^−32: an integer always stays, t
 * rounds up with probability ⌈2^32 · fraction⌉ / 2^32.
 *
 * @param out as long as `values`
 * @param values no NaN, and every |t| ≤ 2^31 − 1 after scaling
 * @param scaling the limit and the factor; left out, values are rounded as they are
 * @throws UsageError `wrong-length`
 *
 * **Cost**: one pass, four random bytes an element, drawn 64 KiB at a time.
 */
export function roundInto(out: Int32Array, values: Reals, scaling: Scaling = AS_THEY_ARE): void {
  assertLength('roundInto: out', out, values.length);
  quantiseDrawingInto(out, values, fillRandom, scaling);
}

/**
 * Rounds as {@link roundInto} does, again and again until the exact squared norm is at most
 * `squaredNormBound`; after `tries` failures it rounds towards zero instead. That last way out is
 * biased but never longer than the scaled values themselves: Σ⌊|t|⌋² ≤ Σt².
 *
 * @param out as long as `values`
 * @param values, scaling as for {@link roundInto}; scaled, Σt² ≤ `squaredNormBound`
 * @param squaredNormBound in squared integer units
 * @param tries how often at most; 0 rounds towards zero at once
 * @returns how many tries it took, `tries + 1` for the deterministic way out
 *
 * **Security**: the number of tries shows in the time. It depends on the fractions and on how near
 * the norm is to the bound, besides the fresh randomness.
 * **Source**: conditional randomised rounding, Kairouz, Liu and Steinke 2021 (arXiv 2102.06387),
 * Algorithm 1 and Theorem 1.
 */
export function roundWithinNormInto(
  out: Int32Array,
  values: Reals,
  squaredNormBound: bigint,
  tries: number = MAX_TRIES,
  scaling: Scaling = AS_THEY_ARE,
): number {
  for (let attempt = 1; attempt <= tries; attempt++) {
    roundInto(out, values, scaling);
    if (exactSquaredNorm(out) <= squaredNormBound) return attempt;
  }
  const { limit, factor } = scaling;
  for (let i = 0; i < out.length; i++) {
    out[i] = Math.trunc(Math.max(-limit, Math.min(limit, values[i] as number)) * factor);
  }
  return tries + 1;
}

/**
 * Σ z², exactly, for any signed 32-bit integers.
 *
 * @param integers at most 2^28
 * @throws UsageError `wrong-type`
 *
 * **Security**: no branch on a value; the `bigint` at the end takes a time that depends on the size
 * of the sum.
 * **Cost**: one pass, near the speed of reading memory.
 */
export function exactSquaredNorm(integers: Int32Array): bigint {
  if (!(integers instanceof Int32Array)) {
    throw new UsageError(
      'wrong-type',
      'exactSquaredNorm: integers: got something else, expected an Int32Array',
      { what: 'integers' },
    );
  }
  return sumOfSquares(integers);
}
