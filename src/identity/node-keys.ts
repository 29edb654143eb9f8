/**
 * Key bytes to `node:crypto` key objects and back, through their DER forms, which every supported
 * Node reads the same way. The prefixes are constant because every length in them is.
 *
 * **Source**: RFC 8410 (Ed25519, X25519), RFC 9935 (ML-KEM; private keys in their seed form).
 */
import { concat, wipe } from '../internal/bytes.ts';
import type { nodeCrypto } from '../internal/platform.ts';

/** `node:crypto`, known to be there. */
export type NodeCrypto = NonNullable<typeof nodeCrypto>;

/** A key as `node:crypto` holds it. */
export type KeyObject = ReturnType<NodeCrypto['createPrivateKey']>;

/** What stands before the key bytes in the DER forms of one kind of key. */
export type DerPrefixes = {
  /** Before the private bytes in a PKCS#8 structure. */
  readonly pkcs8: Uint8Array;
  /** Before the public bytes in a SubjectPublicKeyInfo structure. */
  readonly spki: Uint8Array;
};

const bytes = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** Ed25519: 32-byte private seed, 32-byte point. Object identifier 1.3.101.112. */
export const ED25519_DER: DerPrefixes = {
  pkcs8: bytes('302e020100300506032b657004220420'),
  spki: bytes('302a300506032b6570032100'),
};

/** X25519: 32-byte scalar, 32-byte u coordinate. Object identifier 1.3.101.110. */
export const X25519_DER: DerPrefixes = {
  pkcs8: bytes('302e020100300506032b656e04220420'),
  spki: bytes('302a300506032b656e032100'),
};

/** ML-KEM-768: 64-byte seed d‖z, 1,184-byte encapsulation key. 2.16.840.1.101.3.4.4.2. */
export const ML_KEM_768_DER: DerPrefixes = {
  pkcs8: bytes('3054020100300b060960864801650304040204428040'),
  spki: bytes('308204b2300b0609608648016503040402038204a100'),
};

/** A private key object from raw bytes; the temporary copy of the bytes is overwritten. */
export function importPrivateKey(
  crypto: NodeCrypto,
  prefixes: DerPrefixes,
  privateKey: Uint8Array,
): KeyObject {
  const der = concat(prefixes.pkcs8, privateKey);
  try {
    return crypto.createPrivateKey({ key: der as Buffer, format: 'der', type: 'pkcs8' });
  } finally {
    wipe(der);
  }
}

/** A public key object from raw bytes. */
export const importPublicKey = (
  crypto: NodeCrypto,
  prefixes: DerPrefixes,
  publicKey: Uint8Array,
): KeyObject =>
  crypto.createPublicKey({
    key: concat(prefixes.spki, publicKey) as Buffer,
    format: 'der',
    type: 'spki',
  });

/** The raw public bytes that belong to a private key object. */
export const exportPublicKey = (
  crypto: NodeCrypto,
  prefixes: DerPrefixes,
  privateKey: KeyObject,
): Uint8Array =>
  new Uint8Array(
    crypto
      .createPublicKey(privateKey)
      .export({ format: 'der', type: 'spki' })
      .subarray(prefixes.spki.length),
  );

/** Fresh memory with the contents of a buffer, which is then overwritten. */
export function takeBuffer(buffer: Uint8Array): Uint8Array {
  const copy = new Uint8Array(buffer);
  wipe(buffer);
  return copy;
}

/** `make(node:crypto)` where the runtime has it and the trial run works, else `undefined`. */
export function ifSupported<Backend>(
  crypto: NodeCrypto | undefined,
  make: (crypto: NodeCrypto) => Backend,
  trial: (backend: Backend) => void,
): Backend | undefined {
  if (crypto === undefined) return undefined;
  try {
    const backend = make(crypto);
    trial(backend);
    return backend;
  } catch {
    return undefined; // A runtime that imitates node:crypto without this algorithm: noble serves.
  }
}
