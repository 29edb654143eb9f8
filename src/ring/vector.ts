/**
 * Vectors modulo 2^b, b ≤ 32, as `Uint32Array`s. All arithmetic is modulo 2^32; since 2^b divides
 * 2^32, a sum may be cut to b bits once, at the end (packing does it). Nothing here looks at a
 * value to decide what to do next, so the time depends on the lengths only.
 */
import { assertInteger, assertLength } from '../internal/assert.ts';
import { addWordsInto, subtractWordsInto } from '../kernel/index.ts';

/**
 * `out[i] = a[i] + b[i] mod 2^32`.
 *
 * @param out as long as `a`; may be `a` or `b` themselves
 * @param a any words
 * @param b as long as `a`
 * @throws UsageError `wrong-length` when the three lengths differ
 *
 * **Cost**: one pass, no allocation.
 */
export function addInto(out: Uint32Array, a: Uint32Array, b: Uint32Array): void {
  assertLength('addInto: b', b, a.length);
  assertLength('addInto: out', out, a.length);
  if (isSame(out, b)) {
    addWordsInto(out, a);
  } else {
    if (!isSame(out, a)) out.set(a);
    addWordsInto(out, b);
  }
}

/**
 * `out[i] = a[i] − b[i] mod 2^32`.
 *
 * @param out as long as `a`; may be `a` or `b` themselves
 * @param a any words
 * @param b as long as `a`
 * @throws UsageError `wrong-length` when the three lengths differ
 *
 * **Cost**: one pass, no allocation.
 */
export function subtractInto(out: Uint32Array, a: Uint32Array, b: Uint32Array): void {
  assertLength('subtractInto: b', b, a.length);
  assertLength('subtractInto: out', out, a.length);
  if (isSame(out, b) && !isSame(out, a)) {
    for (let i = 0; i < out.length; i++) out[i] = (a[i] as number) - (b[i] as number);
  } else {
    if (!isSame(out, a)) out.set(a);
    subtractWordsInto(out, b);
  }
}

/** Whether two views are the same words. */
const isSame = (a: Uint32Array, b: Uint32Array): boolean =>
  a.buffer === b.buffer && a.byteOffset === b.byteOffset;

/**
 * `out[i] = a[i] mod 2^bits`.
 *
 * @param out as long as `a`; may be `a` itself
 * @param a any words
 * @param bits 1 to 32
 * @throws UsageError `wrong-length`, `out-of-range`
 *
 * **Cost**: one pass, no allocation.
 */
export function reduceInto(out: Uint32Array, a: Uint32Array, bits: number): void {
  assertInteger('reduceInto: bits', bits, 1, 32);
  assertLength('reduceInto: out', out, a.length);
  const mask = 0xffffffff >>> (32 - bits);
  for (let i = 0; i < out.length; i++) out[i] = (a[i] as number) & mask;
}

/**
 * The representatives of `a` modulo 2^bits that lie in [−2^(bits−1), 2^(bits−1)).
 *
 * @param a words; only their low `bits` bits count
 * @param bits 1 to 32
 * @returns fresh signed integers
 * @throws UsageError `out-of-range`
 *
 * **Cost**: one pass and the result.
 */
export function centre(a: Uint32Array, bits: number): Int32Array {
  assertInteger('centre: bits', bits, 1, 32);
  const out = new Int32Array(a.length);
  // Up to the top and arithmetically down again: bit b−1 becomes the sign.
  const shift = 32 - bits;
  for (let i = 0; i < out.length; i++) out[i] = ((a[i] as number) << shift) >> shift;
  return out;
}
