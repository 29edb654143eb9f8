/** The ChaCha20 keystream from noble: for runtimes without OpenSSL's cipher and without WebAssembly. */
import { chacha20 } from '@noble/ciphers/chacha.js';
import { wipe } from '../internal/bytes.ts';
import { combineTile } from '../kernel/index.ts';
import { CHUNK_BYTES, type KeystreamBackend, NONCE_BYTES, zeros } from './backend.ts';

const BLOCK_BYTES = 64;
const NONCE = new Uint8Array(NONCE_BYTES);

/** A chunk of keystream on its way; zeros whenever nobody is in here. Made when first needed. */
let scratch: Uint8Array | undefined;

/** Pure-JavaScript keystream. */
export const nobleBackend: KeystreamBackend = Object.freeze({
  name: 'noble',
  open: (key, firstBlock) => {
    const own = Uint8Array.from(key);
    let block = firstBlock;
    return {
      applyTo: (tile, negative) => {
        const size = 4 * tile.words.length;
        scratch ??= new Uint8Array(CHUNK_BYTES);
        const chunk = scratch.subarray(0, size);
        try {
          chacha20(own, NONCE, zeros(size), chunk, block);
          combineTile(tile, chunk, negative);
        } finally {
          wipe(chunk);
        }
        block += Math.ceil(size / BLOCK_BYTES);
      },
      close: () => wipe(own),
    };
  },
} satisfies KeystreamBackend);
