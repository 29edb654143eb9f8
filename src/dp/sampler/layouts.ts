/**
 * Which tables a distribution is drawn from: one where it fits, else two whose draws are put together as
 * x = x1 + k · x2. How far the sum is from the distribution is bounded here.
 *
 * **Discrete Gaussian.** x1 and x2 both N_Z(0, s²), s² = σ² / (1 + k²). Summed over x2, the weight of x is a
 * Gaussian of variance σ² times a sum over the integers of a Gaussian of variance τ² = s² / (1 + k²). By Poisson
 * summation the latter is within a factor 1 ± d of its mean, d = 2 Σ e^(−2π²τ²y²) over y ≥ 1, wherever its centre
 * lies. So each probability is within (1 + d)/(1 − d) of the true one, and the distance is at most d / (1 − d).
 * (The same idea: Micciancio and Walter 2017, arXiv 1710.10594, for other parameters.)
 *
 * **Skellam.** x1 ~ Sk(μ1); x2 = y with probability proportional to Q(ky), Q = Sk(μ2), μ1 + μ2 = μ. Had x2 the law
 * of all integers and not of multiples of k only, the sum would be Sk(μ) exactly. Picking multiples of k and
 * weighing them by k adds for each j = 1 … k − 1 a term whose characteristic function is φ2(t + 2πj/k) · φ1(t). Its
 * modulus is e^(R cos(t + ψ) − μ) with R = |μ1 + μ2 e^(2πij/k)|, so each x is wrong by at most e^(R − μ), and
 * μ − R ≥ (μ1 μ2 / μ)(1 − cos(2πj/k)) ≥ (μ1 μ2 / μ)(1 − cos(2π/k)) =: c. Over 2X + 1 values, with a negligible tail
 * beyond, and for the normalisation, the distance is at most (2X + 3)(k − 1) e^(−c) + tail.
 *
 * **Discrete Laplace.** With a = e^(−rate), x ≥ 0 has probability 1 / (1 + a), and both x and −1 − x, whichever is
 * not negative, are geometric. A geometric number is l + k · h for independent l < k and h, both geometric. So
 * x1 = l or −1 − l and x2 = h with the sign of x1: no error at all.
 */
import type { AliasTable } from '../../kernel/index.ts';
import type { NoiseDistribution } from './distributions.ts';
import { add, complement, divide, expOfMinus, type Interval, multiply, one } from './interval.ts';
import { type Folded, folded } from './probabilities.ts';
import { minus, type Rational, rationalOf, times, whole } from './rational.ts';
import { stridedSkellam } from './skellam-strides.ts';

/** One table: bounds of the probabilities of its entries, what they stand for, and what it is used for. */
export type Part = {
  readonly terms: readonly Interval[];
  readonly tail: bigint;
  readonly valueAt: (i: number) => number;
  readonly uses: readonly Pick<AliasTable, 'factor' | 'sign'>[];
};

/** Tables whose draws are added up, and how far the sum is from what was asked for if each were exact. */
export type Layout = {
  readonly parts: readonly Part[];
  /** In units of 2^−precision, like the bounds. */
  readonly distance: bigint;
  readonly precision: number;
};

/** Of all bounds. Masses have at most 124 + 16 bits. */
const PRECISION = 256;

/** Tails are cut here: 1/64 of what rounding to masses costs. */
const TAIL_BITS = 130;

/** Up to here one table of at most 2^15 columns, 768 KB, holds the distribution. */
const NARROW = { sigma: 2 ** 11, variance: 2 ** 22, rate: 2 ** -8 } as const;

/** Which tables, for a distribution within the ranges of `noiseTable`. */
export function layoutOf(distribution: NoiseDistribution): Layout {
  switch (distribution.kind) {
    case 'discrete-gaussian': {
      const sigma = rationalOf(distribution.sigma);
      const sigma2 = times(sigma, sigma);
      return distribution.sigma <= NARROW.sigma
        ? single(folded({ kind: 'discrete-gaussian', sigma2 }, TAIL_BITS, PRECISION))
        : wideGaussian(distribution.sigma, sigma2);
    }
    case 'skellam': {
      const variance = rationalOf(distribution.variance);
      return distribution.variance <= NARROW.variance
        ? single(folded({ kind: 'skellam', variance }, TAIL_BITS, PRECISION))
        : wideSkellam(distribution.variance, variance);
    }
    case 'discrete-laplace': {
      const rate = rationalOf(distribution.rate);
      return distribution.rate >= NARROW.rate
        ? single(folded({ kind: 'discrete-laplace', rate }, TAIL_BITS, PRECISION))
        : wideLaplace(distribution.rate, rate);
    }
  }
}

