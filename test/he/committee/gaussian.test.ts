/** Flooding is measured against its formula: its law, its deviation, its tails, modulo every prime. */
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { drawGaussians, floodInto, halved } from '../../../src/he/committee/gaussian.ts';
import {
  inverseOf,
  type Prime,
  splitPrime,
  type Words,
} from '../../../src/he/committee/modular.ts';
import { floodingDeviation } from '../../../src/he/noise-bounds.ts';
import { parameterSet } from '../../../src/he/parameters.ts';
import { planEncryptedSum } from '../../../src/he/plan.ts';
import { gaussianLaw, UNIT_BITS } from '../../reference/noise-laws.ts';
import { chiSquare, chiSquareLimit, count, emptyCounts } from '../../stat/goodness.ts';
import { bigsOf } from './support.ts';

function distance(counts: readonly number[], shares: readonly number[], total: number): number {
  return counts.reduce((sum, count, i) => {
    const expected = (shares[i] as number) * total;
    return sum + (count - expected) ** 2 / expected;
  }, 0);
}

const drawn = (count: number, deviation: number): Float64Array => {
  const out = new Float64Array(count);
  drawGaussians(out, deviation);
  return out;
};

/** Whether whole numbers follow the law with this deviation. */
function fits(samples: Float64Array, deviation: number): boolean {
  const counts = emptyCounts(Math.ceil(8 * deviation));
  count(counts, Int32Array.from(samples));
  const law = gaussianLaw(deviation);
  const { statistic, freedom } = chiSquare(
    counts,
    (x) => Number((law[Math.abs(x)] ?? 0n) >> (UNIT_BITS - 60n)) * 2 ** -60,
  );
  return statistic < chiSquareLimit(freedom);
}

test('the probability of acceptance is a power of one half to fifty bits', () => {
  for (let i = 0; i <= 100_000; i++) {
    const f = i / 100_000;
    expect(Math.abs(halved(f) / 2 ** -f - 1)).toBeLessThan(2 ** -50);
  }
});

describe('drawGaussians', () => {
  test.each([1, 1.3, 1.99, 2, 3.7, 11.5])(
    'with deviation %d is P(x) ∝ exp(−x²/2σ²)',
    (deviation) => {
      const samples = drawn(200_000, deviation);
      expect(fits(samples, deviation)).toBe(true);
      // The measure sees a deviation that is wrong by one in twenty.
      expect(fits(samples, deviation * 1.05)).toBe(false);
      expect(samples.some((x) => Object.is(x, -0))).toBe(false);
    },
  );

  test.each([2 ** 43, 1.999 * 2 ** 43])(
    'with deviation %d has whole numbers, all bits of them',
    (deviation) => {
      const samples = drawn(200_000, deviation);
      expect(samples.every(Number.isSafeInteger)).toBe(true);
      for (const shift of [0, 8, 16, 24, 32]) {
        const counts = new Array<number>(256).fill(0);
        for (const x of samples) {
          const bits = Number((BigInt(x) >> BigInt(shift)) & 0xffn);
          counts[bits] = (counts[bits] as number) + 1;
        }
        const shares = new Array<number>(256).fill(1 / 256);
        expect(distance(counts, shares, samples.length)).toBeLessThan(chiSquareLimit(255));
      }
      checkNormal(samples, deviation);
    },
  );
});

/** Moments to the fourth, quantiles and tails of the normal law. */
function checkNormal(samples: ArrayLike<number>, deviation: number): void {
  const n = samples.length;
  const scaled = Array.from(samples, (x) => x / deviation);
  const moment = (k: number): number => scaled.reduce((sum, x) => sum + x ** k, 0) / n;
  // Variances of x^k of a normal x are 1, 2, 15, 96.
  for (const [k, mean, variance] of [
    [1, 0, 1],
    [2, 1, 2],
    [3, 0, 15],
    [4, 3, 96],
  ] as const) {
    expect(Math.abs(moment(k) - mean), `moment ${k}`).toBeLessThan(7 * Math.sqrt(variance / n));
  }
  // P(|X| > z) for each z, from tables.
  for (const [z, share] of [
    [0.5, 0.617_075_077_451_974],
    [1, 0.317_310_507_862_914],
    [1.5, 0.133_614_402_537_716],
    [2, 0.045_500_263_896_358],
    [2.5, 0.012_419_330_651_552],
    [3, 0.002_699_796_063_26],
    [4, 0.000_063_342_483_666],
  ] as const) {
    const found = scaled.filter((x) => Math.abs(x) > z).length;
    const expected = n * share;
    expect(Math.abs(found - expected), `beyond ${z}`).toBeLessThan(6 * Math.sqrt(expected) + 10);
  }
}

