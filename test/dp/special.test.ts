/** Special functions against 25 digits, and at the ends of their ranges. */
import { describe, expect, test } from 'vitest';
import {
  erfc,
  erfcx,
  log1mExp,
  logAddExp,
  logErfc,
  logGamma,
  logNdtr,
  logSubExp,
  ndtr,
} from '../../src/dp/special.ts';
import vectors from '../vectors/special-functions.json' with { type: 'json' };

/** The largest error over a list of [x, value], relative to the value or to `least`, if larger. */
function worst(
  list: readonly (readonly (number | string)[])[],
  of: (...x: number[]) => number,
  least = 0,
): number {
  expect(list.length).toBeGreaterThan(4);
  return Math.max(
    ...list.map((entry) => {
      const expected = Number(entry.at(-1));
      const got = of(...(entry.slice(0, -1) as number[]));
      return got === expected ? 0 : Math.abs(got - expected) / Math.max(Math.abs(expected), least);
    }),
  );
}

describe('against references', () => {
  test.each([
    ['erfcx', vectors.erfcx, erfcx, 0],
    ['erfc', vectors.erfc, erfc, 0],
    ['logErfc', vectors.logErfc, logErfc, 0.1],
    ['ndtr', vectors.ndtr, ndtr, 0],
    ['logNdtr', vectors.logNdtr, logNdtr, 0],
    ['logGamma', vectors.logGamma, logGamma, 1],
    ['log1mExp', vectors.log1mExp, log1mExp, 0],
    ['logSubExp', vectors.logSubExp, logSubExp, 0],
    ['logAddExp', vectors.logAddExp, logAddExp, 0],
  ] as const)('%s', (_, list, of, least) => {
    expect(worst(list, of, least)).toBeLessThan(1e-14);
  });

  test('a wrong value would be seen', () => {
    expect(worst(vectors.erfc, (x) => erfc(x) * (1 + 1e-13))).toBeGreaterThan(5e-14);
  });
});

describe('at the ends', () => {
  test('erfc and ndtr run into 0, 1 and 2', () => {
    expect([erfc(40), erfc(-40), erfc(Infinity), erfc(-Infinity)]).toEqual([0, 2, 0, 2]);
    expect([ndtr(-50), ndtr(50), ndtr(-Infinity), ndtr(Infinity)]).toEqual([0, 1, 0, 1]);
    expect(erfcx(Infinity)).toBe(0);
  });

  test('logarithms run into the infinities', () => {
    expect([logNdtr(-Infinity), logErfc(Infinity), log1mExp(0)]).toEqual([
      -Infinity,
      -Infinity,
      -Infinity,
    ]);
    expect([logNdtr(Infinity), logErfc(-Infinity)]).toEqual([-0, Math.LN2]);
    expect(logGamma(Infinity)).toBe(Infinity);
  });

  test('log sums and differences with a term of 0, or none but these', () => {
    const none = -Infinity;
    expect([logAddExp(none, 3), logAddExp(3, none), logAddExp(none, none)]).toEqual([3, 3, none]);
    expect([logAddExp(Infinity, 3), logAddExp(Infinity, none)]).toEqual([Infinity, Infinity]);
    expect([logSubExp(3, none), logSubExp(3, 3), logSubExp(none, none)]).toEqual([3, none, none]);
    expect(logSubExp(1, 2)).toBeNaN();
  });

  test('NaN gives NaN', () => {
    for (const of of [erfcx, erfc, logErfc, ndtr, logNdtr, logGamma, log1mExp]) {
      expect(of(Number.NaN)).toBeNaN();
    }
  });

  test('pieces meet: erfcx falls across every border', () => {
    for (const t of [0.2, 0.4, 0.6, 0.8]) {
      const x = 3 / t - 3;
      const [before, after] = [erfcx(x * (1 - 1e-9)), erfcx(x * (1 + 1e-9))];
      expect(before).toBeGreaterThan(after);
      expect((before - after) / before).toBeLessThan(1e-8);
    }
  });
});
