/**
 * From real numbers to integers: unbiased stochastic rounding, and the same conditioned on an exact
 * bound of the result's norm. Below `fixed-point.ts`, which knows about clipping and scale.
 */
import { assertLength } from '../internal/assert.ts';
import { fillRandom } from '../internal/random.ts';

/** Words of randomness drawn at a time: 64 KiB, the most that Web Crypto gives in one call. */
const CHUNK = 16_384;

/**
 * How often rounding is tried before it gives way to rounding towards zero. A try fails with
 * probability at most e^(−1/2), so all of these fail with at most e^(−32) ≈ 1.3 · 10^−14.
 */
export const MAX_TRIES = 64;

/**
 * Rounds each `units[from + j]` down or up with one given uniform word: up exactly when
 * word / 2^32 < fraction.
 *
 * @param out as long as `units`; elements `from` to `from + words.length` are written
 * @param units reals with |t| < 2^31; NaN becomes 0, so check before
 * @param words uniform and independent, used once
 * @param from the first index
 *
 * **Security**: not a branch in it. The multiplication and floor take the same time for all normal
 * doubles; processors differ on subnormal ones, which only inputs below 10^−290 make.
 */
export function roundByWordsInto(
  out: Int32Array,
  units: Float64Array,
  words: Uint32Array,
  from: number,
): void {
  const count = Math.min(words.length, units.length - from);
  for (let j = 0; j < count; j++) {
    const t = units[from + j] as number;
    const floor = Math.floor(t);
    // `word/2^32 − fraction` lies in [−1, 1) and has the exact sign, since a difference of two
    // doubles never rounds across zero; so its floor is −1 for "up" and 0 for "down". Adding the
    // random number to t instead would round twice, which is biased for large t.
    out[from + j] = floor - Math.floor((words[j] as number) * 2 ** -32 - (t - floor));
  }
}

/**
 * Rounds every element to one of its two neighbouring integers, so that the expectation is the
 * element itself up to 2^−32: an integer always stays, t rounds up with probability
 * ⌈2^32 · fraction⌉ / 2^32.
 *
 * @param out as long as `units`
 * @param units reals with |t| < 2^31
 * @throws UsageError `wrong-length`
 *
 * **Cost**: one pass, four random bytes an element, drawn 64 KiB at a time.
 */
export function roundInto(out: Int32Array, units: Float64Array): void {
  assertLength('roundInto: out', out, units.length);
  const words = new Uint32Array(Math.min(CHUNK, units.length));
  for (let from = 0; from < units.length; from += CHUNK) {
    fillRandom(words);
    roundByWordsInto(out, units, words, from);
  }
  words.fill(0);
}

/**
 * Rounds as {@link roundInto} does, again and again until the exact squared norm is at most
 * `squaredNormBound`; after `tries` failures it rounds towards zero instead. That last way out is
 * biased but never longer than `units` itself: Σ⌊|t|⌋² ≤ Σt².
 *
 * @param out as long as `units`
 * @param units reals with |t| < 2^31 and Σt² ≤ `squaredNormBound`
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
  units: Float64Array,
  squaredNormBound: bigint,
  tries: number = MAX_TRIES,
): number {
  for (let attempt = 1; attempt <= tries; attempt++) {
    roundInto(out, units);
    if (exactSquaredNorm(out) <= squaredNormBound) return attempt;
  }
  for (let i = 0; i < out.length; i++) out[i] = Math.trunc(units[i] as number);
  return tries + 1;
}

/** Elements after which a limb is emptied: 2^20 products of at most 2^32 stay below 2^53. */
const LIMB_SPAN = 2 ** 20;

/**
 * Σ z², exactly, for any signed 32-bit integers.
 *
 * @param integers any length
 *
 * **Security**: no branch on a value; the few `bigint` steps, one batch per 2^20 elements, take a
 * time that depends on the size of the sum.
 * **Cost**: three multiplications an element in doubles that hold every partial sum exactly.
 */
export function exactSquaredNorm(integers: Int32Array): bigint {
  let total = 0n;
  for (let from = 0; from < integers.length; from += LIMB_SPAN) {
    const end = Math.min(integers.length, from + LIMB_SPAN);
    // z = 2^16·h + l with −2^15 ≤ h < 2^15 and 0 ≤ l < 2^16: z² = 2^32·h² + 2^17·h·l + l².
    let high = 0;
    let middle = 0;
    let low = 0;
    for (let i = from; i < end; i++) {
      const z = integers[i] as number;
      const h = z >> 16;
      const l = z & 0xffff;
      high += h * h;
      middle += h * l;
      low += l * l;
    }
    total += (BigInt(high) << 32n) + (BigInt(middle) << 17n) + BigInt(low);
  }
  return total;
}
