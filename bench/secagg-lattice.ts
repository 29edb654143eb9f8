/** Lattice masks beside masks of pairs: what a client, an upload and the end of a round take. */
import { randomBytes } from 'node:crypto';
import { addStreamInto } from 'veilsum/prg';
import { packInto, unpackAddInto } from 'veilsum/ring';
import type { GraphParameters } from 'veilsum/secagg';
import { RING_DEGREE, residentVectors, ringValues, withLatticeBench } from '../src/kernel/index.ts';
import { drawGaussianInto } from '../src/lattice/gaussian.ts';
import { hideVectors } from '../src/lattice/hiding.ts';
import { type LatticeLayout, latticeLayout } from '../src/lattice/layout.ts';
import { keySumOf, openVectors } from '../src/lattice/opening.ts';
import { latticeShape } from '../src/lattice/parameters.ts';
import { polynomialInto, polynomialSeed } from '../src/lattice/polynomials.ts';
import { vectorBytes } from '../src/secagg/terms.ts';
import {
  type Book,
  interleave,
  progress,
  settle,
  stopwatch,
  type Timing,
  timing,
} from './harness.ts';
import { type Masks, stage } from './rehearsal.ts';
import { type BeforeUnmask, secretsSample, unmaskSample } from './unmask.ts';

/** Sums of 16-bit values of 500 clients. */
const CLIENTS = 500;
const HIGH = CLIENTS * 65_535;
const SAMPLES = 15;

/** The most that each may take, in times of what it is held against. */
const BOUNDS = { hide: 7, open: 5, add: 1.4, masks: 1 / 40 };

const layoutFor = (length: number, high: number): LatticeLayout =>
  latticeLayout([latticeShape({ clients: CLIENTS, length, low: 0, high })], CLIENTS);

/** Hiding and opening a vector, each against one mask expanded and added over as many words. */
export async function latticeVectors(book: Book): Promise<void> {
  const roundId = randomBytes(32);
  for (const [length, high, isBound] of [
    [100_000, HIGH, false],
    [1_000_000, HIGH, true],
    // Words of 24 bits and of 40.
    [1_000_000, CLIENTS * 255, false],
    [1_000_000, 2 ** 32 - 1, false],
  ] as const) {
    const layout = layoutFor(length, high);
    const { shape } = layout.fields[0] as LatticeLayout['fields'][0];
    const { wireBits: k, packing: c } = shape;
    const where = `d=${length},c=${c},k=${k}`;
    progress(`secagg: a vector under a lattice mask, ${where}`);
    const values = Uint32Array.from(
      { length },
      (_, i) => (i * 40_503) % (Math.floor(high / CLIENTS) + 1),
    );
    const [vector, top, low] = residentVectors([
      length,
      shape.coefficients,
      shape.coefficients,
    ]) as [Uint32Array, Uint32Array, Uint32Array];
    const key = randomBytes(32);
    const out = new Uint8Array(Math.ceil((shape.coefficients * Math.min(k, 32)) / 8));
    let keys: Uint32Array = new Uint32Array(0);
    const hide = (): void => {
      keys = hideVectors(layout, roundId, [values], (_, words, rest, from) => {
        const at = (from / 8) * Math.min(k, 32);
        packInto(
          out.subarray(at, at + Math.ceil((words.length * Math.min(k, 32)) / 8)),
          words,
          Math.min(k, 32),
        );
        if (k > 32) low.set(rest, from);
      });
    };
    hide();
    const mask = (1 << layout.key.modulusBits) - 1;
    const sumOfOne = keySumOf(
      layout,
      keys.map((word) => word & mask),
      1,
    );
    top.fill(0);
    unpackAddInto(top, out, Math.min(k, 32));
    // Opened in place, and another key is drawn whenever a vector is hidden: so a copy of a copy.
    const lows = low.slice();
    const sums = () => [{ words: top.slice(), lows }];
    const opened = openVectors(layout, roundId, sumOfOne, sums())[0] as Uint32Array;
    if (opened.some((value, i) => value !== values[i])) throw new Error('lattice: wrong sum');
    const parts = { encrypt: [] as number[], open: [] as number[] };
    const { secrets } = layout.key;
    const times = await interleave(
      SAMPLES,
      {
        hide: async (sample) => {
          const [ms] = await stopwatch(hide);
          if (sample >= 0) parts.encrypt.push(ms - shared(layout, roundId));
          return ms;
        },
        open: async (sample) => {
          const fresh = sums();
          const [ms] = await stopwatch(() => openVectors(layout, roundId, sumOfOne, fresh));
          if (sample >= 0) parts.open.push(ms - shared(layout, roundId));
          return ms;
        },
        shared: () => shared(layout, roundId),
        mask: async () => (await stopwatch(() => addStreamInto(vector, key)))[0],
      },
      2,
    );
    const name = `secagg/lattice/${where},G=${secrets}`;
    const against = [`${name}/one-mask`, times.mask] as const;
    book.time(against[0], times.mask);
    book.time(`${name}/hide`, times.hide, against);
    book.time(`${name}/open`, times.open, against);
    book.time(`${name}/polynomials-and-keys`, times.shared, against);
    if (!isBound) continue;
    book.ratio(`${name}/hide/without/ratio`, timing(parts.encrypt), against, BOUNDS.hide);
    book.ratio(`${name}/open/without/ratio`, timing(parts.open), against, BOUNDS.open);
  }
}

