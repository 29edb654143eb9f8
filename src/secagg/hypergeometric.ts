/**
 * Tails of the hypergeometric distribution: how many marked clients fall into a random group.
 *
 * Client and coordinator derive the same graph parameters on different engines, and a difference of
 * one in a threshold ends the round. `Math.log` and `Math.exp` may differ by an ulp from engine to
 * engine, so no logarithm is used: weights are built outwards from the mode, where the weight is 1,
 * by the exact ratio of neighbouring terms, and a tail is a sum of weights over their total. That
 * takes only +, −, × and ÷, which IEEE 754 and ECMAScript round in exactly one way: the outcome is
 * bit-identical everywhere, however close a tail comes to its bound.
 *
 * Accuracy: numerator and denominator of each ratio are integers below 2^53, so a weight s steps
 * from the mode carries 2s roundings; for populations up to 10^6 and groups up to 10^4 this is a
 * relative error below 10^−12 of every tail. All terms are positive: nothing cancels.
 */

/**
 * Weights below this are left out. The bounds compared with are at least 2^−61 of the total, and at
 * most 2^20 terms are dropped, so what is missing is below 2^−119 of any bound.
 */
const NEGLIGIBLE = 2 ** -200;

/** The distribution, up to its normalisation: P[X = first + i] = weights[i] / total. */
export type Hypergeometric = {
  /** The least value with a weight worth keeping. */
  readonly first: number;
  /** Relative weights of first, first + 1, …; the mode has 1. */
  readonly weights: Float64Array;
  /** The sum of all weights. */
  readonly total: number;
};

/**
 * The number of marked ones among `drawn` taken without replacement from `population`, of which
 * `marked` are marked.
 *
 * @param population from 1 to 10^7, in ones.
 * @param marked from 0 to `population`.
 * @param drawn from 0 to `population`.
 *
 * **Cost**: about 33 standard deviations of the distribution in steps; two short arrays.
 */
export function hypergeometric(population: number, marked: number, drawn: number): Hypergeometric {
  const unmarked = population - marked;
  const lowest = Math.max(0, drawn - unmarked);
  const highest = Math.min(marked, drawn);
  const mode = Math.min(
    highest,
    Math.max(lowest, Math.floor(((drawn + 1) * (marked + 1)) / (population + 2))),
  );
  const above: number[] = [];
  for (let i = mode, weight = 1; i < highest; i++) {
    // P[X = i+1] / P[X = i]
    weight *= ((marked - i) * (drawn - i)) / ((i + 1) * (unmarked - drawn + i + 1));
    if (weight < NEGLIGIBLE) break;
    above.push(weight);
  }
  const below: number[] = [];
  for (let i = mode, weight = 1; i > lowest; i--) {
    // P[X = i−1] / P[X = i]
    weight *= (i * (unmarked - drawn + i)) / ((marked - i + 1) * (drawn - i + 1));
    if (weight < NEGLIGIBLE) break;
    below.push(weight);
  }
  const weights = new Float64Array(below.length + 1 + above.length);
  for (let i = 0; i < below.length; i++) weights[below.length - 1 - i] = below[i] as number;
  weights[below.length] = 1;
  weights.set(above, below.length + 1);
  let total = 0;
  for (const weight of weights) total += weight;
  return { first: mode - below.length, weights, total };
}

/** The least t with Pr[X > t] ≤ `bound`; the bound lies between 0 and 1, both excluded. */
export function leastUpper(of: Hypergeometric, bound: number): number {
  const limit = bound * of.total;
  let tail = 0;
  for (let i = of.weights.length - 1; i > 0; i--) {
    tail += of.weights[i] as number;
    if (tail > limit) return of.first + i;
  }
  return of.first;
}

/** The largest t with Pr[X < t] ≤ `bound`; the bound lies between 0 and 1, both excluded. */
export function greatestLower(of: Hypergeometric, bound: number): number {
  const limit = bound * of.total;
  let tail = 0;
  const last = of.weights.length - 1;
  for (let i = 0; i < last; i++) {
    tail += of.weights[i] as number;
    if (tail > limit) return of.first + i;
  }
  return of.first + last;
}

/** Whether `times` · Pr[X ≤ `value`] ≤ `bound`: a union bound over `times` equal events. */
export function lowerTailWithin(
  of: Hypergeometric,
  value: number,
  times: number,
  bound: number,
): boolean {
  let tail = 0;
  const end = Math.min(of.weights.length, value - of.first + 1);
  for (let i = 0; i < end; i++) tail += of.weights[i] as number;
  return times * tail <= bound * of.total;
}
