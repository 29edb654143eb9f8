/**
 * Vectors modulo 2^b as bytes: the low b bits of every word one after the other, least significant
 * bit first, and zeros up to the next whole byte. A vector has exactly one packing, so equal
 * vectors have equal digests. The time depends on lengths and widths only, never on a value.
 */
import { CodecError, UsageError } from '../errors.ts';
import { assertInteger } from '../internal/assert.ts';
import { packWords, unpackAddWords, unpackWords } from '../kernel/index.ts';

/** Longer vectors than this are refused; bit offsets and byte offsets stay exact far below it. */
const MAX_LENGTH = 2 ** 32 - 1;

/**
 * How many bytes a packed vector takes: ⌈length · bits / 8⌉.
 *
 * @param length elements, 0 to 2^32 − 1
 * @param bits bits an element, 1 to 32
 * @throws UsageError `out-of-range`
 */
export function packedLength(length: number, bits: number): number {
  assertInteger('packedLength: length', length, 0, MAX_LENGTH);
  assertInteger('packedLength: bits', bits, 1, 32);
  return Math.ceil((length * bits) / 8);
}

/**
 * Packs the low `bits` bits of every word of `vector`; higher bits are dropped, which is the
 * reduction modulo 2^bits.
 *
 * @param out exactly `packedLength(vector.length, bits)` bytes; must not share memory with `vector`
 * @param vector any words
 * @param bits 1 to 32
 * @throws UsageError `wrong-length`, `out-of-range`
 *
 * **Cost**: one pass, without a copy where both live in the memory of one kernel; elsewhere through
 * cache-sized scratches, which are wiped.
 */
export function packInto(out: Uint8Array, vector: Uint32Array, bits: number): void {
  assertFits('packInto', out, vector.length, bits);
  packWords(out, vector, bits);
}

/**
 * Unpacks `bytes` into `out`, the inverse of {@link packInto}. Padding bits are not looked at: of
 * bytes from outside, ask {@link assertCanonicalPacking} first.
 *
 * @param out any length; each element becomes less than 2^bits
 * @param bytes exactly `packedLength(out.length, bits)` bytes; must not share memory with `out`
 * @param bits 1 to 32
 * @throws UsageError `wrong-length`, `out-of-range`
 *
 * **Cost**: as {@link packInto}.
 */
export function unpackInto(out: Uint32Array, bytes: Uint8Array, bits: number): void {
  assertFits('unpackInto', bytes, out.length, bits);
  unpackWords(out, bytes, bits);
}

/**
 * Adds a packed vector to `accumulator` modulo 2^32: what a coordinator does with every upload.
 * Padding bits are not looked at: of bytes from outside, ask {@link assertCanonicalPacking} first.
 *
 * @param accumulator the running sum, changed in place
 * @param bytes exactly `packedLength(accumulator.length, bits)` bytes; must not share memory with
 *   `accumulator`
 * @param bits 1 to 32
 * @throws UsageError `wrong-length`, `out-of-range`; the accumulator is then unchanged
 *
 * **Cost**: as {@link packInto}.
 */
export function unpackAddInto(accumulator: Uint32Array, bytes: Uint8Array, bits: number): void {
  assertFits('unpackAddInto', bytes, accumulator.length, bits);
  unpackAddWords(accumulator, bytes, bits);
}

/**
 * Refuses bytes that are not the one packing of a vector of `length` elements.
 *
 * @param bytes from outside
 * @param length elements expected
 * @param bits bits an element, 1 to 32
 * @throws CodecError `truncated` (too short), `trailing-bytes` (too long), `non-canonical` (a
 *   padding bit is set)
 * @throws UsageError `out-of-range` for `length` or `bits`
 */
export function assertCanonicalPacking(bytes: Uint8Array, length: number, bits: number): void {
  const expected = packedLength(length, bits);
  if (bytes.length !== expected) {
    throw new CodecError(
      bytes.length < expected ? 'truncated' : 'trailing-bytes',
      `packed vector: got ${bytes.length} bytes, expected ${expected} (${length} × ${bits} bits)`,
      { got: bytes.length, expected, length, bits },
    );
  }
  const padding = expected * 8 - length * bits;
  if (padding > 0 && (bytes[expected - 1] as number) >>> (8 - padding) !== 0) {
    throw new CodecError(
      'non-canonical',
      `packed vector: got a set bit among the last ${padding} of the last byte, expected zeros`,
      { padding, length, bits },
    );
  }
}

function assertFits(what: string, bytes: Uint8Array, length: number, bits: number): void {
  const expected = packedLength(length, bits);
  if (bytes.length !== expected) {
    throw new UsageError(
      'wrong-length',
      `${what}: got ${bytes.length} bytes, expected ${expected} (${length} × ${bits} bits)`,
      { got: bytes.length, expected, length, bits },
    );
  }
}
