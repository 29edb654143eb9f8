/**
 * The few functions of analysis that the estimate needs, in binary64: logarithms of volumes and of sums,
 * tails of the normal and the χ² distribution, and a search over whole numbers. Costs are far outside what
 * a double holds, so every cost is a **base-2 logarithm**.
 */

/** log2(2^a + 2^b). */
export function addLog2(a: number, b: number): number {
  const high = Math.max(a, b);
  if (high === Number.POSITIVE_INFINITY || high === Number.NEGATIVE_INFINITY) return high;
  return high + Math.log2(1 + 2 ** (Math.min(a, b) - high));
}

/** ln Γ(x) for x ≥ 1/2, by Stirling's series after a shift to x ≥ 10 (error below 10^−12). */
export function logGamma(x: number): number {
  let shift = 0;
  let y = x;
  for (; y < 10; y++) shift += Math.log(y);
  const square = 1 / (y * y);
  const series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / y;
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

/** ln of the volume of the unit ball in `dimension` dimensions. */
export const logBallVolume = (dimension: number): number =>
  (dimension / 2) * Math.log(Math.PI) - logGamma(dimension / 2 + 1);

/** P(|X| ≤ t) for a standard normal X. The series converges everywhere; from t = 9 on the answer is 1. */
export function withinNormal(t: number): number {
  if (t >= 9) return 1;
  let term = t;
  let sum = t;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (t * t) / (2 * k + 1);
    sum += term;
  }
  return Math.min(1, Math.sqrt(2 / Math.PI) * Math.exp((-t * t) / 2) * sum);
}

/** The z ≥ 0 with P(X > z) = 2^−bits for a standard normal X, bits from 1 to about 45. */
export function normalTail(bits: number): number {
  let low = 0;
  let high = 9;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if ((1 - withinNormal(middle)) / 2 > 2 ** -bits) low = middle;
    else high = middle;
  }
  return low;
}

/** The x with P(χ² < x) = 2^−bits at `freedom` degrees, by the Wilson–Hilferty cube (relative error < 1 % for freedom ≥ 50). */
export function smallChiSquared(freedom: number, bits: number): number {
  const variance = 2 / (9 * freedom);
  return freedom * Math.max(0, 1 - variance - normalTail(bits) * Math.sqrt(variance)) ** 3;
}

/** One coordinate of a search: whole numbers from `low` to `high`, looked at every `step` first. */
export type Range = { readonly low: number; readonly high: number; readonly step: number };

/** The place found and its cost; `Infinity` where no place works. */
export type Found = { readonly at: readonly number[]; readonly cost: number };

/**
 * Looks for the least value of a function of a few whole numbers, one inside the other: for each value of the first
 * that is looked at, the best of the others is found anew. So a narrow valley that runs across the axes is
 * followed, which steps along the axes would leave. On one axis: a coarse grid, then ever smaller steps from its best.
 *
 * @param ranges one per argument, the outermost first
 * @param cost   value at a place, `Infinity` where it does not exist
 */
export function least(
  [range, ...inner]: readonly Range[],
  cost: (at: readonly number[]) => number,
): Found {
  if (range === undefined) return { at: [], cost: cost([]) };
  const { low, high, step } = range;
  let best: Found = { at: [low], cost: Number.POSITIVE_INFINITY };
  const look = (x: number): boolean => {
    if (x < low || x > high) return false;
    const found = least(inner, (rest) => cost([x, ...rest]));
    if (found.cost >= best.cost) return false;
    best = { at: [x, ...found.at], cost: found.cost };
    return true;
  };
  for (let x = low; x <= high; x += step) look(x);
  if (best.cost === Number.POSITIVE_INFINITY)
    return { at: [low, ...inner.map((r) => r.low)], cost: best.cost };
  for (let by = step; by > 1; ) {
    by = Math.ceil(by / 2);
    while (look((best.at[0] as number) - by) || look((best.at[0] as number) + by));
  }
  return best;
}
