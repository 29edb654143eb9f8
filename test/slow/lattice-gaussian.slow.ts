/** Eight million draws of the lattice room's noise: their law, and that neighbours know nothing of each other. */
import { expect, test } from 'vitest';
import { drawGaussianFromInto, drawGaussianInto } from '../../src/lattice/gaussian.ts';
import { GAUSSIAN_BOUND, GAUSSIAN_WIDTH } from '../../src/lattice/gaussian-table.ts';
import { gaussianLaw } from '../reference/gaussian.ts';
import { chiSquare, chiSquareLimit, count, emptyCounts } from '../stat/goodness.ts';
import { mersenneTwister } from '../stat/mersenne-twister.ts';

const N = 8_000_000;
const law = gaussianLaw().map(({ lower }) => Number(lower >> 256n) / 2 ** 64);

const fitOf = (draws: Int16Array): { readonly statistic: number; readonly freedom: number } => {
  const counts = emptyCounts(GAUSSIAN_BOUND + 1);
  count(counts, Int32Array.from(draws));
  return chiSquare(counts, (x) => (law[Math.abs(x)] ?? 0) / (x === 0 ? 1 : 2));
};

test('eight million draws fit the law', () => {
  const draws = new Int16Array(N);
  drawGaussianInto(draws);
  const { statistic, freedom } = fitOf(draws);
  expect(freedom).toBeGreaterThan(55);
  expect(statistic).toBeLessThan(chiSquareLimit(freedom));
  // Sums of independent terms of variance σ^4: 6.5 standard errors are missed with a chance of 8e-11.
  for (const lag of [1, 2, 8, 16, 32, 2_048]) {
    let sum = 0;
    for (let i = lag; i < N; i++) sum += (draws[i] as number) * (draws[i - lag] as number);
    expect(Math.abs(sum), `${lag}`).toBeLessThan(6.5 * GAUSSIAN_WIDTH ** 2 * Math.sqrt(N));
  }
});

test('the same measurement sees ties that are settled by nothing', () => {
  const next = mersenneTwister(3);
  const draws = new Int16Array(N);
  // Tails of zeros: every tie goes down.
  drawGaussianFromInto(draws, (words) => {
    for (let i = 0; i < words.length; i++) words[i] = next();
    // At most 92 slots, and never less than 32.
    words.fill(0, 0, Math.min(4 * 92, words.length));
  });
  const { statistic, freedom } = fitOf(draws);
  expect(statistic).toBeGreaterThan(chiSquareLimit(freedom));
});
