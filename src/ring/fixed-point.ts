/**
 * Real vectors as vectors of small signed integers, with a norm that is certain after rounding: the
 * privacy noise is calibrated to it, so it is checked in exact integers and never assumed.
 */
import { UsageError } from '../errors.ts';
import { assertFinite, assertInteger, assertLength, assertNumbers } from '../internal/assert.ts';
import { dequantiseInto, type Measures, measure, type Reals, scaleInto } from '../kernel/index.ts';
import { MAX_TRIES, roundInto, roundWithinNormInto } from './rounding.ts';

export { exactSquaredNorm } from './rounding.ts';

/** How long a vector may be: `l2` bounds the Euclidean norm, `linf` every coordinate. */
export type Clip = { readonly norm: 'l2' | 'linf'; readonly bound: number };

/** A fixed-point code: all of it public, all derived from length, clip and bits. Frozen. */
export type FixedPoint = {
  /** Coordinates of a vector. */
  readonly length: number;
  /** What longer vectors are cut to, in the caller's units. */
  readonly clip: Clip;
  /** Width of an encoded coordinate, sign included. */
  readonly bits: number;
  /** Integer units per 1.0; `clip.bound * scale` never exceeds `maxMagnitude`, not even in floats. */
  readonly scale: number;
  /** M = 2^(bits−1) − 1: every encoded coordinate z has |z| ≤ M. */
  readonly maxMagnitude: number;
  /** Every encoded vector has Σz² ≤ this, exactly, in squared integer units. */
  readonly squaredNormBound: bigint;
};

/** Bounds outside of these would bring scale or products near the ends of the double range. */
const MIN_BOUND = 1e-100;
const MAX_BOUND = 1e100;
/** Keeps the float error of a norm, (length + 8)·2^−53, below 2^−24. */
const MAX_LENGTH = 2 ** 28;

/**
 * Derives a fixed-point code.
 *
 * @param parameters.length coordinates, 1 to 2^28
 * @param parameters.clip `l2` or `linf`, with a bound from 1e−100 to 1e100 in the caller's units
 * @param parameters.bits 2 to 24. With 2, coordinates are −1, 0 or 1. Beyond 24, resolution is
 *   finer than a 32-bit ring could sum over more than 256 clients, and float32 inputs hold no more.
 * @throws UsageError `out-of-range` (length, bits, bound or an unknown norm), `not-finite` (bound)
 *
 * **Source**: the `l2` bound is Kairouz, Liu and Steinke 2021 (arXiv 2102.06387), Theorem 1,
 * with γ = 1, β = e^(−1/2) and c = M: M² + d/4 + M + √d/2, below (M + √d)² for every M, d ≥ 1. It
 * is cut to whole numbers, and to d·M² where that is less.
 */
export function fixedPoint(parameters: {
  readonly length: number;
  readonly clip: Clip;
  readonly bits: number;
}): FixedPoint {
  const { length, bits } = parameters;
  const { norm, bound } = parameters.clip;
  assertInteger('fixedPoint: length', length, 1, MAX_LENGTH);
  assertInteger('fixedPoint: bits', bits, 2, 24);
  assertFinite('fixedPoint: clip.bound', bound, MIN_BOUND, MAX_BOUND);
  if (norm !== 'l2' && norm !== 'linf') {
    throw new UsageError(
      'out-of-range',
      `fixedPoint: clip.norm: got ${String(norm)}, expected l2 or linf`,
      { what: 'clip.norm' },
    );
  }
  const maxMagnitude = 2 ** (bits - 1) - 1;
  let scale = maxMagnitude / bound;
  // The quotient may be rounded up; step to the double below until the product fits (one or two).
  while (bound * scale > maxMagnitude) scale *= 1 - 2 ** -53;
  return Object.freeze({
    length,
    clip: Object.freeze({ norm, bound }),
    bits,
    scale,
    maxMagnitude,
    squaredNormBound: squaredNormBound(norm, BigInt(length), BigInt(maxMagnitude)),
  });
}

/**
 * Clips, scales and rounds a real vector.
 *
 * Longer vectors are cut to the bound: with `l2` the whole vector is scaled down, the float error
 * of its norm counted against it; with `linf` each coordinate is clamped. Rounding is stochastic
 * and unbiased up to 2^−32 of a unit a coordinate; with `l2` it is repeated until the exact squared
 * norm is within `code.squaredNormBound` (at most 2.6 tries in expectation; after 64 failures,
 * probability below 2 · 10^−14, it rounds towards zero instead). The condition itself leaves a
 * small bias; sums that need none at all should use `linf`.
 *
 * @param code from {@link fixedPoint}
 * @param values `code.length` finite numbers in the caller's units; not changed
 * @returns `integers`: fresh, |z| ≤ `code.maxMagnitude`, as two's complement words they are the
 *   ring elements; `clipped`: whether the vector (or one of its coordinates) was above the bound,
 *   a secret of whoever holds the vector
 * @throws UsageError `wrong-length`, `not-finite` (the message names the index, not the value)
 *
 * **Security**: not constant time. Whether the vector was clipped (one branch a vector) and in l2 was
 * longer than 2^480 (another), the number of tries, and subnormal intermediates show in the time; the
 * loops over coordinates have no branch on a value. Working copies are wiped; the engine may have made
 * others.
 * **Cost**: floats and doubles are read where they are, in two passes and with `l2` one more over the
 * integers a try; four random bytes a coordinate and try. Arrays of any other type, and
 * memory shared with other threads, are first copied, 8 bytes a coordinate.
 */
