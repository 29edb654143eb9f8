/**
 * Blocks under lattice masks: kernel, twin and the BigInt reference agree to the last bit, on the design's
 * known answers and on whatever comes.
 */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  BENCH_BLOCKS,
  hideBlock,
  type LatticeBench,
  type LatticeCode,
  openBlock,
  ringPolynomial,
  ringValues,
  setCode,
  withLatticeBench,
} from '../../src/kernel/lattice.ts';
import {
  RING_DEGREE,
  RING_PRIMES,
  ringTables,
  valuePosition,
} from '../../src/kernel/ring-tables.ts';
import { codeOf } from '../../src/lattice/coding.ts';
import { latticeShape } from '../../src/lattice/parameters.ts';
import { expandInto } from '../../src/prg/chacha20.ts';
import * as reference from '../reference/lattice.ts';
import { mersenneTwister } from '../stat/mersenne-twister.ts';

const sha256 = (words: Int32Array | Uint32Array): string =>
  createHash('sha256')
    .update(new Uint8Array(words.buffer, words.byteOffset, words.byteLength))
    .digest('hex');

/** The design's inputs: secrets, errors and messages that anybody can write down. */
const secret = Int32Array.from({ length: RING_DEGREE }, (_, j) => ((7 * j) % 15) - 7);
const errors = Int16Array.from({ length: RING_DEGREE }, (_, j) => ((5 * j) % 27) - 13);
const messages = Int32Array.from({ length: RING_DEGREE }, (_, j) => (31 * j) & 65_535);

/** A code as the design's answers have it: sums from 0 to T − 1. */
function codeFor(modulus: number, wireBits: number): LatticeCode {
  const step = reference.Q / BigInt(modulus);
  const delta = (Number(step) * 2 ** wireBits) / Number(reference.Q);
  const shift = Math.round(delta / 2);
  return { wireBits, step, offset: shift, delta, middle: shift, most: modulus - 1, low: 0 };
}

/** Both paths: the kernel's module, and its twin where there is no WebAssembly. */
const PATHS = ['wasm', 'twin'] as const;

