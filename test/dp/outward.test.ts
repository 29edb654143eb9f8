/** Prices at the ends of the doubles: never below the truth, and 0 only where that is proven. */
import { describe, expect, test } from 'vitest';
import { pldEpsilon } from '../../src/dp/accountants/pld.ts';
import {
  approximate,
  composed,
  type DpEvent,
  deltaFor,
  discreteGaussian,
  discreteLaplace,
  epsilon,
  gaussian,
  integerL1Norm,
  laplace,
  poissonSampled,
  scaleFor,
  treeAggregation,
  zeroConcentrated,
} from '../../src/dp/index.ts';
import { UsageError } from '../../src/errors.ts';

const neighbours = 'zero-out';
const onInteger = (sigma: number): DpEvent =>
  discreteGaussian({ sigma, l2Sensitivity: 1, dimension: 1 });
const deltaAt = (event: DpEvent, at: number) => deltaFor(event, { epsilon: at, neighbours });

describe('exact prices are rounded outwards', () => {
  // Computed with 450 digits.
  test.each([
    [1.1, 20.247932884297516, 1.551117705471452e-110],
    [1.1, 20.247933883297517, 2.951660693303904e-113],
    [1.3, 23.964497040420117, 8.152702593647197e-216],
    [1.3, 23.963497040420116, 8.008723985245576e-210],
    [0.7, 25.510204080632658, 8.794204698878752e-74],
    [0.9, 41.35802469035803, 5.061311136624233e-302],
  ])('a discrete Gaussian of σ %f just below the loss of an outcome', (sigma, at, truth) => {
    const { delta, errorBound } = deltaAt(onInteger(sigma), at);
    expect(delta).toBeGreaterThanOrEqual(truth);
    expect(delta - errorBound).toBeLessThanOrEqual(truth);
    expect(delta).toBeLessThan(truth * 1.001);
    // And back: what is returned for the true δ is no smaller.
    const price = epsilon(onInteger(sigma), { delta: truth, neighbours });
    expect(price.epsilon).toBeGreaterThanOrEqual(at);
    expect(price.epsilon).toBeLessThan(at * (1 + 1e-12));
  });

  test.each([
    [0.3, 0],
    [0.7, 2.945489657168783e-17],
    [0.11, 0],
    [1.7, 0],
    [0.013, 3.405231389434609e-15],
    [0.5, 0],
  ])('Laplace noise of scale %f at what 1/b is rounded to', (scale, truth) => {
    const { delta } = deltaAt(laplace({ noiseMultiplier: scale }), 1 / scale);
    expect(delta).toBeGreaterThanOrEqual(truth);
    expect(delta).toBeLessThanOrEqual(truth * (1 + 1e-12));
  });

  test('a loss beyond all doubles that are looked at is left to others', () => {
    const price = epsilon(laplace({ noiseMultiplier: 1e-100 }), { delta: 1e-20, neighbours });
    expect(price.epsilon).toBeGreaterThanOrEqual(1e100);
  });
});

