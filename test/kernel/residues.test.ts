/**
 * Residues: the kernel is its twin, and both are the definition in bigint, for every width and tail, in
 * kernel memory and outside of it, and they write nothing beside their output.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addResidues,
  checkResidues,
  narrowResidues,
  residentVectors,
  type WirePrime,
  widenResidues,
} from '../../src/kernel/index.ts';
import {
  addResidues as addTwin,
  narrowResidues as narrowTwin,
  widenResidues as widenTwin,
} from '../../src/kernel/twin/residues.ts';
import { foundReference, residuesReference, wireReference } from '../reference/residues.ts';
import { mersenneTwister } from '../stat/mersenne-twister.ts';
import { arenas, expectNothingLeft, TAILS } from './arena.ts';

const places = arenas(8_192);
const LARGEST = (1n << 61n) - 1n;

/** A prime as far as the kernels care: any number below 2^61 that fits the width. */
const primeOf = (value: bigint, width: number): WirePrime => ({
  width,
  high: Number(value >> 32n),
  low: Number(value & 0xffff_ffffn),
});
const numberOf = ({ high, low }: WirePrime): bigint => (BigInt(high) << 32n) | BigInt(low);

/** For each width the least and the greatest modulus, and one with a lower half of zeros. */
const moduli: readonly WirePrime[] = Array.from({ length: 8 }, (_, i) => i + 1).flatMap((width) => {
  const limit = 1n << BigInt(8 * width);
  const most = limit - 1n < LARGEST ? limit - 1n : LARGEST;
  const least = (limit >> 8n) + 1n;
  const round = width > 4 ? [(most >> 32n) << 32n, ((least >> 32n) << 32n) + 1n] : [];
  return [most, least, ...round].map((value) => primeOf(value, width));
});

const wordsOf = (values: readonly bigint[]): Uint32Array =>
  Uint32Array.from(values.flatMap((v) => [Number(v & 0xffff_ffffn), Number(v >> 32n)]));
const bytesOf = (words: Uint32Array): Uint8Array => new Uint8Array(words.slice().buffer);
const same = (a: Uint8Array | Uint32Array, b: Uint8Array | Uint32Array, what: string): void => {
  expect(Buffer.compare(Buffer.from(a.slice().buffer), Buffer.from(b.slice().buffer)), what).toBe(
    0,
  );
};

/** Anything that the width can carry, with the edges of the modulus among it. */
function someValues(prime: WirePrime, length: number, seed: number, below: boolean): bigint[] {
  const value = numberOf(prime);
  const all = (1n << BigInt(8 * prime.width)) - 1n;
  const edges = [0n, 1n, value - 1n, value >> 1n, (value >> 1n) + 1n];
  if (!below) edges.push(value, value + 1n, all, all >> 1n);
  const fitting = edges.filter((edge) => edge >= 0n && edge <= all);
  const next = mersenneTwister(seed);
  return Array.from({ length }, () => {
    const edge = fitting[next() % (4 * fitting.length)];
    const wide = ((BigInt(next()) << 32n) | BigInt(next())) & all;
    const some = edge ?? wide;
    return below ? some % value : some;
  });
}

/** All four functions on one input, against the definition. */
function agree(prime: WirePrime, terms: readonly bigint[], sums: readonly bigint[]): void {
  const { width } = prime;
  const value = numberOf(prime);
  const wire = wireReference(terms, width);
  expect(residuesReference(wire, width)).toEqual(terms);
  const found = foundReference(terms, value);
  const words = wordsOf(terms);
  const before = wordsOf(sums);
  const added =
    found === 'not-below-prime'
      ? undefined
      : wordsOf(sums.map((sum, i) => (sum + (terms[i] as bigint)) % value));

  const twinWords = new Uint32Array(words.length);
  expect(widenTwin(twinWords, wire, prime)).toBe(found);
  expect(widenTwin(undefined, wire, prime)).toBe(found);
  same(twinWords, words, 'twin: words');
  const twinWire = new Uint8Array(wire.length);
  narrowTwin(twinWire, bytesOf(words), width);
  same(twinWire, wire, 'twin: wire');
  if (added !== undefined) {
    const sum = before.slice();
    addTwin(sum, wire, prime);
    same(sum, added, 'twin: sum');
  }

  for (const { name, place, only } of places) {
    const [bytes, out, sum, back, long] = place(
      wire,
      new Uint32Array(words.length),
      before,
      new Uint8Array(wire.length),
      bytesOf(words),
    );
    const nothing = bytes.subarray(0, 0);
    only(nothing, () => expect(checkResidues(bytes, prime), name).toBe(found));
    only(out, () => expect(widenResidues(out, bytes, prime), name).toBe(found));
    same(out, words, `${name}: words`);
    only(back, () => narrowResidues(back, long, width));
    same(back, wire, `${name}: wire`);
    if (added === undefined) continue;
    only(sum, () => addResidues(sum, bytes, prime));
    same(sum, added, `${name}: sum`);
    // One side here and one elsewhere.
    sum.set(before);
    only(sum, () => addResidues(sum, wire, prime));
    same(sum, added, `${name}: sum, bytes outside`);
    const outside = before.slice();
    only(nothing, () => addResidues(outside, bytes, prime));
    same(outside, added, `${name}: sum outside`);
  }
}

