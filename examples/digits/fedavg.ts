/**
 * Federated averaging: what the coordinator does with a sum, and the plain sum to compare with.
 *
 * The coordinator needs only the sum of the updates and how many clients are in it. Where the sum
 * comes from (veilsum, or every update in the clear) changes nothing here.
 */

/** Adds the average update, `sum` ÷ `contributors`, to the global model; returns the next one. */
export function applyAverage(
  globalWeights: Float32Array,
  sum: Float32Array | Float64Array,
  contributors: number,
): Float32Array {
  return globalWeights.map((weight, i) => weight + (sum[i] as number) / contributors);
}

/** Sums the updates in the clear, as plain federated averaging does. */
export function plainSum(updates: readonly Float32Array[]): Float64Array {
  const sum = new Float64Array(updates[0]?.length ?? 0);
  for (const update of updates) {
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (update[i] as number);
  }
  return sum;
}

/** Returns the Euclidean length of an update, to be compared with the clip. */
export function l2Norm(update: Float32Array): number {
  return Math.sqrt(update.reduce((total, value) => total + value * value, 0));
}
