/**
 * X25519 key agreement between clients. Public keys that are not canonical or of low order are
 * refused before any back end sees them: equal keys have equal bytes, and no peer can force a
 * shared secret that everybody knows.
 */
import { ProtocolError, UsageError } from '../errors.ts';
import { assertBytes } from '../internal/assert.ts';
import { equalBytes } from '../internal/bytes.ts';
import { type X25519Backend, type X25519Private, x25519Backend } from './x25519-backends.ts';

/** Bytes of a public key, a private key and a shared secret alike. */
export const X25519_LENGTH = 32;

/** A key pair; the private half is not reachable through the object. */
export type X25519KeyPair = {
  /** 32 bytes, canonical. */
  readonly publicKey: Uint8Array;
};

const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

const F30 = 'ff'.repeat(30);

/** Low-order u, on the curve or its twist, with the top bit clear. */
const LOW_ORDER: readonly Uint8Array[] = [
  '00'.repeat(32), // 0
  `01${'00'.repeat(31)}`, // 1
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800', // order 8
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157', // order 8
  `ec${F30}7f`, // p − 1
  `ed${F30}7f`, // p, the same as 0
  `ee${F30}7f`, // p + 1, the same as 1
].map(hex);

const privates = new WeakMap<X25519KeyPair, X25519Private>();

/**
 * The key pair of a private key.
 *
 * **Security**: the private key is copied into a place that no `inspect` or JSON shows.
 * **Source**: RFC 7748, 5 and 6.1. **Cost**: 0.1 ms with `node:crypto`, 0.3 ms with noble.
 *
 * @param privateKey - 32 uniform bytes; clamped inside
 * @param backend - the platform's, unless a test asks for another
 * @throws UsageError `wrong-type`, `wrong-length`
 */
export function x25519KeyPair(
  privateKey: Uint8Array,
  backend: X25519Backend = x25519Backend,
): X25519KeyPair {
  assertBytes('X25519 private key', privateKey, X25519_LENGTH);
  const opened = backend.open(privateKey);
  const pair = Object.freeze({ publicKey: opened.publicKey });
  privates.set(pair, opened);
  return pair;
}

/**
 * The 32-byte shared secret of a pair and somebody's public key. Not uniform: derive keys from it.
 *
 * **Source**: RFC 7748, 6.1. **Cost**: about 0.04 ms with `node:crypto`, 0.6 ms with noble.
 *
 * @param pair - yours
 * @param theirPublicKey - 32 bytes
 * @throws UsageError `wrong-length`; `disposed` if the pair was wiped
 * @throws ProtocolError `bad-key` if their key is not canonical or of low order
 */
export function x25519SharedSecret(pair: X25519KeyPair, theirPublicKey: Uint8Array): Uint8Array {
  assertBytes('X25519 public key', theirPublicKey, X25519_LENGTH);
  const opened = privates.get(pair);
  if (opened === undefined) {
    throw new UsageError(
      'disposed',
      'X25519 key pair: got one that was wiped, expected a live one',
    );
  }
  if (!isCanonicalX25519(theirPublicKey) || isLowOrder(theirPublicKey)) {
    throw new ProtocolError(
      'bad-key',
      'X25519 public key: got one of low order or not in canonical form, expected u < p of large order',
    );
  }
  const secret = opened.agree(theirPublicKey);
  // Cannot happen after the checks above; RFC 7748, 6.1 asks for it and it costs nothing.
  if (equalBytes(secret, new Uint8Array(X25519_LENGTH))) {
    throw new ProtocolError(
      'bad-key',
      'X25519 shared secret: got zero, expected a key that gives another',
    );
  }
  return secret;
}

/**
 * Whether a public key is of low order: one of 7 values of u, each with the top bit set or clear.
 * Every private key gives the same, zero, shared secret with such a key.
 *
 * @param publicKey - 32 bytes; public, so the time may vary
 */
export const isLowOrder = (publicKey: Uint8Array): boolean =>
  publicKey.length === X25519_LENGTH && LOW_ORDER.some((low) => isSameU(publicKey, low));

/** Whether 32 public bytes are those of `u`, their top bit set or clear. */
function isSameU(publicKey: Uint8Array, u: Uint8Array): boolean {
  for (let i = 0; i < 31; i++) if (publicKey[i] !== u[i]) return false;
  return ((publicKey[31] as number) & 0x7f) === u[31];
}

/**
 * Whether 32 bytes are the one canonical form of their u coordinate: u < p = 2^255 − 19 and the top
 * bit clear. RFC 7748 lets implementations read others; here equal keys must have equal bytes.
 *
 * @param publicKey - any other length is `false`
 */
export function isCanonicalX25519(publicKey: Uint8Array): boolean {
  if (publicKey.length !== X25519_LENGTH) return false;
  const top = publicKey[31] as number;
  if (top !== 0x7f) return top < 0x7f;
  for (let i = 30; i > 0; i--) if (publicKey[i] !== 0xff) return true;
  return (publicKey[0] as number) < 0xed;
}

/**
 * Forgets the private half; any later use throws `disposed`. Twice is once.
 *
 * **Security**: best effort: noble's copy is overwritten, `node:crypto` overwrites its own when the
 * key object is collected.
 */
export function wipeX25519KeyPair(pair: X25519KeyPair): void {
  privates.get(pair)?.wipe();
  privates.delete(pair);
}
