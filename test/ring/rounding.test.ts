import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quantiseInto } from '../../src/kernel/index.ts';
import {
  exactSquaredNorm,
  MAX_TRIES,
  roundInto,
  roundWithinNormInto,
} from '../../src/ring/rounding.ts';
import { squaredNormReference } from '../reference/ring.ts';
import { caught } from './caught.ts';

const N = 400_000;
/**
 * Hoeffding: the mean of N numbers from an interval of width 1 is off by more than this with
 * probability below 10^−9. Fewer than a hundred such means are looked at here.
 */
const TOLERANCE = Math.sqrt(Math.log(2e9) / (2 * N));

/** Rounding with words that are given. */
const roundByWordsInto = (out: Int32Array, units: Float64Array, words: Uint32Array): void =>
  quantiseInto(out, units, words, { limit: Number.POSITIVE_INFINITY, factor: 1 });

const meanError = (t: number, round: (out: Int32Array, units: Float64Array) => void): number => {
  const units = new Float64Array(N).fill(t);
  const out = new Int32Array(N);
  round(out, units);
  let sum = 0;
  for (const z of out) sum += z - t;
  return sum / N;
};

const hardCases = [
  0.5,
  -0.5,
  0.001,
  -0.001,
  0.999,
  -2.75,
  3.1,
  2 ** 20 + 0.3,
  -(2 ** 20) - 0.3,
  2 ** 22 + 0.5,
  2 ** 23 - 1.25,
  -(2 ** 23) + 1.25,
];

describe('stochastic rounding', () => {
  test('the mean is the number itself, large or small, above zero or below', () => {
    for (const t of hardCases) {
      expect(Math.abs(meanError(t, roundInto)), `t = ${t}`).toBeLessThan(TOLERANCE);
    }
  });

  test('the same measurement sees the well-known mistakes', () => {
    // Adding the random number first: float32 has half units left at 2^22, so it rounds twice.
    const truncatedFloat32 = (out: Int32Array, units: Float64Array): void => {
      const words = new Uint32Array(1);
      for (let i = 0; i < units.length; i++) {
        crypto.getRandomValues(words);
        const r = Math.fround((words[0] as number) * 2 ** -32);
        out[i] = Math.trunc(Math.fround(Math.fround(units[i] as number) + r));
      }
    };
    // Expected 3/4 instead of 1/2 at 2^22 + 1/2.
    expect(meanError(2 ** 22 + 0.5, truncatedFloat32)).toBeGreaterThan(0.2);
    // And trunc, unlike floor, pulls negative numbers towards zero: −1/2 always becomes 0.
    expect(meanError(-0.5, truncatedFloat32)).toBeGreaterThan(0.4);
    // Rounding to nearest is no better.
    const nearest = (out: Int32Array, units: Float64Array): void => {
      units.forEach((t, i) => {
        out[i] = Math.round(t);
      });
    };
    expect(Math.abs(meanError(3.1, nearest))).toBeGreaterThan(TOLERANCE);
  });

  test('up exactly for the words below 2^32 times the fraction', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 23), max: 2 ** 23 }),
        // multiples of 2^−29, which every double below 2^24 can hold as a fraction
        fc.integer({ min: 0, max: 2 ** 29 - 1 }),
        (whole, numerator) => {
          const t = whole + numerator * 2 ** -29;
          const threshold = numerator * 8;
          const words = [0, threshold - 1, threshold, 2 ** 32 - 1].filter((w) => w >= 0);
          const out = new Int32Array(words.length);
          roundByWordsInto(out, new Float64Array(words.length).fill(t), Uint32Array.from(words));
          expect([...out]).toEqual(words.map((w) => whole + (w < threshold ? 1 : 0)));
        },
      ),
    );
  });

  test('integers stay, neighbours otherwise, down to the last bit', () => {
    const words = Uint32Array.of(0, 1, 2 ** 31, 2 ** 32 - 1);
    for (const t of [0, -0, 1, -1, 2 ** 23 - 1, -(2 ** 23) + 1]) {
      const out = new Int32Array(4);
      roundByWordsInto(out, new Float64Array(4).fill(t), words);
      expect([...out]).toEqual(new Array(4).fill(t + 0));
    }
    for (const [t, word, z] of [
      [Number.MIN_VALUE, 0, 1],
      [Number.MIN_VALUE, 1, 0],
      [-Number.MIN_VALUE, 2 ** 32 - 1, 0],
      [1 - 2 ** -53, 2 ** 32 - 1, 1],
      [-1 + 2 ** -53, 0, 0],
      [-1 + 2 ** -53, 1, -1],
    ] as const) {
      const out = new Int32Array(1);
      roundByWordsInto(out, Float64Array.of(t), Uint32Array.of(word));
      expect(out[0], `${t} with ${word}`).toBe(z);
    }
  });

  test('chunks meet without gap, overlap or reuse of randomness', () => {
    for (const length of [0, 1, 16_383, 16_384, 16_385, 40_000]) {
      const out = new Int32Array(length).fill(77);
      roundInto(
        out,
        Float64Array.from({ length }, (_, i) => i),
      );
      expect(out.every((z, i) => z === i)).toBe(true);
    }
    const coin = new Int32Array(32_768);
    roundInto(coin, new Float64Array(32_768).fill(0.5));
    // Were the second chunk given the first one's words, all would agree; 2^14 fair coins deviate
    // from half by 6 standard deviations with probability below 10^−8.
    const agree = coin.subarray(0, 16_384).filter((z, i) => z === coin[i + 16_384]).length;
    expect(Math.abs(agree - 8_192)).toBeLessThan(6 * 64);
    expect(caught(() => roundInto(new Int32Array(2), new Float64Array(3))).code).toBe(
      'wrong-length',
    );
  });
});

