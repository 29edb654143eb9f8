/** Key derivation: HKDF-SHA-256, with labels that no two purposes share. */
import { hkdf as nobleHkdf } from '@noble/hashes/hkdf.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { assertBytes, assertInteger } from '../internal/assert.ts';
import { lengthPrefixed, utf8 } from '../internal/bytes.ts';
import { nodeCrypto } from '../internal/platform.ts';

/** The first part of every label: library and version of its key schedule. */
const DOMAIN = utf8('veilsum/v1');

/** 255 blocks of SHA-256: the most that HKDF gives (RFC 5869 §2.3). */
const MAX_LENGTH = 255 * 32;

/** `hkdfSync` of node:crypto refuses a longer info; noble has no such limit. */
const NODE_MAX_INFO = 1024;

/**
 * HKDF-SHA-256 with every input in the caller's hands.
 *
 * Prefer {@link deriveKey}, which cannot confuse one purpose with another.
 *
 * @param secret - input keying material, any length
 * @param salt - any length; empty means 32 zero bytes, as the RFC says
 * @param info - context, any length
 * @param length - bytes wanted, 1 to 8160
 * @returns fresh bytes
 * @throws UsageError `wrong-type` (not bytes), `out-of-range` (length)
 *
 * **Source:** RFC 5869 §2.
 *
 * **Cost:** two HMACs, and one more for every further 32 bytes.
 */
export function hkdfSha256(
  secret: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  assertBytes('secret', secret);
  assertBytes('salt', salt);
  assertBytes('info', info);
  assertInteger('length of the derived key', length, 1, MAX_LENGTH);
  const derive = info.length <= NODE_MAX_INFO ? (nodeHkdf ?? portableHkdf) : portableHkdf;
  return derive(secret, salt, info, length);
}

/**
 * Derives a key from a secret, for one purpose.
 *
 * HKDF-SHA-256 with an empty salt; the info is `veilsum/v1` and then the parts of `info`, each
 * preceded by its length, so different lists of parts always give independent keys.
 *
 * @param secret - input keying material of at least 128 bits of entropy, any length
 * @param info - what the key is for and what it is bound to: labels (through `utf8`), ids, hashes
 * @param length - bytes wanted, 1 to 8160
 * @returns fresh bytes
 * @throws UsageError `wrong-type` (not bytes), `out-of-range` (length)
 *
 * **Security:** an empty salt is sound for secrets that are uniform or come from a key agreement
 * bound in `info` (RFC 5869 §3.1); it is no password hash.
 *
 * **Source:** RFC 5869.
 *
 * **Cost:** two HMACs, and one more for every further 32 bytes.
 */
export function deriveKey(
  secret: Uint8Array,
  info: readonly Uint8Array[],
  length = 32,
): Uint8Array {
  for (const part of info) assertBytes('part of info', part);
  return hkdfSha256(secret, new Uint8Array(0), lengthPrefixed(DOMAIN, ...info), length);
}

type Hkdf = typeof hkdfSha256;

/**
 * HKDF-SHA-256 by noble, for any runtime. Inputs are not checked.
 *
 * **Source:** RFC 5869.
 */
export const portableHkdf: Hkdf = (secret, salt, info, length) =>
  nobleHkdf(nobleSha256, secret, salt, info, length);

/**
 * HKDF-SHA-256 by `node:crypto`, `undefined` where that is absent. Inputs are not checked; the info
 * must not be longer than 1024 bytes.
 *
 * **Source:** RFC 5869.
 */
export const nodeHkdf: Hkdf | undefined =
  nodeCrypto?.hkdfSync === undefined ? undefined : hkdfBy(nodeCrypto);

function hkdfBy({ createSecretKey, hkdfSync }: NonNullable<typeof nodeCrypto>): Hkdf {
  // Given bytes, Node makes a key object of them, and that takes it twice as long as this way.
  return (secret, salt, info, length) =>
    new Uint8Array(hkdfSync('sha256', createSecretKey(secret), salt, info, length));
}
