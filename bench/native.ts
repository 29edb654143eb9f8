/**
 * What bounds the hot paths from below: the platform's own primitives with nothing around them. No
 * code of the library runs here.
 */
import {
  createCipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';

const CHUNK = 65_536;
const zeros = new Uint8Array(CHUNK);

/** Milliseconds for `streams` ChaCha20 keystreams of `bytes` each, made in 64 KB chunks and dropped. */
export function rawKeystream(streams: number, bytes: number): number {
  const keys = randomBytes(32 * streams);
  const iv = new Uint8Array(16);
  const start = performance.now();
  for (let i = 0; i < streams; i++) {
    const cipher = createCipheriv('chacha20', keys.subarray(32 * i, 32 * i + 32), iv);
    for (let at = 0; at < bytes; at += CHUNK) {
      cipher.update(bytes - at < CHUNK ? zeros.subarray(0, bytes - at) : zeros);
    }
    cipher.final();
  }
  return performance.now() - start;
}

const X25519_SPKI = Buffer.from('302a300506032b656e032100', 'hex');
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');

const fromSpki = (prefix: Buffer, raw: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([prefix, raw]), format: 'der', type: 'spki' });

const rawOf = (key: KeyObject): Uint8Array =>
  key.export({ format: 'der', type: 'spki' }).subarray(12);

/** Whether public keys are bytes that the platform has yet to read, or key objects already. */
export type Acquaintance = 'new' | 'known';

/** Milliseconds for `count` X25519 agreements of one private key with different public keys. */
export function rawAgreements(count: number, keys: Acquaintance): number {
  const { privateKey } = generateKeyPairSync('x25519');
  const raw = Array.from({ length: count }, () => rawOf(generateKeyPairSync('x25519').publicKey));
  const objects = keys === 'known' ? raw.map((key) => fromSpki(X25519_SPKI, key)) : [];
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    const publicKey = objects[i] ?? fromSpki(X25519_SPKI, raw[i] as Uint8Array);
    diffieHellman({ privateKey, publicKey });
  }
  return performance.now() - start;
}

/** Milliseconds to verify `count` Ed25519 signatures of different keys on 128-byte messages. */
export function rawVerifications(count: number, keys: Acquaintance): number {
  const message = randomBytes(128);
  const signed = Array.from({ length: count }, () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = rawOf(publicKey);
    const known = keys === 'known' ? fromSpki(ED25519_SPKI, raw) : undefined;
    return { raw, known, signature: sign(null, message, privateKey) };
  });
  let valid = 0;
  const start = performance.now();
  for (const { raw, known, signature } of signed) {
    if (verify(null, message, known ?? fromSpki(ED25519_SPKI, raw), signature)) valid++;
  }
  const ms = performance.now() - start;
  if (valid !== count) throw new Error('raw verifications: a signature did not verify');
  return ms;
}
