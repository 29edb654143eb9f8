/**
 * Ed25519 verification with one verdict on every platform: a message that one client accepts and
 * another refuses would split a round. Encodings are judged here, bytewise, before any back end.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { type Ed25519Backend, ed25519Backend } from './ed25519-backends.ts';

/** Bytes of a public key. */
export const ED25519_PUBLIC_KEY_LENGTH = 32;

/** Bytes of a signature. */
export const ED25519_SIGNATURE_LENGTH = 64;

const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** The group order L = 2^252 + 27742317777372353535851937790883648493, little-endian. */
const ORDER = hex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');

/** y of the points of order 8, up to sign; from y, both signs of x. */
const ORDER_8 = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03';
const ORDER_8_NEGATIVE = '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc';
const F30 = 'ff'.repeat(30);

/**
 * Every encoding of a point whose order divides 8: eight canonical ones and six others.
 *
 * **Source**: Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs" (2020), table 1.
 */
export const SMALL_ORDER_ENCODINGS: readonly Uint8Array[] = [
  `01${'00'.repeat(31)}`, // order 1: (0, 1)
  `ec${F30}7f`, // order 2: (0, −1)
  '00'.repeat(32), // order 4: (√−1, 0)
  `${'00'.repeat(31)}80`, // order 4: (−√−1, 0)
  `${ORDER_8}7a`,
  `${ORDER_8}fa`,
  `${ORDER_8_NEGATIVE}05`,
  `${ORDER_8_NEGATIVE}85`,
  `01${'00'.repeat(30)}80`, // (0, 1) with a negative zero
  `ec${F30}ff`, // (0, −1) with a negative zero
  `ee${F30}7f`, // y = p + 1
  `ee${F30}ff`,
  `ed${F30}7f`, // y = p
  `ed${F30}ff`,
].map(hex);

/** Whether 32 public bytes are the same. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** y < p; a "negative zero" x needs y = ±1 and is among the small-order encodings. */
function isCanonicalPoint(encoded: Uint8Array): boolean {
  if (((encoded[31] as number) & 0x7f) !== 0x7f) return true;
  for (let i = 30; i > 0; i--) if (encoded[i] !== 0xff) return true;
  return (encoded[0] as number) < 0xed;
}

const isStrictPoint = (encoded: Uint8Array): boolean =>
  isCanonicalPoint(encoded) && !SMALL_ORDER_ENCODINGS.some((small) => same(encoded, small));

/** S < L, or the same signature could be written in two ways. */
function isReducedScalar(scalar: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (scalar[i] as number) - (ORDER[i] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/**
 * Verifies with a given back end; see {@link verifySignature}, which is this with the platform's.
 */
export function verifySignatureWith(
  backend: Ed25519Backend,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== ED25519_PUBLIC_KEY_LENGTH) return false;
  if (signature.length !== ED25519_SIGNATURE_LENGTH) return false;
  return (
    isReducedScalar(signature.subarray(32)) &&
    isStrictPoint(publicKey) &&
    isStrictPoint(signature.subarray(0, 32)) &&
    backend.equationHolds(publicKey, message, signature)
  );
}

/**
 * Whether `signature` is a strict Ed25519 signature of `message` under `publicKey`.
 *
 * Strict means: canonical encodings of A and R, neither of small order, S < L, and the equation
 * [S]B = R + [k]A without the cofactor. The same verdict on every back end; anything malformed is
 * `false`, never an exception.
 *
 * **Security**: no key signs two messages with one signature (small-order keys could), and no
 * signature can be rewritten into another by somebody else. Variable time; everything is public.
 * **Source**: RFC 8032, 5.1.7; Chalkias et al. (2020), SUF-CMA with binding.
 * **Cost**: about 0.1 ms with `node:crypto`, 1 ms with noble.
 *
 * @param publicKey - 32 bytes
 * @param message - any length
 * @param signature - 64 bytes, R ‖ S
 */
export const verifySignature = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean => verifySignatureWith(ed25519Backend, publicKey, message, signature);

/**
 * Whether 32 bytes can be somebody's identity key: canonical, on the curve, not of small order.
 * Asked once a key, when a roster is read.
 *
 * A key with a small-order part is let through: its owner signs as well as anybody, and the
 * equation without the cofactor gives it the same verdicts everywhere.
 *
 * **Source**: RFC 8032, 5.1.3. **Cost**: one square root, by noble on every platform.
 *
 * @param publicKey - the bytes to judge; any other length is `false`
 */
export function isValidIdentityKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== ED25519_PUBLIC_KEY_LENGTH || !isStrictPoint(publicKey)) return false;
  try {
    ed25519.Point.fromBytes(publicKey, false);
    return true;
  } catch {
    return false;
  }
}
