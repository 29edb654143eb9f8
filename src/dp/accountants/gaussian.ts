/**
 * The exact price of Gaussian noise: however many releases, chosen however adaptively, they cost what
 * one release with their joint noise multiplier costs.
 */
import { assertFinite } from '../../internal/assert.ts';
import type { DpEvent } from '../events.ts';
import { gaussianDelta, gaussianDeltaError } from '../hockey-stick.ts';
import { ndtr } from '../special.ts';
import { gaussianMultiplier } from './gaussian-equivalent.ts';
import type { DeltaPrice, Price } from './price.ts';
import { leastAbove } from './rdp-conversion.ts';

const METHOD = 'analytic-gaussian';
/** Noise multipliers outside of these make a square or its inverse leave the doubles: above, these are taken. */
const MIN_SIGMA = 1e-100;
const MAX_SIGMA = 1e100;

/** δ, rounded outwards by what a double may be off; never 0, for no loss is the largest. */
const upper = (sigma: number, epsilon: number): number => {
  const delta = gaussianDelta(sigma, epsilon) + gaussianDeltaError(sigma, epsilon);
  return Math.min(1, Math.max(Number.MIN_VALUE, delta));
};

/**
 * The ε of Gaussian noise.
 *
 * @param sigma standard deviation / L2 sensitivity, from 1e−100 to 1e100
 * @param delta above 0 and below 1
 *
 * **Source**: Balle and Wang 2018 (arXiv 1805.06530), Theorem 8, solved by bisection.
 */
export function gaussianEpsilon(sigma: number, delta: number): number {
  assertFinite('gaussianEpsilon: sigma', sigma, MIN_SIGMA, MAX_SIGMA);
  if (upper(sigma, 0) <= delta) return 0;
  // As ρ-zCDP it costs at most this.
  const rho = 0.5 / (sigma * sigma);
  const high = (rho + 2 * Math.sqrt(-rho * Math.log(delta))) * (1 + 1e-12);
  return leastAbove(0, high, (epsilon) => upper(sigma, epsilon) <= delta);
}

/**
 * The least noise multiplier that is certainly (ε, δ)-DP.
 *
 * @param epsilon above 0
 * @param delta above 0 and below 1
 */
export function gaussianSigma(epsilon: number, delta: number): number {
  let high = 1;
  while (high < MAX_SIGMA && upper(high, epsilon) > delta) high *= 2;
  while (high > MIN_SIGMA && upper(high / 2, epsilon) <= delta) high /= 2;
  return leastAbove(high / 2, high, (sigma) => upper(sigma, epsilon) <= delta);
}

/**
 * The exact ε of an event made of Gaussian releases and trees only.
 *
 * @param event checked already
 * @param delta above 0 and below 1
 * @returns undefined if something else is in it
 */
export function analyticGaussianEpsilon(event: DpEvent, delta: number): Price | undefined {
  const sigma = gaussianMultiplier(event);
  if (sigma === undefined) return undefined;
  if (sigma === Number.POSITIVE_INFINITY) {
    return { epsilon: 0, lower: 0, method: METHOD, errorBound: 0 };
  }
  if (sigma > MAX_SIGMA) {
    const above = gaussianEpsilon(MAX_SIGMA, delta);
    return { epsilon: above, lower: 0, method: METHOD, errorBound: above };
  }
  if (sigma < MIN_SIGMA) {
    return { epsilon: Number.POSITIVE_INFINITY, method: METHOD, errorBound: 0 };
  }
  const epsilon = gaussianEpsilon(sigma, delta);
  if (epsilon === 0) return { epsilon, lower: 0, method: METHOD, errorBound: 0 };
  // The error of δ over the slope of δ, and the roundings of the multiplier and of ε itself.
  const slope = Math.exp(epsilon) * ndtr(-0.5 / sigma - epsilon * sigma);
  const errorBound = (3 * gaussianDeltaError(sigma, epsilon)) / slope + 1e-14 * epsilon;
  if (!(errorBound < epsilon)) return { epsilon, method: METHOD, errorBound: epsilon };
  return { epsilon, lower: epsilon - errorBound, method: METHOD, errorBound };
}

/**
 * The exact δ of an event made of Gaussian releases and trees only.
 *
 * @param event checked already
 * @param epsilon at least 0
 * @returns undefined if something else is in it
 */
export function analyticGaussianDelta(event: DpEvent, epsilon: number): DeltaPrice | undefined {
  const sigma = gaussianMultiplier(event);
  if (sigma === undefined) return undefined;
  if (sigma === Number.POSITIVE_INFINITY) return { delta: 0, method: METHOD, errorBound: 0 };
  if (sigma > MAX_SIGMA) {
    const above = upper(MAX_SIGMA, epsilon);
    return { delta: above, method: METHOD, errorBound: above };
  }
  if (sigma < MIN_SIGMA) return { delta: 1, method: METHOD, errorBound: 0 };
  const errorBound = 2 * gaussianDeltaError(sigma, epsilon) + Number.MIN_VALUE;
  return { delta: upper(sigma, epsilon), method: METHOD, errorBound };
}
