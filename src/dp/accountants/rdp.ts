/**
 * The Rényi accountant: a curve of divergences for any tree of events, which composition adds up, and
 * its conversion. Supports every kind of event.
 */
import { assertFinite } from '../../internal/assert.ts';
import type { DpEvent, Neighbours } from '../events.ts';
import { assertSound } from '../neighbours.ts';
import { gaussianMultiplier } from './gaussian-equivalent.ts';
import type { DeltaPrice, Price } from './price.ts';
import {
  poissonSampledCurve,
  sampledEpsilon,
  withoutReplacementCurve,
} from './rdp-amplification.ts';
import { deltaOf, epsilonOf } from './rdp-conversion.ts';
import {
  concentratedCurve,
  discreteLaplaceCurve,
  distributedGaussianCurve,
  halfSquare,
  laplaceCurve,
  pureCurve,
  randomisedResponseCurve,
  skellamCurve,
  treeDepth,
} from './rdp-curves.ts';
import { sampledGaussian } from './rdp-sampled-gaussian.ts';

/** Curves are at most this far above the bound that they are computed from, relative. */
const CURVE_SLACK = 1e-11;
const MAX_ORDER = 4096;

/**
 * The orders that are used where none are given: 1.1, 1.2, …, 10.9, then 11, 12, …, 63, then 128, 256,
 * 512 and 1024. The same as dp_accounting's, so that prices can be compared.
 */
export const RDP_ORDERS: readonly number[] = Object.freeze([
  ...Array.from({ length: 99 }, (_, i) => (11 + i) / 10),
  ...Array.from({ length: 53 }, (_, i) => 11 + i),
  128,
  256,
  512,
  1024,
]);

/** A curve of divergences, and the probability with which nothing is promised. */
export type RdpCurve = {
  /** At each order an upper bound of the Rényi divergence, +Infinity where none is known. */
  readonly divergences: Float64Array;
  /** What (ε, δ) events add to δ; 0 without any. */
  readonly delta: number;
};

/**
 * Rényi divergences of an event.
 *
 * @param event checked already
 * @param orders each above 1.01, at most 4096
 * @param neighbours what the caller protects
 * @throws UsageError `out-of-range` (an order); PrivacyError `unsound-parameters`
 *
 * **Cost**: each sampled event that occurs with equal numbers is computed once; see the curves.
 */
export function rdpCurve(
  event: DpEvent,
  orders: readonly number[],
  neighbours: Neighbours,
): RdpCurve {
  for (const [i, order] of orders.entries()) {
    assertFinite(`rdp: orders[${i}]`, order, 1.01, MAX_ORDER);
  }
  assertSound(event, neighbours);
  return curveOf(event, Float64Array.from(orders), new Map());
}

/**
 * The ε of an event by Rényi divergences.
 *
 * @param event checked already
 * @param request.delta above 0 and below 1
 * @param request.neighbours what the caller protects
 * @param request.orders {@link RDP_ORDERS} if left out
 * @throws as {@link rdpCurve}
 */
export function rdpEpsilon(
  event: DpEvent,
  request: {
    readonly delta: number;
    readonly neighbours: Neighbours;
    readonly orders?: readonly number[];
  },
): Price {
  const orders = Float64Array.from(request.orders ?? RDP_ORDERS);
  const { divergences, delta } = rdpCurve(event, [...orders], request.neighbours);
  const left = (request.delta - delta) * (1 - 2 ** -50);
  if (!(left > 0)) return { epsilon: Number.POSITIVE_INFINITY, method: 'rdp', errorBound: 0 };
  const { value, order } = epsilonOf(orders, divergences, left);
  if (order === undefined) return { epsilon: value, method: 'rdp', errorBound: 0 };
  const r = divergences[orders.indexOf(order)] as number;
  const errorBound = CURVE_SLACK * (r + value) + 1e-14;
  return { epsilon: value, method: 'rdp', order, errorBound };
}

/**
 * The δ of an event by Rényi divergences.
 *
 * @param event checked already
 * @param request.epsilon at least 0
 * @param request.neighbours what the caller protects
 * @param request.orders {@link RDP_ORDERS} if left out
 * @throws as {@link rdpCurve}
 */
export function rdpDelta(
  event: DpEvent,
  request: {
    readonly epsilon: number;
    readonly neighbours: Neighbours;
    readonly orders?: readonly number[];
  },
): DeltaPrice {
  const orders = Float64Array.from(request.orders ?? RDP_ORDERS);
  const { divergences, delta } = rdpCurve(event, [...orders], request.neighbours);
  const { value, order } = deltaOf(orders, divergences, request.epsilon);
  // Only what has no divergence at all is sure to have no δ; anything else may have one below all doubles.
  const least = divergences.some((r) => r > 0) ? Number.MIN_VALUE : 0;
  const total = Math.min(1, Math.max(least, (value + delta) * (1 + 2 ** -50)));
  if (order === undefined) return { delta: total, method: 'rdp', errorBound: 0 };
  const r = divergences[orders.indexOf(order)] as number;
  const relative = Math.expm1(Math.min(1, CURVE_SLACK * (order - 1) * r + 1e-14));
  const errorBound = Math.max(least, total * relative);
  return { delta: total, method: 'rdp', order, errorBound };
}

