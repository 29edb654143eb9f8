/** Probabilities of the noise laws: bounds that hold, against other arithmetic and published digits. */
import { describe, expect, test } from 'vitest';
import { expOfMinus } from '../../src/dp/sampler/interval.ts';
import { type ExactDistribution, folded, probability } from '../../src/dp/sampler/probabilities.ts';
import { inverse, rationalOf, rationalOfDecimal, times } from '../../src/dp/sampler/rational.ts';
import { stridedSkellam } from '../../src/dp/sampler/skellam-strides.ts';
import { gaussianLaw, laplaceLaw, skellamLaw, UNIT_BITS } from '../reference/noise-laws.ts';
import { caught } from '../ring/caught.ts';

const BITS = 200;

/** All bounds hold the reference's value, give or take its own error of 2^−280. */
function holds(distribution: ExactDistribution, law: readonly bigint[]): void {
  const { terms, tail, precision } = folded(distribution, BITS);
  const shift = UNIT_BITS - BigInt(precision);
  let beyond = 0n;
  law.forEach((p, x) => {
    const both = x === 0 ? p : 2n * p;
    const term = terms[x];
    if (term === undefined) {
      beyond += both;
      return;
    }
    expect(term.lower << shift <= both + (1n << 40n), `lower bound at ${x}`).toBe(true);
    expect(term.upper << shift >= both - (1n << 40n), `upper bound at ${x}`).toBe(true);
    expect(term.upper - term.lower < 1n << BigInt(precision - BITS), `width at ${x}`).toBe(true);
  });
  expect(beyond <= tail << shift).toBe(true);
  expect(tail <= 1n << BigInt(precision - BITS)).toBe(true);
}

describe('bounds', () => {
  test.each([0.05, 0.5, 1, 3.7, 40])('discrete Gaussian, σ = %d', (sigma) => {
    const root = rationalOf(sigma);
    holds({ kind: 'discrete-gaussian', sigma2: times(root, root) }, gaussianLaw(sigma));
  });

  test.each([2 ** -20, 0.3, 1, 17.5, 900])('Skellam, variance %d', (variance) => {
    holds({ kind: 'skellam', variance: rationalOf(variance) }, skellamLaw(variance));
  });

  test.each([0.05, 0.7, 3, 64])('discrete Laplace, rate %d', (rate) => {
    holds({ kind: 'discrete-laplace', rate: rationalOf(rate) }, laplaceLaw(rate));
  });

  test('of e^(−x), from nothing to everything', () => {
    for (const x of [0, 2 ** -40, 0.1, 1, 10, 80.5, 400]) {
      const { lower, upper } = expOfMinus(rationalOf(x), 100);
      expect(Number(lower) / 2 ** 100).toBeLessThanOrEqual(Math.exp(-x) * (1 + 1e-15));
      expect(Number(upper) / 2 ** 100).toBeGreaterThanOrEqual(Math.exp(-x) * (1 - 1e-15));
      expect(upper - lower).toBeLessThanOrEqual(3n);
    }
  });

  test('at strides: the Bessel recurrence and the characteristic function agree', () => {
    const variance = rationalOf(2 ** 20 + 0.75);
    const stride = 25;
    const all = folded({ kind: 'skellam', variance }, 180, 256);
    const { terms, tail } = stridedSkellam(variance, stride, 130);
    terms.forEach(({ lower, upper }, y) => {
      const truth = all.terms[stride * y];
      const k = BigInt(stride);
      expect(lower <= k * (truth?.upper ?? all.tail), `lower bound at ${y}`).toBe(true);
      expect(upper >= k * (truth?.lower ?? 0n), `upper bound at ${y}`).toBe(true);
      expect(upper - lower < 1n << 100n, `width at ${y}`).toBe(true);
    });
    let beyond = 0n;
    for (let n = stride * terms.length; n < all.terms.length; n += stride) {
      beyond += BigInt(stride) * (all.terms[n]?.upper as bigint);
    }
    expect(beyond <= tail).toBe(true);
    expect(tail <= 1n << (256n - 130n)).toBe(true);
  });
});

/** mpmath 1.2.1 with 50 digits; parameters are decimals. */
const published: readonly [ExactDistribution, number, string][] = [
  [
    { kind: 'discrete-gaussian', sigma2: rationalOfDecimal('12345.678') },
    111,
    '0.002179914256645528838430284',
  ],
  [
    { kind: 'discrete-gaussian', sigma2: rationalOf(1) },
    8,
    '0.000000000000005052271056504332117714182',
  ],
  [{ kind: 'skellam', variance: rationalOf(4) }, -12, '0.0000002123461685455758799451312'],
  [{ kind: 'skellam', variance: rationalOf(2500) }, 300, '0.0000000001237224824468507535628487'],
  [
    { kind: 'discrete-laplace', rate: inverse(rationalOf(3)) },
    31,
    '0.000005372095442087682099700551',
  ],
  [
    { kind: 'discrete-laplace', rate: inverse(rationalOf(1000)) },
    10_001,
    '0.00000002267727437278840922294853',
  ],
];

test('25 digits of published values', () => {
  for (const [distribution, x, digits] of published) {
    const { lower, upper } = probability(distribution, x, 192);
    const { num, den } = rationalOfDecimal(digits);
    expect(upper - lower).toBeLessThanOrEqual(3n);
    // To within one in 10^24 of the value itself.
    const off = lower * den - (num << 192n);
    expect((off < 0n ? -off : off) * 10n ** 24n <= num << 192n, `${distribution.kind} ${x}`).toBe(
      true,
    );
  }
});

test('a double is taken at its exact value, a decimal at its own', () => {
  expect(rationalOf(0.1)).toEqual({ num: 0xccccccccccccdn, den: 1n << 55n });
  expect(rationalOf(-2.5)).toEqual({ num: -5n, den: 2n });
  expect(rationalOfDecimal('0.1')).toEqual({ num: 1n, den: 10n });
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(caught(() => rationalOf(value)).code).toBe('not-finite');
  }
  for (const text of ['', '1e5', '-1', '.5']) {
    expect(caught(() => rationalOfDecimal(text)).code).toBe('out-of-range');
  }
});
