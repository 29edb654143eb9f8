/** The Walsh–Hadamard transform in plain TypeScript: what runs where WebAssembly does not. */

/** Floats of a block that stays in the first-level cache. */
const NEAR = 4096;

/** All levels, in place; halves first, so that they are done while they are in a cache. */
export function walshHadamard(values: Float32Array): void {
  const half = values.length / 2;
  if (values.length <= NEAR) {
    for (let h = 1; h < values.length; h *= 2) level(values, h);
    return;
  }
  walshHadamard(values.subarray(0, half));
  walshHadamard(values.subarray(half));
  level(values, half);
}

/**
 * Sums and differences of the elements i and i + h. They are exact enough in doubles for the array to
 * round them to the same floats that one addition of floats gives.
 */
function level(values: Float32Array, h: number): void {
  for (let block = 0; block < values.length; block += 2 * h) {
    for (let i = block; i < block + h; i++) {
      const a = values[i] as number;
      const b = values[i + h] as number;
      values[i] = a + b;
      values[i + h] = a - b;
    }
  }
}
