/**
 * Random signs and a Walsh–Hadamard transform in front of the encoding: they spread a vector evenly over
 * all coordinates, so that no lone one decides how many bits the ring needs. The plan turns them on where
 * that makes the upload smaller. Norms stay as they are, so clip and price do too.
 *
 * Source: Kairouz, Liu and Steinke 2021 (arXiv 2102.06387), section 4.
 */
import { UsageError } from '../errors.ts';
import { assertNumbers } from '../internal/assert.ts';
import { utf8 } from '../internal/bytes.ts';
import { expandInto } from '../prg/chacha20.ts';
import { deriveKey } from '../prg/hkdf.ts';
import { walshHadamardInto } from '../ring/hadamard.ts';

/** The least power of two that is not below `length`. */
export const paddedLength = (length: number): number =>
  length <= 1 ? 1 : 2 ** (32 - Math.clz32(length - 1));

/** The longest vector that can be rotated. */
export const MAX_ROTATED: number = 2 ** 24;

/** Signs as the words of a public stream, one bit a coordinate: from the plan, so nobody's data decides them. */
function signWords(planHash: Uint8Array, field: string, padded: number): Uint32Array {
  const words = new Uint32Array(Math.ceil(padded / 32));
  expandInto(words, deriveKey(planHash, [utf8('rotation'), utf8(field)]));
  return words;
}

/** +1 or −1. */
const signAt = (words: Uint32Array, i: number): number =>
  1 - 2 * (((words[i >>> 5] as number) >>> (i & 31)) & 1);

/** What is rotated: a vector with an L2 clip. */
type Rotated = { readonly length: number; readonly clip: { readonly bound: number } };

/**
 * H·S·x / √p for the vector x padded with zeros to p coordinates, in units of the clip's bound and cut to
 * it, up to the rounding of floats.
 *
 * @param values `length` finite numbers
 * @returns fresh floats, as secret as the values; and whether they were cut, a secret too
 * @throws UsageError `wrong-length`, `wrong-type`, `not-finite`
 *
 * **Security**: whether a vector was cut is a branch.
 * **Cost**: p log2 p additions in floats, and a keystream of p bits.
 */
export function rotate(
  { length, clip }: Rotated,
  values: ArrayLike<number>,
  planHash: Uint8Array,
  field: string,
): { readonly turned: Float32Array; readonly clipped: boolean } {
  assertNumbers('values', values, length);
  let largest = 0;
  for (let i = 0; i < length; i++) {
    const size = Math.abs(values[i] as number);
    if (!(size < Number.POSITIVE_INFINITY)) {
      const message = `values[${i}]: got NaN or an infinity, expected finite numbers`;
      throw new UsageError('not-finite', message, { index: i });
    }
    largest = Math.max(largest, size);
  }
  // In units of the largest one no square overflows, and none that counts vanishes.
  let squares = 0;
  for (let i = 0; i < length && largest > 0; i++) squares += ((values[i] as number) / largest) ** 2;
  const unit = largest / clip.bound;
  const norm = Math.sqrt(squares) * unit;
  const padded = paddedLength(length);
  const signs = signWords(planHash, field, padded);
  const turned = new Float32Array(padded);
  const factor = (norm > 1 ? 1 / Math.sqrt(squares) : unit) / Math.sqrt(padded);
  for (let i = 0; i < length && largest > 0; i++) {
    turned[i] = ((values[i] as number) / largest) * factor * signAt(signs, i);
  }
  walshHadamardInto(turned, turned);
  return { turned, clipped: norm > 1 };
}

/** The inverse: the first coordinates of S·H·y / √p, in the caller's units. */
export function unrotate(
  { length, clip }: Rotated,
  values: Float64Array,
  planHash: Uint8Array,
  field: string,
): Float64Array {
  const padded = values.length;
  const signs = signWords(planHash, field, padded);
  const turned = Float32Array.from(values);
  walshHadamardInto(turned, turned);
  const scale = clip.bound / Math.sqrt(padded);
  const out = new Float64Array(length);
  for (let i = 0; i < length; i++) out[i] = (turned[i] as number) * scale * signAt(signs, i);
  return out;
}

/**
 * The logarithm of 2^−49, for each field: so often a sum is further out than {@link rotatedRoom} says. Of the
 * 256 fields that a plan may have, 2^−41 in all.
 */
export const LOG_ROTATED: number = -49 * Math.LN2;

/**
 * How far the sum of rotated and rounded vectors may be from zero in any coordinate, but for a
 * probability of 2^−49 over the signs.
 *
 * @param norm the longest of one client's vectors, in ring units
 *
 * **Source**: a sum of length L at most, spread by random signs, is sub-Gaussian with L²/p in each
 * coordinate (Hoeffding 1963); rounding moves each client's coordinates by at most one.
 */
export const rotatedRoom = (norm: number, padded: number, clients: number): number =>
  Math.ceil(
    clients * norm * Math.sqrt((2 * (Math.LN2 + Math.log(padded) - LOG_ROTATED)) / padded),
  ) + clients;
