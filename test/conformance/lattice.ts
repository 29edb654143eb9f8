/**
 * The suite `lattice`: public polynomials and words on the wire, as another implementation of the lattice
 * masks gives them from the same seeds, secrets, errors and messages. Runs in any runtime, browsers included.
 */
import { toHex } from '../../src/internal/bytes.ts';
import { sha256 } from '../../src/internal/sha256.ts';
import {
  hideBlock,
  type LatticeBench,
  RING_DEGREE,
  ringValues,
  setCode,
  withLatticeBench,
} from '../../src/kernel/index.ts';
import { codeOf } from '../../src/lattice/coding.ts';
import { latticeShape } from '../../src/lattice/parameters.ts';
import { polynomialInto, polynomialSeed } from '../../src/lattice/polynomials.ts';
import { Malformed, type Outcome } from './suite.ts';

/** 2,048 integers that anybody can write down: (times·j mod modulus) + plus. */
export type Pattern = { readonly times: number; readonly modulus: number; readonly plus: number };

/** The beginning of 2,048 integers, and the SHA-256 of all: little-endian, 4 bytes each, or 8 for k > 32. */
export type Listed = { readonly first: readonly number[]; readonly sha256: string };

/** One entry of a file; seeds and round ids in hex. */
export type Case =
  | { readonly family: 'seed'; readonly roundId: string; readonly seed: string }
  | {
      readonly family: 'polynomial';
      readonly seed: string;
      readonly index: number;
      /** Modulo each prime. */
      readonly residues: readonly [Listed, Listed];
    }
  | {
      readonly family: 'words';
      readonly seed: string;
      readonly index: number;
      readonly modulus: number;
      readonly wireBits: number;
      readonly secret: Pattern;
      readonly errors: Pattern;
      readonly messages: Pattern;
      readonly words: Listed;
    };

export const patternOf = ({ times, modulus, plus }: Pattern): number[] =>
  Array.from({ length: RING_DEGREE }, (_, j) => ((times * j) % modulus) + plus);

/** SHA-256 of integers below 2^53, little-endian, `width` bytes each. */
export function digestOf(values: ArrayLike<number>, width: 4 | 8): string {
  const bytes = new Uint8Array(width * values.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    view.setUint32(width * i, value % 2 ** 32, true);
    if (width === 8) view.setUint32(width * i + 4, Math.floor(value / 2 ** 32), true);
  }
  return toHex(sha256(bytes));
}

/** Runs every case of a parsed vectors file. Throws `Malformed` if it is not of that shape. */
export function latticeSuite(file: unknown): Outcome {
  const cases = (file as { readonly cases?: unknown } | null)?.cases;
  if (!Array.isArray(cases) || cases.length === 0) {
    throw new Malformed('expected an object with a non-empty array "cases"');
  }
  const mismatches = cases.flatMap((entry: Case, i) => {
    const where = `case ${i + 1}`;
    if (typeof entry !== 'object' || entry === null || !Object.hasOwn(RUNS, entry.family)) {
      throw new Malformed(`${where}: expected a family of ${Object.keys(RUNS).join(', ')}`);
    }
    let wrong: string | undefined;
    try {
      wrong = RUNS[entry.family](entry as never);
    } catch (error) {
      throw new Malformed(`${where}: ${(error as Error).message}`);
    }
    return wrong === undefined ? [] : [`${where}, ${entry.family}: ${wrong}`];
  });
  return { passed: cases.length - mismatches.length, mismatches };
}

type Of<F extends Case['family']> = Extract<Case, { readonly family: F }>;

/** What is wrong with a case, if anything is. */
const RUNS: { readonly [F in Case['family']]: (entry: Of<F>) => string | undefined } = {
  seed({ roundId, seed }) {
    const got = toHex(polynomialSeed(fromHex(roundId)));
    return got === seed ? undefined : `got ${got}, expected ${seed}`;
  },

  polynomial({ seed, index, residues }) {
    return withLatticeBench(1, (bench) => {
      polynomialInto(bench, fromHex(seed), integerIn('index', index, 0, 2 ** 24));
      const [one, two] = [0, RING_DEGREE].map((from) =>
        bench.polynomial.subarray(from, from + RING_DEGREE),
      ) as [Int32Array, Int32Array];
      return different(one, residues[0], 4) ?? different(two, residues[1], 4);
    });
  },

  words(entry) {
    return withLatticeBench(1, (bench) => {
      const wide = integerIn('wireBits', entry.wireBits, 8, 40) > 32;
      return different(wordsOf(bench, entry), entry.words, wide ? 8 : 4);
    });
  },
};

function wordsOf(bench: LatticeBench, entry: Of<'words'>): number[] {
  const { seed, index, wireBits, secret, errors, messages } = entry;
  const modulus = integerIn('modulus', entry.modulus, 2, 2 ** 32);
  polynomialInto(bench, fromHex(seed), integerIn('index', index, 0, 2 ** 24));
  bench.coefficients.set(patternOf(secret));
  ringValues(bench, 0);
  bench.errors.set(patternOf(errors));
  bench.messages.set(patternOf(messages));
  // Any shape, but for what words depend on.
  const shape = latticeShape({ clients: 2, length: 1, low: 0, high: 1 });
  const code = codeOf({ ...shape, modulus, packing: 1, wireBits });
  setCode(bench, code);
  hideBlock(bench, 0, 0, code);
  const unit = wireBits > 32 ? 2 ** (wireBits - 32) : 1;
  return Array.from({ length: RING_DEGREE }, (_, i) => {
    const low = wireBits > 32 ? (bench.lows[i] as number) : 0;
    return (bench.words[i] as number) * unit + low;
  });
}

function different(got: ArrayLike<number>, listed: Listed, width: 4 | 8): string | undefined {
  const wrong = listed.first.findIndex((value, i) => value !== got[i]);
  if (wrong >= 0) return `value ${wrong}: got ${got[wrong]}, expected ${listed.first[wrong]}`;
  const digest = digestOf(got, width);
  return digest === listed.sha256 ? undefined : `got SHA-256 ${digest}, expected ${listed.sha256}`;
}

function integerIn(name: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) {
    return value as number;
  }
  throw new Malformed(`"${name}": got ${JSON.stringify(value)}, expected ${least} to ${most}`);
}

function fromHex(text: unknown): Uint8Array {
  if (typeof text !== 'string' || !/^[0-9a-f]{64}$/.test(text)) {
    throw new Malformed(`got ${JSON.stringify(text)}, expected 32 bytes in hex`);
  }
  return Uint8Array.from({ length: 32 }, (_, i) =>
    Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
  );
}
