/** Residues in halves agree with BigInt, at the edges too. */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addInto,
  combineInto,
  hasZeroRow,
  inverseOf,
  negateInto,
  scaleInto,
  splitPrime,
  uniformInto,
  type Words,
} from '../../../src/he/committee/modular.ts';
import { parameterSets } from '../../../src/he/parameters.ts';
import { bigsOf } from './support.ts';

const primes = [
  ...new Set(parameterSets.filter((set) => set.keys === 'committee').flatMap((set) => set.primes)),
];
const wordsOf = (values: readonly bigint[]): Words =>
  new Uint32Array(BigUint64Array.from(values).buffer);

describe.each(primes)('modulo %s', (value) => {
  const prime = splitPrime(value);
  const edge = fc.constantFrom(0n, 1n, value - 1n, value - 2n, value >> 1n, 0xffff_ffffn % value);
  const residue = fc.oneof(edge, fc.bigInt({ min: 0n, max: value - 1n }));
  const factor = fc.oneof(fc.constantFrom(0, 1, 2 ** 16), fc.nat(2 ** 16));

  test('a·m + b·n', () => {
    fc.assert(
      fc.property(residue, factor, residue, factor, (a, m, b, n) => {
        const out = wordsOf([7n]);
        combineInto(out, [prime], wordsOf([a]), m, wordsOf([b]), n);
        expect(bigsOf(out)[0]).toBe((a * BigInt(m) + b * BigInt(n)) % value);
      }),
      { numRuns: 3_000 },
    );
  });

  test('products with long factors, sums, negatives, inverses', () => {
    fc.assert(
      fc.property(residue, residue, (a, b) => {
        const out = wordsOf([7n]);
        scaleInto(out, [prime], wordsOf([a]), [b]);
        expect(bigsOf(out)[0]).toBe((a * b) % value);
        negateInto(out, [prime], wordsOf([a]));
        expect(bigsOf(out)[0]).toBe((value - a) % value);
        addInto(out, [prime], wordsOf([b]));
        expect(bigsOf(out)[0]).toBe((value - a + b) % value);
        if (a !== 0n) expect((inverseOf(a, value) * a) % value).toBe(1n);
      }),
    );
  });

  test('uniform residues are below the prime, and reach everywhere', () => {
    const out: Words = new Uint32Array(40_000);
    uniformInto(out, [prime], (words) => {
      words.set(new Uint32Array(Uint8Array.from(randomBytes(words.byteLength)).buffer));
    });
    const counts = new Array<number>(16).fill(0);
    for (const x of bigsOf(out)) {
      expect(x < value).toBe(true);
      const bin = Number((x * 16n) / value);
      counts[bin] = (counts[bin] as number) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1_250)).toBeLessThan(6 * Math.sqrt(1_250));
  });
});

test('several primes, row after row; a row of zeros is seen', () => {
  const [p, r] = primes.slice(0, 2).map(splitPrime) as [
    ReturnType<typeof splitPrime>,
    ReturnType<typeof splitPrime>,
  ];
  const words = wordsOf([p.value - 1n, 5n, r.value - 1n, 6n]);
  addInto(words, [p, r], wordsOf([2n, 2n, 2n, 2n]));
  expect([...bigsOf(words)]).toEqual([1n, 7n, 1n, 8n]);
  expect(hasZeroRow(words, [p, r])).toBe(false);
  expect(hasZeroRow(wordsOf([0n, 0n, 1n, 0n]), [p, r])).toBe(true);
  expect(hasZeroRow(wordsOf([0n, 1n, 0n, 0n]), [p, r])).toBe(true);
});
