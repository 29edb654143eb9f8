/**
 * ChaCha20 expanded and added in one pass, without the keystream ever being in memory. There is no twin
 * in this room: where WebAssembly is missing, `prg` takes its keystream from a library.
 */
import { SCRATCHES, TABLES } from './wasm.ts';
import type { Tile } from './words.ts';

/** "expand 32-byte k", RFC 8439 §2.3. */
const CONSTANTS: readonly number[] = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];

const GROUP_WORDS = 64;

/**
 * Adds keystream words to a tile, or takes them away.
 *
 * @param tile in an instance's memory
 * @param key 32 bytes as eight little-endian words; not kept: the instance's copy is overwritten
 * @param block counter of the block that the tile's first word comes from; the tile must end before
 *   block 2^32, which is the caller's to check
 *
 * **Security**: the nonce is zero. No branch and no address depends on the key.
 */
export function keystreamTile(
  tile: Tile,
  key: Uint32Array,
  block: number,
  negative: boolean,
): void {
  const { exports, words, bytes } = tile.instance as NonNullable<Tile['instance']>;
  const state = TABLES / 4;
  words.set(CONSTANTS, state);
  words.set(key, state + 4);
  words[state + 12] = block;
  words.fill(0, state + 13, state + 16);
  const run = negative ? exports.subtractKeystream : exports.addKeystream;
  const { byteOffset, length } = tile.words;
  const groups = Math.floor(length / GROUP_WORDS);
  run(byteOffset, TABLES, groups);
  const rest = length % GROUP_WORDS;
  if (rest > 0) {
    // The kernel works in whole groups: the last one is made apart, and as much of it used as fits.
    const scratch = SCRATCHES[1];
    bytes.fill(0, scratch, scratch + 4 * GROUP_WORDS);
    exports.addKeystream(scratch, TABLES, 1);
    (negative ? exports.subtract : exports.add)(byteOffset + 4 * (length - rest), scratch, rest);
    bytes.fill(0, scratch, scratch + 4 * GROUP_WORDS);
  }
  words.fill(0, state, state + 16);
}