/** Milliseconds for what does not depend on the vector: its public polynomials, and secrets by their values. */
function shared(layout: LatticeLayout, roundId: Uint8Array): number {
  const { secrets } = layout.key;
  const { shape } = layout.fields[0] as LatticeLayout['fields'][0];
  const count = Math.ceil(shape.coefficients / RING_DEGREE / secrets);
  return withLatticeBench(secrets, (bench) => {
    const start = performance.now();
    const seed = polynomialSeed(roundId);
    for (let i = 0; i < count; i++) polynomialInto(bench, seed, i);
    for (let g = 0; g < secrets; g++) {
      drawGaussianInto(bench.errors.subarray(0, RING_DEGREE));
      ringValues(bench, g);
    }
    return performance.now() - start;
  });
}

/** Adding an upload that lies in the accumulator's memory, against copying it there. */
export async function latticeAdding(book: Book, length: number): Promise<void> {
  progress('secagg: adding words of lattice masks');
  for (const bits of [24, 32]) {
    const bytes = Math.ceil((length * bits) / 8);
    const [sum, place, other] = residentVectors([length, Math.ceil(bytes / 4), length]) as [
      Uint32Array,
      Uint32Array,
      Uint32Array,
    ];
    const upload = new Uint8Array(place.buffer, place.byteOffset, bytes);
    upload.set(randomBytes(bytes));
    const words = new Uint32Array(place.buffer, place.byteOffset, Math.ceil(bytes / 4));
    const target = other.subarray(0, words.length);
    const many = async (work: () => void): Promise<number> => {
      const [ms] = await stopwatch(() => {
        for (let i = 0; i < 20; i++) work();
      });
      return ms / 20;
    };
    const times = await interleave(
      SAMPLES,
      {
        add: () => many(() => unpackAddInto(sum, upload, bits)),
        copy: () => many(() => target.set(words)),
      },
      2,
    );
    const name = `secagg/lattice/add/d=${length},k=${bits}`;
    const against = [`${name}/copy`, times.copy] as const;
    book.time(against[0], times.copy);
    book.time(name, times.add, against);
    if (bits === 32) book.ratio(`${name}/ratio`, times.add, against, BOUNDS.add);
  }
}

/** What a client's memory grows by while it hides ten million values: the most at any piece. */
export async function latticeMemory(book: Book): Promise<void> {
  const length = 10_000_000;
  progress(`secagg: a vector under a lattice mask, d=${length}`);
  const layout = layoutFor(length, HIGH);
  const values = new Uint32Array(length);
  const used = (): number => {
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    return heapUsed + external + arrayBuffers;
  };
  // Once before, for the memory that all of them share.
  hideVectors(layout, randomBytes(32), [values], () => {});
  settle();
  const before = used();
  let most = 0;
  let piece = 0;
  hideVectors(layout, randomBytes(32), [values], () => {
    if (piece++ % 50 !== 0) return;
    settle();
    most = Math.max(most, used() - before);
  });
  const [ms] = await stopwatch(() => hideVectors(layout, randomBytes(32), [values], () => {}));
  const name = `secagg/lattice/d=${length}`;
  book.time(`${name}/hide`, timing([ms]));
  book.bytes(`${name}/hide/memory`, Math.max(0, most), 2 ** 20, 'bound');
}

/** Bytes of an upload's vectors, by the formula and as they are. */
export async function latticeBytes(
  book: Book,
  parameters: GraphParameters,
  length: number,
): Promise<void> {
  const lattice = await stage(parameters, length, 'x25519', 'lattice');
  const pairwise = await stage(parameters, length);
  const { layout } = lattice.terms.lattice as { layout: LatticeLayout };
  const { shape } = layout.fields[0] as LatticeLayout['fields'][0];
  const formula =
    Math.ceil((shape.coefficients * shape.wireBits) / 8) +
    Math.ceil((layout.key.length * layout.key.modulusBits) / 8);
  const name = `secagg/lattice/bytes/n=${parameters.clients},d=${length}`;
  book.bytes(`${name}/pairwise`, vectorBytes(pairwise.terms), null);
  book.bytes(name, vectorBytes(lattice.terms), formula, 'bound');
}

/**
 * The end of a round, after the last share: the same clients, sums and dropouts under both kinds of mask. `/masks`
 * is all but the secrets (Shamir, key agreements), which are the same for both.
 */
export async function latticeUnmask(
  book: Book,
  where: string,
  before: Readonly<Record<Masks, BeforeUnmask>>,
  samples: number,
): Promise<void> {
  progress(`secagg: unmask under both kinds of mask, ${where}`);
  const side = (kind: Masks) => () => unmaskSample(before[kind], { isColdly: false });
  const times = await interleave(samples, {
    pairwise: side('pairwise'),
    lattice: side('lattice'),
    pairwiseSecrets: () => secretsSample(before.pairwise),
    latticeSecrets: () => secretsSample(before.lattice),
  });
  const pairwise = apart(times.pairwise, times.pairwiseSecrets);
  const lattice = apart(times.lattice, times.latticeSecrets);
  const name = `secagg/lattice/unmask/${where}`;
  book.time(`${name}/pairwise`, times.pairwise);
  book.time(name, times.lattice, [`${name}/pairwise`, times.pairwise]);
  const against = [`${name}/masks/pairwise`, pairwise] as const;
  book.time(...against);
  book.time(`${name}/masks`, lattice, against);
  book.ratio(`${name}/masks/ratio`, lattice, against, BOUNDS.masks);
}

/** What is left of one time without another that is part of it: medians steady what differences of samples do not. */
const apart = (whole: Timing, part: Timing): Timing => ({
  median: whole.median - part.median,
  min: whole.min - part.min,
  samples: Math.min(whole.samples, part.samples),
});
