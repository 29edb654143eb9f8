/**
 * Sealed boxes: ChaCha20-Poly1305 under a key that seals one message and no other. The nonce is
 * therefore constant, and a box is 16 bytes longer than what it holds.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { assertBytes } from '../internal/assert.ts';
import { concat, wipe } from '../internal/bytes.ts';
import { nodeCrypto } from '../internal/platform.ts';
import { ifSupported } from './node-keys.ts';

/** Bytes that sealing adds: the Poly1305 tag. */
export const SEAL_OVERHEAD = 16;

/** One implementation of the AEAD, with the nonce as a parameter so that tests reach it. */
export type AeadBackend = {
  readonly name: 'node' | 'noble';
  /** Ciphertext ‖ tag. */
  readonly seal: (
    key: Uint8Array,
    nonce: Uint8Array,
    plaintext: Uint8Array,
    associatedData: Uint8Array,
  ) => Uint8Array;
  /** The plaintext, or `undefined` where the tag is wrong. */
  readonly open: (
    key: Uint8Array,
    nonce: Uint8Array,
    box: Uint8Array,
    associatedData: Uint8Array,
  ) => Uint8Array | undefined;
};

/** ChaCha20-Poly1305 by noble. */
export const nobleAead: AeadBackend = {
  name: 'noble',
  seal: (key, nonce, plaintext, associatedData) =>
    chacha20poly1305(key, nonce, associatedData).encrypt(plaintext),
  open: (key, nonce, box, associatedData) => {
    try {
      return chacha20poly1305(key, nonce, associatedData).decrypt(box);
    } catch {
      return undefined;
    }
  },
};

/** ChaCha20-Poly1305 by `node:crypto`; `undefined` where the runtime does not have it. */
export const nodeAead: AeadBackend | undefined = /* @__PURE__ */ ifSupported(
  nodeCrypto,
  (crypto) =>
    ({
      name: 'node',
      seal: (key, nonce, plaintext, associatedData) => {
        const cipher = crypto.createCipheriv('chacha20-poly1305', key, nonce, {
          authTagLength: SEAL_OVERHEAD,
        });
        cipher.setAAD(associatedData, { plaintextLength: plaintext.length });
        const ciphertext = cipher.update(plaintext);
        cipher.final();
        return concat(ciphertext, cipher.getAuthTag());
      },
      open: (key, nonce, box, associatedData) => {
        const length = box.length - SEAL_OVERHEAD;
        const decipher = crypto.createDecipheriv('chacha20-poly1305', key, nonce, {
          authTagLength: SEAL_OVERHEAD,
        });
        decipher.setAAD(associatedData, { plaintextLength: length });
        decipher.setAuthTag(box.subarray(length));
        const unverified = decipher.update(box.subarray(0, length));
        try {
          decipher.final();
          return new Uint8Array(unverified);
        } catch {
          return undefined;
        } finally {
          wipe(unverified);
        }
      },
    }) satisfies AeadBackend,
  (backend) => {
    const [key, nonce] = [new Uint8Array(32), new Uint8Array(12)];
    const box = backend.seal(key, nonce, Uint8Array.of(1), Uint8Array.of(2));
    if (backend.open(key, nonce, box, Uint8Array.of(2))?.[0] !== 1) throw new Error('unsupported');
  },
);

/** The one this runtime uses. */
export const aeadBackend: AeadBackend = nodeAead ?? nobleAead;

/** Constant, because a key seals one message. */
const NONCE = new Uint8Array(12);

/**
 * Seals a message: confidential and authentic together with the associated data.
 *
 * **Security**: ⚠ one key, one message. A second message under the same key reveals the difference
 * of the two and lets anybody forge. Derive the key from everything that tells messages apart.
 * **Source**: RFC 8439, 2.8, with the zero nonce. **Cost**: linear; fresh memory.
 *
 * @param key - 32 bytes, derived for this message alone
 * @param plaintext - any length
 * @param associatedData - bound to the box but not in it; any length
 * @returns ciphertext ‖ 16-byte tag
 * @throws UsageError `wrong-type`, `wrong-length`
 */
export function sealBox(
  key: Uint8Array,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
): Uint8Array {
  assertBytes('sealing key', key, 32);
  return aeadBackend.seal(key, NONCE, plaintext, associatedData);
}

/**
 * Opens a box. Anything but the exact key, box and associated data gives `undefined`.
 *
 * @param key - 32 bytes
 * @param box - what {@link sealBox} returned
 * @param associatedData - what it was sealed with
 * @throws UsageError `wrong-type`, `wrong-length` for the key; never because of the box
 */
export function openBox(
  key: Uint8Array,
  box: Uint8Array,
  associatedData: Uint8Array,
): Uint8Array | undefined {
  assertBytes('sealing key', key, 32);
  if (box.length < SEAL_OVERHEAD) return undefined;
  return aeadBackend.open(key, NONCE, box, associatedData);
}
