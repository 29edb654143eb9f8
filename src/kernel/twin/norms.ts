/** The norm kernels in plain TypeScript: what runs where WebAssembly does not. */

/**
 * Adds the square of `values[i]` to `lanes[i % 8]` and keeps the largest magnitude of each lane in the
 * eight behind.
 */
export function measure(lanes: Float64Array, values: Float32Array | Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    const x = Math.abs(values[i] as number);
    const lane = i & 7;
    lanes[lane] = (lanes[lane] as number) + x * x;
    lanes[lane + 8] = Math.max(lanes[lane + 8] as number, x);
  }
}

/** Elements after which a limb is emptied: 2^20 products of at most 2^32 stay below 2^53. */
const LIMB_SPAN = 2 ** 20;

/** Σ z², exactly: three multiplications an element in doubles that hold every partial sum. */
export function sumOfSquares(integers: Int32Array): bigint {
  let total = 0n;
  for (let from = 0; from < integers.length; from += LIMB_SPAN) {
    const end = Math.min(integers.length, from + LIMB_SPAN);
    // z = 2^16·h + l with −2^15 ≤ h < 2^15 and 0 ≤ l < 2^16: z² = 2^32·h² + 2^17·h·l + l².
    let high = 0;
    let middle = 0;
    let low = 0;
    for (let i = from; i < end; i++) {
      const z = integers[i] as number;
      const h = z >> 16;
      const l = z & 0xffff;
      high += h * h;
      middle += h * l;
      low += l * l;
    }
    total += (BigInt(high) << 32n) + (BigInt(middle) << 17n) + BigInt(low);
  }
  return total;
}

/** `out[i] = values[i] · factor`. */
export function scale(out: Float64Array, values: Float64Array, factor: number): void {
  for (let i = 0; i < out.length; i++) out[i] = (values[i] as number) * factor;
}
