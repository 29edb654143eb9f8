/**
 * A 32-byte key stretched to a stream of numbers mod 2^32: ChaCha20 with the zero nonce, its bytes
 * read as little-endian words. Masks are made of this.
 */
import { DependencyError, UsageError } from '../errors.ts';
import { assertBytes, assertInteger } from '../internal/assert.ts';
import { kernelPath, overCopiedTiles, overTiles, type Tile } from '../kernel/index.ts';
import type { KeystreamBackend, OpenStream } from './backend.ts';
import { nobleBackend } from './backend-noble.ts';
import { nodeBackend } from './backend-node.ts';
import { wasmBackend } from './backend-wasm.ts';

/** Words in one ChaCha20 block; a range of a stream can start at its multiples only. */
export const BLOCK_WORDS = 16;

/** Words in a whole stream: one block short of the 2^32 that the counter of RFC 8439 can number. */
export const STREAM_WORDS: number = BLOCK_WORDS * (2 ** 32 - 1);

/** Chosen once, when first needed: see {@link hotPaths}. */
let chosen: KeystreamBackend | undefined;

function backend(): KeystreamBackend {
  chosen ??= nodeBackend ?? wasmBackend() ?? nobleBackend;
  return chosen;
}

/**
 * Tells which code does the heavy work in this runtime; all of it gives the same bytes.
 *
 * @returns `keystream`: `node` (OpenSSL through `node:crypto`), `wasm` (the kernel, expanding and adding
 *   in one pass) or `noble` (JavaScript); `vectors`: `wasm` (the kernel) or `twin` (TypeScript), where
 *   WebAssembly SIMD is missing or forbidden, for instance by a Content Security Policy without
 *   `wasm-unsafe-eval`
 *
 * **Cost:** the first call compiles the kernel, under a millisecond in Node.
 */
export const hotPaths = (): {
  readonly keystream: 'node' | 'wasm' | 'noble';
  readonly vectors: 'wasm' | 'twin';
} => ({ keystream: backend().name, vectors: kernelPath() });

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
 * **Cost:** linear; temporary memory of 128 KB, wiped.
 */
export function expandInto(out: Uint32Array, key: Uint8Array, fromWord = 0): void {
  checkStream(out, key, fromWord);
  out.fill(0);
  applyStreams(backend(), out, [{ key, subtract: false }], fromWord);
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
 * **Cost:** linear; temporary memory of 128 KB, wiped.
 */
export function addStreamInto(accumulator: Uint32Array, key: Uint8Array, fromWord = 0): void {
  addStreamsInto(accumulator, [{ key, subtract: false }], fromWord);
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
 * **Cost:** linear; temporary memory of 128 KB, wiped.
 */
export function subtractStreamInto(accumulator: Uint32Array, key: Uint8Array, fromWord = 0): void {
  addStreamsInto(accumulator, [{ key, subtract: true }], fromWord);
}

/** One of several streams that go into the same vector. */
export type SignedStream = {
  /** 32 uniform bytes, used for one stream only. */
  readonly key: Uint8Array;
  /** Whether its words are taken away rather than added. */
  readonly subtract: boolean;
};

/**
 * Adds many streams to `accumulator` mod 2^32, and takes others away, in place: the same as one after
 * the other, in less time, since each piece of the vector stays in cache until all have been there.
 *
 * @param accumulator - any length; the streams' words `fromWord`, `fromWord + 1`, … go into it
 * @param streams - any number; keys are not kept, not wiped
 * @param fromWord - position of `accumulator[0]` in every stream, a multiple of 16 below 2^36
 * @throws UsageError `wrong-length` or `wrong-type` (a key), `out-of-range` (position); nothing was added
 * @throws DependencyError `runtime-unsupported` on a big-endian machine
 *
 * **Security:** as {@link expandInto}.
 *
 * **Source:** RFC 8439 §2.4.
 *
 * **Cost:** linear in words · streams; up to 128 ciphers are open at a time.
 */
export function addStreamsInto(
  accumulator: Uint32Array,
  streams: readonly SignedStream[],
  fromWord = 0,
): void {
  for (const { key } of streams) checkStream(accumulator, key, fromWord);
  applyStreams(backend(), accumulator, streams, fromWord);
}

/**
 * The same on a copy, piece by piece: `take` is given each piece of what the sum would be, and `vector`
 * stays as it is. For vectors that are wanted in another form than words, e.g. packed.
 *
 * @param vector - any length
 * @param streams - any number; all are open at a time; keys are not kept, not wiped
 * @param take - gets words from element `at` on, a multiple of 32,768; valid during the call only
 * @throws as {@link addStreamsInto}; nothing was taken
 *
 * **Security**, **Source**: as {@link expandInto}.
 *
 * **Cost**: as {@link addStreamsInto}.
 */
export function withStreamsAdded(
  vector: Uint32Array,
  streams: readonly SignedStream[],
  take: (words: Uint32Array, at: number) => void,
): void {
  for (const { key } of streams) checkStream(vector, key, 0);
  withOpen(backend(), streams, 0, (applyTo) => overCopiedTiles(vector, applyTo, take));
}

/** Streams that are open at a time. Beyond this, more of them for each tile gain nothing. */
const OPEN_AT_ONCE = 128;

/** The same with the back end given and nothing checked: for tests, which compare them. */
export function applyStreams(
  keystream: KeystreamBackend,
  accumulator: Uint32Array,
  streams: readonly SignedStream[],
  fromWord: number,
): void {
  for (let from = 0; from < streams.length && accumulator.length > 0; from += OPEN_AT_ONCE) {
    const some = streams.slice(from, from + OPEN_AT_ONCE);
    withOpen(keystream, some, fromWord, (applyTo) => overTiles(accumulator, applyTo));
  }
}

/** Opens streams while `work` runs, which is given how to apply their next words to a tile. */
function withOpen(
  { open }: KeystreamBackend,
  streams: readonly SignedStream[],
  fromWord: number,
  work: (applyTo: (tile: Tile) => void) => void,
): void {
  const opened: { readonly stream: OpenStream; readonly subtract: boolean }[] = [];
  try {
    for (const { key, subtract } of streams) {
      opened.push({ stream: open(key, fromWord / BLOCK_WORDS), subtract });
    }
    work((tile) => {
      for (const { stream, subtract } of opened) stream.applyTo(tile, subtract);
    });
  } finally {
    for (const { stream } of opened) stream.close();
  }
}

function checkStream(vector: Uint32Array, key: Uint8Array, fromWord: number): void {
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
}