/** The whole numbers, nearest to zero, that are these residues modulo the first two primes. */
function lifted(words: Words, [p, r]: readonly [Prime, Prime], degree: number): bigint[] {
  const bigs = bigsOf(words);
  const modulus = p.value * r.value;
  const inverse = inverseOf(p.value, r.value);
  return Array.from({ length: degree }, (_, i) => {
    const inP = bigs[i] as bigint;
    const difference = (bigs[degree + i] as bigint) + r.value - (inP % r.value);
    const x = inP + p.value * (((difference % r.value) * inverse) % r.value);
    return 2n * x > modulus ? x - modulus : x;
  });
}

test('what is added with uniform lower bits hides as the proof says, computed from the laws', () => {
  const [deviation, k] = [12, 3];
  const law = gaussianLaw(deviation).map((x) => Number(x >> (UNIT_BITS - 250n)) * 2 ** -250);
  const reach = 9 * deviation;
  // P(E = e) for E = 2^k·X + U.
  const chance = (e: number): number => (law[Math.abs(Math.floor(e / 2 ** k))] as number) / 2 ** k;
  for (const shift of [1, 3, 8, 13, 20, 64, 100]) {
    let divergence = 0;
    for (let e = -reach * 2 ** k; e < reach * 2 ** k; e++) {
      divergence += chance(e) * Math.log(chance(e) / chance(e - shift));
    }
    const wide = 2 * (2 ** k * deviation) ** 2;
    // For a shift by half of 2^k it is the bound itself.
    expect(divergence).toBeLessThan(((shift ** 2 + 4 ** k / 4) / wide) * (1 + 1e-12));
    // The plain Gaussian's bound is not enough where the carry matters most.
    if (shift === 3) expect(divergence).toBeGreaterThan(shift ** 2 / wide);
  }
});

describe('floodInto', () => {
  const primes = parameterSet('exact-committee-8192').primes.map(splitPrime);
  const [p, r, third] = primes as unknown as readonly [Prime, Prime, Prime];
  const degree = 32_768;

  test.each([20, 43.2, 44.5, 52.7, 60.1, 75.9, 88])(
    'with 2^%d: one polynomial modulo all primes, of that deviation',
    (bits) => {
      const deviation = 2 ** bits;
      const out: Words = new Uint32Array(6 * degree);
      floodInto(out, primes, deviation);
      const words = bigsOf(out);
      const noise = lifted(out, [p, r], degree);
      noise.forEach((x, i) => {
        expect(words[2 * degree + i]).toBe(((x % third.value) + third.value) % third.value);
      });
      checkNormal(Float64Array.from(noise, Number), deviation);
      const counts = new Array<number>(16).fill(0);
      for (const x of noise) {
        const lowest = Number(x & 15n);
        counts[lowest] = (counts[lowest] as number) + 1;
      }
      const shares = new Array<number>(16).fill(1 / 16);
      expect(distance(counts, shares, degree)).toBeLessThan(chiSquareLimit(15));
      // Where X ends and U begins nothing shows.
      const at = BigInt(Math.max(0, Math.floor(bits) - 46));
      counts.fill(0);
      for (const x of noise) {
        const there = Number((x >> at) & 15n);
        counts[there] = (counts[there] as number) + 1;
      }
      expect(distance(counts, shares, degree)).toBeLessThan(chiSquareLimit(15));
    },
  );

  test('for a plan is as wide as the formula says, for the primes of every committee', () => {
    for (const scheme of ['bfv', 'ckks'] as const) {
      const facts = { clients: 100, length: 10_000, clip: 1, precision: 0.01 };
      const plan = planEncryptedSum({ ...facts, keys: { members: 5 }, scheme });
      const { set } = plan;
      expect(plan.flooding).toBe(floodingDeviation(set, 100, 5, plan.ciphertexts));
      const [a, b] = set.primes.map(splitPrime) as unknown as readonly [Prime, Prime];
      const out: Words = new Uint32Array(4 * set.degree);
      const all: number[] = [];
      for (let i = 0; i < 5; i++) {
        floodInto(out, [a, b], plan.flooding);
        all.push(...lifted(out, [a, b], set.degree).map(Number));
      }
      checkNormal(all, plan.flooding);
    }
  });

  test('is new each time', () => {
    const [a, b] = [new Uint32Array(6 * 64), new Uint32Array(6 * 64)];
    floodInto(a, primes, 2 ** 50);
    floodInto(b, primes, 2 ** 50);
    expect(a).not.toEqual(b);
  });

  test.each([0, 0.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 91])(
    'refuses a deviation of %d',
    (deviation) => {
      expect(() => floodInto(new Uint32Array(6), primes, deviation)).toThrow(UsageError);
    },
  );
});
