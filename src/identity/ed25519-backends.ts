/**
 * The Ed25519 group equation and signing, twice: `node:crypto` and noble. Which encodings may reach
 * them is decided in `ed25519.ts`, the same for both.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, wipe } from '../internal/bytes.ts';
import { nodeCrypto } from '../internal/platform.ts';
import { cachedByBytes } from './key-cache.ts';
import {
  ED25519_DER,
  exportPublicKey,
  ifSupported,
  importPrivateKey,
  importPublicKey,
} from './node-keys.ts';

/** A private key that can sign and does not show itself. */
export type Ed25519Private = {
  readonly publicKey: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
};

/** One implementation of Ed25519. */
export type Ed25519Backend = {
  readonly name: 'node' | 'noble';
  /** Whether [S]B = R + [k]A holds exactly; the encodings are known to be strict. */
  readonly equationHolds: (
    publicKey: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ) => boolean;
  /** Copies the 32-byte private key and gives what signs with it. */
  readonly open: (privateKey: Uint8Array) => Ed25519Private;
};

const { Point } = ed25519;

/** Little-endian bytes to a number: public values only. */
function fromLittleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  return value;
}

/**
 * Ed25519 by noble.
 *
 * The equation is spelled out here because noble's own `verify` multiplies both sides by the
 * cofactor 8 and `node:crypto` does not: a key or an R with a small-order part then gets two
 * verdicts. Without the cofactor they agree, bit for bit.
 */
export const nobleEd25519: Ed25519Backend = {
  name: 'noble',
  equationHolds: (publicKey, message, signature) => {
    const encodedR = signature.subarray(0, 32);
    try {
      const a = Point.fromBytes(publicKey, false);
      const r = Point.fromBytes(encodedR, false);
      const s = fromLittleEndian(signature.subarray(32));
      const hash = sha512(concat(encodedR, publicKey, message));
      const k = fromLittleEndian(hash) % Point.Fn.ORDER;
      return Point.BASE.multiplyUnsafe(s).equals(r.add(a.multiplyUnsafe(k)));
    } catch {
      return false; // Not a point of the curve.
    }
  },
  open: (privateKey) => {
    const secret = Uint8Array.from(privateKey);
    return {
      publicKey: ed25519.getPublicKey(secret),
      sign: (message) => ed25519.sign(message, secret),
    };
  },
};

/** Ed25519 by `node:crypto`; `undefined` where the runtime does not have it. */
export const nodeEd25519: Ed25519Backend | undefined = /* @__PURE__ */ ifSupported(
  nodeCrypto,
  (crypto) => {
    const publicKeyOf = cachedByBytes((publicKey) =>
      importPublicKey(crypto, ED25519_DER, publicKey),
    );
    return {
      name: 'node',
      equationHolds: (publicKey, message, signature) =>
        crypto.verify(null, message, publicKeyOf(publicKey), signature),
      open: (privateKey) => {
        const key = importPrivateKey(crypto, ED25519_DER, privateKey);
        return {
          publicKey: exportPublicKey(crypto, ED25519_DER, key),
          sign: (message) => new Uint8Array(crypto.sign(null, message, key)),
        };
      },
    } satisfies Ed25519Backend;
  },
  (backend) => {
    const seed = new Uint8Array(32).fill(1);
    const { publicKey, sign } = backend.open(seed);
    const message = Uint8Array.of(1);
    if (!backend.equationHolds(publicKey, message, sign(message))) throw new Error('unsupported');
    wipe(seed);
  },
);

/** The one this runtime uses. */
export const ed25519Backend: Ed25519Backend = nodeEd25519 ?? nobleEd25519;
