/** Vectors of words mod 2^32: adding and taking away, in place. Lengths are the caller's to check. */
import { instanceFor, livesIn, PIECE, stage, unstage, wipeScratches } from './staging.ts';
import { addWords, subtractWords } from './twin/words.ts';
import { type Instance, SCRATCHES } from './wasm.ts';

/**
 * `a[i] += b[i]` mod 2^32.
 *
 * @param a any length; may be `b` itself
 * @param b as long as `a`, the same words or others
 *
 * **Cost**: one pass; in the memory of one instance without a copy, else through its cache-sized
 * scratches. No allocation beyond views.
 */
export const addWordsInto = (a: Uint32Array, b: Uint32Array): void => combine(a, b, 'add');

/** `a[i] −= b[i]` mod 2^32; otherwise as {@link addWordsInto}. */
export const subtractWordsInto = (a: Uint32Array, b: Uint32Array): void =>
  combine(a, b, 'subtract');

function combine(a: Uint32Array, b: Uint32Array, operation: 'add' | 'subtract'): void {
  const instance = instanceFor(a.length, a, b);
  if (instance === undefined) {
    if (operation === 'add') addWords(a, b);
    else subtractWords(a, b);
    return;
  }
  const run = instance.exports[operation];
  const inPlace = livesIn(instance, a) && livesIn(instance, b);
  const size = inPlace ? a.length : PIECE;
  for (let from = 0; from < a.length; from += size) {
    const count = Math.min(size, a.length - from);
    const pa = stage(instance, 0, a, from, count);
    run(pa, stage(instance, 1, b, from, count), count);
    unstage(instance, 0, a, from, count);
  }
  if (!inPlace) wipeScratches(instance, 4 * Math.min(PIECE, a.length));
}

/**
 * A piece of a vector in an instance's memory, for work that goes over the same piece many times.
 * Without WebAssembly it is the vector's own memory.
 */
export type Tile = {
  readonly instance: Instance | undefined;
  readonly words: Uint32Array;
};

/** Words in a tile: with four bytes each they fill a scratch. */
export const TILE: number = 2 * PIECE;

/**
 * Goes over a vector tile by tile: `work` changes each in place.
 *
 * @param work the tile is valid during the call only
 *
 * **Cost**: a vector that lives elsewhere is copied in and out once, tile by tile. The scratches are
 * wiped at the end, also if `work` throws.
 */
export function overTiles(vector: Uint32Array, work: (tile: Tile, at: number) => void): void {
  const instance = instanceFor(vector.length, vector);
  try {
    for (let at = 0; at < vector.length; at += TILE) {
      const count = Math.min(TILE, vector.length - at);
      if (instance === undefined) {
        work({ instance, words: vector.subarray(at, at + count) }, at);
        continue;
      }
      const words = new Uint32Array(
        instance.words.buffer,
        stage(instance, 0, vector, at, count),
        count,
      );
      work({ instance, words }, at);
      unstage(instance, 0, vector, at, count);
    }
  } finally {
    if (instance !== undefined) wipeScratches(instance, 4 * Math.min(TILE, vector.length));
  }
}

/**
 * Goes over copies of a vector's tiles, and leaves the vector as it is: `work` changes the copy, `take`
 * is given it afterwards.
 *
 * @param take gets the changed words of the tile that begins at element `at`; valid during the call only
 *
 * **Cost**: one copy of each tile into the cache, where {@link overTiles} has two. The copy is wiped at the
 * end, also if `work` throws.
 */
export function overCopiedTiles(
  vector: Uint32Array,
  work: (tile: Tile) => void,
  take: (words: Uint32Array, at: number) => void,
): void {
  const instance = instanceFor(vector.length);
  const most = Math.min(TILE, vector.length);
  const room =
    instance === undefined
      ? new Uint32Array(most)
      : new Uint32Array(instance.words.buffer, SCRATCHES[0], most);
  try {
    for (let at = 0; at < vector.length; at += TILE) {
      const words = room.subarray(0, Math.min(TILE, vector.length - at));
      words.set(vector.subarray(at, at + words.length));
      work({ instance, words });
      take(words, at);
    }
  } finally {
    if (instance === undefined) room.fill(0);
    else wipeScratches(instance, 4 * most);
  }
}

/**
 * Adds bytes, read as little-endian words, to a tile, or takes them away. They stay in a scratch until
 * {@link overTiles} ends.
 *
 * @param bytes exactly four for each word of the tile; may start anywhere
 */
export function combineTile({ instance, words }: Tile, bytes: Uint8Array, negative: boolean): void {
  if (instance === undefined) {
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
    const others = new Uint32Array(aligned.buffer, aligned.byteOffset, words.length);
    if (negative) subtractWords(words, others);
    else addWords(words, others);
    if (aligned !== bytes) aligned.fill(0);
    return;
  }
  const run = negative ? instance.exports.subtract : instance.exports.add;
  run(words.byteOffset, stage(instance, 1, bytes, 0, bytes.length), words.length);
}
