/**
 * One block of errors for all blocks.
 *
 * Errors are most of what a lattice mask costs in random bytes, and they look like a detail: the secret is
 * what hides. A naive client draws one block of them and adds it to every block, and sends b modulo q as the
 * textbook has it. Two blocks whose difference is known (padding, a frozen layer, zeros) are then an
 * equation without any error: the secret is a quotient, and everything opens.
 *
 * Rule (the lattice room): every coefficient has an error of its own (that all of them are drawn, and each
 * used once, is shown in seeded-secrets.test.ts), and what is sent is rounded to k bits.
 */
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../../src/internal/bytes.ts';
import { sha256 } from '../../../src/internal/sha256.ts';
import { RING_DEGREE } from '../../../src/kernel/index.ts';
import { polynomialSeed } from '../../../src/lattice/polynomials.ts';
import * as reference from '../../reference/lattice.ts';
import { seededWords, smallFrom } from './naive-lattice.ts';

const T = 6n * 65_535n + 1n;
const step = reference.scaleOf(T);
const seed = polynomialSeed(sha256(utf8('reused errors')));
const polynomials = [0, 1, 2].map((j) => reference.publicPolynomial(seed, j));
const words = seededWords(20_261);
const secret = [...smallFrom(RING_DEGREE, words)];
const drawn = [0, 1, 2].map(() => [...smallFrom(RING_DEGREE, words)]);
/** Nothing in the first two blocks, as in a frozen layer; then what nobody is to know. */
const values = [0, 1, 2].map((block) =>
  Array.from({ length: RING_DEGREE }, (_, i) => (block < 2 ? 0n : BigInt((i * 7_919) % 65_536))),
);

/** b = a·s + e + Δ·m modulo q, as it is before any rounding. */
const textbook = (errorsOf: (block: number) => readonly number[]): bigint[][] =>
  polynomials.map((a, block) =>
    reference.productModQ(a, secret).map((product, i) => {
      const message = step * (values[block]?.[i] as bigint);
      return reference.mod(product + BigInt(errorsOf(block)[i] as number) + message, reference.Q);
    }),
  );

/** What a coordinator tries: the quotient of two differences, modulo the first prime. */
function quotientOf(b: readonly (readonly bigint[])[]): number[] {
  const [prime] = reference.primes;
  const p = BigInt(prime.p);
  const [first, second] = b as [readonly bigint[], readonly bigint[]];
  const difference = first.map((x, i) => Number(reference.mod(x - (second[i] as bigint), p)));
  const [a, other] = polynomials.map((polynomial) => polynomial[0]) as [number[], number[]];
  const values = reference.toEvaluation(difference, prime).map((value, i) => {
    const divisor = reference.mod(BigInt((a[i] as number) - (other[i] as number)), p);
    return Number((BigInt(value) * reference.powerMod(divisor, p - 2n, p)) % p);
  });
  return reference.fromEvaluation(values, prime).map((x) => (x > prime.p / 2 ? x - prime.p : x));
}

describe('one block of errors for all', () => {
  const b = textbook(() => drawn[0] as number[]);

  test('naive, unrounded: the secret is a quotient, and the third block opens', () => {
    const found = quotientOf(b);
    expect(found).toEqual(secret);
    const opened = reference
      .productModQ(polynomials[2] as (typeof polynomials)[0], found)
      .map((product, i) => {
        const rest = reference.mod((b[2]?.[i] as bigint) - product + step / 2n, reference.Q);
        return rest / step;
      });
    expect(opened).toEqual(values[2]);
  });

  test('rounded to k bits, the same equation has errors again', () => {
    // The value in the middle of all that a word of 21 bits may stand for.
    const rounded = b.map((block) =>
      block.map((x) => (reference.wordOf(x, 21) * reference.Q) / 2n ** 21n),
    );
    expect(largest(quotientOf(rounded))).toBeGreaterThan(10 ** 6);
  });
});

test('errors of their own: the quotient is noise, even unrounded', () => {
  const found = quotientOf(textbook((block) => drawn[block] as number[]));
  expect(largest(found)).toBeGreaterThan(10 ** 6);
});

const largest = (numbers: readonly number[]): number => Math.max(...numbers.map(Math.abs));
