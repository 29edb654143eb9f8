/** The ChaCha20 keystream from `node:crypto`, that is from OpenSSL's vectorised code. */
import { wipe } from '../internal/bytes.ts';
import { nodeCrypto } from '../internal/platform.ts';
import { combineTile } from '../kernel/index.ts';
import { type KeystreamBackend, NONCE_BYTES, zeros } from './backend.ts';

/** OpenSSL's initialisation vector: the block counter (four bytes, little-endian), then the nonce. */
function initialVector(firstBlock: number): Uint8Array {
  const iv = new Uint8Array(4 + NONCE_BYTES);
  new DataView(iv.buffer).setUint32(0, firstBlock, true);
  return iv;
}

/**
 * Gives a chunk's memory back now. Waiting for the garbage collector costs more than the keystream: each
 * chunk then lies in memory that the processor has not touched yet, and the collector runs often.
 */
function release({ buffer, byteLength }: Uint8Array): void {
  // A runtime that cuts its answers out of a larger buffer keeps that buffer.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

function makeBackend(crypto: NonNullable<typeof nodeCrypto>): KeystreamBackend {
  return Object.freeze({
    name: 'node',
    open: (key, firstBlock) => {
      // A key object spares ten microseconds a stream: bytes would be made into one, more slowly.
      const secret = crypto.createSecretKey(key);
      const cipher = crypto.createCipheriv('chacha20', secret, initialVector(firstBlock));
      return {
        applyTo: (tile, negative) => {
          const chunk = cipher.update(zeros(4 * tile.words.length));
          try {
            combineTile(tile, chunk, negative);
          } finally {
            wipe(chunk);
            release(chunk);
          }
        },
        // Frees OpenSSL's context, and with it its key, now rather than at some garbage collection.
        close: () => void cipher.final(),
      };
    },
  } satisfies KeystreamBackend);
}

/**
 * Keystream from the runtime, or `undefined` where `node:crypto` is absent or lacks plain ChaCha20
 * (BoringSSL builds do).
 *
 * **Cost:** `cipher.update` allocates each chunk of 128 KB; it is wiped and given back after use.
 */
export const nodeBackend: KeystreamBackend | undefined =
  nodeCrypto?.getCipherInfo?.('chacha20') === undefined ? undefined : makeBackend(nodeCrypto);
