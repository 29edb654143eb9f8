/** SHA-256 (FIPS 180-4): `node:crypto` where present, noble elsewhere, same bytes. */
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { nodeCrypto } from './platform.ts';

/** The 32-byte digest of the concatenation of `parts`. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = nodeCrypto?.createHash('sha256') ?? nobleSha256.create();
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}
