/**
 * Real numbers to integers, by exact stochastic rounding with random words, and integers back to real
 * numbers. Lengths and ranges are the caller's to check.
 */
import { instanceFor, livesIn, PIECE, room, stage, unstage, wipeScratches } from './staging.ts';
import {
  dequantiseDoubles as doublesTwin,
  dequantiseFloats as floatsTwin,
  quantise as quantiseTwin,
} from './twin/rounding.ts';
import { type Instance, SCRATCHES } from './wasm.ts';

/** Real numbers as kernels take them: floats become doubles exactly. */
export type Reals = Float32Array | Float64Array;

/** What {@link quantiseInto} does to values before it rounds them. */
export type Scaling = {
  /** Values are cut to ± this, in their own units; above 0, may be Infinity. */
  readonly limit: number;
  /** And then multiplied by this. */
  readonly factor: number;
};

/** Constants that the kernel has from its caller; see assembly/rounding.ts. */
const UNIT_BASE = 2 ** 20;
const WHOLE_BASE = 1.5 * 2 ** 52;

/**
 * Rounds t, which is `values[i]` cut to ±limit and multiplied by the factor, down or up: up exactly when
 * words[i] / 2^32 is less than the fraction t − ⌊t⌋.
 *
 * @param out where the integers go; apart from the other two
 * @param values as long as `out`; no NaN, and every |t| ≤ 2^31 − 1
 * @param words as long as `out`
 *
 * **Cost**: one pass; in the memory of one instance without a copy, else through its cache-sized
 * scratches.
 *
 * **Security**: no branch and no address depends on a value. Processors may differ on subnormal
 * numbers. Scratches are wiped.
 */
export function quantiseInto(
  out: Int32Array,
  values: Reals,
  words: Uint32Array,
  scaling: Scaling,
): void {
  const instance = instanceFor(out.length, values, words, out);
  if (instance === undefined) {
    quantiseTwin(out, values, words, scaling.limit, scaling.factor);
    return;
  }
  const inPlace = livesIn(instance, values) && livesIn(instance, words) && livesIn(instance, out);
  const size = inPlace ? out.length : PIECE;
  for (let from = 0; from < out.length; from += size) {
    const count = Math.min(size, out.length - from);
    quantisePiece(
      instance,
      out,
      values,
      stage(instance, 1, words, from, count),
      scaling,
      from,
      count,
    );
  }
  if (!inPlace) wipeScratches(instance, 8 * Math.min(PIECE, out.length));
}

/**
 * As {@link quantiseInto}, with words that are drawn when they are needed and wiped at the end.
 *
 * @param draw fills what it is given, at most 64 KiB, with uniform words
 */
export function quantiseDrawingInto(
  out: Int32Array,
  values: Reals,
  draw: (words: Uint32Array) => void,
  scaling: Scaling,
): void {
  const instance = instanceFor(out.length, values, out);
  const most = Math.min(PIECE, out.length);
  const words =
    instance === undefined
      ? new Uint32Array(most)
      : new Uint32Array(instance.words.buffer, SCRATCHES[1], most);
  try {
    for (let from = 0; from < out.length; from += PIECE) {
      const count = Math.min(PIECE, out.length - from);
      const drawn = words.subarray(0, count);
      draw(drawn);
      if (instance === undefined) {
        const end = from + count;
        const { limit, factor } = scaling;
        quantiseTwin(out.subarray(from, end), values.subarray(from, end), drawn, limit, factor);
      } else {
        quantisePiece(instance, out, values, drawn.byteOffset, scaling, from, count);
      }
    }
  } finally {
    words.fill(0);
    if (instance !== undefined) wipeScratches(instance, 8 * most);
  }
}

/** Elements `from` to `from + count`; `words` points to their words. */
function quantisePiece(
  instance: Instance,
  out: Int32Array,
  values: Reals,
  words: number,
  { limit, factor }: Scaling,
  from: number,
  count: number,
): void {
  const { quantiseDoubles, quantiseFloats } = instance.exports;
  const run = values instanceof Float64Array ? quantiseDoubles : quantiseFloats;
  const pv = stage(instance, 0, values, from, count);
  const po = room(instance, 2, out, from);
  run(po, pv, words, count, limit, factor, UNIT_BASE, WHOLE_BASE);
  unstage(instance, 2, out, from, count);
}

/**
 * `out[i]` = z / divisor, where z ≡ words[i] mod 2^bits and −2^(bits−1) ≤ z < 2^(bits−1).
 *
 * The quotient is the double nearest to the true one, except that now and then, where two doubles are
 * nearly as near, it is the other; a quotient that is a double is found exactly. A float is z · (1 / divisor),
 * computed in doubles and rounded to a float at the end.
 *
 * @param out where the numbers go; apart from `words`
 * @param words as long as `out`
 * @param bits 1 to 32
 * @param divisor from 2^-900 to 2^900 in magnitude
 *
 * **Cost**, **Security**: as {@link quantiseInto}. Two multiplications take a third of a division's time.
 */
export function dequantiseInto(
  out: Reals,
  words: Uint32Array | Int32Array,
  bits: number,
  divisor: number,
): void {
  const instance = instanceFor(out.length, out, words);
  const { high, low } =
    out instanceof Float64Array ? reciprocal(divisor) : { high: 1 / divisor, low: 0 };
  if (instance === undefined) {
    if (out instanceof Float64Array) doublesTwin(out, words, bits, high, low);
    else floatsTwin(out, words, bits, high);
    return;
  }
  const { dequantiseDoubles, dequantiseFloats } = instance.exports;
  const run = out instanceof Float64Array ? dequantiseDoubles : dequantiseFloats;
  const sign = 2 ** (bits - 1);
  const inPlace = livesIn(instance, out) && livesIn(instance, words);
  const size = inPlace ? out.length : PIECE;
  for (let from = 0; from < out.length; from += size) {
    const count = Math.min(size, out.length - from);
    const pw = stage(instance, 0, words, from, count);
    run(room(instance, 1, out, from), pw, count, 2 * sign - 1, sign, high, low);
    unstage(instance, 1, out, from, count);
  }
  if (!inPlace) wipeScratches(instance, 8 * Math.min(PIECE, out.length));
}

/**
 * 1 / divisor as a sum of two doubles: `high` has 21 significant bits, so that its product with an
 * integer of 32 bits is exact; `low` is the rest, good to 2^-72 of the whole.
 */
function reciprocal(divisor: number): { readonly high: number; readonly low: number } {
  const high = upperBits(1 / divisor, 32);
  // divisor · high lies near 1. In halves, both products and the first difference are exact.
  const upper = upperBits(divisor, 27);
  const rest = 1 - upper * high - (divisor - upper) * high;
  return { high, low: rest / divisor };
}

/** x rounded to 53 − `dropped` significant bits. Source: Veltkamp's splitting (Dekker 1971, §5.7). */
function upperBits(x: number, dropped: number): number {
  const c = (2 ** dropped + 1) * x;
  return c - (c - x);
}
