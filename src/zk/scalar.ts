/** Numbers of the scalar field that nobody can steer: from bytes, and from the CSPRNG. */
import { lengthPrefixed, utf8, wipe } from '../internal/bytes.ts';
import { randomBytes } from '../internal/random.ts';
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

/** A fresh number: uniform from 0 to r − 1 but for 2^−250. **Security**: a bigint cannot be wiped. */
export const randomScalar = (): bigint => wide() % R;

/** A fresh number that is not zero: uniform from 1 to r − 1 but for 2^−250. **Security**: as above. */
export const randomFactor = (): bigint => (wide() % (R - 1n)) + 1n;

/** 512 bits: reduced modulo r they are as good as uniform. */
function wide(): bigint {
  const bytes = randomBytes(64);
  const number = (numberAt(bytes, 0) << 256n) | numberAt(bytes, 32);
  wipe(bytes);
  return number;
}
