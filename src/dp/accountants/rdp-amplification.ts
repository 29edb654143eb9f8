/** Rényi divergences of what is done with a secret sample, from those of what is done with all. */
import { interpolate, logExpm1, logSum, softplus, wholeOrders } from './moments.ts';

/** Above this order only the general bound is used, as the differences grow expensive. */
const MAX_DIFFERENCE_ORDER = 256;
/** Relative room for roundings, below the accuracy that a whole curve promises. */
const ROUNDING = 1e-12;

/**
 * Poisson sampling of any mechanism, under add-or-remove or zero-out.
 *
 * @param probability q, above 0 and below 1
 * @param inner the mechanism's own curve at any orders
 * @param orders each above 1
 *
 * **Source**: Zhu and Wang 2019, "Poisson Subsampled Rényi Differential Privacy", Theorem 5; for
 * whole orders, and the line above them elsewhere. The terms for k < 2 are folded into the others, as
 * probabilities add up to 1.
 * **Cost**: α terms at a whole order α.
 */
export function poissonSampledCurve(
  probability: number,
  inner: (orders: Float64Array) => Float64Array,
  orders: Float64Array,
): Float64Array {
  const whole = wholeOrders(orders);
  const full = inner(whole);
  const scratch = new Float64Array(whole.length);
  const logQ = Math.log(probability);
  const logRest = Math.log1p(-probability);
  const log3 = Math.log(3);
  const sampled = amplify(orders, whole, (alpha) => {
    let logChoose = Math.log(alpha);
    for (let k = 2; k <= alpha; k++) {
      logChoose += Math.log((alpha - k + 1) / k);
      const factor = (k - 1) * (full[k - 2] as number) + (k > 2 ? log3 : 0);
      scratch[k - 2] = logChoose + k * logQ + (alpha - k) * logRest + logExpm1(factor);
    }
    return softplus(logSum(scratch, alpha - 1)) / (alpha - 1);
  });
  return least(sampled, inner(orders));
}

/**
 * Sampling without replacement, under replace-one.
 *
 * @param share sample / population, above 0 and at most 1
 * @param inner the mechanism's own curve at any orders
 * @param sigma the noise multiplier if the mechanism is Gaussian, which is then priced more tightly
 * @param orders each above 1
 *
 * **Source**: Wang, Balle and Kasiviswanathan 2019 (arXiv 1808.00087), Theorem 9 for any mechanism and
 * Theorem 27 for the Gaussian; whole orders, and the line above them elsewhere.
 * **Cost**: α terms at a whole order α, and for the Gaussian up to 128 short integrals.
 */
export function withoutReplacementCurve(
  share: number,
  inner: (orders: Float64Array) => Float64Array,
  sigma: number | undefined,
  orders: Float64Array,
): Float64Array {
  const whole = wholeOrders(orders);
  const full = inner(whole);
  const scratch = new Float64Array(whole.length);
  const logQ = Math.log(share);
  const second = full[0] as number;
  const differences =
    sigma === undefined
      ? undefined
      : evenDifferences(sigma, Math.min(MAX_DIFFERENCE_ORDER, whole.length + 1));
  const sampled = amplify(orders, whole, (alpha) => {
    let logChoose = Math.log(alpha);
    for (let k = 2; k <= alpha; k++) {
      logChoose += Math.log((alpha - k + 1) / k);
      let term = Math.LN2 + (k - 1) * (full[k - 2] as number);
      if (k === 2) term = Math.min(term, 2 * Math.LN2 + logExpm1(second));
      else if (differences !== undefined && alpha <= MAX_DIFFERENCE_ORDER) {
        const low = differences[Math.floor(k / 2)] as number;
        const high = differences[Math.ceil(k / 2)] as number;
        term = Math.min(term, 2 * Math.LN2 + (low + high) / 2);
      }
      scratch[k - 2] = logChoose + k * logQ + term;
    }
    return softplus(logSum(scratch, alpha - 1)) / (alpha - 1);
  });
  return least(sampled, inner(orders));
}

/**
 * ln E[(e^L − 1)^2k] for the Gaussian's loss L, at index k: the even forward differences of its moments.
 * The alternating sum that defines them cancels; this integrand is positive and analytic in the whole
 * plane, so the trapezoidal rule at this step is exact far beyond a double.
 */
function evenDifferences(sigma: number, highest: number): Float64Array {
  const step = 1 / 16;
  const reach = 12;
  // Modes lie between −√(2k) and 2k/σ + √(2k).
  const margin = reach + Math.sqrt(highest);
  const points = Math.ceil((highest / sigma + 2 * margin) / step);
  if (!(points <= 100_000)) return new Float64Array(highest + 2).fill(Number.POSITIVE_INFINITY);
  const low = -margin;
  const logs = new Float64Array(points);
  const scratch = new Float64Array(points);
  for (let j = 0; j < points; j++) {
    const loss = (low + j * step) / sigma - 0.5 / (sigma * sigma);
    logs[j] = loss > 0 ? logExpm1(loss) : Math.log(-Math.expm1(loss));
  }
  const normaliser = Math.log(step / Math.sqrt(2 * Math.PI));
  return Float64Array.from({ length: Math.floor(highest / 2) + 2 }, (_, k) => {
    if (k === 0 || 2 * k > highest + 1) return k === 0 ? 0 : Number.POSITIVE_INFINITY;
    for (let j = 0; j < points; j++) {
      const z = low + j * step;
      scratch[j] = 2 * k * (logs[j] as number) - 0.5 * z * z;
    }
    return logSum(scratch, points) + normaliser + ROUNDING * (1 + k);
  });
}

/** A bound at the whole orders that are needed for these, brought to these. */
function amplify(
  orders: Float64Array,
  whole: Float64Array,
  at: (alpha: number) => number,
): Float64Array {
  const needed = new Set<number>();
  for (const order of orders) needed.add(Math.floor(order)).add(Math.ceil(order));
  return interpolate(
    orders,
    whole.map((alpha) => (needed.has(alpha) ? at(alpha) * (1 + ROUNDING) : Number.NaN)),
  );
}

const least = (a: Float64Array, b: Float64Array): Float64Array =>
  a.map((value, i) => Math.min(value, b[i] as number));

/**
 * ε of an (ε, δ)-DP mechanism on a secret sample; its δ becomes q·δ.
 *
 * **Source**: Balle, Barthe and Gaboardi 2018 (arXiv 1807.01647), Theorems 8 and 9.
 */
export const sampledEpsilon = (epsilon: number, share: number): number =>
  epsilon < 700 ? Math.log1p(share * Math.expm1(epsilon)) : epsilon;