describe('δ is 0 only where that is proven', () => {
  const unbounded: readonly DpEvent[] = [
    gaussian({ noiseMultiplier: 1 }),
    gaussian({ noiseMultiplier: 1e100 }),
    treeAggregation({ noiseMultiplier: 2, stepCounts: [4] }),
    zeroConcentrated({ rho: 1 }),
    zeroConcentrated({ rho: 1e-310 }),
    onInteger(2),
    discreteGaussian({ sigma: 2, l2Sensitivity: 1, dimension: 3 }),
    discreteGaussian({ sigma: 1e100, l2Sensitivity: 1e-100, dimension: 3 }),
    poissonSampled({ probability: 0.1, event: gaussian({ noiseMultiplier: 1 }) }),
    poissonSampled({ probability: 1e-300, event: onInteger(2) }),
  ];
  test.each(unbounded.map((event) => [event.kind, event] as const))('%s', (_, event) => {
    for (const at of [0, 1, 50, 1e5, 1e300]) {
      for (const accountant of ['best', 'rdp'] as const) {
        const { delta, errorBound } = deltaFor(event, { epsilon: at, neighbours, accountant });
        expect(delta).toBeGreaterThan(0);
        expect(errorBound).toBeGreaterThan(0);
      }
    }
  });

  test('at ε of 0, a loss of 10^−200 is not none', () => {
    const event = approximate({ epsilon: 1e-200, delta: 0 });
    expect(deltaAt(event, 0).delta).toBeGreaterThan(5e-201);
    expect(epsilon(event, { delta: 1e-300, neighbours }).epsilon).toBeGreaterThan(0);
  });

  test('nothing, and what is within a bounded loss, has none', () => {
    expect(deltaAt(composed({ events: [] }), 0)).toMatchObject({ delta: 0, errorBound: 0 });
    expect(deltaAt(zeroConcentrated({ rho: 0 }), 0).delta).toBe(0);
    expect(deltaAt(laplace({ noiseMultiplier: 1 }), 1).delta).toBe(0);
    expect(deltaAt(approximate({ epsilon: 1, delta: 0 }), 2).delta).toBe(0);
  });
});

test('a direction without any loss so large leaves the other one priced', () => {
  const event = poissonSampled({
    probability: 0.805213220583517,
    event: discreteLaplace({ rate: 1, sensitivity: 2 }),
  });
  const price = epsilon(event, { delta: 0.1, neighbours });
  const { delta, method } = deltaAt(event, price.epsilon);
  expect(method).toBe('pld');
  expect(delta).toBeCloseTo(0.1, 4);
});

describe('a sample of a sample, with a probability below all doubles', () => {
  const once = poissonSampled({ probability: 1e-200, event: gaussian({ noiseMultiplier: 1 }) });
  const twice = poissonSampled({ probability: 1e-200, event: once });

  test('is priced, and as more than nothing', () => {
    for (const accountant of ['best', 'rdp'] as const) {
      const price = epsilon(twice, { delta: 1e-300, neighbours, accountant });
      expect(price.epsilon).toBeGreaterThan(0);
      expect(price.epsilon).toBeLessThan(2);
    }
    expect(deltaAt(twice, 0).delta).toBeGreaterThan(0);
    const price = pldEpsilon(twice, { delta: 1e-5, neighbours });
    expect(price).toMatchObject({ epsilon: 0, errorBound: 0 });
  });

  test('with a probability of 0 it is nothing', () => {
    const never = poissonSampled({ probability: 0, event: once });
    expect(deltaAt(never, 0).delta).toBe(0);
    expect(deltaAt(poissonSampled({ probability: 0.5, event: never }), 0).delta).toBe(0);
  });
});

describe('numbers that are none are refused', () => {
  const facts = {
    localStandardDeviation: 0.1,
    clip: 1,
    bits: 16,
    clients: 10,
    dimension: 10,
    deviations: 4,
    flatness: 1,
  };

  test.each([
    ['no number', { localStandardDeviation: Number.NaN }],
    ['less than no noise', { localStandardDeviation: -1 }],
    ['no clip', { clip: 0 }],
    ['a clip that is none', { clip: Number.NaN }],
    ['half a bit', { bits: 8.5 }],
    ['negative clients', { clients: -10 }],
    ['no dimension', { dimension: 0 }],
    ['no deviations', { deviations: 0 }],
    ['infinite flatness', { flatness: Number.POSITIVE_INFINITY }],
  ])('scaleFor: %s', (_, change) => {
    expect(scaleFor(facts)).toBeGreaterThan(0);
    expect(() => scaleFor({ ...facts, ...change })).toThrow(UsageError);
  });

  test.each([
    [Number.NaN, 4],
    [-1, 4],
    [1, -1],
    [1, 0.5],
    [Number.POSITIVE_INFINITY, 4],
  ])('integerL1Norm(%f, %f)', (l2, dimension) => {
    expect(() => integerL1Norm(l2, dimension)).toThrow(UsageError);
  });
});
