/** Tables: how far they are from the law, recomputed from their integers; what is refused; what is kept. */
import { expect, test } from 'vitest';
import type { NoiseDistribution } from '../../src/dp/sampler/distributions.ts';
import { aliasTablesOf, noiseTable } from '../../src/dp/sampler/noise-tables.ts';
import {
  distanceTo,
  gaussianLaw,
  laplaceLaw,
  skellamLaw,
  sumLaw,
  tableLaw,
  UNIT,
  UNIT_BITS,
} from '../reference/noise-laws.ts';
import { caught } from '../ring/caught.ts';

const gaussian = (sigma: number): NoiseDistribution => ({ kind: 'discrete-gaussian', sigma });
const skellam = (variance: number): NoiseDistribution => ({ kind: 'skellam', variance });
const laplace = (rate: number): NoiseDistribution => ({ kind: 'discrete-laplace', rate });

const narrow: readonly [NoiseDistribution, () => readonly bigint[]][] = [
  [gaussian(2 ** -6), () => gaussianLaw(2 ** -6)],
  [gaussian(1), () => gaussianLaw(1)],
  [gaussian(10.3), () => gaussianLaw(10.3)],
  [gaussian(200), () => gaussianLaw(200)],
  [skellam(0.001), () => skellamLaw(0.001)],
  [skellam(1), () => skellamLaw(1)],
  [skellam(100.7), () => skellamLaw(100.7)],
  [skellam(2500), () => skellamLaw(2500)],
  [laplace(64), () => laplaceLaw(64)],
  [laplace(1), () => laplaceLaw(1)],
  [laplace(0.05), () => laplaceLaw(0.05)],
];

for (const [distribution, lawOf] of narrow) {
  test(`${JSON.stringify(distribution)} is as near as it says`, () => {
    const table = noiseTable(distribution);
    const sums = sumLaw(aliasTablesOf(table));
    expect([...sums.values()].reduce((sum, p) => sum + p, 0n)).toBe(UNIT);
    const distance = distanceTo(lawOf(), sums);
    expect(table.reads).toBe(1);
    expect(table.distanceBits).toBeGreaterThanOrEqual(120);
    expect(distance <= UNIT >> BigInt(table.distanceBits)).toBe(true);
    // And no more modest than it has to be, where there is anything to round.
    if (table.columns > 2) expect(distance >= UNIT >> BigInt(table.distanceBits + 8)).toBe(true);
  });
}

test('a wide Laplace table is as near as it says', () => {
  const table = noiseTable(laplace(2 ** -8.5));
  expect(table.reads).toBe(2);
  const distance = distanceTo(laplaceLaw(2 ** -8.5), sumLaw(aliasTablesOf(table)));
  expect(distance <= UNIT >> BigInt(table.distanceBits)).toBe(true);
});

test('every table of a wide distribution is a distribution', () => {
  for (const distribution of [gaussian(5e5), skellam(1e10), laplace(2 ** -24)]) {
    const table = noiseTable(distribution);
    expect(table.reads).toBe(2);
    for (const part of aliasTablesOf(table)) {
      const total = [...tableLaw(part).values()].reduce((sum, p) => sum + p, 0n);
      // Whole up to the bits that a probability has behind 2^−320.
      expect(total).toBe(1n << UNIT_BITS);
    }
  }
});

test('the claim holds over the whole range, and covers both draws of a wide one', () => {
  const all = [gaussian(2 ** 11), gaussian(2 ** 11 + 1), gaussian(2 ** 21)];
  all.push(skellam(2 ** -20), skellam(2 ** 22), skellam(2 ** 22 + 1), skellam(1e9));
  all.push(laplace(2 ** -8), laplace(2 ** -24));
  for (const distribution of all) {
    expect(noiseTable(distribution).distanceBits).toBeGreaterThanOrEqual(120);
  }
});

test('more than the tables give is refused', () => {
  const error = caught(() => noiseTable(gaussian(4), { distanceBits: 128 }));
  expect([error.name, error.code]).toEqual(['PrivacyError', 'unsound-parameters']);
  expect(error.message).toContain('2^-128');
  expect(noiseTable(gaussian(4), { distanceBits: 124 }).distanceBits).toBeGreaterThanOrEqual(124);
});

test('parameters out of range are refused by name', () => {
  const codeOf = (distribution: unknown): readonly string[] => {
    const error = caught(() => noiseTable(distribution as NoiseDistribution));
    return [error.name, error.code];
  };
  const mistakes = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, undefined, '3', 3n, null];
  for (const value of mistakes) {
    expect(codeOf(gaussian(value as number))).toEqual(['UsageError', 'out-of-range']);
    expect(codeOf(skellam(value as number))).toEqual(['UsageError', 'out-of-range']);
    expect(codeOf(laplace(value as number))).toEqual(['UsageError', 'out-of-range']);
  }
  for (const none of [undefined, null, {}, { kind: 'toString' }, { kind: 'gaussian', sigma: 1 }]) {
    expect(codeOf(none)).toEqual(['UsageError', 'out-of-range']);
  }
  for (const narrowest of [gaussian(2 ** -7), skellam(2 ** -21), laplace(65)]) {
    expect(codeOf(narrowest)).toEqual(['UsageError', 'out-of-range']);
  }
  for (const widest of [gaussian(2 ** 21 + 1), skellam(2 ** 43), laplace(2 ** -25)]) {
    expect(codeOf(widest)).toEqual(['CapacityError', 'ring-overflow']);
  }
  // Variance and deviation have names of their own, so that one is not taken for the other.
  expect(codeOf({ kind: 'skellam', sigma: 2 })).toEqual(['UsageError', 'out-of-range']);
});

test('tables are frozen and used again, and not kept without end', () => {
  const first = noiseTable(gaussian(3));
  expect(Object.isFrozen(first) && Object.isFrozen(first.distribution)).toBe(true);
  expect(noiseTable({ kind: 'discrete-gaussian', sigma: 3 })).toBe(first);
  for (let i = 0; i < 11; i++) noiseTable(laplace(1 + i));
  expect(noiseTable(gaussian(3))).toBe(first);
  for (let i = 0; i < 12; i++) noiseTable(laplace(20 + i));
  expect(noiseTable(gaussian(3))).not.toBe(first);
  expect(aliasTablesOf(first)).toHaveLength(1);
  expect(caught(() => aliasTablesOf({ ...first })).code).toBe('wrong-type');
});
