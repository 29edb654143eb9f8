/** The estimate's arithmetic and its search, against slower ways to the same numbers. */
import { describe, expect, test } from 'vitest';
import {
  addLog2,
  least,
  logBallVolume,
  logGamma,
  normalTail,
  smallChiSquared,
  withinNormal,
} from '../../bench/lattice-security/numbers.ts';
import { chiSquaredBelow, logBall } from '../reference/lattice-security.ts';

describe('arithmetic', () => {
  test('ln Γ of whole and half numbers', () => {
    let log = 0;
    for (let n = 1; n < 200; n++) {
      expect(logGamma(n)).toBeCloseTo(log, 9);
      log += Math.log(n);
    }
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 10);
  });

  test('volumes of balls, by the recursion over dimensions', () => {
    for (const d of [1, 2, 3, 10, 101, 480]) expect(logBallVolume(d)).toBeCloseTo(logBall(d), 8);
  });

  test('sums of powers', () => {
    expect(addLog2(3, 3)).toBe(4);
    expect(addLog2(500, 2)).toBe(500);
    expect(addLog2(7, Number.NEGATIVE_INFINITY)).toBe(7);
    expect(addLog2(Number.POSITIVE_INFINITY, 7)).toBe(Number.POSITIVE_INFINITY);
  });

  test('the normal law, by Simpson', () => {
    for (const t of [0.01, 0.5, 1, 2.3, 4, 6]) {
      const h = t / 2000;
      let sum = 0;
      for (let i = 0; i < 2000; i++) {
        const [a, b] = [i * h, (i + 1) * h];
        const f = (x: number): number => Math.sqrt(2 / Math.PI) * Math.exp((-x * x) / 2);
        sum += ((b - a) / 6) * (f(a) + 4 * f((a + b) / 2) + f(b));
      }
      expect(withinNormal(t)).toBeCloseTo(sum, 11);
    }
  });

  test('its tail: one in 2^1, 2^24 and 2^30', () => {
    expect(normalTail(1)).toBeCloseTo(0, 8);
    expect(normalTail(24)).toBeCloseTo(5.2947, 4);
    expect(normalTail(30)).toBeCloseTo(6.0094, 3);
  });

  test.each([
    [50, 10],
    [440, 24],
    [440, 30],
    [4200, 30],
  ])('the small end of χ² at %i degrees, one in 2^%i', (freedom, bits) => {
    const below = -Math.log2(chiSquaredBelow(freedom, smallChiSquared(freedom, bits)));
    // A cube instead of the exact law: never so far off that a target looks longer than it is by a per cent.
    expect(Math.abs(below - bits)).toBeLessThan(0.5);
    expect(
      -Math.log2(chiSquaredBelow(freedom, smallChiSquared(freedom, bits) * 1.01)),
    ).toBeLessThan(bits);
  });
});

describe('the search', () => {
  test('follows a narrow valley across the axes, which steps along them would leave', () => {
    const valley = (x: number, y: number): number =>
      x < 0 ? Infinity : 40 * Math.abs(x - 2 * y + 7) + Math.abs(y - 311) / 10 + (x % 3) / 50;
    const found = least(
      [
        { low: 0, high: 400, step: 37 },
        { low: 0, high: 2000, step: 97 },
      ],
      ([y, x]) => valley(x as number, y as number),
    );
    let best = Infinity;
    for (let y = 0; y <= 400; y++) {
      for (let x = 0; x <= 2000; x++) best = Math.min(best, valley(x, y));
    }
    expect(found.cost).toBe(best);
  });

  test('says Infinity where nothing works, and stays inside its range', () => {
    const range = { low: 3, high: 10, step: 4 };
    expect(least([range], () => Infinity).cost).toBe(Infinity);
    expect(least([range], ([x]) => -(x as number))).toEqual({ at: [10], cost: -10 });
    expect(least([range], ([x]) => x as number)).toEqual({ at: [3], cost: 3 });
  });
});
