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
 * **Cost:** `cipher.update` allocates each chunk of 64 KB; it is wiped after use.
 */
export const nodeBackend: KeystreamBackend | undefined =
  nodeCrypto?.getCipherInfo?.('chacha20') === undefined ? undefined : makeBackend(nodeCrypto);
