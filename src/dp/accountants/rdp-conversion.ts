/** From Rényi divergences to (ε, δ), and what is sharper for ρ-zCDP. Bounds are rounded outwards. */

/** Orders below this are left alone: there the conversion is as bad as it is sensitive. */
const LEAST_ORDER = 1.01;
/** Above the relative rounding of a handful of operations. */
const ROUNDING = 1e-15;

/** An ε or a δ and the order that gave it; no order where none did better than nothing. */
export type Converted = { readonly value: number; readonly order: number | undefined };

/**
 * The least ε that the divergences prove.
 *
 * @param orders above 1
 * @param curve r at each order, at least 0
 * @param delta above 0 and below 1
 * @returns +Infinity where no order proves anything
 *
 * **Source**: Canonne, Kamath and Steinke 2020 (arXiv 2004.00010), Proposition 12, which is Theorem 21
 * of Balle et al. 2020 (arXiv 1905.09982); and Bretagnolle and Huber 1979: total variation is at most
 * √(1 − e^(−r)), which gives ε = 0.
 */
export function epsilonOf(orders: Float64Array, curve: Float64Array, delta: number): Converted {
  let best: Converted = { value: Number.POSITIVE_INFINITY, order: undefined };
  const logDelta = Math.log(delta);
  for (let i = 0; i < orders.length; i++) {
    const order = orders[i] as number;
    const r = curve[i] as number;
    if (!(order > LEAST_ORDER) || !(r < Number.POSITIVE_INFINITY)) continue;
    const gain = (logDelta + Math.log(order)) / (order - 1);
    const value =
      delta * delta + Math.expm1(-r) > 0
        ? 0
        : r + Math.log1p(-1 / order) - gain + ROUNDING * (r + Math.abs(gain) + 1);
    if (value < best.value) best = { value: Math.max(0, value), order };
  }
  return best;
}

/**
 * The least δ that the divergences prove.
 *
 * @param orders above 1
 * @param curve r at each order, at least 0
 * @param epsilon at least 0
 * @returns 1 where no order proves anything
 *
 * **Source**: as for {@link epsilonOf}.
 */
export function deltaOf(orders: Float64Array, curve: Float64Array, epsilon: number): Converted {
  let best: Converted = { value: 0, order: undefined };
  for (let i = 0; i < orders.length; i++) {
    const order = orders[i] as number;
    const r = curve[i] as number;
    if (!(order > LEAST_ORDER) || !(r < Number.POSITIVE_INFINITY)) continue;
    const size = (order - 1) * (r + epsilon + 1);
    const chernoff =
      (order - 1) * (r - epsilon + Math.log1p(-1 / order)) - Math.log(order) + ROUNDING * size;
    const variation = 0.5 * Math.log(-Math.expm1(-r)) + ROUNDING;
    const value = Math.min(chernoff, variation);
    if (value < best.value) best = { value, order };
  }
  return { value: Math.exp(best.value), order: best.order };
}

/**
 * The δ of ρ-zCDP at a given ε.
 *
 * @param rho at least 0
 * @param epsilon at least 0
 *
 * **Source**: Canonne, Kamath and Steinke 2020, Corollary 13: the infimum over all orders of
 * e^((α−1)(αρ−ε))·(1−1/α)^α/(α−1), whose logarithm is convex in α.
 */
export function concentratedDelta(rho: number, epsilon: number): number {
  if (rho === 0) return 0;
  const slope = (order: number): number => (2 * order - 1) * rho - epsilon + Math.log1p(-1 / order);
  let low = LEAST_ORDER;
  let high = (epsilon + 1) / (2 * rho) + 2;
  // Any order between is valid; the loop only makes it a good one.
  for (let i = 0; i < 200 && low < high; i++) {
    const middle = low + (high - low) / 2;
    if (middle === low || middle === high) break;
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  const order = high;
  const log =
    (order - 1) * (order * rho - epsilon) + order * Math.log1p(-1 / order) - Math.log(order - 1);
  const size = (order - 1) * (order * rho + epsilon) + order;
  // Gaussian tails end nowhere: δ is above 0, even where it is below all doubles.
  return Math.min(1, Math.max(Number.MIN_VALUE, Math.exp(log + 2 * ROUNDING * size)));
}

/**
 * The ε of ρ-zCDP at a given δ: the least that bisection finds whose δ is certainly small enough.
 *
 * @param rho at least 0
 * @param delta above 0 and below 1
 */
export function concentratedEpsilon(rho: number, delta: number): number {
  if (concentratedDelta(rho, 0) <= delta) return 0;
  // Proposition 1.3 of Bun and Steinke 2016: here δ is small enough.
  const high = (rho + 2 * Math.sqrt(-rho * Math.log(delta))) * (1 + 1e-12) + 1e-300;
  return leastAbove(0, high, (epsilon) => concentratedDelta(rho, epsilon) <= delta);
}

/**
 * The largest ρ whose ρ-zCDP is certainly (ε, δ)-DP.
 *
 * @param epsilon above 0
 * @param delta above 0 and below 1
 */
export function concentratedRho(epsilon: number, delta: number): number {
  let high = epsilon + 1;
  while (concentratedDelta(high, epsilon) <= delta) high *= 2;
  let low = 0;
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle === low || middle === high) return low;
    if (concentratedDelta(middle, epsilon) <= delta) low = middle;
    else high = middle;
  }
}

/**
 * The upper end of the smallest interval of doubles in which a condition turns true.
 *
 * @param low where it is false, or where nobody asked
 * @param high where it is true; +Infinity is returned where it is not
 * @param holds asked at points between
 */
export function leastAbove(low: number, high: number, holds: (x: number) => boolean): number {
  if (!holds(high)) return Number.POSITIVE_INFINITY;
  let [no, yes] = [low, high];
  for (;;) {
    const middle = no + (yes - no) / 2;
    if (middle === no || middle === yes) return yes;
    if (holds(middle)) yes = middle;
    else no = middle;
  }
}