export function encodeReal(
  code: FixedPoint,
  values: ArrayLike<number>,
): { readonly integers: Int32Array; readonly clipped: boolean } {
  assertNumbers('encodeReal: values', values, code.length);
  const kept = isSteady(values);
  const reals = kept ? values : new Float64Array(values);
  try {
    const measures = measure(reals);
    if (!Number.isFinite(measures.largest)) throw notFinite(reals);
    const integers = new Int32Array(code.length);
    if (code.clip.norm === 'l2') {
      return { integers, clipped: encodeL2Into(integers, reals, code, measures) };
    }
    const { bound } = code.clip;
    roundInto(integers, reals, { limit: bound, factor: code.scale });
    return { integers, clipped: measures.largest > bound };
  } finally {
    if (!kept) reals.fill(0);
  }
}

/**
 * Integers, or sums of them, back in the caller's units: z / (scale · divisor), to within the last bit of
 * a double, and exactly where the quotient is a double.
 *
 * @param code from {@link fixedPoint}
 * @param integers `code.length` integers, centred (see `centre`)
 * @param divisor positive, e.g. the number of contributors or the sum of their weights for a mean
 * @throws UsageError `wrong-length`, `not-finite`, `out-of-range`
 *
 * **Cost**: one pass and the result; fastest from an `Int32Array`.
 */
export function decodeReal(
  code: FixedPoint,
  integers: ArrayLike<number>,
  divisor: number = 1,
): Float64Array {
  assertLength('decodeReal: integers', integers, code.length);
  assertFinite('decodeReal: divisor', divisor, MIN_BOUND, MAX_BOUND);
  const out = new Float64Array(code.length);
  const unitsPerOne = code.scale * divisor;
  const words = integers instanceof Int32Array ? integers : Int32Array.from(integers);
  dequantiseInto(out, words, 32, unitsPerOne);
  if (words === integers) return out;
  // What has no place in 32 bits is divided as it is.
  for (let i = 0; i < out.length; i++) {
    const z = integers[i] as number;
    if (z !== words[i]) out[i] = z / unitsPerOne;
  }
  return out;
}

/** Whether an array can be read several times as it is: of floats, and not another thread's as well. */
const isSteady = (values: ArrayLike<number>): values is Reals =>
  (values instanceof Float64Array || values instanceof Float32Array) &&
  values.buffer instanceof ArrayBuffer;

/** Up to here, squares and their sum do not overflow; above every possible bound of a clip. */
const LARGE = 2 ** 480;
/** Brings the largest double below it, and leaves whatever was above `LARGE` far from subnormal. */
const SHRINK = 2 ** -600;

/** Rounds values, cut to the clip's norm, within the bound; returns whether they were cut. */
function encodeL2Into(
  out: Int32Array,
  values: Reals,
  code: FixedPoint,
  { largest, squares }: Measures,
): boolean {
  if (largest > LARGE) {
    // Only the direction is left of such a vector. What becomes subnormal is nothing beside the rest.
    const shrunk = new Float64Array(values);
    try {
      scaleInto(shrunk, shrunk, SHRINK);
      const norm = Math.sqrt(measure(shrunk).squares);
      roundL2Into(out, shrunk, code, cut(code, norm));
      return true;
    } finally {
      shrunk.fill(0);
    }
  }
  const norm = Math.sqrt(squares);
  const { bound } = code.clip;
  const certain = norm * (1 + slack(code)) <= bound;
  roundL2Into(out, values, code, certain ? code.scale : cut(code, norm));
  return norm > bound || largest > bound;
}

const roundL2Into = (out: Int32Array, values: Reals, code: FixedPoint, factor: number): number =>
  roundWithinNormInto(out, values, code.squaredNormBound, MAX_TRIES, {
    limit: Number.POSITIVE_INFINITY,
    factor,
  });

/**
 * What a vector is multiplied by to have a true norm of at most M (up to one rounding a coordinate,
 * far below the slack of the integer bound).
 */
const cut = (code: FixedPoint, norm: number): number =>
  ((code.clip.bound * code.scale) / norm) * (1 - slack(code));

/**
 * Above the relative error of squares, sum, root, quotient and products together: d + 8 roundings of
 * 2^−53. Squares that vanish do so beside others that are larger than all of them by far, or in a vector
 * far below every bound.
 */
const slack = (code: FixedPoint): number => (code.length + 8) * 2 ** -53;

function squaredNormBound(norm: Clip['norm'], d: bigint, m: bigint): bigint {
  const perCoordinate = d * m * m;
  if (norm === 'linf') return perCoordinate;
  // ⌊d/4 + √d/2⌋ = ⌊(d + ⌊√(4d)⌋) / 4⌋
  const conditional = m * m + m + (d + integerSqrt(4n * d)) / 4n;
  return conditional < perCoordinate ? conditional : perCoordinate;
}

/** ⌊√n⌋ for 0 ≤ n < 2^50: the float root is off by less than one. */
function integerSqrt(n: bigint): bigint {
  let root = BigInt(Math.floor(Math.sqrt(Number(n))));
  while (root * root > n) root--;
  while ((root + 1n) * (root + 1n) <= n) root++;
  return root;
}

function notFinite(values: Reals): UsageError {
  let index = 0;
  while (Number.isFinite(values[index])) index++;
  return new UsageError(
    'not-finite',
    `encodeReal: values[${index}]: got NaN or an infinity, expected finite numbers`,
    { index },
  );
}
