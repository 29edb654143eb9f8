/**
 * Rényi divergences of single mechanisms, in closed form. Each function gives an upper bound at every
 * order that is asked for, from A − 1 where A is the moment: small divergences keep their digits.
 */
import type { DpEvent } from '../events.ts';
import { logAddExp } from '../special.ts';
import { interpolate, logExcess, softplus, wholeOrders } from './moments.ts';

/** Relative room for the few roundings of a closed form. */
const ROUNDING = 1e-13;
/** Longer sums than these are replaced by a bound. */
const MAX_SUM = 4096;

/** ½·x², never 0 for an x above 0. */
export const halfSquare = (x: number): number => 0.5 * x * x + (x > 0 ? Number.MIN_VALUE : 0);

/** ρ·α: Gaussian noise with ρ = 1/(2σ²), and everything else that is ρ-zCDP. */
export const concentratedCurve = (rho: number, orders: Float64Array): Float64Array =>
  orders.map((order) => order * rho);

/**
 * Laplace noise of scale b on a number of sensitivity 1.
 *
 * **Source**: Mironov 2017 (arXiv 1702.07476), Proposition 6, rearranged so that nothing cancels.
 */
export function laplaceCurve(scale: number, orders: Float64Array): Float64Array {
  const loss = 1 / scale;
  return orders.map((order) => {
    // A − 1 = [α f((α − 1)/b) + (α − 1) f(−α/b)] / (2α − 1), f(x) = e^x − 1 − x
    const up = Math.log(order) + logBeyond((order - 1) * loss);
    const down = Math.log(order - 1) + logBeyond(-order * loss);
    return fromExcess(logAddExp(up, down) - Math.log(2 * order - 1), order, loss);
  });
}

/** ln(e^x − 1 − x). */
function logBeyond(x: number): number {
  if (x > 30) return x + Math.log1p(-(1 + x) * Math.exp(-x));
  if (Math.abs(x) > 0.1) return Math.log(Math.expm1(x) - x);
  let term = x;
  let sum = 0;
  for (let k = 2; k < 14; k++) {
    term *= x / k;
    sum += term;
  }
  return Math.log(sum);
}

/**
 * Discrete Laplace noise, P(x) ∝ e^(−rate·|x|), on an integer.
 *
 * The ratio is e^(±rate·s) beyond both centres; between them it falls in s − 1 steps. Above 4096 steps
 * the bound for everything that is (rate·s, 0)-DP is taken.
 */
export function discreteLaplaceCurve(
  rate: number,
  sensitivity: number,
  orders: Float64Array,
): Float64Array {
  const loss = rate * sensitivity;
  if (sensitivity > MAX_SUM) return pureCurve(loss, orders);
  const logGap = Math.log(-Math.expm1(-rate));
  return orders.map((order) => {
    let log = logAddExp(logExcess(order, loss) - loss, logExcess(order, -loss));
    for (let x = 1; x < sensitivity; x++) {
      const weight = logGap - rate * (sensitivity - x);
      log = logAddExp(log, weight + logExcess(order, rate * (sensitivity - 2 * x)));
    }
    return fromExcess(log - Math.log1p(Math.exp(-rate)), order, loss);
  });
}

/** Anything that is (ε, 0)-DP: no pair of outcomes is further apart than a coin's with odds e^ε. */
export function pureCurve(epsilon: number, orders: Float64Array): Float64Array {
  const logShare = -softplus(epsilon);
  return orders.map((order) =>
    fromExcess(
      logAddExp(
        logShare + logExcess(order, epsilon),
        logShare + epsilon + logExcess(order, -epsilon),
      ),
      order,
      epsilon,
    ),
  );
}

/** A true answer, or with probability `noise` a uniform one among `buckets`, between two answers. */
export function randomisedResponseCurve(
  noise: number,
  buckets: number,
  orders: Float64Array,
): Float64Array {
  const lie = noise / buckets;
  const truth = 1 - noise + lie;
  const loss = Math.log(truth / lie);
  return orders.map((order) =>
    fromExcess(
      logAddExp(Math.log(lie) + logExcess(order, loss), Math.log(truth) + logExcess(order, -loss)),
      order,
      loss,
    ),
  );
}

/**
 * Skellam noise on an integer vector; at orders between whole ones the line above them.
 *
 * **Source**: Agarwal, Kairouz and Liu 2021 (arXiv 2110.04995), stated for whole orders.
 */
