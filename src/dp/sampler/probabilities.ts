/**
 * Probabilities of the noise distributions, each between two proven bounds. All three are symmetric about 0,
 * so they are kept folded: entry n is the probability that |x| = n.
 */
import {
  add,
  ceilDivide,
  complement,
  divide,
  expOfMinus,
  type Interval,
  intervalOf,
  multiply,
  one,
  withPrecision,
} from './interval.ts';
import { approximately, inverse, type Rational, times, whole } from './rational.ts';

/** A distribution on the integers with its parameter at the exact value. */
export type ExactDistribution =
  /** P(x) ∝ e^(−x² / 2σ²); the parameter is σ². */
  | { readonly kind: 'discrete-gaussian'; readonly sigma2: Rational }
  /** The difference of two Poisson numbers of mean variance / 2: P(x) = e^(−μ) I_x(μ), μ = variance. */
  | { readonly kind: 'skellam'; readonly variance: Rational }
  /** P(x) ∝ e^(−rate · |x|). */
  | { readonly kind: 'discrete-laplace'; readonly rate: Rational };

/** Probabilities of |x| = 0, 1, …, in units of 2^−precision, and what all that follow add up to. */
export type Folded = {
  readonly precision: number;
  readonly terms: readonly Interval[];
  /** At least the probability that |x| ≥ `terms.length`. */
  readonly tail: bigint;
};

/**
 * The probabilities of |x|, until the rest is negligible.
 *
 * @param bits the rest is at most 2^−bits
 * @param precision of the intervals, in bits. An entry carries the roundings of all steps before it, a few
 *   units each: with the default, and up to 2^22 steps, it is narrower than 2^−bits
 *
 * **Source**: the ratio of neighbouring probabilities of each of the three never grows with n (Poisson
 * numbers are log-concave, and so is their difference), so that a geometric series bounds the tail.
 * **Cost**: a few long multiplications for each of about √(2 ln 2 · bits) standard deviations (for Laplace,
 * bits · ln 2 / rate).
 */
export function folded(
  distribution: ExactDistribution,
  bits: number,
  precision: number = bits + 64,
): Folded {
  switch (distribution.kind) {
    case 'discrete-gaussian':
      return foldedGaussian(distribution.sigma2, bits, precision);
    case 'skellam':
      return foldedSkellam(distribution.variance, bits, precision);
    case 'discrete-laplace':
      return foldedLaplace(distribution.rate, bits, precision);
  }
}

/**
 * Bounds of the probability of one value.
 *
 * @param distribution with its exact parameter
 * @param x an integer
 * @param bits bounds are whole numbers of 2^−bits, at most two of them apart
 *
 * **Cost**: all probabilities up to a negligible tail are made for it, but for the discrete Laplace law.
 */
export function probability(distribution: ExactDistribution, x: number, bits: number): Interval {
  if (distribution.kind === 'discrete-laplace')
    return laplaceProbability(distribution.rate, x, bits);
  const { terms, tail, precision } = folded(distribution, bits);
  const n = Math.abs(x);
  const term = terms[n] ?? { lower: 0n, upper: tail };
  const both = withPrecision(term, precision, bits + 1);
  const each = n === 0 ? { lower: both.lower, upper: both.upper } : halved(both);
  return withPrecision(each, bits + 1, bits);
}

/** e^(−rate · |x|) · (1 − a) / (1 + a), a = e^(−rate). */
function laplaceProbability(rate: Rational, x: number, bits: number): Interval {
  const precision = bits + 64;
  const a = expOfMinus(rate, precision);
  const first = divide(complement(a, precision), add(one(precision), a), precision);
  const power = expOfMinus(times(rate, whole(Math.abs(x))), precision);
  return withPrecision(multiply(first, power, precision), precision, bits);
}

const halved = ({ lower, upper }: Interval): Interval => ({
  lower: lower >> 1n,
  upper: (upper + 1n) >> 1n,
});

