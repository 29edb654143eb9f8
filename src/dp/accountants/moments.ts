/**
 * Moments of likelihood ratios without cancellation. With e^L a likelihood ratio, E[e^L] = 1, so that
 * E[e^(αL)] − 1 = E[e^(αL) − 1 − α(e^L − 1)], and what stands in the last bracket is never negative:
 * sums of it keep their relative precision however close the moment is to 1.
 */
import { log1mExp } from '../special.ts';

/** Below this |αx|, differences of exponentials are summed as series. */
const SERIES_BELOW = 0.1;

/** Above this exponent, sums of exponentials are kept as logarithms. */
const LOGARITHMS_ABOVE = 30;

/**
 * ln(e^(αL) − 1 − α(e^L − 1)); −∞ where L is 0.
 *
 * @param alpha above 1
 * @param loss L, any; −∞ stands for an outcome that cannot happen
 */
export function logExcess(alpha: number, loss: number): number {
  const exponent = alpha * loss;
  if (exponent > LOGARITHMS_ABOVE) {
    const rest = alpha * Math.exp(loss - exponent) - (alpha - 1) * Math.exp(-exponent);
    return exponent + Math.log1p(-rest);
  }
  if (Math.abs(exponent) >= SERIES_BELOW) {
    return Math.log(Math.expm1(exponent) - alpha * Math.expm1(loss));
  }
  // Σ_{k ≥ 2} (α^k − α) L^k / k!
  let sum = 0;
  let inner = loss;
  let outer = exponent;
  for (let k = 2; k < 20; k++) {
    inner *= loss / k;
    outer *= exponent / k;
    sum += outer - alpha * inner;
  }
  return Math.log(sum);
}

/**
 * (1 + u)^α − 1 − αu, at least 0, for small u.
 *
 * @param alpha above 1
 * @param u |αu| ≤ 0.1
 */
export function powerExcess(alpha: number, u: number): number {
  let term = alpha * u;
  let sum = 0;
  for (let k = 2; k < 24; k++) {
    term *= ((alpha - k + 1) / k) * u;
    sum += term;
    if (Math.abs(term) < 1e-18 * sum) break;
  }
  return Math.max(0, sum);
}

/** Whether {@link powerExcess} is for this u. */
export const isSmall = (alpha: number, u: number): boolean => Math.abs(alpha * u) < SERIES_BELOW;

/** ln(e^x − 1) for x ≥ 0; −∞ at 0. */
export const logExpm1 = (x: number): number => (x < 1 ? Math.log(Math.expm1(x)) : x + log1mExp(x));

/** ln(1 + e^y), for any y; −∞ gives 0. */
export const softplus = (y: number): number =>
  y > 40 ? y + Math.exp(-y) : Math.log1p(Math.exp(y));

/** ln Σ e^terms[i] over the first `count`; −∞ for none. */
export function logSum(terms: Float64Array, count: number): number {
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) high = Math.max(high, terms[i] as number);
  if (!Number.isFinite(high)) return high;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.exp((terms[i] as number) - high);
  return high + Math.log(sum);
}

/**
 * Rényi divergences at any orders from bounds at whole orders: (α − 1)·r(α) is convex in α and 0 at
 * α = 1, so a line between neighbouring whole orders lies above it.
 *
 * @param orders above 1
 * @param whole r at 2, 3, …, up to the largest order rounded up; `whole[i]` is at order i + 2
 */
export function interpolate(orders: Float64Array, whole: Float64Array): Float64Array {
  const moment = (order: number): number =>
    order === 1 ? 0 : (order - 1) * (whole[order - 2] as number);
  return orders.map((order) => {
    const below = Math.floor(order);
    const part = order - below;
    if (part === 0) return whole[order - 2] as number;
    return ((1 - part) * moment(below) + part * moment(below + 1)) / (order - 1);
  });
}

/** The whole orders that {@link interpolate} needs for these. */
export function wholeOrders(orders: Float64Array): Float64Array {
  let highest = 2;
  for (const order of orders) highest = Math.max(highest, Math.ceil(order));
  return Float64Array.from({ length: highest - 1 }, (_, i) => i + 2);
}
