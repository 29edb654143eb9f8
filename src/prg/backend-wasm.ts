/** ChaCha20 expanded and added in one pass of the kernel: for browsers and isolates. */
import { wipe } from '../internal/bytes.ts';
import { kernelPath, keystreamTile } from '../kernel/index.ts';
import type { KeystreamBackend } from './backend.ts';
import { nobleBackend } from './backend-noble.ts';

const BLOCK_WORDS = 16;

const fused: KeystreamBackend = Object.freeze({
  name: 'wasm',
  open: (key, firstBlock) => {
    // Eight little-endian words; bytes may start anywhere, and a word view may not.
    const words = new Uint32Array(Uint8Array.from(key).buffer);
    let block = firstBlock;
    return {
      applyTo: (tile, negative) => {
        // A vector of a few words is not worth the way into the kernel's memory.
        if (tile.instance === undefined) {
          const other = nobleBackend.open(new Uint8Array(words.buffer), block);
          other.applyTo(tile, negative);
          other.close();
        } else {
          keystreamTile(tile, words, block, negative);
        }
        block += Math.ceil(tile.words.length / BLOCK_WORDS);
      },
      close: () => wipe(words),
    };
  },
} satisfies KeystreamBackend);

/** Keystream by the kernel, or `undefined` where WebAssembly or its SIMD is missing. */
export const wasmBackend = (): KeystreamBackend | undefined =>
  kernelPath() === 'wasm' ? fused : undefined;
