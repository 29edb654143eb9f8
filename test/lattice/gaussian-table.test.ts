/** The table of the lattice room's noise: how far a draw is from the exact law, from the words in memory. */
import { expect, test } from 'vitest';
import { GAUSSIAN_BOUND, GAUSSIAN_WIDTH, gaussianTable } from '../../src/lattice/gaussian-table.ts';
import {
  distanceOf,
  gaussianLaw,
  gaussianThresholds,
  UNIT,
  UNIT_BITS,
} from '../reference/gaussian.ts';

/** Heads as published with the design of lattice masks; 0x7fff stands for all thresholds that follow. */
const HEADS = [
  1980, 5896, 9680, 13253, 16549, 19522, 22143, 24400, 26300, 27864, 29121, 30109, 30867, 31437,
  31854, 32154, 32363, 32507, 32603, 32666, 32706, 32731, 32746, 32756, 32761, 32764, 32766, 32767,
];

const { words, heads } = gaussianTable();
const row = (i: number): readonly number[] => [...words.subarray(4 * i, 4 * i + 4)];

/** Thresholds as the kernel reads them. */
const thresholds = Array.from({ length: words.length / 4 - heads - 4 }, (_, i) =>
  row(heads + 4 + i).reduceRight((value, word) => (value << 32n) | BigInt(word), 0n),
);

test('σ is 6.6 exactly', () => {
  expect(GAUSSIAN_WIDTH).toBe(6.6);
  // 1 / 2σ² = 25 / 2178 for σ = 66 / 10.
  expect(25 * 2 * 66 * 66).toBe(2178 * 10 * 10);
});

test('the thresholds are those of the law, to the last bit', () => {
  expect(thresholds).toHaveLength(GAUSSIAN_BOUND);
  expect(thresholds).toEqual(gaussianThresholds(128n));
});

test('the heads are theirs, and their bytes lie beside them', () => {
  expect(heads).toBe(HEADS.length);
  HEADS.forEach((head, i) => {
    expect(row(i)).toEqual(new Array(4).fill(head * 0x1_0001));
  });
  const ofThresholds = thresholds.map((c) => Number(c >> 113n));
  expect(ofThresholds.slice(0, 27)).toEqual(HEADS.slice(0, 27));
  expect(new Set(ofThresholds.slice(27))).toEqual(new Set([0x7fff]));
  const bytes = new Uint8Array(words.slice(4 * heads, 4 * heads + 16).buffer);
  HEADS.forEach((head, i) => {
    expect([bytes[i], bytes[32 + i]]).toEqual([head & 0xff, head >> 8]);
  });
});

/** The largest b with `distance` ≤ 2^−b. */
const bitsOf = (distance: bigint): number => Number(UNIT_BITS) - (distance - 1n).toString(2).length;

test('a draw is within 2^-124 of the exact law, rounding and tail included', () => {
  const { lower, upper } = distanceOf(thresholds, 128n);
  expect(upper <= UNIT >> 124n).toBe(true);
  // And no nearer than half of that, so that the claim is the whole truth.
  expect(lower > UNIT >> 125n).toBe(true);
  expect(bitsOf(upper)).toBe(124);
});

test('fewer bits, or another width, are seen to be further away', () => {
  for (const bits of [15n, 79n]) {
    const { lower } = distanceOf(gaussianThresholds(bits), bits);
    const found = bitsOf(lower);
    expect(found).toBeGreaterThanOrEqual(Number(bits) - 6);
    expect(found).toBeLessThanOrEqual(Number(bits) - 3);
  }
  const shifted = thresholds.with(20, (thresholds[20] as bigint) + (1n << 20n));
  expect(bitsOf(distanceOf(shifted, 128n).lower)).toBeLessThan(109);
});

test('the exact law exceeds the bound with a chance below 2^-149', () => {
  const beyond = gaussianLaw().slice(GAUSSIAN_BOUND + 1);
  const upper = beyond.reduce((sum, p) => sum + p.upper, 0n);
  expect(bitsOf(upper)).toBe(149);
  // Every threshold is below 2^128, so that no number is drawn that is larger.
  expect(thresholds.every((c) => c < 1n << 128n)).toBe(true);
});

test('the bounds of the law are as narrow as they have to be', () => {
  const law = gaussianLaw();
  const lower = law.reduce((sum, p) => sum + p.lower, 0n);
  const upper = law.reduce((sum, p) => sum + p.upper, 0n);
  expect(lower <= UNIT && UNIT <= upper).toBe(true);
  expect(upper - lower < 1n << 60n).toBe(true);
  // Against doubles, which have nothing in common with them.
  const weights = law.map((_, x) => (x === 0 ? 1 : 2) * Math.exp(-(x * x) / (2 * 6.6 ** 2)));
  const total = weights.reduce((sum, w) => sum + w);
  law.slice(0, 60).forEach((p, x) => {
    const ratio = Number(p.lower >> 200n) / 2 ** 120 / ((weights[x] as number) / total);
    expect(Math.abs(ratio - 1)).toBeLessThan(1e-9);
  });
});
