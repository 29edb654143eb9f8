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
import { type Instance, TABLES } from './wasm.ts';

/**
 * Packs the low `bits` bits of every word; higher bits are dropped.
 *
 * @param out exactly ⌈words · bits / 8⌉ bytes, all written; may start anywhere, apart from `words`
 * @param bits 1 to 32
 *
 * **Cost**: one pass; in the memory of one instance without a copy, else through its cache-sized
 * scratches.
 *
 * **Security**: time and addresses depend on lengths and `bits` only. Scratches are wiped.
 */
export function packWords(out: Uint8Array, words: Uint32Array, bits: number): void {
  const instance = instanceFor(words.length, words, out);
  if (instance === undefined) {
    packTwin(out, words, bits);
    return;
  }
  const wide = useTable(instance, packTables, packTable, bits);
  overPieces(instance, words, out, bits, (from, count, at, size) => {
    const to = room(instance, 1, out, at);
    instance.exports.pack(to, stage(instance, 0, words, from, count), count, bits, TABLES, wide);
    unstage(instance, 1, out, at, size);
  });
}

/**
 * The inverse of {@link packWords}: every word becomes less than 2^bits.
 *
 * @param out any length; apart from `bytes`
 * @param bytes exactly ⌈words · bits / 8⌉; may start anywhere. Padding is not looked at
 * @param bits 1 to 32
 *
 * **Cost**, **Security**: as {@link packWords}.
 */
export function unpackWords(out: Uint32Array, bytes: Uint8Array, bits: number): void {
  const instance = instanceFor(out.length, out, bytes);
  if (instance === undefined) {
    unpackTwin(out, bytes, bits);
    return;
  }
  const wide = useTable(instance, unpackTables, unpackTable, bits);
  overPieces(instance, out, bytes, bits, (from, count, at, size) => {
    const to = room(instance, 0, out, from);
    instance.exports.unpack(to, stage(instance, 1, bytes, at, size), count, bits, TABLES, wide);
    unstage(instance, 0, out, from, count);
  });
}

/**
 * Adds packed words to `accumulator` mod 2^32, without their ever being in memory unpacked.
 *
 * @param accumulator any length; apart from `bytes`
 * @param bytes, bits as for {@link unpackWords}
 *
 * **Cost**, **Security**: as {@link packWords}.
 */
export function unpackAddWords(accumulator: Uint32Array, bytes: Uint8Array, bits: number): void {
  const instance = instanceFor(accumulator.length, accumulator, bytes);
  if (instance === undefined) {
    unpackAddTwin(accumulator, bytes, bits);
    return;
  }
  const wide = useTable(instance, unpackTables, unpackTable, bits);
  overPieces(instance, accumulator, bytes, bits, (from, count, at, size) => {
    const to = stage(instance, 0, accumulator, from, count);
    instance.exports.unpackAdd(to, stage(instance, 1, bytes, at, size), count, bits, TABLES, wide);
    unstage(instance, 0, accumulator, from, count);
  });
}

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

/** Where the words of a four lie: word i begins at bit `shift[i]` of byte `byte[i]`. */
type Four = { readonly byte: readonly number[]; readonly shift: readonly number[] };

/** The two fours of eight words. The second begins in the middle of a byte if `bits` is odd. */
const foursOf = (bits: number): readonly [Four, Four] => [
  fourFrom(0, bits),
  fourFrom((4 * bits) % 8, bits),
];

function fourFrom(start: number, bits: number): Four {
  const places = [0, 1, 2, 3].map((i) => start + i * bits);
  return { byte: places.map((place) => place >> 3), shift: places.map((place) => place & 7) };
}

/** Whether a word can touch five bytes: only some of the widths above 26 have such places. */
const isWide = (bits: number): boolean =>
  foursOf(bits).some(({ shift }) => shift.some((s) => s + bits > 32));

/** For a swizzle: a byte from nowhere, which is zero. */
const NONE = 0x80;

/** A row of byte moves: 16 sources, each 0 to 15 or {@link NONE}. */
type Row = readonly number[];

/** A row of four powers of two, as bytes. */
const powers = (exponents: readonly number[]): Row =>
  exponents.flatMap((exponent) => [0, 8, 16, 24].map((k) => (2 ** (exponent - k)) & 255));

/** Rows 0 to 5 of the table that the kernels `unpack` and `unpackAdd` expect. */
function unpackTable(bits: number): readonly Row[] {
  const wide = isWide(bits);
  const fours = foursOf(bits);
  const moves = ({ byte, shift }: Four): readonly Row[] => [
    byte.flatMap((p) => [0, 1, 2, 3].map((k) => (wide ? p + k + 1 : p + k))),
    powers(shift.map((s) => (wide ? 8 - s : 32 - bits - s))),
  ];
  const lowest = ({ byte }: Four): Row => byte.flatMap((p) => [p, NONE, NONE, NONE]);
  return [...fours.flatMap(moves), ...fours.map(lowest)];
}

/** Rows 0 to 8 of the table that the kernel `pack` expects. */
function packTable(bits: number): readonly Row[] {
  const fours = foursOf(bits);
  /** Brings the bytes of some words, moved up by their shifts, to where they belong. */
  const moves = ({ byte, shift }: Four, words: readonly number[]): Row => {
    const row = Array<number>(16).fill(NONE);
    for (const i of words) {
      const touched = Math.min(4, Math.ceil(((shift[i] as number) + bits) / 8));
      for (let k = 0; k < touched; k++) row[(byte[i] as number) + k] = 4 * i + k;
    }
    return row;
  };
  /** Brings the fifth bytes, where there are any, from the tops of their lanes. */
  const fifth = ({ byte, shift }: Four): Row => {
    const row = Array<number>(16).fill(NONE);
    byte.forEach((p, i) => {
      if ((shift[i] as number) + bits > 32) row[p + 4] = 4 * i + 3;
    });
    return row;
  };
  const shared: Row = [bits % 2 === 1 ? bits >> 1 : NONE, ...Array<number>(15).fill(NONE)];
  const main = (four: Four): readonly Row[] => [
    moves(four, [0, 2]),
    moves(four, [1, 3]),
    powers(four.shift),
  ];
  return [...fours.flatMap(main), shared, ...fours.map(fifth)];
}

type Tables = Map<number, { readonly bytes: Uint8Array; readonly wide: 0 | 1 }>;

/** The tables made so far, by width. They are public constants. */
const packTables: Tables = new Map();
const unpackTables: Tables = new Map();

/** Puts the table for a width where kernels look for it; says whether the width is a wide one. */
function useTable(
  instance: Instance,
  tables: Tables,
  make: (bits: number) => readonly Row[],
  bits: number,
): 0 | 1 {
  let table = tables.get(bits);
  if (table === undefined) {
    table = { bytes: Uint8Array.from(make(bits).flat()), wide: isWide(bits) ? 1 : 0 };
    tables.set(bits, table);
  }
  instance.bytes.set(table.bytes, TABLES);
  return table.wide;
}
