/** SHA-256 (FIPS 180-4): `node:crypto` where present, noble elsewhere, same bytes. */
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { nodeCrypto } from './platform.ts';

/** The 32-byte digest of the concatenation of `parts`. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = sha256Stream();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** A digest of bytes that come piece by piece; `digest` ends it. */
export type Sha256Stream = {
  readonly update: (part: Uint8Array) => void;
  readonly digest: () => Uint8Array;
};

/** Begins a digest. */
export function sha256Stream(): Sha256Stream {
  const hash = nodeCrypto?.createHash('sha256') ?? nobleSha256.create();
  return {
    update: (part) => void hash.update(part),
    digest: () => new Uint8Array(hash.digest()),
  };
}
