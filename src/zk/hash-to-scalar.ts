/** From bytes to a number of the scalar field that nobody can steer. */
import { lengthPrefixed, utf8 } from '../internal/bytes.ts';
import { sha256 } from '../internal/sha256.ts';
import { numberAt, R } from './groth16/field.ts';

/**
 * A number from 0 to r − 1: two SHA-256 side by side, 512 bits, reduced. So it is as good as uniform.
 *
 * @param purpose - what it is for: other purposes give unrelated numbers
 * @param parts - each with its length, so that no two lists are hashed as one
 */
export function hashToScalar(purpose: string, ...parts: readonly Uint8Array[]): bigint {
  const half = (name: string): bigint =>
    numberAt(sha256(lengthPrefixed(utf8(`veilsum/zk/${purpose}/${name}`), ...parts)), 0);
  return ((half('high') << 256n) | half('low')) % R;
}
