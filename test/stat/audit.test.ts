/**
 * An audit of whole rounds on counts that suit every run; `npm run test:slow` has many more. All bounds of one
 * audit hold together but for a chance of 10^−9, and what it must find it misses as rarely.
 */
import { discreteGaussian, skellam } from 'veilsum';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { logLowerTail, lowerBound, upperBound } from '../reference/binomial.ts';
import { shutDoor } from '../support/noise-door.ts';
import { auditSlots, epsilonFrom } from './audit.ts';

vi.mock('../../src/dp/sampler/noise-tables.ts', async (original) =>
  (await import('../support/noise-door.ts')).throughDoor(original),
);
afterEach(shutDoor);
vi.mock('../../src/dp/sampler/draw.ts', async (original) =>
  (await import('../support/noise-door.ts')).throughDoor(original),
);

describe.each([
  ['Skellam', skellam],
  ['discrete Gaussian', discreteGaussian],
] as const)('%s noise, with as few honest shares as may be', (_, law) => {
  const noise = law({ epsilon: 6, delta: 1e-5 });

  test('shows less than it is said to cost, and something', async () => {
    const { claim, found } = await auditSlots({ noise, rounds: 60, divideBy: 1, length: 2_500 });
    expect(found).toBeLessThanOrEqual(claim);
    expect(found).toBeGreaterThan(0);
  });

  test('shows more than it is said to cost if it is a quarter as wide', async () => {
    const { claim, found } = await auditSlots({ noise, rounds: 30, divideBy: 4, length: 2_500 });
    expect(found).toBeGreaterThan(claim);
  });
});

describe('the measurement itself', () => {
  test('is above nothing where nothing differs, and knows no more than the counts do', () => {
    const draws = Float64Array.from({ length: 1_000 }, (_, i) => (i % 40) / 10 - 1);
    expect(epsilonFrom(draws, draws, 0)).toBe(0);
    // Apart altogether: all that a thousand of each can show.
    const [far, near] = [new Float64Array(1_000).fill(1), new Float64Array(1_000)];
    const bound = epsilonFrom(far, near, 0.01);
    expect(bound).toBeGreaterThan(3.5);
    expect(bound).toBeLessThan(Math.log(1_000 / Math.log(1e9)));
  });

  test('bounds have closed forms where nothing or all of it happened', () => {
    for (const n of [1, 7, 1_000, 1_000_000]) {
      for (const level of [0.05, 1e-9, 1e-30]) {
        const expected = -Math.expm1(Math.log(level) / n);
        expect(upperBound(n, 0, level) / expected).toBeCloseTo(1, 5);
        expect(upperBound(n, 0, level)).toBeGreaterThanOrEqual(expected);
        expect(lowerBound(n, n, level)).toBeLessThanOrEqual(1 - expected);
        expect(upperBound(n, n, level)).toBe(1);
        expect(lowerBound(n, 0, level)).toBe(0);
      }
    }
  });

  test('tails are the sums of Pascal’s triangle', () => {
    for (const n of [5, 23, 60]) {
      for (const p of [0.2, 0.5, 0.83]) {
        let row = [1];
        for (let i = 0; i < n; i++) {
          row = [...row, 0].map((x, k) => x * (1 - p) + ((row[k - 1] ?? 0) as number) * p);
        }
        for (let k = 0, sum = 0; k <= n; k++) {
          sum += row[k] as number;
          expect(Math.exp(logLowerTail(n, k, p))).toBeCloseTo(sum, 12);
        }
      }
    }
  });

  test('bounds cover the truth as often as they say', () => {
    // Exactly, over all counts: the chance that the truth is above the upper bound is at most the level.
    for (const p of [0.01, 0.3, 0.9]) {
      for (const level of [0.1, 0.001]) {
        let missed = 0;
        for (let k = 0; k <= 50; k++) {
          const below = k === 0 ? 0 : Math.exp(logLowerTail(50, k - 1, p));
          if (upperBound(50, k, level) < p) missed += Math.exp(logLowerTail(50, k, p)) - below;
        }
        expect(missed).toBeLessThanOrEqual(level);
      }
    }
  });
});
