/**
 * From values to coefficients and back: c values in one coefficient, in mixed radix, and the numbers by
 * which kernels hide coefficients and open their sums.
 *
 * Values are words mod 2^32 that stand for signed integers. A sum's digits are counted from the least sum on,
 * so signs need nothing from clients: Σ value_t·T^t is linear.
 */
import type { LatticeCode } from '../kernel/index.ts';
import { type LatticeShape, packedModulus, Q } from './parameters.ts';

/** The parameters of a field as its kernels take them. */
export function codeOf(shape: LatticeShape): LatticeCode {
  const { modulus, packing, wireBits, low } = shape;
  const count = packedModulus(shape);
  const step = Q / BigInt(count);
  const delta = (Number(step) * 2 ** wireBits) / Number(Q);
  // What sums are when every digit is the least: Σ low·T^t.
  let least = 0;
  for (let t = 0; t < packing; t++) least = least * modulus + low;
  const shift = Math.round(delta / 2 - least * delta);
  const all = 2 ** wireBits;
  const offset = ((shift % all) + all) % all;
  const middle = shift + least * delta;
  // Where a coefficient is a value, kernels give it as it is.
  const added = packing === 1 ? low : 0;
  return Object.freeze({ wireBits, step, offset, delta, middle, most: count - 1, low: added });
}

/**
 * Packs values from number `from` on into coefficients; past the last value there are zeros.
 *
 * @param out overwritten
 */
export function packValues(
  out: Int32Array,
  values: Uint32Array,
  from: number,
  { modulus, packing }: LatticeShape,
): void {
  if (packing === 1) {
    const some = values.subarray(from, from + out.length);
    out.set(some);
    out.fill(0, some.length);
    return;
  }
  out.fill(0);
  for (let t = 0, weight = 1; t < packing; t++, weight *= modulus) {
    for (let i = 0, at = from + t; i < out.length && at < values.length; i++, at += packing) {
      out[i] = (out[i] as number) + Math.imul(values[at] as number, weight);
    }
  }
}

/**
 * The inverse for sums: from what kernels open to values, as words mod 2^32.
 *
 * @param steps above the least sum, below T^c each if sums are within the plan; for c = 1 values already
 * @param out written from number `from` on, as far as it goes
 */
export function unpackSums(
  out: Uint32Array,
  steps: Uint32Array,
  from: number,
  { modulus, packing, low }: LatticeShape,
): void {
  if (packing === 1) {
    out.set(steps, from);
    return;
  }
  for (let i = 0, at = from; i < steps.length && at < out.length; i++) {
    let rest = steps[i] as number;
    for (let t = 0; t < packing && at < out.length; t++, at++) {
      const digit = t === packing - 1 ? rest : rest % modulus;
      out[at] = digit + low;
      rest = (rest - digit) / modulus;
    }
  }
}
