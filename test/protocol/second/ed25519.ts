/** Section 2.3: strict Ed25519. */
import {
  createPrivateKey,
  createPublicKey,
  sign as nodeSign,
  verify as nodeVerify,
} from 'node:crypto';
import { same } from './primitives.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const zeros = (count: number): string => '00'.repeat(count);
const ffs = 'ff'.repeat(30);
const SMALL_ORDER: readonly Uint8Array[] = [
  `01${zeros(31)}`,
  `ec${ffs}7f`,
  zeros(32),
  `${zeros(31)}80`,
  `01${zeros(30)}80`,
  `ec${ffs}ff`,
  `ed${ffs}7f`,
  `ed${ffs}ff`,
  `ee${ffs}7f`,
  `ee${ffs}ff`,
  ...['7a', 'fa'].map(
    (end) => `c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03${end}`,
  ),
  ...['05', '85'].map(
    (end) => `26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc${end}`,
  ),
].map(hex);
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const P25519 = 2n ** 255n - 19n;
const little = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

const isStrict = (point: Uint8Array): boolean =>
  little(point) % 2n ** 255n < P25519 && !SMALL_ORDER.some((bad) => same(bad, point));
const der = (prefix: string, key: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(prefix, 'hex'), key]);

/** Section 2.3. */
export function verified(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!isStrict(key) || !isStrict(signature.slice(0, 32))) return false;
  if (little(signature.slice(32)) >= L) return false;
  const spki = der('302a300506032b6570032100', key);
  const of = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return nodeVerify(null, message, of, signature);
}
export function sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array {
  const pkcs8 = der('302e020100300506032b657004220420', privateKey);
  return new Uint8Array(
    nodeSign(null, message, createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })),
  );
}
/** Euler's criterion on y² − 1 over d·y² + 1: whether an encoding is one of a point of the curve. */
export function isIdentityKey(key: Uint8Array): boolean {
  if (!isStrict(key)) return false;
  const power = (base: bigint, exponent: bigint): bigint => {
    let [out, square] = [1n, base % P25519];
    for (let e = exponent; e > 0n; e >>= 1n) {
      if (e & 1n) out = (out * square) % P25519;
      square = (square * square) % P25519;
    }
    return out;
  };
  const y2 = (little(key) % 2n ** 255n) ** 2n % P25519;
  const d = (-121665n * power(121666n, P25519 - 2n)) % P25519;
  const x2 =
    ((y2 - 1n) * power((((d * y2 + 1n) % P25519) + P25519) % P25519, P25519 - 2n)) % P25519;
  const residue = (x2 + P25519) % P25519;
  return residue === 0n || power(residue, (P25519 - 1n) / 2n) === 1n;
}
