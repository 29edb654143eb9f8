/**
 * ML-KEM-768, twice: `node:crypto` (Node 24.7 and later) and noble. Which encapsulation keys may
 * reach them is decided in `ml-kem.ts`, the same for both.
 */
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { wipe } from '../internal/bytes.ts';
import { nodeCrypto } from '../internal/platform.ts';
import { randomBytes } from '../internal/random.ts';
import {
  exportPublicKey,
  ifSupported,
  importPrivateKey,
  importPublicKey,
  ML_KEM_768_DER,
  takeBuffer,
} from './node-keys.ts';

/** What encapsulation yields. */
export type Encapsulated = {
  /** 1,088 bytes for the owner of the key. */
  readonly ciphertext: Uint8Array;
  /** 32 bytes for yourself. */
  readonly sharedSecret: Uint8Array;
};

/** A decapsulation key that can be used and does not show itself. */
export type MlKemPrivate = {
  readonly publicKey: Uint8Array;
  /** 1,088 bytes to 32; a ciphertext that was tampered with gives another secret, never an error. */
  readonly decapsulate: (ciphertext: Uint8Array) => Uint8Array;
  /** Forgets the key. */
  readonly wipe: () => void;
};

/** One implementation of ML-KEM-768. */
export type MlKemBackend = {
  readonly name: 'node' | 'noble';
  /** Expands the 64-byte seed d‖z (copied). */
  readonly open: (seed: Uint8Array) => MlKemPrivate;
  /** Encapsulates with fresh randomness. */
  readonly encapsulate: (publicKey: Uint8Array) => Encapsulated;
};

/** Encapsulates with 32 given coins, which `node:crypto` does not offer: noble on every platform. */
export function encapsulateWithCoins(publicKey: Uint8Array, coins: Uint8Array): Encapsulated {
  const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, coins);
  return { ciphertext: cipherText, sharedSecret };
}

/** ML-KEM-768 by noble. */
export const nobleMlKem: MlKemBackend = {
  name: 'noble',
  open: (seed) => {
    const { publicKey, secretKey } = ml_kem768.keygen(seed);
    return {
      publicKey,
      decapsulate: (ciphertext) => ml_kem768.decapsulate(ciphertext, secretKey),
      wipe: () => wipe(secretKey),
    };
  },
  encapsulate: (publicKey) => {
    const coins = randomBytes(32);
    try {
      return encapsulateWithCoins(publicKey, coins);
    } finally {
      wipe(coins);
    }
  },
};

/** ML-KEM-768 by `node:crypto`; `undefined` where the runtime does not have it. */
export const nodeMlKem: MlKemBackend | undefined = /* @__PURE__ */ ifSupported(
  nodeCrypto,
  (crypto) =>
    ({
      name: 'node',
      open: (seed) => {
        const key = importPrivateKey(crypto, ML_KEM_768_DER, seed);
        return {
          publicKey: exportPublicKey(crypto, ML_KEM_768_DER, key),
          decapsulate: (ciphertext) => takeBuffer(crypto.decapsulate(key, ciphertext)),
          wipe: () => {}, // OpenSSL overwrites its copy when the key object is collected.
        };
      },
      encapsulate: (publicKey) => {
        const key = importPublicKey(crypto, ML_KEM_768_DER, publicKey);
        const { ciphertext, sharedKey } = crypto.encapsulate(key);
        return { ciphertext: new Uint8Array(ciphertext), sharedSecret: takeBuffer(sharedKey) };
      },
    }) satisfies MlKemBackend,
  (backend) => {
    const pair = backend.open(new Uint8Array(64));
    const { ciphertext } = backend.encapsulate(pair.publicKey);
    if (pair.decapsulate(ciphertext).length !== 32) throw new Error('unsupported');
  },
);

/** The one this runtime uses. */
export const mlKemBackend: MlKemBackend = nodeMlKem ?? nobleMlKem;
