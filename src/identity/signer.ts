/**
 * Who signs. A signer is a port: a public key and a function, so a key may live in memory, in the
 * Web Crypto API, or in hardware that veilsum never sees.
 */
import { DependencyError, UsageError } from '../errors.ts';
import { assertBytes } from '../internal/assert.ts';
import { wipe } from '../internal/bytes.ts';
import { randomBytes } from '../internal/random.ts';
import { isValidIdentityKey } from './ed25519.ts';
import { ed25519Backend } from './ed25519-backends.ts';

/**
 * Somebody who signs with Ed25519.
 *
 * Two calls with one message may give different signatures (some platforms sign with fresh
 * randomness); whoever must send the same bytes twice stores the signature.
 */
export type Signer = {
  /** The 32-byte Ed25519 public key. */
  readonly publicKey: Uint8Array;
  /** Signs any message; 64 bytes, at once or as a promise. */
  readonly sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;
};

/**
 * A signer with a fresh key from the platform's CSPRNG; it ends with the process.
 *
 * **Security**: the private key lies in a closure: no `inspect`, log or JSON of the signer shows it.
 * It stays in the process's memory until the garbage collector takes it.
 */
export function inMemorySigner(): Signer {
  const privateKey = randomBytes(32);
  const signer = signerFromPrivateKey(privateKey);
  wipe(privateKey);
  return signer;
}

/**
 * A signer for a private key that you keep elsewhere.
 *
 * **Security**: the bytes are copied; overwriting yours is up to you. As {@link inMemorySigner}.
 * **Source**: RFC 8032, 5.1.5 (the 32-byte private key, also called seed).
 *
 * @param privateKey - 32 bytes
 * @throws UsageError `wrong-type`, `wrong-length`
 */
export function signerFromPrivateKey(privateKey: Uint8Array): Signer {
  assertBytes('Ed25519 private key', privateKey, 32);
  const { publicKey, sign } = ed25519Backend.open(privateKey);
  return Object.freeze({ publicKey, sign });
}

/**
 * A signer whose fresh private key the Web Crypto API keeps and never exports.
 *
 * **Security**: not even this program can read the key; it can still use it.
 *
 * @throws DependencyError `runtime-unsupported` where Web Crypto has no Ed25519
 */
export async function webCryptoSigner(): Promise<Signer> {
  const pair = await supported(() => subtle().generateKey('Ed25519', false, ['sign', 'verify']));
  return signerFromCryptoKey(pair as CryptoKeyPair);
}

/**
 * A signer for an Ed25519 key pair of the Web Crypto API, such as one kept in IndexedDB.
 *
 * @param pair - a private key with the usage `sign` and an extractable public key (public keys are)
 * @throws UsageError `wrong-type` if the keys are not such a pair
 * @throws DependencyError `runtime-unsupported` where Web Crypto has no Ed25519
 */
export async function signerFromCryptoKey(pair: CryptoKeyPair): Promise<Signer> {
  const { privateKey, publicKey } = pair;
  const fits =
    privateKey?.algorithm?.name === 'Ed25519' &&
    privateKey.type === 'private' &&
    privateKey.usages.includes('sign') &&
    publicKey?.algorithm?.name === 'Ed25519' &&
    publicKey.type === 'public' &&
    publicKey.extractable;
  if (!fits) {
    throw new UsageError(
      'wrong-type',
      'signer key pair: got other keys, expected an Ed25519 private key that may sign and its extractable public key',
    );
  }
  const raw = await supported(() => subtle().exportKey('raw', publicKey));
  return Object.freeze({
    publicKey: new Uint8Array(raw as ArrayBuffer),
    sign: async (message: Uint8Array): Promise<Uint8Array> =>
      new Uint8Array(await subtle().sign('Ed25519', privateKey, Uint8Array.from(message))),
  });
}

/**
 * Asks a signer and checks the shape of its answer, because signers come from outside.
 *
 * @param signer - whose signature
 * @param message - any length
 * @throws UsageError `wrong-type`, `wrong-length` if the answer is not 64 bytes;
 *   `out-of-range` if the signer's public key is no valid identity key
 */
export async function signWith(signer: Signer, message: Uint8Array): Promise<Uint8Array> {
  assertBytes('signer public key', signer.publicKey, 32);
  if (!isValidIdentityKey(signer.publicKey)) {
    throw new UsageError(
      'out-of-range',
      'signer public key: got 32 bytes that are no point of large order, expected an Ed25519 public key',
    );
  }
  const signature = await signer.sign(message);
  assertBytes('signature by the signer', signature, 64);
  return signature;
}

const subtle = (): SubtleCrypto => {
  const found = globalThis.crypto?.subtle;
  if (found === undefined) {
    throw new DependencyError(
      'runtime-unsupported',
      'Web Crypto: got no crypto.subtle here (browsers offer it in secure contexts only), expected one; inMemorySigner() works without',
    );
  }
  return found;
};

async function supported<Result>(attempt: () => Promise<Result>): Promise<Result> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof DependencyError) throw error;
    throw new DependencyError(
      'runtime-unsupported',
      `Web Crypto: got "${(error as Error)?.name}" for Ed25519, expected a platform that has it; inMemorySigner() works without`,
    );
  }
}
