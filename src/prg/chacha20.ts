/**
 * A 32-byte key stretched to a stream of numbers mod 2^32: ChaCha20 with the zero nonce, its bytes
 * read as little-endian words. Masks are made of this.
 */
import { DependencyError, UsageError } from '../errors.ts';
import { assertBytes, assertInteger } from '../internal/assert.ts';
import type { KeystreamBackend, KeystreamSink } from './backend.ts';
import { nobleBackend } from './backend-noble.ts';
import { nodeBackend } from './backend-node.ts';

/** Words in one ChaCha20 block; a range of a stream can start at its multiples only. */
export const BLOCK_WORDS = 16;

/** Words in a whole stream: one block short of the 2^32 that the counter of RFC 8439 can number. */
export const STREAM_WORDS: number = BLOCK_WORDS * (2 ** 32 - 1);

/** Chosen once, when the module loads. */
const backend: KeystreamBackend = nodeBackend ?? nobleBackend;

const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/**
 * Overwrites `out` with the words of the stream of `key` from position `fromWord` on.
 *
 * A long vector can be done range by range: give a subarray and where in the stream it starts.
 *
 * @param out - any length; overwritten
 * @param key - 32 uniform bytes, used for one stream only; not kept, not wiped
 * @param fromWord - position of `out[0]` in the stream, a multiple of 16 below 2^36
 * @throws UsageError `wrong-length` or `wrong-type` (key), `out-of-range` (position)
 * @throws DependencyError `runtime-unsupported` on a big-endian machine
 *
 * **Security:** the nonce is always zero, so two uses of one key give one stream. Derive a key for
 * each purpose. The time depends on the length only.
 *
 * **Source:** RFC 8439 §2.4.
 *
 * **Cost:** linear; temporary memory of 64 KB, wiped.
 */
export function expandInto(out: Uint32Array, key: Uint8Array, fromWord = 0): void {
  run(out, key, fromWord, (words, at) => out.set(words, at));
}

/**
 * Adds the stream of `key` to `accumulator`, mod 2^32, in place.
 *
 * @param accumulator - any length; `accumulator[i]` grows by stream word `fromWord + i`
 * @param key - 32 uniform bytes, used for one stream only; not kept, not wiped
 * @param fromWord - position of `accumulator[0]` in the stream, a multiple of 16 below 2^36
 * @throws UsageError `wrong-length` or `wrong-type` (key), `out-of-range` (position)
 * @throws DependencyError `runtime-unsupported` on a big-endian machine
 *
 * **Security:** as {@link expandInto}.
 *
 * **Source:** RFC 8439 §2.4.
 *
 * **Cost:** linear; temporary memory of 64 KB, wiped.
 */
export function addStreamInto(accumulator: Uint32Array, key: Uint8Array, fromWord = 0): void {
  run(accumulator, key, fromWord, (words, at) =>
    addWordsInto(accumulator.subarray(at, at + words.length), words),
  );
}

/**
 * Subtracts the stream of `key` from `accumulator`, mod 2^32, in place: undoes
 * {@link addStreamInto} with the same key and position.
 *
 * @param accumulator - any length; `accumulator[i]` shrinks by stream word `fromWord + i`
 * @param key - 32 uniform bytes, used for one stream only; not kept, not wiped
 * @param fromWord - position of `accumulator[0]` in the stream, a multiple of 16 below 2^36
 * @throws UsageError `wrong-length` or `wrong-type` (key), `out-of-range` (position)
 * @throws DependencyError `runtime-unsupported` on a big-endian machine
 *
 * **Security:** as {@link expandInto}.
 *
 * **Source:** RFC 8439 §2.4.
 *
 * **Cost:** linear; temporary memory of 64 KB, wiped.
 */
export function subtractStreamInto(accumulator: Uint32Array, key: Uint8Array, fromWord = 0): void {
  run(accumulator, key, fromWord, (words, at) =>
    subtractWordsInto(accumulator.subarray(at, at + words.length), words),
  );
}

// Loops of their own, so that the engine compiles each once: inside a closure they take three times
// as long. `| 0` keeps the sums in 32-bit integers, and the typed array reduces them mod 2^32.

function addWordsInto(out: Uint32Array, words: Uint32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = ((out[i] as number) + (words[i] as number)) | 0;
}

function subtractWordsInto(out: Uint32Array, words: Uint32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = ((out[i] as number) - (words[i] as number)) | 0;
}

/** Checks what the caller gave, then lets the back end speak. */
function run(vector: Uint32Array, key: Uint8Array, fromWord: number, sink: KeystreamSink): void {
  if (!littleEndian) {
    throw new DependencyError(
      'runtime-unsupported',
      'key expansion: got a big-endian machine, expected a little-endian one',
    );
  }
  if (!(vector instanceof Uint32Array)) {
    throw new UsageError('wrong-type', 'stream vector: got something else, expected a Uint32Array');
  }
  assertBytes('stream key', key, 32);
  assertInteger('stream position (fromWord)', fromWord, 0, STREAM_WORDS - vector.length);
  if (fromWord % BLOCK_WORDS !== 0) {
    throw new UsageError(
      'out-of-range',
      `stream position (fromWord): got ${fromWord}, expected a multiple of ${BLOCK_WORDS}`,
      { fromWord },
    );
  }
  if (vector.length > 0) backend.stream(key, fromWord / BLOCK_WORDS, vector.length, sink);
}
