/** The Walsh–Hadamard transform. Lengths are the caller's to check. */
import { instanceFor, livesIn, stage, unstage, wipeScratches } from './staging.ts';
import { walshHadamard as walshHadamardTwin } from './twin/hadamard.ts';
import { type Instance, SCRATCH_BYTES, SCRATCHES } from './wasm.ts';

/** Floats that a scratch holds. */
const BLOCK: number = SCRATCH_BYTES / 4;

/** Rows that are brought together for levels wider than a scratch: five levels at a time. */
const ROWS = 32;

/**
 * Transforms in place, without scaling: level after level h = 1, 2, 4, …, each pair of elements i and
 * i + h (bit h of i clear) becomes its sum and its difference, each rounded to a float.
 *
 * @param values a power of two of them, at most 2^24
 *
 * **Cost**: n · log2(n) additions; in the memory of an instance without a copy, else copied in and out of
 * a cache-sized scratch, once for up to 2^15 floats, twice for up to 2^20, then three times.
 *
 * **Security**: no branch and no address depends on a value. Processors may differ on subnormal
 * numbers. Scratches are wiped.
 */
export function walshHadamard(values: Float32Array): void {
  const instance = instanceFor(values.length, values);
  if (instance === undefined) {
    walshHadamardTwin(values);
  } else if (livesIn(instance, values)) {
    instance.exports.walshHadamard(values.byteOffset, values.length, 1);
  } else {
    staged(instance, values);
    wipeScratches(instance, 4 * Math.min(BLOCK, values.length));
  }
}

/** First the levels within blocks that fit a scratch, then those across, by columns of blocks. */
function staged(instance: Instance, values: Float32Array): void {
  const { length } = values;
  for (let at = 0; at < length; at += BLOCK) {
    const count = Math.min(BLOCK, length - at);
    instance.exports.walshHadamard(stage(instance, 0, values, at, count), count, 1);
    unstage(instance, 0, values, at, count);
  }
  for (let h = BLOCK; h < length; h *= ROWS) {
    const rows = Math.min(ROWS, length / h);
    for (let at = 0; at < length; at += rows * h) {
      for (let column = at; column < at + h; column += BLOCK / rows) {
        acrossRows(instance, values, column, h, rows);
      }
    }
  }
}

/**
 * Levels h, 2h, … rows · h / 2 of the columns from `column` on of `rows` rows that are h floats apart, as
 * many as fit a scratch. Laid next to one another there, rows are as far apart as they are wide.
 */
function acrossRows(
  instance: Instance,
  values: Float32Array,
  column: number,
  h: number,
  rows: number,
): void {
  const width = BLOCK / rows;
  const scratch = new Float32Array(instance.words.buffer, SCRATCHES[0], BLOCK);
  for (let row = 0; row < rows; row++) {
    const from = column + row * h;
    scratch.set(values.subarray(from, from + width), row * width);
  }
  instance.exports.walshHadamard(SCRATCHES[0], BLOCK, width);
  for (let row = 0; row < rows; row++) {
    values.set(scratch.subarray(row * width, (row + 1) * width), column + row * h);
  }
}