export function skellamCurve(
  event: Extract<DpEvent, { readonly kind: 'skellam' }>,
  orders: Float64Array,
): Float64Array {
  const { variance, l2Sensitivity, l1Sensitivity } = event;
  const square = l2Sensitivity * l2Sensitivity;
  const whole = wholeOrders(orders).map((order) => {
    const first = (2 * order - 1) * square + 6 * l1Sensitivity;
    return (
      (order * square) / (2 * variance) +
      Math.min(first / (4 * variance * variance), (3 * l1Sensitivity) / (2 * variance))
    );
  });
  return outward(interpolate(orders, whole));
}

/** The bound of how far a sum is from one discrete Gaussian is proven from this local σ on. */
const LEAST_LOCAL_SIGMA = 0.5;

/**
 * A sum of discrete Gaussians on an integer vector.
 *
 * What others add is post-processing of what one party adds, so one party's noise alone is always a bound;
 * where σ is small, it is the only one that is proven.
 *
 * **Source**: Kairouz, Liu and Steinke 2021 (arXiv 2102.06387), Proposition 14 (σ of at least ½); Canonne,
 * Kamath and Steinke 2020 (arXiv 2004.00010), Theorem 4, for one party.
 */
export function distributedGaussianCurve(
  event: Extract<DpEvent, { readonly kind: 'distributed-discrete-gaussian' }>,
  orders: Float64Array,
): Float64Array {
  const { parties, localSigma, l2Sensitivity, l1Sensitivity, dimension } = event;
  const alone = (l2Sensitivity / localSigma) ** 2;
  if (localSigma < LEAST_LOCAL_SIGMA) return outward(orders.map((order) => (order / 2) * alone));
  const tau = sumDistance(parties, localSigma);
  const spread = Math.sqrt(parties) * localSigma;
  const s2 = l2Sensitivity / spread;
  const s1 = l1Sensitivity / spread;
  const direct = s2 * s2 + 2 * s1 * tau + tau * tau * dimension;
  const triangle = (s2 + Math.sqrt(dimension) * tau) ** 2;
  const rate = Math.min(alone, direct, triangle);
  return outward(
    orders.map((order) => Math.min((order / 2) * s2 * s2 + tau * dimension, (order / 2) * rate)),
  );
}

/** Terms of the sum below that are taken one by one. */
const MAX_TERMS = 10_000;

/**
 * τ: how far the sum of `parties` discrete Gaussians is from one discrete Gaussian, as a bound of
 * |ln ratio| a coordinate.
 *
 * @param parties n, from 1
 * @param localSigma each one's σ in integer units; below ½ nothing is proven of the result
 *
 * **Source**: Kairouz, Liu and Steinke 2021, Theorem 1: 10 Σ_{k<n} e^(−2π²σ²k/(k+1)).
 */
export function sumDistance(parties: number, localSigma: number): number {
  const rate = 2 * Math.PI * Math.PI * localSigma * localSigma;
  const terms = Math.min(parties - 1, MAX_TERMS);
  let sum = 0;
  for (let k = 1; k <= terms; k++) sum += Math.exp((-rate * k) / (k + 1));
  // Terms fall with k: the rest is at most that many times the last one.
  if (parties - 1 > terms) sum += (parties - 1 - terms) * Math.exp((-rate * terms) / (terms + 1));
  return 10 * sum * (1 + ROUNDING);
}

/**
 * Levels of the deepest tree, each of which holds a unit once.
 *
 * @param stepCounts leaves of each tree, from 1
 */
export function treeDepth(stepCounts: readonly number[]): number {
  let depth = 0;
  for (const leaves of stepCounts) {
    let levels = 0;
    // ⌈log2(leaves + 1)⌉ without a float logarithm.
    for (let held = leaves; held > 0; held = Math.floor(held / 2)) levels++;
    depth = Math.max(depth, levels);
  }
  return depth;
}

/** r from ln(A − 1), and never above the largest possible loss. */
function fromExcess(logExcess: number, order: number, loss: number): number {
  const value = softplus(logExcess) / (order - 1);
  // ∞ − ∞ where an outcome is impossible under one of the two: nothing but the loss is known.
  const known = Number.isNaN(value) ? loss : Math.min(value, loss);
  // Where there is a loss there is a divergence, even if its square is below all doubles.
  return known * (1 + ROUNDING) + (loss > 0 ? Number.MIN_VALUE : 0);
}

const outward = (curve: Float64Array): Float64Array => curve.map((r) => r * (1 + ROUNDING));