describe('rounding within a norm', () => {
  test('towards zero when the tries are used up, and never longer than the input', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 30 }),
        (values) => {
          const units = Float64Array.from(values);
          const out = new Int32Array(values.length).fill(99);
          expect(roundWithinNormInto(out, units, 0n, 0)).toBe(1);
          expect([...out]).toEqual(values.map((t) => Math.trunc(t) + 0));
          let real = 0;
          for (const t of values) real += t * t;
          expect(Number(exactSquaredNorm(out))).toBeLessThanOrEqual(real * (1 + 1e-12));
        },
      ),
    );
  });

  test('an impossible bound takes the deterministic way out after MAX_TRIES', () => {
    const units = new Float64Array(64).fill(0.999_999);
    const out = new Int32Array(64);
    // Nearly always 64 ones, and at most one is allowed.
    expect(roundWithinNormInto(out, units, 1n)).toBe(MAX_TRIES + 1);
    expect(out.every((z) => z === 0)).toBe(true);
  });

  test('tries again until it holds', () => {
    // Two coins, at most one may be up: a try fails with probability 1/4, 64 in a row never.
    const units = Float64Array.of(0.5, 0.5);
    const out = new Int32Array(2);
    let tries = 0;
    for (let i = 0; i < 4_000; i++) {
      tries += roundWithinNormInto(out, units, 1n);
      expect(exactSquaredNorm(out) <= 1n).toBe(true);
    }
    // Geometric with mean 4/3 and deviation 2/3: seven standard deviations of the mean.
    expect(Math.abs(tries / 4_000 - 4 / 3)).toBeLessThan((7 * 2) / 3 / Math.sqrt(4_000));
  });
});

describe('exactSquaredNorm', () => {
  test('takes nothing but an Int32Array', () => {
    expect(caught(() => exactSquaredNorm([1, 2] as unknown as Int32Array)).code).toBe('wrong-type');
  });

  test('agrees with bigint on any 32-bit integers', () => {
    const edge = fc.constantFrom(0, 1, -1, 65_535, 65_536, -65_536, 2 ** 31 - 1, -(2 ** 31));
    const any = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(fc.array(fc.oneof(edge, any), { maxLength: 60 }), (values) => {
        expect(exactSquaredNorm(Int32Array.from(values))).toBe(squaredNormReference(values));
      }),
    );
  });

  test('is exact where doubles are not, over several spans', () => {
    const length = 2 ** 22 + 5;
    for (const z of [-(2 ** 31), 2 ** 31 - 1, 2 ** 23 - 1, -65_537]) {
      const expected = BigInt(length) * BigInt(z) ** 2n;
      expect(exactSquaredNorm(new Int32Array(length).fill(z))).toBe(expected);
    }
    const lone = new Int32Array(length);
    lone[0] = 2 ** 31 - 1;
    lone[length - 1] = 1;
    expect(exactSquaredNorm(lone)).toBe((2n ** 31n - 1n) ** 2n + 1n);
  });
});