/** Gives a bench of the path, on which polynomial 0 of the zero seed lies, and one secret. */
async function onPath<T>(
  path: (typeof PATHS)[number],
  work: (bench: LatticeBench, kernel: typeof import('../../src/kernel/lattice.ts')) => T,
): Promise<T> {
  if (path === 'twin') vi.stubGlobal('WebAssembly', undefined);
  vi.resetModules();
  const kernel = await import('../../src/kernel/lattice.ts');
  return kernel.withLatticeBench(2, (bench) => {
    expandInto(bench.windows, new Uint8Array(32));
    expect(kernel.ringPolynomial(bench)).toBe(true);
    bench.coefficients.set(secret);
    kernel.ringValues(bench, 0);
    bench.messages.set(messages);
    bench.errors.set(errors);
    return work(bench, kernel);
  });
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each(PATHS)('%s: the known answers of the design', (path) => {
  test('the public polynomial of the zero seed', async () => {
    await onPath(path, ({ polynomial }) => {
      expect([...polynomial.subarray(0, 4)]).toEqual([6_338_678, 7_446_701, 4_231_229, 6_646_365]);
      expect([...polynomial.subarray(RING_DEGREE, RING_DEGREE + 4)]).toEqual([
        1_721_837, 610_150, 2_575_057, 7_970_379,
      ]);
      expect(sha256(polynomial.subarray(0, RING_DEGREE)).slice(0, 16)).toBe('25688294a651aa23');
      expect(sha256(polynomial.subarray(RING_DEGREE)).slice(0, 16)).toBe('293c95dc3ed1fbee');
    });
  });

  test.each([
    [32_767_501, 32, 'e923999840484d83e3f058632627c0eb1182eb0f1c8fdda945b82c84b71b1c4e'],
    [25_501, 21, '191fec4af79a42251bc854e75b369322f17801ea97447c19330a22c6854a1a05'],
  ])('words for T = %i, k = %i', async (modulus, wireBits, hash) => {
    await onPath(path, (bench, kernel) => {
      const code = codeFor(modulus, wireBits);
      kernel.setCode(bench, code);
      kernel.hideBlock(bench, 0, 0, code);
      expect(sha256(bench.words.subarray(0, RING_DEGREE))).toBe(hash);
    });
  });
});

/** Words of a block as numbers, both planes together. */
const wordsOf = (bench: LatticeBench, at: number, wireBits: number): number[] =>
  Array.from({ length: RING_DEGREE }, (_, i) => {
    const [word, low] = [bench.words, bench.lows].map(
      (plane) => plane[at * RING_DEGREE + i] as number,
    ) as [number, number];
    return wireBits <= 32 ? word : word * 2 ** (wireBits - 32) + low;
  });

const chance = mersenneTwister(9);
const below = (n: number): number => Math.floor((chance() / 2 ** 32) * n);
const wide = Int32Array.from({ length: RING_DEGREE }, () => below(2 ** 27) - 2 ** 26);
const any = Int32Array.from({ length: RING_DEGREE }, () => (below(2 ** 16) << 16) | below(2 ** 16));
const extremes = Int16Array.from({ length: RING_DEGREE }, (_, i) => [93, -93, 0][i % 3] as number);

describe.each([16, 21, 24, 32, 38, 40])('k = %i: kernel, twin and reference', (wireBits) => {
  const modulus = 2 ** Math.min(32, wireBits - 8) - 3;
  const shape = latticeShapeOf(modulus, wireBits);
  const code = codeOf(shape);

  test('hide the same', async () => {
    const [p1, p2] = await onPath('wasm', ({ polynomial }) => [
      [...polynomial.subarray(0, RING_DEGREE)],
      [...polynomial.subarray(RING_DEGREE)],
    ]);
    const expected = reference
      .hideBlock({
        a: [p1, p2] as unknown as reference.Both<number[]>,
        s: [...secret],
        e: [...extremes],
        m: Array.from(any, BigInt),
        modulus: BigInt(modulus),
        wireBits,
      })
      .map(Number);
    for (const path of PATHS) {
      await onPath(path, (bench, kernel) => {
        kernel.setCode(bench, code);
        bench.errors.set(extremes, 3 * RING_DEGREE);
        bench.messages.set(any, 3 * RING_DEGREE);
        kernel.hideBlock(bench, 0, 3, code);
        expect(wordsOf(bench, 3, wireBits), path).toEqual(expected);
      });
    }
  });

  test('open the same, with secrets as large as sums of a million', async () => {
    const words = Uint32Array.from({ length: RING_DEGREE }, () => below(2 ** 32));
    const lows = Uint32Array.from({ length: RING_DEGREE }, () => below(2 ** 28));
    const both: { values: number[]; worst: number }[] = [];
    for (const path of PATHS) {
      await onPath(path, (bench, kernel) => {
        bench.coefficients.set(wide);
        kernel.ringValues(bench, 1);
        kernel.setCode(bench, code);
        bench.words.set(words);
        bench.lows.set(lows);
        const worst = kernel.openBlock(bench, 1, 0, code);
        const steps = new Uint32Array(
          bench.messages.buffer,
          bench.messages.byteOffset,
          RING_DEGREE,
        );
        both.push({ values: [...steps], worst });
      });
    }
    const [wasm, twin] = both as [(typeof both)[0], (typeof both)[0]];
    expect(twin.values).toEqual(wasm.values);
    expect(Math.abs(twin.worst - wasm.worst)).toBeLessThan(wireBits <= 32 ? 1 / 16 : 1 / 4);
  });
});

/** A shape with a given modulus and width, which need not be what clients come to. */
function latticeShapeOf(modulus: number, wireBits: number) {
  const real = latticeShape({ clients: 2, length: 1, low: 0, high: 1 });
  return { ...real, low: -Math.floor(modulus / 3), modulus, packing: 1, wireBits };
}

test('what was hidden comes out again, block by block', () => {
  withLatticeBench(1, (bench) => {
    expandInto(bench.windows, new Uint8Array(32).fill(3));
    ringPolynomial(bench);
    bench.coefficients.set(secret);
    ringValues(bench, 0);
    for (const wireBits of [30, 40]) {
      const code = codeOf(latticeShapeOf(2 ** 20, wireBits));
      setCode(bench, code);
      const given = Int32Array.from(
        { length: BENCH_BLOCKS * RING_DEGREE },
        () => below(2 ** 20) - Math.floor(2 ** 20 / 3),
      );
      bench.messages.set(given);
      for (let i = 0; i < BENCH_BLOCKS; i++) hideBlock(bench, 0, i, code);
      for (let i = 0; i < BENCH_BLOCKS; i++) expect(openBlock(bench, 0, i, code)).toBeLessThan(2);
      expect(bench.messages.every((value, i) => value === given[i])).toBe(true);
    }
  });
});

test('tables are those of the definitions', () => {
  for (const [i, prime] of RING_PRIMES.entries()) {
    const { p, psi, part, fraction } = prime;
    const modulus = BigInt(p);
    expect(reference.powerMod(BigInt(psi), 2_048n, modulus)).toBe(modulus - 1n);
    expect((BigInt(part) * (reference.Q / modulus)) % modulus).toBe(1n);
    expect(fraction).toBe((2n ** 64n + modulus / 2n) / modulus);
    expect(ringTables(prime)[0]).toBe(p);
    expect(reference.primes[i]?.p).toBe(p);
  }
  for (let i = 0; i < RING_DEGREE; i++) expect(valuePosition(i)).toBe(reference.positionOf(i));
});
