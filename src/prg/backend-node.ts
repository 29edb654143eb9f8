/** The ChaCha20 keystream from `node:crypto`, that is from OpenSSL's vectorised code. */
import { wipe } from '../internal/bytes.ts';
import { nodeCrypto } from '../internal/platform.ts';
import { CHUNK_BYTES, type KeystreamBackend, NONCE_BYTES, ZEROS } from './backend.ts';

/** OpenSSL's initialisation vector: the block counter (four bytes, little-endian), then the nonce. */
function initialVector(firstBlock: number): Uint8Array {
  const iv = new Uint8Array(4 + NONCE_BYTES);
  new DataView(iv.buffer).setUint32(0, firstBlock, true);
  return iv;
}

/** The bytes as words. A Buffer may start anywhere in its pool, and a word view may not. */
function asWords(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}

function makeBackend(crypto: NonNullable<typeof nodeCrypto>): KeystreamBackend {
  return Object.freeze({
    name: 'node',
    stream: (key, firstBlock, length, sink) => {
      const cipher = crypto.createCipheriv('chacha20', key, initialVector(firstBlock));
      try {
        for (let at = 0; at < length; ) {
          const size = Math.min(4 * (length - at), CHUNK_BYTES);
          const bytes = cipher.update(ZEROS.subarray(0, size));
          const words = asWords(bytes);
          try {
            sink(words, at);
          } finally {
            wipe(words, bytes);
          }
          at += words.length;
        }
      } finally {
        // Frees OpenSSL's context, and with it the key, now rather than at some garbage collection.
        cipher.final();
      }
    },
  } satisfies KeystreamBackend);
}

/**
 * Keystream from the runtime, or `undefined` where `node:crypto` is absent or lacks plain ChaCha20
 * (BoringSSL builds do).
 *
 * **Cost:** `cipher.update` allocates each chunk of 64 KB; it is wiped after use.
 */
export const nodeBackend: KeystreamBackend | undefined =
  nodeCrypto?.getCipherInfo?.('chacha20') === undefined ? undefined : makeBackend(nodeCrypto);
