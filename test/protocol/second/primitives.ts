/** Sections 2.1 and 2.4 to 2.11, on node:crypto and noble. */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { must } from './refused.ts';

export const EMPTY: Uint8Array = new Uint8Array(0);
export const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
export const cat = (...parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts));
export const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
export const u32 = (x: number): Uint8Array => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(x);
  return new Uint8Array(out);
};
export const LP = (...parts: readonly Uint8Array[]): Uint8Array =>
  cat(...parts.flatMap((part) => [u32(part.length), part]));
export const H = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());

/** A part of a label or of a hash: text stands for its bytes. */
export type Part = Uint8Array | string;
const bytesOf = (part: Part): Uint8Array => (typeof part === 'string' ? ascii(part) : part);
export const HLP = (...parts: readonly Part[]): Uint8Array => H(LP(...parts.map(bytesOf)));
export const KDF = (secret: Uint8Array, parts: readonly Part[], length = 32): Uint8Array =>
  hkdf(sha256, secret, EMPTY, LP(ascii('veilsum/v1'), ...parts.map(bytesOf)), length);

/** The first words of a stream. */
export function STREAM(key: Uint8Array, words: number): Uint32Array {
  const cipher = createCipheriv('chacha20', key, new Uint8Array(16));
  const stream = cipher.update(new Uint8Array(4 * words));
  return Uint32Array.from({ length: words }, (_, i) => stream.readUInt32LE(4 * i));
}

const NONCE = new Uint8Array(12);
const TAG = { authTagLength: 16 };
export function SEAL(key: Uint8Array, plain: Uint8Array, aad: Uint8Array): Uint8Array {
  const cipher = createCipheriv('chacha20-poly1305', key, NONCE, TAG);
  cipher.setAAD(aad, { plaintextLength: plain.length });
  const sealed = cat(cipher.update(plain), cipher.final());
  return cat(sealed, cipher.getAuthTag());
}
export function unseal(key: Uint8Array, box: Uint8Array, aad: Uint8Array): Uint8Array | undefined {
  const opener = createDecipheriv('chacha20-poly1305', key, NONCE, TAG);
  opener.setAAD(aad, { plaintextLength: box.length - 16 });
  opener.setAuthTag(box.slice(-16));
  const plain = opener.update(box.slice(0, -16));
  try {
    opener.final();
    return new Uint8Array(plain);
  } catch {
    return undefined;
  }
}

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const P25519 = 2n ** 255n - 19n;
const little = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

/** Section 2.7. */
export type Suite = {
  readonly name: 'x25519' | 'x25519-mlkem768';
  readonly isHybrid: boolean;
  readonly pk: number;
  readonly ct: number;
};
export const SUITES: Readonly<Record<Suite['name'], Suite>> = {
  x25519: { name: 'x25519', isHybrid: false, pk: 32, ct: 0 },
  'x25519-mlkem768': { name: 'x25519-mlkem768', isHybrid: true, pk: 1216, ct: 1088 },
};
export type Pair = {
  readonly publicKey: Uint8Array;
  readonly scalar: Uint8Array;
  readonly kem: Uint8Array;
};
export function KEYPAIR(suite: Suite, seed: Uint8Array): Pair {
  const scalar = KDF(seed, ['agreement key', suite.name, 'x25519']);
  const half = x25519.getPublicKey(scalar);
  if (!suite.isHybrid) return { publicKey: half, scalar, kem: EMPTY };
  const dz = KDF(seed, ['agreement key', suite.name, 'ml-kem-768'], 64);
  const { publicKey, secretKey } = ml_kem768.keygen(dz);
  return { publicKey: cat(half, publicKey), scalar, kem: secretKey };
}
const LOW_ORDER: readonly Uint8Array[] = [
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
].map(hex);
export function isGood(suite: Suite, key: Uint8Array): boolean {
  const u = little(key.slice(0, 32));
  if (key.length !== suite.pk || u < 2n || u >= P25519 - 1n) return false;
  if (LOW_ORDER.some((low) => same(low, key.slice(0, 32)))) return false;
  for (let i = 32; i < 32 + 1152 && suite.isHybrid; i += 3) {
    const [a, b, c] = key.slice(i, i + 3) as unknown as [number, number, number];
    if (a + 256 * (b & 15) >= 3329 || (b >> 4) + 16 * c >= 3329) return false;
  }
  return true;
}
/** Encapsulation to the ML-KEM part of a key; nothing in the suite without one. */
export function encapsulate(
  suite: Suite,
  key: Uint8Array,
  coins: () => Uint8Array,
): { readonly ciphertext: Uint8Array; readonly secret: Uint8Array } {
  if (!suite.isHybrid) return { ciphertext: EMPTY, secret: EMPTY };
  const { cipherText, sharedSecret } = ml_kem768.encapsulate(key.slice(32), coins());
  return { ciphertext: cipherText, secret: sharedSecret };
}
export const decapsulate = (suite: Suite, pair: Pair, ciphertext: Uint8Array): Uint8Array =>
  suite.isHybrid ? ml_kem768.decapsulate(ciphertext, pair.kem) : EMPTY;
