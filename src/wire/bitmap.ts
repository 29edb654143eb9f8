/** Sets of roster positions as bitmaps: position i is bit i mod 8 (least significant first) of byte ⌊i/8⌋. */
import { CodecError } from '../errors.ts';
import { assertInteger } from '../internal/assert.ts';

/**
 * Writes a set of positions as a bitmap.
 *
 * @param indices - positions from 0 to `size − 1`, in any order; repeats count once
 * @param size - number of positions on the roster
 * @returns ⌈size/8⌉ bytes, unused bits zero
 * @throws UsageError `out-of-range`
 *
 * **Cost:** O(size/8 + number of indices).
 */
export function toBitmap(indices: Iterable<number>, size: number): Uint8Array {
  assertInteger('bitmap size', size, 0, 2 ** 32);
  const out = new Uint8Array(Math.ceil(size / 8));
  for (const index of indices) {
    assertInteger('bitmap position', index, 0, size - 1);
    const at = Math.floor(index / 8);
    out[at] = (out[at] as number) | (1 << (index % 8));
  }
  return out;
}

/**
 * Reads a bitmap that came from outside.
 *
 * @param bytes - ⌈size/8⌉ bytes
 * @param size - number of positions on the roster
 * @param what - names the field in the error
 * @returns the positions, rising
 * @throws CodecError `malformed` (length), `non-canonical` (a bit set beyond the roster)
 *
 * **Cost:** O(size).
 */
export function fromBitmap(bytes: Uint8Array, size: number, what: string): number[] {
  const expected = Math.ceil(size / 8);
  if (!(bytes instanceof Uint8Array) || bytes.length !== expected) {
    throw new CodecError(
      'malformed',
      `${what}: got ${bytes?.length} bytes, expected a bitmap of ${expected}`,
      { what },
    );
  }
  const out: number[] = [];
  for (const [at, byte] of bytes.entries()) {
    for (let bit = 0; bit < 8; bit++) {
      if ((byte & (1 << bit)) !== 0) out.push(8 * at + bit);
    }
  }
  const last = out.at(-1);
  if (last !== undefined && last >= size) {
    throw new CodecError('non-canonical', `${what}: got position ${last}, expected below ${size}`, {
      what,
    });
  }
  return out;
}
