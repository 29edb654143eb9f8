/** Hockey sticks against their definitions, far into the tails, and on both sides of ε = 0. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  discreteGaussianDelta,
  gaussianDelta,
  gaussianDeltaError,
  laplaceDelta,
  sampledAddDelta,
  sampledRemoveDelta,
} from '../../src/dp/hockey-stick.ts';
import {
  discreteGaussianPair,
  gaussianPair,
  hockeyStick,
  laplacePair,
  type Pair,
  sampledPair,
} from '../reference/renyi.ts';

const reversed = ({ p, q }: Pair): Pair => ({ p: q, q: p });
const EPSILONS = [-3, -0.7, -0.05, 0, 0.05, 0.4, 1, 2.5];

describe('against the definition', () => {
  const cases: readonly (readonly [string, (epsilon: number) => number, Pair])[] = [
    ['gaussian', (epsilon) => gaussianDelta(0.8, epsilon), gaussianPair(0.8, 1, 2)],
    ['gaussian, wide', (epsilon) => gaussianDelta(15, epsilon), gaussianPair(15, 1, 2)],
    ['laplace', (epsilon) => laplaceDelta(1.3, epsilon), laplacePair(1.3)],
    [
      'discrete gaussian',
      (epsilon) => discreteGaussianDelta(2.5, 3, epsilon),
      discreteGaussianPair(2.5, 3),
    ],
    [
      'discrete gaussian, narrow',
      (epsilon) => discreteGaussianDelta(0.4, 1, epsilon),
      discreteGaussianPair(0.4, 1),
    ],
  ];
  test.each(cases)('%s, also sampled, in both directions', (_, delta, pair) => {
    for (const epsilon of EPSILONS) {
      const near = (got: number, expected: number) =>
        expect(Math.abs(got - expected)).toBeLessThan(1e-6);
      near(delta(epsilon), hockeyStick(pair, epsilon));
      near(delta(epsilon), hockeyStick(reversed(pair), epsilon));
      for (const probability of [0.03, 0.6, 1]) {
        const sampled = sampledPair(pair, probability);
        near(sampledRemoveDelta(probability, epsilon, delta), hockeyStick(sampled, epsilon));
        near(sampledAddDelta(probability, epsilon, delta), hockeyStick(reversed(sampled), epsilon));
      }
    }
  });
});

describe('in the tails', () => {
  // Computed with mpmath at 60 digits.
  test.each([
    [1, 12, 5.20844206895047e-32],
    [0.2, 100, 1.584780232668592e-69],
    [50, 0.5, 3.12977677298013e-141],
    [1000, 0.001, 8.33571321252085e-5],
  ])('gaussian σ = %d, ε = %d', (sigma, epsilon, expected) => {
    const got = gaussianDelta(sigma, epsilon);
    const error = gaussianDeltaError(sigma, epsilon);
    expect(Math.abs(got - expected)).toBeLessThanOrEqual(error);
    expect(error).toBeLessThan(1e-9 * expected);
  });

  test('the discrete Gaussian runs into the smooth one where it is wide', () => {
    for (const epsilon of [0.01, 0.1, 0.3]) {
      const got = discreteGaussianDelta(200, 10, epsilon);
      expect(Math.abs(got / gaussianDelta(20, epsilon) - 1)).toBeLessThan(1e-3);
    }
  });
});

test('δ is between 0 and 1 and falls with ε and with noise', () => {
  const noise = fc.double({ min: -6, max: 6, noNaN: true }).map((x) => 10 ** x);
  const epsilon = fc.double({ min: -50, max: 800, noNaN: true });
  fc.assert(
    fc.property(noise, epsilon, fc.double({ min: 1e-9, max: 1, noNaN: true }), (z, e, q) => {
      for (const curve of [
        (at: number) => gaussianDelta(z, at),
        (at: number) => laplaceDelta(z, at),
      ]) {
        for (const delta of [
          curve(e),
          sampledRemoveDelta(q, e, curve),
          sampledAddDelta(q, e, curve),
        ]) {
          expect(delta).toBeGreaterThanOrEqual(0);
          expect(delta).toBeLessThanOrEqual(1);
        }
        expect(curve(e + 0.1)).toBeLessThanOrEqual(curve(e) + 1e-15);
      }
    }),
  );
});
