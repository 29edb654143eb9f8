/** The ChaCha20 keystream from noble: for browsers, and runtimes whose OpenSSL lacks the cipher. */
import { chacha20 } from '@noble/ciphers/chacha.js';
import { wipe } from '../internal/bytes.ts';
import { CHUNK_BYTES, type KeystreamBackend, NONCE_BYTES, ZEROS } from './backend.ts';

const BLOCK_BYTES = 64;

/**
 * Pure-JavaScript keystream.
 *
 * **Cost:** one scratch buffer of at most 64 KB a call, wiped at the end.
 */
export const nobleBackend: KeystreamBackend = Object.freeze({
  name: 'noble',
  stream: (key, firstBlock, length, sink) => {
    const nonce = new Uint8Array(NONCE_BYTES);
    const scratch = new Uint32Array(Math.min(length, CHUNK_BYTES / 4));
    const bytes = new Uint8Array(scratch.buffer);
    try {
      for (let at = 0, block = firstBlock; at < length; ) {
        const words = Math.min(length - at, scratch.length);
        const size = 4 * words;
        // The cipher wants input and output of the same length; both are views, nothing is copied.
        chacha20(key, nonce, ZEROS.subarray(0, size), bytes.subarray(0, size), block);
        sink(words === scratch.length ? scratch : scratch.subarray(0, words), at);
        at += words;
        block += CHUNK_BYTES / BLOCK_BYTES;
      }
    } finally {
      wipe(scratch);
    }
  },
} satisfies KeystreamBackend);
