/**
 * Clients, words and sums at any size without a round around them: every client hides, its words are added
 * at once and forgotten, and what comes out is compared with what went in.
 */

import { hideVectors } from '../../src/lattice/hiding.ts';
import { type LatticeLayout, latticeLayout } from '../../src/lattice/layout.ts';
import { type HiddenSums, keySumOf, openVectors } from '../../src/lattice/opening.ts';
import { type LatticeShape, latticeShape } from '../../src/lattice/parameters.ts';
import { addInto } from '../../src/ring/vector.ts';

/** A field of an experiment: every client's values are `low` … `high`. */
export type Range = { readonly length: number; readonly low: number; readonly high: number };

/** How many clients the parameters are for, how many of them vanish, and what they hold. */
export type Experiment = {
  readonly clients: number;
  readonly dropped?: number;
  readonly fields: readonly Range[];
};

/** What was added up: all that a coordinator has, and the truth. */
export type Added = {
  readonly layout: LatticeLayout;
  readonly contributors: number;
  readonly key: Uint32Array;
  readonly sums: readonly HiddenSums[];
  /** Words mod 2^32. */
  readonly expected: readonly Uint32Array[];
};

const ROUND_ID = new Uint8Array(32).fill(9);

/** The shape of a field. */
export const shapeOf = (clients: number, { length, low, high }: Range): LatticeShape =>
  latticeShape({ clients, length, low: clients * low, high: clients * high });

/**
 * Values that look random, the same each time; the first 64 of every client are the least, and the next
 * 64 the greatest, so that sums reach both ends.
 */
function valuesInto(out: Uint32Array, client: number, { low, high }: Range): void {
  const span = high - low + 1;
  let x = Math.imul(client + 1, 0x9e37_79b1);
  for (let i = 0; i < out.length; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    out[i] = i < 64 ? low : i < 128 ? high : low + Math.floor((x * span) / 2 ** 32);
  }
}

/** Hides and adds up; clients that vanish are every so manieth. */
export function addUp({ clients, dropped = 0, fields }: Experiment): Added {
  const layout = latticeLayout(
    fields.map((range) => shapeOf(clients, range)),
    clients,
  );
  const key = new Uint32Array(layout.key.length);
  const vectors = fields.map(({ length }) => new Uint32Array(length));
  const expected = fields.map(({ length }) => new Uint32Array(length));
  const sums = layout.fields.map(({ shape: { coefficients, wireBits } }) => ({
    words: new Uint32Array(coefficients),
    lows: new Uint32Array(wireBits > 32 ? coefficients : 0),
  }));
  let contributors = 0;
  for (let client = 0; client < clients; client++) {
    const isGone =
      Math.floor(((client + 1) * dropped) / clients) > Math.floor((client * dropped) / clients);
    if (isGone) continue;
    contributors++;
    fields.forEach((range, i) => {
      const vector = vectors[i] as Uint32Array;
      valuesInto(vector, client, range);
      add(expected[i] as Uint32Array, vector, 0);
    });
    const own = hideVectors(layout, ROUND_ID, vectors, (field, words, lows, from) => {
      const sum = sums[field] as HiddenSums;
      add(sum.words, words, from);
      if (sum.lows.length > 0) add(sum.lows, lows, from);
    });
    add(key, own, 0);
  }
  return { layout, contributors, key, sums, expected };
}

function add(sum: Uint32Array, words: Uint32Array, from: number): void {
  const part = sum.subarray(from, from + words.length);
  addInto(part, part, words);
}

/** How many values come out wrong. */
export function wrongValues({ layout, contributors, key, sums, expected }: Added): number {
  // Modulo 2^w, as they are once masks are taken away.
  const modulus = 2 ** layout.key.modulusBits;
  const reduced = key.map((word) => word % modulus);
  const keySum = keySumOf(layout, reduced, contributors);
  // Opening may overwrite them, and they are opened more than once.
  const copies = sums.map(({ words, lows }) => ({ words: words.slice(), lows }));
  const opened = openVectors(layout, ROUND_ID, keySum, copies);
  return opened.reduce(
    (wrong, values, i) =>
      values.reduce((sum, value, j) => sum + (value === expected[i]?.[j] ? 0 : 1), wrong),
    0,
  );
}

/** The largest remainder of the first field: what its refusal says if none at all is allowed. */
export function worstRemainder(added: Added): number {
  const [field, ...others] = added.layout.fields.map(({ shape, firstBlock }) => ({
    shape: { ...shape, residualBound: -1 },
    firstBlock,
  }));
  if (field === undefined) throw new Error('no field');
  try {
    wrongValues({ ...added, layout: { ...added.layout, fields: [field, ...others] } });
  } catch (error) {
    const { details } = error as { readonly details: { readonly got: number } };
    return details.got;
  }
  throw new Error('a remainder below nothing');
}

/**
 * About what the largest of so many remainders is: roundings of variance 1/12 and errors, of n clients.
 *
 * @param shape of the field; k decides how much of the errors is left
 */
export function usualRemainder(contributors: number, shape: LatticeShape): number {
  const variance = contributors * (1 / 12 + 0.01378 / 4 ** (40 - shape.wireBits));
  return Math.sqrt(2 * Math.log(2 * shape.coefficients) * variance);
}