export const agree = (pair: Pair, key: Uint8Array, kemSecret: Uint8Array): Uint8Array =>
  cat(kemSecret, x25519.getSharedSecret(pair.scalar, key.slice(0, 32)));

/** Section 2.8, by the definition. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return H(EMPTY);
  if (leaves.length === 1) return H(cat(Uint8Array.of(0), leaves[0] as Uint8Array));
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return H(cat(Uint8Array.of(1), merkleRoot(leaves.slice(0, k)), merkleRoot(leaves.slice(k))));
}
/** The root that a path leads to, by the same split; nothing for a path of the wrong length. */
export function rootBy(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): Uint8Array | undefined {
  if (index >= size) return undefined;
  if (size === 1) return path.length === 0 ? H(cat(Uint8Array.of(0), leaf)) : undefined;
  let k = 1;
  while (2 * k < size) k *= 2;
  const sibling = path.at(-1);
  if (sibling === undefined) return undefined;
  const rest = path.slice(0, -1);
  const inner = index < k ? rootBy(leaf, index, k, rest) : rootBy(leaf, index - k, size - k, rest);
  if (inner === undefined) return undefined;
  const [left, right] = index < k ? [inner, sibling] : [sibling, inner];
  return H(cat(Uint8Array.of(1), left, right));
}
export function pathOf(flat: Uint8Array): readonly Uint8Array[] {
  must(flat.length % 32 === 0 && flat.length <= 1024, 'malformed', 'path');
  return Array.from({ length: flat.length / 32 }, (_, i) => flat.slice(32 * i, 32 * i + 32));
}

/** Section 2.9. */
export function members(bitmap: Uint8Array, n: number): readonly number[] {
  must(bitmap.length === Math.ceil(n / 8), 'malformed', 'bitmap');
  const all = [...bitmap].flatMap((byte, i) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (byte >> bit) & 1).map((bit) => 8 * i + bit),
  );
  must(
    all.every((index) => index < n),
    'non-canonical',
    'bitmap',
  );
  return all;
}

/** Section 2.10, bit by bit. */
export function pack(words: ArrayLike<number>, b: number): Uint8Array {
  const out = new Uint8Array(Math.ceil((words.length * b) / 8));
  for (let i = 0; i < words.length * b; i++) {
    const bit = ((words[Math.floor(i / b)] as number) >>> (i % b)) & 1;
    out[i >> 3] = (out[i >> 3] as number) | (bit << (i & 7));
  }
  return out;
}

/** Section 2.11. */
export function share(
  secret: Uint8Array,
  coefficients: Uint8Array,
  x: number,
  shares: number,
): Uint8Array {
  const wide = shares > 255;
  const [bits, polynomial] = wide ? [16, 0x1100b] : [8, 0x11b];
  const times = (a: number, b: number): number => {
    let product = 0;
    for (let bit = 0; bit < bits; bit++) if ((b >> bit) & 1) product ^= a * 2 ** bit;
    for (let bit = 2 * bits - 2; bit >= bits; bit--) {
      if (Math.floor(product / 2 ** bit) % 2 === 1) product ^= polynomial * 2 ** (bit - bits);
    }
    return product;
  };
  const rows = [secret];
  for (let at = 0; at < coefficients.length; at += 32) rows.push(coefficients.slice(at, at + 32));
  const out = new Uint8Array(32);
  for (let at = 0; at < 32; at += bits / 8) {
    let value = 0;
    // Horner, from the last coefficient down.
    for (const row of rows.toReversed()) {
      const element = (row[at] as number) + (wide ? 256 * (row[at + 1] as number) : 0);
      value = times(value, x) ^ element;
    }
    out[at] = value & 255;
    if (wide) out[at + 1] = value >> 8;
  }
  return out;
}