type Known = Map<string, RdpCurve>;

function curveOf(event: DpEvent, orders: Float64Array, known: Known): RdpCurve {
  switch (event.kind) {
    case 'gaussian':
      return sure(concentratedCurve(0.5 / event.noiseMultiplier ** 2, orders));
    case 'laplace':
      return sure(laplaceCurve(event.noiseMultiplier, orders));
    case 'discrete-gaussian':
      return sure(concentratedCurve(halfSquare(event.l2Sensitivity / event.sigma), orders));
    case 'discrete-laplace':
      return sure(discreteLaplaceCurve(event.rate, event.sensitivity, orders));
    case 'skellam':
      return sure(skellamCurve(event, orders));
    case 'distributed-discrete-gaussian':
      return sure(distributedGaussianCurve(event, orders));
    case 'randomised-response':
      return sure(randomisedResponseCurve(event.noise, event.buckets, orders));
    case 'tree-aggregation': {
      const depth = treeDepth(event.stepCounts);
      return sure(concentratedCurve((0.5 * depth) / event.noiseMultiplier ** 2, orders));
    }
    case 'zero-concentrated':
      return sure(concentratedCurve(event.rho, orders));
    case 'approximate':
      return { divergences: pureCurve(event.epsilon, orders), delta: event.delta };
    case 'repeated':
      return times(curveOf(event.event, orders, known), event.count);
    case 'composed': {
      const total = new Float64Array(orders.length);
      let delta = 0;
      for (const inner of event.events) {
        const curve = curveOf(inner, orders, known);
        delta += curve.delta;
        for (let i = 0; i < total.length; i++) {
          total[i] = (total[i] as number) + (curve.divergences[i] as number);
        }
      }
      const rounding = 1 + event.events.length * 2 ** -53;
      return { divergences: total.map((r) => r * rounding), delta: delta * rounding };
    }
    case 'poisson-sampled':
    case 'sampled-without-replacement': {
      const key = JSON.stringify(event);
      const found = known.get(key);
      if (found !== undefined) return found;
      const curve = sampledCurve(event, orders, known);
      known.set(key, curve);
      return curve;
    }
  }
}

type Sampled = Extract<DpEvent, { readonly event: DpEvent }> & {
  readonly kind: 'poisson-sampled' | 'sampled-without-replacement';
};

function sampledCurve(event: Sampled, orders: Float64Array, known: Known): RdpCurve {
  const poisson = event.kind === 'poisson-sampled';
  const share = poisson ? event.probability : event.sample / event.population;
  if (share === 0) return sure(new Float64Array(orders.length));
  const inner = event.event;
  // A sample of a Poisson sample is a Poisson sample.
  if (poisson && inner.kind === 'poisson-sampled') {
    // Rounded up, also where the product is below the least double.
    const least = inner.probability > 0 ? Number.MIN_VALUE : 0;
    const probability = share * inner.probability * (1 + 2 ** -52) + least;
    if (probability < 1) {
      return sampledCurve({ ...event, probability, event: inner.event }, orders, known);
    }
  }
  if (share === 1) return curveOf(inner, orders, known);
  // A mechanism with a δ of its own is not a curve; its amplified (ε, δ) is.
  if (inner.kind === 'approximate') {
    const epsilon = sampledEpsilon(inner.epsilon, share) * (1 + 2 ** -50);
    return { divergences: pureCurve(epsilon, orders), delta: share * inner.delta };
  }
  const full = (at: Float64Array): Float64Array => curveOf(inner, at, new Map()).divergences;
  const { divergences: unsampled, delta } = curveOf(inner, Float64Array.of(2), new Map());
  if (delta > 0) return curveOf(inner, orders, known);
  const sigma = gaussianMultiplier(inner);
  if (sigma === Number.POSITIVE_INFINITY) return sure(new Float64Array(orders.length));
  if (unsampled[0] === 0) return sure(new Float64Array(orders.length));
  const curve = poisson
    ? sigma === undefined
      ? poissonSampledCurve(share, full, orders)
      : sampledGaussian(share, sigma, orders)
    : withoutReplacementCurve(share, full, sigma, orders);
  // A sample of something costs something, even where q² is below all doubles.
  return sure(curve.map((r) => r + Number.MIN_VALUE));
}

const sure = (divergences: Float64Array): RdpCurve => ({ divergences, delta: 0 });

const times = (curve: RdpCurve, count: number): RdpCurve => ({
  divergences: curve.divergences.map((r) => r * count * (1 + 2 ** -52)),
  delta: curve.delta * count * (1 + 2 ** -52),
});
