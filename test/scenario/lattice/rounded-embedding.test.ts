/**
 * The textbook's embedding.
 *
 * Books put a message m below T into Z_q as round(m·q/T). Sums come out right, but each client has rounded for
 * itself, and the roundings add up: with the key of the sum, the coordinator sees Σe + Σround(m_i·q/T), and
 * takes round(Σm_i·q/T) away. What is left has a mean that says how the m_i share the sum among
 * themselves: of two clients 0, or 1 either way, under errors of width 6.6·√n, and in as many coefficients as the vector has.
 *
 * Rule (the lattice room): a message goes in as ⌊q/T⌋·m, which is linear, so that what is left over says
 * nothing but Σe and the roundings of words that look uniform.
 */
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../../src/internal/bytes.ts';
import { sha256 } from '../../../src/internal/sha256.ts';
import { RING_DEGREE } from '../../../src/kernel/index.ts';
import { polynomialSeed } from '../../../src/lattice/polynomials.ts';
import * as reference from '../../reference/lattice.ts';
import {
  errorsFor,
  naiveUpload,
  oneField,
  secretFrom,
  seededWords,
  shapeOf,
  smallFrom,
  sumOf,
} from './naive-lattice.ts';

const SUM = 60_000;
/** Two clients, with the sum of {@link SUM} in every coefficient of four blocks. */
const PAIR = oneField({ clients: 2, length: 4 * RING_DEGREE, low: 0, high: 2 * 65_535 });
const { modulus, wireBits, length } = shapeOf(PAIR);
const T = BigInt(modulus);
const { Q } = reference;

/** round(m·q/T). */
const textbook = (m: number): bigint => (2n * BigInt(m) * Q + T) / (2n * T);
const linear = (m: number): bigint => reference.scaleOf(T) * BigInt(m);

/** What the roundings of x and of the rest of the sum add up to. */
const carryOf = (x: number): number => Number(textbook(x) + textbook(SUM - x) - textbook(SUM));

/** Two ways in which two clients come to the same sum: with a carry, and without. */
const all = Array.from({ length: SUM }, (_, x) => ({ x, carry: carryOf(x) }));
const worlds = [true, false].map((isCarried) =>
  all.find(({ carry }) => (carry !== 0) === isCarried),
) as [(typeof all)[0], (typeof all)[0]];

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

describe('what is left of b_1 + b_2 − a·(s_1 + s_2) once the sum is taken away, modulo q', () => {
  // a·s cancels exactly; what remains are errors and embedded messages.
  const errors = [1, 2].map((seed) => smallFrom(length, seededWords(seed)));
  const leftOver = (embed: (m: number) => bigint, x: number): number[] =>
    Array.from({ length }, (_, i) => {
      const noise = (errors[0]?.[i] as number) + (errors[1]?.[i] as number);
      return noise + Number(embed(x) + embed(SUM - x) - embed(SUM));
    });

  test('textbook: its mean tells the two worlds apart', () => {
    expect(worlds.map(({ carry }) => Math.abs(carry))).toEqual([1, 0]);
    for (const { x, carry } of worlds) {
      // 6.6·√2 wide, over 8,192 coefficients: the mean is known to a tenth.
      expect(Math.abs(mean(leftOver(textbook, x)) - carry)).toBeLessThan(0.45);
    }
  });

  test('linear: it is the errors, whoever put in what', () => {
    const [first, other] = worlds.map(({ x }) => leftOver(linear, x));
    expect(other).toEqual(first);
    expect(Math.abs(mean(first as number[]))).toBeLessThan(0.45);
  });
});

describe('ours, as it travels', () => {
  const roundId = sha256(utf8('rounded embedding'));
  const none = { secret: new Int32Array(RING_DEGREE), errors: new Int16Array(length) };

  test('a message goes in as ⌊q/T⌋·m, and here that is not what the textbook says', () => {
    const values = Uint32Array.from({ length }, (_, i) => (i * 7_919) % 65_536);
    const { words } = naiveUpload(PAIR, roundId, values, none);
    const wordsBy = (embed: (m: number) => bigint): number[] =>
      Array.from(values, (m) => Number(reference.wordOf(embed(m), wireBits)));
    expect([...words]).toEqual(wordsBy(linear));
    // Told apart on 40 bits at the latest.
    const wide = values.filter(
      (m) => reference.wordOf(linear(m), 40) !== reference.wordOf(textbook(m), 40),
    );
    expect(wide.length).toBeGreaterThan(length / 4);
  });

  test('remainders of a sum do not tell the worlds apart', () => {
    const seed = polynomialSeed(roundId);
    const polynomials = [0, 1].map((j) => reference.publicPolynomial(seed, j));
    const masks = [3, 4].map((n) => {
      const words = seededWords(n);
      return { secret: secretFrom(words), errors: errorsFor(PAIR, words) };
    });
    const keySum = [...sumOf(masks.map(({ secret }) => Uint32Array.from(secret)))].map(
      (x) => x | 0,
    );
    const remainders = worlds.map(({ x }) => {
      const words = sumOf(
        masks.map((mask, i) => {
          const values = new Uint32Array(length).fill(i === 0 ? x : SUM - x);
          return naiveUpload(PAIR, roundId, values, mask).words;
        }),
      );
      return polynomials.flatMap((a, block) => {
        const here = words.subarray(block * RING_DEGREE, (block + 1) * RING_DEGREE);
        const opening = { a, s: keySum, words: Array.from(here, BigInt), modulus: T, wireBits };
        return reference.openBlock(opening).map(({ sum, remainder }) => {
          expect(sum).toBe(BigInt(SUM));
          return Number(remainder) / Number(Q);
        });
      });
    });
    const means = remainders.map(mean);
    const variance = mean((remainders[0] as number[]).map((r) => (r - (means[0] as number)) ** 2));
    // Two roundings of clients and one of the coordinator.
    expect(variance).toBeGreaterThan(0.2);
    expect(variance).toBeLessThan(0.3);
    const deviation = Math.sqrt((2 * variance) / (2 * RING_DEGREE));
    expect(Math.abs((means[1] as number) - (means[0] as number))).toBeLessThan(5 * deviation);
  });
});
