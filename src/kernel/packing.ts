/**
 * Words of 1 to 32 bits as bytes, one after the other without gaps, least significant bit first, and
 * zeros up to the next whole byte; and back. Lengths are the caller's to check.
 */
import { instanceFor, livesIn, PIECE, room, stage, unstage, wipeScratches } from './staging.ts';
import {
  packWords as packTwin,
  unpackAddWords as unpackAddTwin,
  unpackWords as unpackTwin,
} from './twin/packing.ts';
import { type Instance, type Packing, TABLES } from './wasm.ts';

/**
 * Packs the low `bits` bits of every word; higher bits are dropped.
 *
 * @param out exactly ⌈words · bits / 8⌉ bytes, all written; may start anywhere, apart from `words`
 * @param bits 1 to 32
 *
 * **Cost**: one pass; in the memory of one instance without a copy, else through its cache-sized
 * scratches. Widths below 8 take about five times as long.
 *
 * **Security**: time and addresses depend on lengths and `bits` only. Scratches are wiped.
 */
export function packWords(out: Uint8Array, words: Uint32Array, bits: number): void {
  const instance = instanceFor(words.length, words, out);
  if (instance === undefined) packTwin(out, words, bits);
  else if (bits === 32) out.set(bytesOf(words));
  else {
    overPieces(instance, words, out, bits, (from, count, at, size) => {
      const to = room(instance, 1, out, at);
      pack(instance, to, stage(instance, 0, words, from, count), count, bits);
      unstage(instance, 1, out, at, size);
    });
  }
}

/**
 * The inverse of {@link packWords}: every word becomes less than 2^bits.
 *
 * @param out any length; apart from `bytes`
 * @param bytes exactly ⌈words · bits / 8⌉; may start anywhere. Padding is not looked at
 * @param bits 1 to 32
 *
 * **Cost**, **Security**: as {@link packWords}, but all widths are fast.
 */
export function unpackWords(out: Uint32Array, bytes: Uint8Array, bits: number): void {
  const instance = instanceFor(out.length, out, bytes);
  if (instance === undefined) unpackTwin(out, bytes, bits);
  else if (bits === 32) bytesOf(out).set(bytes);
  else {
    overPieces(instance, out, bytes, bits, (from, count, at, size) => {
      const to = room(instance, 0, out, from);
      unpack(instance, 'unpack', to, stage(instance, 1, bytes, at, size), count, bits);
      unstage(instance, 0, out, from, count);
    });
  }
}

/**
 * Adds packed words to `accumulator` mod 2^32, without their ever being in memory unpacked.
 *
 * @param accumulator any length; apart from `bytes`
 * @param bytes, bits as for {@link unpackWords}
 *
 * **Cost**, **Security**: as {@link unpackWords}.
 */
export function unpackAddWords(accumulator: Uint32Array, bytes: Uint8Array, bits: number): void {
  const instance = instanceFor(accumulator.length, accumulator, bytes);
  if (instance === undefined) unpackAddTwin(accumulator, bytes, bits);
  else {
    overPieces(instance, accumulator, bytes, bits, (from, count, at, size) => {
      const to = stage(instance, 0, accumulator, from, count);
      const packed = stage(instance, 1, bytes, at, size);
      if (bits === 32) instance.exports.add(to, packed, count);
      else unpack(instance, 'unpackAdd', to, packed, count, bits);
      unstage(instance, 0, accumulator, from, count);
    });
  }
}

/** Wherever there is an instance, words lie in memory least significant byte first. */
const bytesOf = (words: Uint32Array): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength);

/** Goes over words and their bytes piece by piece, or all at once if both live in the instance. */
function overPieces(
  instance: Instance,
  words: Uint32Array,
  bytes: Uint8Array,
  bits: number,
  work: (from: number, count: number, at: number, size: number) => void,
): void {
  if (livesIn(instance, words) && livesIn(instance, bytes)) {
    work(0, words.length, 0, bytes.length);
    return;
  }
  // A piece is a multiple of eight words, so each begins with a byte of its own.
  for (let from = 0; from < words.length; from += PIECE) {
    const count = Math.min(PIECE, words.length - from);
    work(from, count, (from / 8) * bits, Math.ceil((count * bits) / 8));
  }
  wipeScratches(instance, 4 * Math.min(PIECE, words.length));
}

/** Fast kernels pack sixteen words at a time, from this width up to 31 bits. */
const LEAST_FAST_PACK = 8;

/** Up to this width one kernel unpacks all, by a table. */
const MOST_NARROW = 25;

/** Packing sixteen at a time may write four bytes too much: at least four words are left for after. */
const LEFT_OVER = 4;

/** From pointer to pointer: most words by a fast kernel, and the rest one by one. */
function pack({ exports }: Instance, to: number, from: number, count: number, bits: number): void {
  const fast = bits >= LEAST_FAST_PACK;
  const sixteens = fast ? Math.floor(Math.max(0, count - LEFT_OVER) / 16) : 0;
  if (fast) (exports[`pack${bits}`] as Packing)(to, from, sixteens, bits);
  exports.packRest(to + 2 * bits * sixteens, from + 64 * sixteens, count - 16 * sixteens, bits);
}

function unpack(
  { exports, bytes }: Instance,
  name: 'unpack' | 'unpackAdd',
  to: number,
  from: number,
  count: number,
  bits: number,
): void {
  const sixteens = Math.floor(count / 16);
  if (bits <= MOST_NARROW) bytes.set(narrowTable(bits), TABLES);
  const fast = exports[`${name}${bits <= MOST_NARROW ? 'Narrow' : bits}`] as Packing;
  fast(to, from, sixteens, bits, TABLES);
  const rest = exports[`${name}Rest`];
  rest(to + 64 * sixteens, from + 2 * bits * sixteens, count - 16 * sixteens, bits);
}

/** The tables made so far, by width. They are public constants. */
const narrowTables: Uint8Array[] = [];

/**
 * What the kernel `unpackNarrow` has to know of a width: for words 0 to 3 of eight and for 4 to 7, which
 * four bytes each touches, as sources for a swizzle, and by which power of two it is multiplied.
 */
function narrowTable(bits: number): Uint8Array {
  const known = narrowTables[bits];
  if (known !== undefined) return known;
  const table = new DataView(new ArrayBuffer(64));
  for (let i = 0; i < 8; i++) {
    // The second four are read from the byte in which they begin, perhaps in its middle.
    const place = i * bits - (i < 4 ? 0 : 8 * (bits >> 1));
    const row = (i >> 2) * 32 + (i & 3) * 4;
    for (let k = 0; k < 4; k++) table.setUint8(row + k, (place >> 3) + k);
    table.setUint32(row + 16, 2 ** (7 - (place & 7)), true);
  }
  const made = new Uint8Array(table.buffer);
  narrowTables[bits] = made;
  return made;
}
