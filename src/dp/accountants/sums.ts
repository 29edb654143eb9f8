/** The simplest accountant: ε adds up, δ adds up. Exact for one release of bounded loss at δ = 0. */
import type { DpEvent } from '../events.ts';
import { discreteGaussianDelta, discreteGaussianSlack, laplaceDelta } from '../hockey-stick.ts';
import type { DeltaPrice, Price } from './price.ts';
import { sampledEpsilon } from './rdp-amplification.ts';
import { leastAbove } from './rdp-conversion.ts';

const METHOD = 'basic-composition';
/** Relative room for the roundings of a sum. */
const ROUNDING = 1e-13;

/** Everything in it is (ε, 0)-DP but for a total δ. */
type Pure = { readonly epsilon: number; readonly delta: number };

/**
 * The (ε, δ) of an event by adding up what each part certainly is.
 *
 * @param event checked already
 * @returns undefined if something in it, such as Gaussian noise, has no ε without a δ of choice
 */
export function sumOf(event: DpEvent): Pure | undefined {
  switch (event.kind) {
    case 'laplace':
      return { epsilon: 1 / event.noiseMultiplier, delta: 0 };
    case 'discrete-laplace':
      return { epsilon: event.rate * event.sensitivity, delta: 0 };
    case 'randomised-response': {
      const lie = event.noise / event.buckets;
      return { epsilon: Math.log((1 - event.noise + lie) / lie), delta: 0 };
    }
    case 'approximate':
      return { epsilon: event.epsilon, delta: event.delta };
    case 'poisson-sampled':
      return sampled(sumOf(event.event), event.probability);
    case 'sampled-without-replacement':
      return sampled(sumOf(event.event), event.sample / event.population);
    case 'repeated': {
      const one = sumOf(event.event);
      if (one === undefined) return undefined;
      return { epsilon: one.epsilon * event.count, delta: one.delta * event.count };
    }
    case 'composed': {
      let [epsilon, delta] = [0, 0];
      for (const inner of event.events) {
        const one = sumOf(inner);
        if (one === undefined) return undefined;
        epsilon += one.epsilon;
        delta += one.delta;
      }
      return { epsilon, delta };
    }
    default:
      return undefined;
  }
}

const sampled = (inner: Pure | undefined, share: number): Pure | undefined =>
  inner === undefined
    ? undefined
    : { epsilon: sampledEpsilon(inner.epsilon, share), delta: inner.delta * share };

/**
 * The ε of an event by adding up.
 *
 * @param event checked already
 * @param delta above 0 and below 1
 * @returns undefined if something in it has no ε without a δ of choice
 */
export function summedEpsilon(event: DpEvent, delta: number): Price | undefined {
  const sum = sumOf(event);
  if (sum === undefined) return undefined;
  const epsilon =
    sum.delta * (1 + ROUNDING) <= delta ? sum.epsilon * (1 + ROUNDING) : Number.POSITIVE_INFINITY;
  const errorBound = epsilon < Number.POSITIVE_INFINITY ? 2 * ROUNDING * epsilon : 0;
  return { epsilon, method: METHOD, errorBound };
}

/**
 * The δ of an event by adding up: the sum of δ where ε is large enough, else 1.
 *
 * @param event checked already
 * @param epsilon at least 0
 * @returns undefined if something in it has no ε without a δ of choice
 */
export function summedDelta(event: DpEvent, epsilon: number): DeltaPrice | undefined {
  const sum = sumOf(event);
  if (sum === undefined) return undefined;
  const enough = sum.epsilon * (1 + ROUNDING) <= epsilon;
  const delta = enough ? Math.min(1, sum.delta * (1 + ROUNDING)) : 1;
  return { delta, method: METHOD, errorBound: enough ? 2 * ROUNDING * delta : 0 };
}

/** Up to this σ the exact sum is worth its time. */
const MAX_SIGMA = 2000;
/** Largest losses that are looked at. */
const MAX_LOSS = 2 ** 60;

/** Relative room for the exponentials of an exact sum, whose exponents go down to −745. */
const EXPONENTIALS = 1e-12;
/** More than all terms lose that are no normal doubles. */
const DENORMAL = 1e-316;

/** δ at ε, never below the exact one, and how far above it may be. */
type Exact = (epsilon: number) => { readonly delta: number; readonly errorBound: number };

/** The exact δ of one release on one number, rounded outwards, or undefined. */
function singleDelta(event: DpEvent): Exact | undefined {
  if (event.kind === 'repeated' && event.count === 1) return singleDelta(event.event);
  if (event.kind === 'composed' && event.events.length === 1) {
    return singleDelta(event.events[0] as DpEvent);
  }
  if (event.kind === 'laplace') {
    return (epsilon) => {
      const delta = laplaceDelta(event.noiseMultiplier, epsilon);
      return { delta: Math.min(1, delta * (1 + ROUNDING)), errorBound: 2 * ROUNDING * delta };
    };
  }
  if (event.kind !== 'discrete-gaussian') return undefined;
  const { sigma, l2Sensitivity, dimension } = event;
  if (dimension !== 1 || !Number.isInteger(l2Sensitivity) || sigma > MAX_SIGMA) return undefined;
  return (epsilon) => {
    const slack = discreteGaussianSlack(epsilon);
    const above = discreteGaussianDelta(sigma, l2Sensitivity, epsilon - slack);
    const delta = Math.min(1, above * (1 + EXPONENTIALS) + DENORMAL);
    const below = discreteGaussianDelta(sigma, l2Sensitivity, epsilon + slack);
    const least = below * (1 - EXPONENTIALS) - DENORMAL;
    return { delta, errorBound: delta - Math.max(0, least) };
  };
}

/**
 * The exact ε of one release of Laplace or discrete Gaussian noise on one number.
 *
 * @param event checked already
 * @param delta above 0 and below 1
 * @returns undefined if the event is something else
 *
 * **Cost**: for the discrete Gaussian 60 sums of up to 40 σ terms.
 */
export function singleEpsilon(event: DpEvent, delta: number): Price | undefined {
  const exact = singleDelta(event);
  if (exact === undefined) return undefined;
  const holds = (epsilon: number): boolean => exact(epsilon).delta <= delta;
  let high = 1;
  while (high < MAX_LOSS && !holds(high)) high *= 2;
  // Below all doubles the sum says nothing; other accountants do.
  if (!holds(high)) return undefined;
  const epsilon = holds(0) ? 0 : leastAbove(0, high, holds);
  if (epsilon === 0) return { epsilon, method: 'exact', errorBound: 0 };
  const here = exact(epsilon);
  const slope = (exact(epsilon * (1 - 1e-6)).delta - here.delta) / (1e-6 * epsilon);
  const errorBound = slope > 0 ? (2 * here.errorBound) / slope + 1e-15 * epsilon : epsilon;
  return { epsilon, method: 'exact', errorBound: Math.min(errorBound, epsilon) };
}

/**
 * The exact δ of one release of Laplace or discrete Gaussian noise on one number.
 *
 * @param event checked already
 * @param epsilon at least 0
 * @returns undefined if the event is something else
 */
export function exactSingleDelta(event: DpEvent, epsilon: number): DeltaPrice | undefined {
  const exact = singleDelta(event);
  if (exact === undefined) return undefined;
  return { ...exact(epsilon), method: 'exact' };
}
