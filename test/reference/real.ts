/** Slow, readable twins of the kernels on real numbers, in bigint or by the definition. */

/** A finite double as a whole number of 2^−1074ths. */
const exact = (x: number): bigint => {
  const bits = new BigUint64Array(Float64Array.of(x).buffer)[0] as bigint;
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & ((1n << 52n) - 1n);
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return x < 0 ? -magnitude : magnitude;
};

const ONE = 1n << 1074n;

/** ⌊t⌋ or, if word/2^32 is less than t − ⌊t⌋ (a double, so below zero it may be rounded), one more. */
export function roundedReference(t: number, word: number): number {
  const numerator = exact(t);
  const rest = ((numerator % ONE) + ONE) % ONE;
  const floor = Number((numerator - rest) / ONE);
  return BigInt(word) * (ONE >> 32n) < exact(t - floor) ? floor + 1 : floor;
}

/** Σ_j (−1)^popcount(i & j) · values[j], for whole numbers. */
export function hadamardReference(values: readonly number[]): number[] {
  return values.map((_, i) => {
    let sum = 0n;
    values.forEach((value, j) => {
      const odd = (i & j).toString(2).replaceAll('0', '').length % 2 === 1;
      sum += odd ? -BigInt(value) : BigInt(value);
    });
    return Number(sum);
  });
}