const itself = (i: number): number => i;

/** A table of |x|, with uses that draw a sign. */
const foldedPart = ({ terms, tail }: Folded, factors: readonly number[]): Part => ({
  terms,
  tail,
  valueAt: itself,
  uses: factors.map((factor) => ({ factor, sign: 'drawn' })),
});

const single = (law: Folded): Layout => ({
  parts: [foldedPart(law, [1])],
  distance: 0n,
  precision: PRECISION,
});

/** π² lies between these. */
const PI_SQUARED: Rational = { num: 98_696n, den: 10_000n };
const PI_SQUARED_ABOVE: Rational = { num: 98_697n, den: 10_000n };

function wideGaussian(sigma: number, sigma2: Rational): Layout {
  // τ² = σ² / (1 + k²)² is at least 4.8: e^(−2π²τ²) is below 2^−136.
  const k = Math.floor(Math.sqrt(sigma / 2.2 - 1));
  const span = 1 + k * k;
  const s2 = times(sigma2, { num: 1n, den: BigInt(span) });
  const tau2 = times(s2, { num: 1n, den: BigInt(span) });
  const power = expOfMinus(times(times(PI_SQUARED, whole(2)), tau2), PRECISION);
  // d ≤ 3e^(−2π²τ²), far below 1/4, so d / (1 − d) is below 4/3 of it.
  const distance = 4n * power.upper;
  const law = folded({ kind: 'discrete-gaussian', sigma2: s2 }, TAIL_BITS, PRECISION);
  return { parts: [foldedPart(law, [1, k])], distance, precision: PRECISION };
}

function wideSkellam(value: number, variance: Rational): Layout {
  const root = Math.sqrt(value);
  // Both tables become about as long: 13.5 · √6 · k and 13.5 · √μ / k.
  const k = Math.floor(0.64 * Math.sqrt(root));
  const variance1 = whole(6 * k * k);
  const variance2 = minus(variance, variance1);
  // 1 − cos u ≥ u²/2 − u⁴/24 at u = 2π/k.
  const kk = whole(k * k);
  const versine = minus(
    times(times(PI_SQUARED, whole(2)), { num: 1n, den: kk.num }),
    times(times(PI_SQUARED_ABOVE, PI_SQUARED_ABOVE), { num: 2n, den: 3n * kk.num * kk.num }),
  );
  const scale = times(times(variance1, variance2), { num: variance.den, den: variance.num });
  const power = expOfMinus(times(scale, versine), PRECISION);
  // X = 20√μ; the tail beyond it is at most 2·e^(−199), as in skellam-strides.ts, hence below a unit.
  const values = BigInt(2 * Math.ceil(20 * root) + 3);
  const distance = values * BigInt(k - 1) * power.upper + 1n;
  const narrow = folded({ kind: 'skellam', variance: variance1 }, TAIL_BITS, PRECISION);
  return {
    parts: [foldedPart(narrow, [1]), foldedPart(stridedSkellam(variance2, k, TAIL_BITS), [k])],
    distance,
    precision: PRECISION,
  };
}

function wideLaplace(value: number, rate: Rational): Layout {
  // 2k entries and 133 ln 2 / (k · rate) of them.
  const k = Math.ceil(Math.sqrt(46 / value));
  const a = expOfMinus(rate, PRECISION);
  const weights: Interval[] = [];
  let sum: Interval = { lower: 0n, upper: 0n };
  let weight = one(PRECISION);
  for (let l = 0; l < k; l++) {
    const next = multiply(weight, a, PRECISION);
    weights.push(weight, next);
    sum = add(sum, add(weight, next));
    weight = next;
  }
  const near: Part = {
    terms: weights.map((w) => divide(w, sum, PRECISION)),
    tail: 0n,
    // Even entries are l, odd ones −1 − l.
    valueAt: (i) => (i >> 1) ^ -(i & 1),
    uses: [{ factor: 1, sign: 'none' }],
  };
  return {
    parts: [near, geometric(times(rate, whole(k)), k)],
    distance: 0n,
    precision: PRECISION,
  };
}

/** P(h) = b^h (1 − b), b = e^(−rate). */
function geometric(rate: Rational, factor: number): Part {
  const b = expOfMinus(rate, PRECISION);
  const first = complement(b, PRECISION);
  const terms: Interval[] = [];
  let weight = one(PRECISION);
  // What is left from entry h on is b^h.
  while (weight.upper > 1n << BigInt(PRECISION - TAIL_BITS)) {
    terms.push(multiply(weight, first, PRECISION));
    weight = multiply(weight, b, PRECISION);
  }
  return { terms, tail: weight.upper, valueAt: itself, uses: [{ factor, sign: 'kept' }] };
}