describe.each(moduli)('width $width, modulus $high, $low', (prime) => {
  test('every tail, with residues only and with anything', () => {
    for (const length of TAILS) {
      const sums = someValues(prime, length, length + 1, true);
      agree(prime, someValues(prime, length, length + 2, true), sums);
      agree(prime, someValues(prime, length, length + 3, false), sums);
    }
  });

  test('one bad residue is found wherever it is; zeros are told from one that is not', () => {
    const value = numberOf(prime);
    const all = (1n << BigInt(8 * prime.width)) - 1n;
    for (const length of [1, 2, 3, 4, 5, 63, 64, 67]) {
      const zeros = new Array<bigint>(length).fill(0n);
      agree(prime, zeros, zeros);
      for (let at = 0; at < length; at++) {
        for (const odd of [1n, value - 1n, value, all]) agree(prime, zeros.with(at, odd), zeros);
      }
    }
  });

  test('what lies around the bytes is not looked at', () => {
    for (const length of [1, 4, 64, 66]) {
      const size = length * prime.width;
      const [resident] = residentVectors([65_536]) as [Uint32Array];
      const areas = [
        new Uint8Array(resident.buffer, resident.byteOffset, size + 64),
        new Uint8Array(size + 64),
      ];
      for (const area of areas) {
        const bytes = area
          .fill(0xff)
          .subarray(32, 32 + size)
          .fill(0);
        expect(checkResidues(bytes, prime)).toBe('all-zero');
      }
    }
  });
});

test('any modulus, any residues', () => {
  const input = fc
    .bigInt({ min: 2n, max: LARGEST })
    .chain((value) => {
      const residues = fc.bigInt({ min: 0n, max: value - 1n });
      return fc.tuple(
        fc.constant(value),
        fc.array(fc.tuple(residues, residues), { maxLength: 150 }),
      );
    })
    .map(([value, pairs]) => ({ value, pairs }));
  fc.assert(
    fc.property(input, ({ value, pairs }) => {
      const width = Math.ceil((value - 1n).toString(2).length / 8);
      agree(
        primeOf(value, width),
        pairs.map(([term]) => term),
        pairs.map(([, sum]) => sum),
      );
    }),
  );
});

test('more than two pieces, in one memory, in two and in none', () => {
  const length = 40_003;
  for (const width of [1, 5, 7, 8]) {
    const limit = width === 8 ? LARGEST : (1n << BigInt(8 * width)) - 1n;
    const prime = primeOf(limit, width);
    const terms = someValues(prime, length, width, true);
    const sums = someValues(prime, length, width + 9, true);
    const [wire, before] = [wireReference(terms, width), wordsOf(sums)];
    const expected = before.slice();
    addTwin(expected, wire, prime);
    const [own] = residentVectors([length * 2]) as [Uint32Array];
    const [sum, near] = residentVectors([length * 2, length * 2]) as [Uint32Array, Uint32Array];
    const inOwn = new Uint8Array(own.buffer, own.byteOffset, wire.length);
    const inNear = new Uint8Array(near.buffer, near.byteOffset, wire.length);
    for (const bytes of [wire, inOwn, inNear]) {
      bytes.set(wire);
      for (const target of [sum, new Uint32Array(2 * length)]) {
        target.set(before);
        addResidues(target, bytes, prime);
        same(target, expected, 'sum');
        expect(widenResidues(target, bytes, prime)).toBe('fine');
        same(target, wordsOf(terms), 'words');
        const long = new Uint8Array(target.buffer, target.byteOffset, 8 * length);
        bytes.fill(0);
        narrowResidues(bytes, long, width);
        same(bytes, wire, 'wire');
      }
      // The last residue of all is bad: pieces before it do not hide it.
      const last = wire.slice().fill(0xff, -width);
      expect(checkResidues(last, prime)).toBe('not-below-prime');
    }
  }
});

test('nothing of what was staged is left', () => {
  const prime = primeOf(LARGEST, 8);
  const words = new Uint32Array(2 * 20_000).fill(0x01020304);
  const bytes = bytesOf(words);
  checkResidues(bytes, prime);
  widenResidues(words, bytes, prime);
  addResidues(words, bytes, prime);
  narrowResidues(bytes, bytesOf(words), 7);
  narrowResidues(bytes.subarray(0, 700), bytesOf(words).subarray(0, 800), 7);
  expectNothingLeft();
});
