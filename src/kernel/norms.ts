/** Norms of vectors, and scaling. Lengths are the caller's to check. */
import { instanceFor, livesIn, PIECE, room, stage, unstage, wipeScratches } from './staging.ts';
import {
  measure as measureTwin,
  scale as scaleTwin,
  sumOfSquares as sumOfSquaresTwin,
} from './twin/norms.ts';
import { TABLES } from './wasm.ts';

/** Eight sums and behind them eight magnitudes: element i counts in lane i mod 8. */
const LANES = 8;

/** What one look at a vector gives. */
export type Measures = {
  /** The largest magnitude; 0 of none, NaN if there is a NaN. */
  readonly largest: number;
  /** Σ x², rounded at every addition; Infinity above the range of doubles, NaN if there is a NaN. */
  readonly squares: number;
};

/**
 * The largest magnitude and the sum of squares, in doubles. The order of the additions is fixed, so
 * that every path gives the same result to the last bit.
 *
 * @param values any length
 *
 * **Cost**: one pass, at about the speed of reading memory; in place in the memory of an instance,
 * else through a cache-sized scratch.
 *
 * **Security**: no branch and no address depends on a value. Processors may differ on subnormal
 * numbers. Scratches are wiped.
 */
export function measure(values: Float32Array | Float64Array): Measures {
  const instance = instanceFor(values.length, values);
  if (instance === undefined) {
    const lanes = new Float64Array(2 * LANES);
    measureTwin(lanes, values);
    return fold(lanes);
  }
  const { measureDoubles, measureFloats } = instance.exports;
  const run = values instanceof Float64Array ? measureDoubles : measureFloats;
  const lanes = new Float64Array(instance.words.buffer, TABLES, 2 * LANES);
  const inPlace = livesIn(instance, values);
  const size = inPlace ? values.length : PIECE;
  lanes.fill(0);
  for (let from = 0; from < values.length; from += size) {
    const count = Math.min(size, values.length - from);
    run(TABLES, stage(instance, 0, values, from, count), count);
  }
  if (!inPlace) wipeScratches(instance, 8 * Math.min(PIECE, values.length));
  return fold(lanes);
}

/** Folds the lanes in halves, and wipes them. */
function fold(lanes: Float64Array): Measures {
  for (let width = LANES / 2; width >= 1; width /= 2) {
    for (let i = 0; i < width; i++) {
      const j = LANES + i;
      lanes[i] = (lanes[i] as number) + (lanes[i + width] as number);
      lanes[j] = Math.max(lanes[j] as number, lanes[j + width] as number);
    }
  }
  const squares = lanes[0] as number;
  // A NaN is sure to show in the sum; the kernel's magnitudes may have passed over it.
  const largest = Number.isNaN(squares) ? Number.NaN : (lanes[LANES] as number);
  lanes.fill(0);
  return { largest, squares };
}

/**
 * Σ z², exactly.
 *
 * @param integers at most 2^28, of any value
 *
 * **Cost**: as {@link measure}, and one `bigint` at the end (the twin: one every 2^20 elements).
 *
 * **Security**: no branch and no address depends on a value; what the `bigint` takes depends on the
 * size of the sum. Scratches are wiped.
 */
export function sumOfSquares(integers: Int32Array): bigint {
  const instance = instanceFor(integers.length, integers);
  if (instance === undefined) return sumOfSquaresTwin(integers);
  const sums = new Uint32Array(instance.words.buffer, TABLES, 4);
  const inPlace = livesIn(instance, integers);
  const size = inPlace ? integers.length : PIECE;
  sums.fill(0);
  for (let from = 0; from < integers.length; from += size) {
    const count = Math.min(size, integers.length - from);
    instance.exports.addSquares(TABLES, stage(instance, 0, integers, from, count), count);
  }
  if (!inPlace) wipeScratches(instance, 4 * Math.min(PIECE, integers.length));
  const [a, b, c, d] = sums as unknown as readonly [number, number, number, number];
  sums.fill(0);
  return BigInt(a) + (BigInt(b) << 32n) + (BigInt(c) << 32n) + (BigInt(d) << 64n);
}

/**
 * `out[i] = values[i] · factor`.
 *
 * @param out may be `values` itself, else apart from it
 * @param values as long as `out`
 *
 * **Cost**, **Security**: as {@link measure}.
 */
export function scaleInto(out: Float64Array, values: Float64Array, factor: number): void {
  const instance = instanceFor(out.length, out, values);
  if (instance === undefined) {
    scaleTwin(out, values, factor);
    return;
  }
  const inPlace = livesIn(instance, out) && livesIn(instance, values);
  const size = inPlace ? out.length : PIECE;
  for (let from = 0; from < out.length; from += size) {
    const count = Math.min(size, out.length - from);
    const pv = stage(instance, 0, values, from, count);
    instance.exports.scale(room(instance, 1, out, from), pv, count, factor);
    unstage(instance, 1, out, from, count);
  }
  if (!inPlace) wipeScratches(instance, 8 * Math.min(PIECE, out.length));
}
