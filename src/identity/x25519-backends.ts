/**
 * X25519, twice: `node:crypto` and noble. Which public keys may reach them is decided in
 * `x25519.ts`, the same for both.
 */
import { x25519 } from '@noble/curves/ed25519.js';
import { wipe } from '../internal/bytes.ts';
import { nodeCrypto } from '../internal/platform.ts';
import { cachedByBytes } from './key-cache.ts';
import {
  exportPublicKey,
  ifSupported,
  importPrivateKey,
  importPublicKey,
  takeBuffer,
  X25519_DER,
} from './node-keys.ts';

/** A private scalar that can agree and does not show itself. */
export type X25519Private = {
  readonly publicKey: Uint8Array;
  /** The 32-byte shared u coordinate; may throw where it is zero. */
  readonly agree: (theirPublicKey: Uint8Array) => Uint8Array;
  /** Forgets the scalar. */
  readonly wipe: () => void;
};

/** One implementation of X25519. */
export type X25519Backend = {
  readonly name: 'node' | 'noble';
  /** Copies the 32-byte scalar and gives what agrees with it. */
  readonly open: (privateKey: Uint8Array) => X25519Private;
  /** Brings a public key into the form that agreements take, and keeps it for them. */
  readonly readAhead: (publicKey: Uint8Array) => void;
};

/** X25519 by noble: BigInt arithmetic, so its time depends a little on the scalar. */
export const nobleX25519: X25519Backend = {
  name: 'noble',
  open: (privateKey) => {
    const secret = Uint8Array.from(privateKey);
    return {
      publicKey: x25519.getPublicKey(secret),
      agree: (theirPublicKey) => x25519.getSharedSecret(secret, theirPublicKey),
      wipe: () => wipe(secret),
    };
  },
  readAhead: () => {}, // Bytes are what it takes.
};

/** X25519 by `node:crypto`; `undefined` where the runtime does not have it. */
export const nodeX25519: X25519Backend | undefined = /* @__PURE__ */ ifSupported(
  nodeCrypto,
  (crypto) => {
    const publicKeyOf = cachedByBytes((publicKey) =>
      importPublicKey(crypto, X25519_DER, publicKey),
    );
    return {
      name: 'node',
      open: (bytes) => {
        const privateKey = importPrivateKey(crypto, X25519_DER, bytes);
        return {
          publicKey: exportPublicKey(crypto, X25519_DER, privateKey),
          agree: (theirPublicKey) =>
            takeBuffer(
              crypto.diffieHellman({ privateKey, publicKey: publicKeyOf(theirPublicKey) }),
            ),
          wipe: () => {}, // OpenSSL overwrites its copy when the key object is collected.
        };
      },
      readAhead: (publicKey) => void publicKeyOf(publicKey),
    } satisfies X25519Backend;
  },
  (backend) => {
    const a = backend.open(new Uint8Array(32).fill(1));
    if (a.agree(a.publicKey).length !== 32) throw new Error('unsupported');
  },
);

/** The one this runtime uses. */
export const x25519Backend: X25519Backend = nodeX25519 ?? nobleX25519;
