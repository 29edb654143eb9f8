/**
 * Noise from alias tables: exact draws without a branch, a loop or a comparison that depends on them.
 * What a table means, and how far it is from the distribution wanted, is the caller's to know.
 */
import { stage, unstage, wipeScratches } from './staging.ts';
import { drawAlias as drawTwin } from './twin/alias.ts';
import { homeOf, type Instance, SCRATCHES } from './wasm.ts';

/** Six words a column: four 31-bit limbs of a threshold and two values; and how draws enter a sum. */
export type AliasTable = {
  /** A power of two of columns, from `residentTables`: all of one list in one memory. */
  readonly columns: Uint32Array;
  /** A signed 32-bit integer that multiplies every draw. */
  readonly factor: number;
  /** `drawn`: a random bit negates; `kept`: a draw has the sign of the sum of those before it. */
  readonly sign: 'none' | 'drawn' | 'kept';
};

/** Draws of a piece: their random words, 20 bytes a draw, fit one call of Web Crypto and a scratch. */
const DRAWS = 3_264;

/**
 * `out[i]` = Σ over the tables of ± factor · draw, or the same added to what is there, mod 2^32.
 *
 * @param tables not empty
 * @param draw fills what it is given, at most 64 KiB, with uniform words: for each piece and table one word
 *   for each draw, whose low bits choose the column and whose top bit the sign, and then four for each draw
 * @param mode `add`: add to `out`; `scan`: read every column for every draw
 *
 * **Cost**: 20 random bytes a draw and table; two small scratches.
 *
 * **Security**: no branch depends on a draw. Which column is read does, unless `scan`. Scratches are wiped,
 * also if `draw` throws.
 */
export function drawAliasInto(
  out: Int32Array | Uint32Array,
  tables: readonly AliasTable[],
  draw: (words: Uint32Array) => void,
  mode: { readonly add: boolean; readonly scan: boolean },
): void {
  const instance = homeOf((tables[0] as AliasTable).columns);
  const most = Math.min(DRAWS, out.length);
  const memory = instance?.words.buffer;
  const [noiseAt, wordsAt] = SCRATCHES;
  const noise = memory === undefined ? new Int32Array(most) : new Int32Array(memory, noiseAt, most);
  const words =
    memory === undefined ? new Uint32Array(5 * most) : new Uint32Array(memory, wordsAt, 5 * most);
  try {
    for (let from = 0; from < out.length; from += DRAWS) {
      const count = Math.min(DRAWS, out.length - from);
      const piece = noise.subarray(0, count).fill(0);
      for (const table of tables) {
        const drawn = words.subarray(0, 5 * count);
        draw(drawn);
        if (instance === undefined) drawTwin(piece, drawn, table.columns, table, mode.scan);
        else drawPiece(instance, piece, drawn, table, mode.scan);
      }
      if (!mode.add) out.set(piece, from);
      else if (instance === undefined) addPlain(out, piece, from);
      else addPiece(instance, out, piece, from);
    }
  } finally {
    noise.fill(0);
    words.fill(0);
    if (instance !== undefined) wipeScratches(instance, 4 * most);
  }
}

function drawPiece(
  { exports }: Instance,
  noise: Int32Array,
  words: Uint32Array,
  { columns, factor, sign }: AliasTable,
  scan: boolean,
): void {
  (scan ? exports.scanAlias : exports.drawAlias)(
    noise.byteOffset,
    words.byteOffset,
    noise.length,
    columns.byteOffset,
    columns.length / 6 - 1,
    factor,
    sign === 'drawn' ? 1 : 0,
    sign === 'kept' ? -1 : 0,
  );
}

/** The vector may live in another instance's memory, so it comes to the noise, piece by piece. */
function addPiece(
  instance: Instance,
  out: Int32Array | Uint32Array,
  noise: Int32Array,
  from: number,
): void {
  instance.exports.add(stage(instance, 2, out, from, noise.length), noise.byteOffset, noise.length);
  unstage(instance, 2, out, from, noise.length);
}

function addPlain(out: Int32Array | Uint32Array, noise: Int32Array, from: number): void {
  for (let i = 0; i < noise.length; i++) {
    out[from + i] = (out[from + i] as number) + (noise[i] as number);
  }
}
