/** The rounding kernels in plain TypeScript: what runs where WebAssembly does not. */

/**
 * `out[i]` = ⌊t⌋ or ⌊t⌋ + 1, the latter exactly when words[i] / 2^32 < t − ⌊t⌋, where t is `values[i]`,
 * cut to ±`limit`, times `factor`. |t| ≤ 2^31 − 1.
 */
export function quantise(
  out: Int32Array,
  values: Float32Array | Float64Array,
  words: Uint32Array,
  limit: number,
  factor: number,
): void {
  for (let i = 0; i < out.length; i++) {
    const t = Math.max(-limit, Math.min(limit, values[i] as number)) * factor;
    const floor = Math.floor(t);
    // `word/2^32 − fraction` lies in [−1, 1) and has the exact sign, since a difference of two
    // doubles never rounds across zero; so its floor is −1 for "up" and 0 for "down". Adding the
    // random number to t instead would round twice, which is biased for large t.
    out[i] = floor - Math.floor((words[i] as number) * 2 ** -32 - (t - floor));
  }
}

/**
 * `out[i]` = z · (high + low), where z ≡ words[i] mod 2^bits and −2^(bits−1) ≤ z < 2^(bits−1). The first
 * product is exact if `high` has at most 21 significant bits.
 */
export function dequantiseDoubles(
  out: Float64Array,
  words: Uint32Array | Int32Array,
  bits: number,
  high: number,
  low: number,
): void {
  const shift = 32 - bits;
  for (let i = 0; i < out.length; i++) {
    const z = ((words[i] as number) << shift) >> shift;
    out[i] = z * high + z * low;
  }
}

/** `out[i]` = z · factor, rounded to a float; z as in {@link dequantiseDoubles}. */
export function dequantiseFloats(
  out: Float32Array,
  words: Uint32Array | Int32Array,
  bits: number,
  factor: number,
): void {
  const shift = 32 - bits;
  for (let i = 0; i < out.length; i++) {
    out[i] = (((words[i] as number) << shift) >> shift) * factor;
  }
}
