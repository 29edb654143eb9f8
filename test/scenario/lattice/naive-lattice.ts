/**
 * Lattice masks without their rules: the arithmetic is that of src/lattice, but secrets and errors are
 * whatever a story hands over, used as often as it likes. One secret, one value a coefficient, one field.
 */
import {
  BENCH_BLOCKS,
  hideBlock,
  RING_DEGREE,
  ringValues,
  setCode,
  withLatticeBench,
} from '../../../src/kernel/index.ts';
import { codeOf } from '../../../src/lattice/coding.ts';
import { drawGaussianFromInto, drawGaussianInto } from '../../../src/lattice/gaussian.ts';
import { hideVectors, moveTo } from '../../../src/lattice/hiding.ts';
import { type LatticeLayout, latticeLayout } from '../../../src/lattice/layout.ts';
import { type HiddenSums, openVectors } from '../../../src/lattice/opening.ts';
import { type LatticeShape, latticeShape } from '../../../src/lattice/parameters.ts';
import { polynomialSeed } from '../../../src/lattice/polynomials.ts';
import { expandInto } from '../../../src/prg/index.ts';
import { addInto } from '../../../src/ring/vector.ts';
import { mersenneTwister } from '../../stat/mersenne-twister.ts';

/** A story's only field: values from 0 to 65,535 of six clients, in three blocks, the last one short. */
export const SIX: LatticeLayout = oneField({ clients: 6, length: 5_000, low: 0, high: 6 * 65_535 });

/** Sums as large as they may be, on words so wide that every error shows in some of them. */
export const WIDE: LatticeLayout = oneField({
  clients: 6,
  length: 5_000,
  low: 0,
  high: 2 ** 32 - 2,
});

/** A layout of one field. */
export function oneField(facts: Parameters<typeof latticeShape>[0]): LatticeLayout {
  const shape = latticeShape(facts);
  if (shape.packing !== 1) throw new Error('not for these stories');
  return latticeLayout([shape], facts.clients);
}

/** The shape of a layout's only field. */
export const shapeOf = ({ fields }: LatticeLayout): LatticeShape =>
  (fields[0] as LatticeLayout['fields'][0]).shape;

/** A client's values in {@link SIX}. */
export const valuesOf = (index: number): Uint32Array =>
  Uint32Array.from({ length: 5_000 }, (_, i) => (i * 7_919 + index * 10_007) % 65_536);

/** The sum of vectors, word by word. */
export function sumOf(vectors: Iterable<Uint32Array>): Uint32Array {
  const [first, ...rest] = [...vectors] as [Uint32Array, ...Uint32Array[]];
  const sum = first.slice();
  for (const vector of rest) addInto(sum, sum, vector);
  return sum;
}

/** The same of hidden vectors, in both planes; upper and lower bits are joined when sums are opened. */
export const sumOfHidden = (all: readonly HiddenSums[]): HiddenSums => ({
  words: sumOf(all.map(({ words }) => words)),
  lows: sumOf(all.map(({ lows }) => lows)),
});

/** A secret: fresh, or from words that a story hands over. */
export function secretFrom(words?: (out: Uint32Array) => void): Int32Array {
  return Int32Array.from(smallFrom(RING_DEGREE, words));
}

/** Secrets or errors. */
export function smallFrom(length: number, words?: (out: Uint32Array) => void): Int16Array {
  const out = new Int16Array(length);
  if (words === undefined) drawGaussianInto(out);
  else drawGaussianFromInto(out, words);
  return out;
}

/** Words that grow from a key. */
export function wordsFrom(key: Uint8Array): (out: Uint32Array) => void {
  let at = 0;
  return (out) => {
    out.fill(0);
    expandInto(out, key, at);
    at += out.length;
  };
}

/** Words that are the same on every run, for statistics. */
export function seededWords(seed: number): (out: Uint32Array) => void {
  const next = mersenneTwister(seed);
  return (out) => out.set(Uint32Array.from(out, next));
}

/** What a client of ours uploads: fresh secrets, fresh errors. */
export function ownUpload(
  layout: LatticeLayout,
  roundId: Uint8Array,
  values: Uint32Array,
): { readonly hidden: HiddenSums; readonly key: Int32Array } {
  const hidden = emptyHidden(layout);
  const key = hideVectors(layout, roundId, [values], (_, words, lows, from) => {
    hidden.words.set(words, from);
    if (hidden.lows.length > 0) hidden.lows.set(lows, from);
  });
  return { hidden, key: Int32Array.from(key) };
}

function emptyHidden(layout: LatticeLayout): HiddenSums {
  const { coefficients, wireBits } = shapeOf(layout);
  return {
    words: new Uint32Array(coefficients),
    lows: new Uint32Array(wireBits > 32 ? coefficients : 0),
  };
}

/** What a naive client uploads: hidden under a secret and errors that it was handed. */
export function naiveUpload(
  layout: LatticeLayout,
  roundId: Uint8Array,
  values: Uint32Array,
  { secret, errors }: { readonly secret: Int32Array; readonly errors: Int16Array },
): HiddenSums {
  const { coefficients } = shapeOf(layout);
  const out = emptyHidden(layout);
  withLatticeBench(1, (bench) => {
    const code = codeOf(shapeOf(layout));
    setCode(bench, code);
    bench.coefficients.set(secret);
    ringValues(bench, 0);
    const at = { polynomial: -1 };
    for (let block = 0; block * RING_DEGREE < coefficients; block++) {
      const [from, place] = [block * RING_DEGREE, block % BENCH_BLOCKS];
      moveTo(bench, polynomialSeed(roundId), block, at);
      const here = place * RING_DEGREE;
      bench.messages.fill(0, here, here + RING_DEGREE);
      bench.messages.set(values.subarray(from, from + RING_DEGREE), here);
      bench.errors.set(errors.subarray(from, from + RING_DEGREE), here);
      hideBlock(bench, 0, place, code);
      const count = Math.min(RING_DEGREE, coefficients - from);
      out.words.set(bench.words.subarray(here, here + count), from);
      if (out.lows.length > 0) out.lows.set(bench.lows.subarray(here, here + count), from);
    }
  });
  return out;
}

/** Errors for all blocks of a layout's field. */
export const errorsFor = (layout: LatticeLayout, words?: (out: Uint32Array) => void): Int16Array =>
  smallFrom(Math.ceil(shapeOf(layout).coefficients / RING_DEGREE) * RING_DEGREE, words);

/** Opens what is hidden under a secret, or sums under the sum of secrets. @throws as `openVectors` */
export const openWith = (
  layout: LatticeLayout,
  roundId: Uint8Array,
  secret: Int32Array,
  hidden: HiddenSums,
): Uint32Array => openVectors(layout, roundId, secret, [hidden])[0] as Uint32Array;

/** Of two vectors of small numbers: 1 if they are the same, about 0 ± 1/√length if they have nothing in common. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}

/** Beyond this, two secrets are not independent: a chance of 10^−11 if they are. */
export const UNRELATED: number = 7 / Math.sqrt(RING_DEGREE);
