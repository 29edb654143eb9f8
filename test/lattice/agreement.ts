/**
 * Lattice masks in any runtime: the committed answers, the kernel against its twin, the sampler from fixed
 * words, and sums of clients that hide. All but the sums' masks is fixed, so that the digest must be the
 * same everywhere.
 */
import { toHex } from '../../src/internal/bytes.ts';
import { sha256 } from '../../src/internal/sha256.ts';
import {
  hideBlock,
  kernelPath,
  type LatticeBench,
  openBlock,
  RING_DEGREE,
  ringValues,
  setCode,
  withLatticeBench,
} from '../../src/kernel/index.ts';
import { forward, hide, open } from '../../src/kernel/twin/lattice.ts';
import { codeOf } from '../../src/lattice/coding.ts';
import { drawGaussianFromInto } from '../../src/lattice/gaussian.ts';
import { latticeShape } from '../../src/lattice/parameters.ts';
import { polynomialInto } from '../../src/lattice/polynomials.ts';
import { expandInto } from '../../src/prg/chacha20.ts';
import { latticeSuite } from '../conformance/lattice.ts';
import { addUp, wrongValues } from './exact.ts';

/** What was found: which path ran, what the committed answers gave, and the digest of all results. */
export type LatticeAgreement = {
  readonly path: string;
  readonly passed: number;
  readonly mismatches: readonly string[];
  readonly digest: string;
  /** Of sums of clients with fresh secrets; each entry a field. */
  readonly wrong: readonly number[];
};

/** Words that look random and are the same everywhere. */
function wordsOf(label: number, length: number): Uint32Array {
  const out = new Uint32Array(length);
  expandInto(out, new Uint8Array(32).fill(label), 0);
  return out;
}

/** Runs all checks on a file of committed answers; throws where kernel and twin disagree. */
export function checkLattice(vectors: unknown): LatticeAgreement {
  const results: Uint8Array[] = [];
  const keep = (view: Uint32Array | Int32Array | Int16Array): void => {
    results.push(sha256(new Uint8Array(view.buffer, view.byteOffset, view.byteLength)));
  };
  const same = (what: string, a: ArrayLike<number>, b: ArrayLike<number>): void => {
    const wrong = Array.from(a).findIndex((value, i) => value !== b[i]);
    if (a.length !== b.length || wrong >= 0) throw new Error(`${what}: differs at ${wrong}`);
  };

  withLatticeBench(1, (bench) => {
    polynomialInto(bench, new Uint8Array(32).fill(5), 3);
    keep(bench.polynomial.slice());
    for (const wireBits of [8, 16, 21, 24, 32, 33, 38, 40]) keep(checkWidth(bench, wireBits, same));
  });

  for (const length of [1, 2_049, 40_001]) {
    const draws = new Int16Array(length);
    let label = 0;
    drawGaussianFromInto(draws, (words) => words.set(wordsOf(++label, words.length)));
    keep(draws);
  }

  const { passed, mismatches } = latticeSuite(vectors);
  const wrong = [1, 60_000, 6_000_000, 80_000_000].map((high) =>
    wrongValues(
      addUp({ clients: 20, dropped: 4, fields: [{ length: 5_000, low: -high, high: high - 1 }] }),
    ),
  );
  return { path: kernelPath(), passed, mismatches, digest: toHex(sha256(...results)), wrong };
}

/** One width: hides and opens on both paths; gives the words. */
function checkWidth(
  bench: LatticeBench,
  wireBits: number,
  same: (what: string, a: ArrayLike<number>, b: ArrayLike<number>) => void,
): Uint32Array {
  // Away from 2^32, so that any sum is a number of steps that words hold.
  const modulus = Math.min(2 ** 32 - 2 ** 20, 2 ** Math.max(3, wireBits - 8) - 3);
  const shape = latticeShape({ clients: 2, length: 1, low: 0, high: 1 });
  const low = -Math.floor(modulus / 3);
  const code = codeOf({ ...shape, low, modulus, packing: 1, wireBits });
  const what = `k = ${wireBits}`;
  // Secrets as large as sums of a million, and errors at both bounds.
  const secret = Int32Array.from(wordsOf(1, RING_DEGREE), (word) => (word | 0) >> 5);
  const errors = Int16Array.from(wordsOf(2, RING_DEGREE), (word) => (word % 187) - 93);
  const messages = Int32Array.from(wordsOf(3, RING_DEGREE), (word) => word | 0);
  bench.coefficients.set(secret);
  ringValues(bench, 0);
  setCode(bench, code);
  bench.errors.set(errors);
  bench.messages.set(messages);
  hideBlock(bench, 0, 0, code);
  const [words, lows] = [bench.words.slice(0, RING_DEGREE), bench.lows.slice(0, RING_DEGREE)];

  const polynomial = bench.polynomial.slice();
  const values = new Int32Array(4 * RING_DEGREE);
  for (const prime of [0, 1] as const) {
    forward(values.subarray(2 * prime * RING_DEGREE), secret, prime);
  }
  const [slow, slowLows] = [new Uint32Array(RING_DEGREE), new Uint32Array(RING_DEGREE)];
  hide(slow, slowLows, polynomial, values, errors, messages, code);
  same(`${what}: words`, words, slow);
  if (wireBits > 32) same(`${what}: lows`, lows, slowLows);

  // Opening is the coordinator's own affair: what comes out is decided, the remainder only nearly.
  bench.messages.set(wordsOf(4, RING_DEGREE).map((word) => low + (word % (1 - 2 * low))));
  hideBlock(bench, 0, 0, code);
  const sums = [bench.words.slice(0, RING_DEGREE), bench.lows.slice(0, RING_DEGREE)] as const;
  const worst = openBlock(bench, 0, 0, code);
  const steps = Uint32Array.from(bench.messages.subarray(0, RING_DEGREE));
  const slowSteps = new Uint32Array(RING_DEGREE);
  const slowWorst = open(slowSteps, ...sums, polynomial, values, code);
  same(`${what}: steps`, steps, slowSteps);
  if (worst > 3 || Math.abs(worst - slowWorst) > 0.25) {
    throw new Error(`${what}: remainders ${worst} and ${slowWorst}`);
  }
  return Uint32Array.from(wireBits > 32 ? [...words, ...lows] : words);
}
