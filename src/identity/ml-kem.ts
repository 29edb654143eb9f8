/**
 * ML-KEM-768: the post-quantum half of the hybrid suite. Keys grow from a 64-byte seed, so a
 * reconstructed seed gives the same pair on every platform.
 */
import { ProtocolError, UsageError } from '../errors.ts';
import { assertBytes } from '../internal/assert.ts';
import {
  type Encapsulated,
  encapsulateWithCoins,
  type MlKemBackend,
  type MlKemPrivate,
  mlKemBackend,
} from './ml-kem-backends.ts';

export type { Encapsulated } from './ml-kem-backends.ts';

/** Bytes of an encapsulation key. */
export const ML_KEM_PUBLIC_KEY_LENGTH = 1184;

/** Bytes of a ciphertext. */
export const ML_KEM_CIPHERTEXT_LENGTH = 1088;

/** Bytes of a seed, d ‖ z. */
export const ML_KEM_SEED_LENGTH = 64;

/** A key pair; the decapsulation key is not reachable through the object. */
export type MlKemKeyPair = {
  /** 1,184 bytes. */
  readonly publicKey: Uint8Array;
};

/** The modulus of ML-KEM. */
const Q = 3329;

/** Bytes of the three polynomials of an encapsulation key; the 32-byte ρ follows. */
const POLYNOMIALS_LENGTH = 1152;

const privates = new WeakMap<MlKemKeyPair, MlKemPrivate>();

/**
 * The key pair of a seed.
 *
 * **Source**: FIPS 203, algorithm 16 (ML-KEM.KeyGen_internal). **Cost**: 0.1 ms with `node:crypto`,
 * 0.3 ms with noble.
 *
 * @param seed - 64 uniform bytes, d ‖ z; copied
 * @param backend - the platform's, unless a test asks for another
 * @throws UsageError `wrong-type`, `wrong-length`
 */
export function mlKemKeyPair(seed: Uint8Array, backend: MlKemBackend = mlKemBackend): MlKemKeyPair {
  assertBytes('ML-KEM seed', seed, ML_KEM_SEED_LENGTH);
  const opened = backend.open(seed);
  const pair = Object.freeze({ publicKey: opened.publicKey });
  privates.set(pair, opened);
  return pair;
}

/**
 * A ciphertext for the owner of `publicKey` and the secret it carries.
 *
 * **Security**: coins must be uniform, secret and used with one key once; leave them out for fresh
 * ones. **Source**: FIPS 203, algorithms 17 and 20. **Cost**: 0.4 ms with coins, 0.1 ms without.
 *
 * @param publicKey - 1,184 bytes
 * @param coins - 32 bytes, or nothing
 * @throws UsageError `wrong-type`, `wrong-length`
 * @throws ProtocolError `bad-key` if a coefficient of the key is not below 3329
 */
export function encapsulate(
  publicKey: Uint8Array,
  coins?: Uint8Array,
  backend: MlKemBackend = mlKemBackend,
): Encapsulated {
  assertBytes('ML-KEM public key', publicKey, ML_KEM_PUBLIC_KEY_LENGTH);
  if (!isValidMlKemKey(publicKey)) {
    throw new ProtocolError(
      'bad-key',
      `ML-KEM public key: got a coefficient of ${Q} or more, expected all below (FIPS 203, 7.2)`,
    );
  }
  if (coins === undefined) return backend.encapsulate(publicKey);
  assertBytes('ML-KEM coins', coins, 32);
  return encapsulateWithCoins(publicKey, coins);
}

/**
 * The 32-byte secret in a ciphertext. A ciphertext that somebody changed gives another secret, not
 * an error (implicit rejection): what is built on the secret fails instead.
 *
 * **Source**: FIPS 203, algorithm 21. **Cost**: 0.03 ms with `node:crypto`, 0.5 ms with noble.
 *
 * @param pair - yours
 * @param ciphertext - 1,088 bytes
 * @throws UsageError `wrong-type`, `wrong-length`; `disposed` if the pair was wiped
 */
export function decapsulate(pair: MlKemKeyPair, ciphertext: Uint8Array): Uint8Array {
  assertBytes('ML-KEM ciphertext', ciphertext, ML_KEM_CIPHERTEXT_LENGTH);
  const opened = privates.get(pair);
  if (opened === undefined) {
    throw new UsageError(
      'disposed',
      'ML-KEM key pair: got one that was wiped, expected a live one',
    );
  }
  return opened.decapsulate(ciphertext);
}

/**
 * The input check of encapsulation: the length, and every 12-bit coefficient below 3329.
 *
 * **Source**: FIPS 203, 7.2, checks 1 and 2.
 *
 * @param publicKey - any other length is `false`
 */
export function isValidMlKemKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== ML_KEM_PUBLIC_KEY_LENGTH) return false;
  for (let i = 0; i < POLYNOMIALS_LENGTH; i += 3) {
    const middle = publicKey[i + 1] as number;
    if ((publicKey[i] as number) + 256 * (middle & 15) >= Q) return false;
    if ((middle >> 4) + 16 * (publicKey[i + 2] as number) >= Q) return false;
  }
  return true;
}

/** Forgets the decapsulation key; any later use throws `disposed`. Twice is once; best effort. */
export function wipeMlKemKeyPair(pair: MlKemKeyPair): void {
  privates.get(pair)?.wipe();
  privates.delete(pair);
}