/** w(n + 1) = w(n) · r(n), r(n + 1) = r(n) · e^(−1/σ²), from w(0) = 1 and r(0) = e^(−1/2σ²). */
function foldedGaussian(sigma2: Rational, bits: number, precision: number): Folded {
  const step = expOfMinus(inverse(sigma2), precision);
  let ratio = expOfMinus(inverse(times(sigma2, whole(2))), precision);
  return normalised(bits, precision, (n) => {
    if (n > 0) ratio = multiply(ratio, step, precision);
    return ratio;
  });
}

/**
 * Ratios of Bessel functions downwards: ρ(n − 1) = 1 / (2n/μ + ρ(n)), where ρ(n) = I_(n+1)(μ) / I_n(μ) lies
 * between 0 and 1. An error of ρ(n) shrinks by ρ² at each step, so that nothing is left of the first one.
 */
function foldedSkellam(variance: Rational, bits: number, precision: number): Folded {
  const mu = approximately(variance);
  // The interval for ρ(n) is as wide as (P(first) / P(n))²: this first makes it narrow for all n in use.
  const first = chernoffReach(mu, bits + 16 + precision / 2);
  const ratios: Interval[] = new Array<Interval>(first);
  const unit = 1n << BigInt(precision);
  const square = 1n << BigInt(2 * precision);
  let ratio: Interval = { lower: 0n, upper: unit };
  for (let n = first; n > 0; n--) {
    const step = intervalOf(times(inverse(variance), whole(2 * n)), precision);
    const sum = add(step, ratio);
    ratio = { lower: square / sum.upper, upper: ceilDivide(square, sum.lower) };
    ratios[n - 1] = ratio;
  }
  return normalised(bits, precision, (n) => ratios[n] ?? { lower: 0n, upper: unit });
}

/** Where e^(−(n·asinh(n/μ) − √(n² + μ²) + μ)), which bounds a Skellam tail, is about 2^−bits. */
export function chernoffReach(mu: number, bits: number): number {
  const exponent = (n: number): number => {
    const t = n / mu;
    // √(1 + t²) − 1 without cancellation.
    return mu * (t * Math.asinh(t) - (t * t) / (1 + Math.sqrt(1 + t * t)));
  };
  let high = 1;
  while (exponent(high) < bits * Math.LN2) high *= 2;
  let low = high / 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (exponent(middle) < bits * Math.LN2) low = middle;
    else high = middle;
  }
  return high;
}

/** P(|x| = n) = 2a^n (1 − a) / (1 + a), a = e^(−rate). */
function foldedLaplace(rate: Rational, bits: number, precision: number): Folded {
  const ratio = expOfMinus(rate, precision);
  return normalised(bits, precision, () => ratio);
}

/**
 * Weights 1, r(0), r(0)·r(1), … over their sum, where those of n > 0 count twice.
 *
 * @param ratioAt r(n), called once for each n = 0, 1, …; never grows with n
 */
function normalised(bits: number, precision: number, ratioAt: (n: number) => Interval): Folded {
  const negligible = 1n << BigInt(precision - bits - 2);
  const weights: Interval[] = [one(precision)];
  let weight = one(precision);
  let sum = weight;
  for (let n = 0; ; n++) {
    const ratio = ratioAt(n);
    const next = multiply(weight, ratio, precision);
    // Everything from n + 1 on, on both sides: at most 2 · w(n + 1) / (1 − r(n)).
    const rest = complement(ratio, precision).lower;
    const tail = rest === 0n ? undefined : ceilDivide((2n * next.upper) << BigInt(precision), rest);
    // The sum of all weights is at least 1, so probabilities are at most the weights.
    if (tail !== undefined && tail <= negligible) {
      const total = { lower: sum.lower, upper: sum.upper + tail };
      const terms = weights.map((w) => divide(w, total, precision));
      return { precision, terms, tail };
    }
    weight = next;
    const both = add(next, next);
    weights.push(both);
    sum = add(sum, both);
  }
}
