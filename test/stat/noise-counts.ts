/** Drawing many numbers, and whether they could be of the law that they claim. */
import { expect } from 'vitest';
import type { NoiseDistribution } from '../../src/dp/sampler/distributions.ts';
import { addNoiseInto, drawInto } from '../../src/dp/sampler/draw.ts';
import { noiseTable } from '../../src/dp/sampler/noise-tables.ts';
import { type ExactDistribution, folded } from '../../src/dp/sampler/probabilities.ts';
import { rationalOf, times } from '../../src/dp/sampler/rational.ts';
import { type Counts, chiSquare, chiSquareLimit, count, emptyCounts } from './goodness.ts';

const exact = (distribution: NoiseDistribution): ExactDistribution => {
  switch (distribution.kind) {
    case 'discrete-gaussian': {
      const sigma = rationalOf(distribution.sigma);
      return { kind: 'discrete-gaussian', sigma2: times(sigma, sigma) };
    }
    case 'skellam':
      return { kind: 'skellam', variance: rationalOf(distribution.variance) };
    case 'discrete-laplace':
      return { kind: 'discrete-laplace', rate: rationalOf(distribution.rate) };
  }
};

/** P(x) as doubles, with the variance of x and that of x². */
export function lawOf(distribution: NoiseDistribution): {
  readonly probabilityOf: (x: number) => number;
  readonly variance: number;
  readonly spread: number;
  /** Beyond it less than 2^−40 of all draws. */
  readonly reach: number;
} {
  const { terms, precision } = folded(exact(distribution), 64);
  const both = terms.map(({ lower }) => Number(lower >> BigInt(precision - 64)) / 2 ** 64);
  const moment = (power: number): number => both.reduce((sum, p, n) => sum + p * n ** power, 0);
  let reach = both.length;
  for (let tail = 0; reach > 1 && tail < 2 ** -40; reach--) tail += both[reach - 1] as number;
  return {
    probabilityOf: (x) => (both[Math.abs(x)] ?? 0) / (x === 0 ? 1 : 2),
    variance: moment(2),
    spread: moment(4) - moment(2) ** 2,
    reach,
  };
}

/**
 * Draws `draws` numbers, in turns overwriting and adding, and expects χ², mean, variance and tails that an
 * honest sampler misses with a chance below 10^−9.
 */
export function expectLaw(distribution: NoiseDistribution, draws: number): void {
  const table = noiseTable(distribution);
  const { probabilityOf, variance, spread, reach } = lawOf(distribution);
  const counts: Counts = emptyCounts(reach + 1);
  const out = new Int32Array(100_000);
  let [n, sum, squares] = [0, 0, 0];
  for (let turn = 0; n < draws; turn++, n += out.length) {
    if (turn % 2 === 0) {
      drawInto(out, table);
    } else {
      out.fill(0);
      addNoiseInto(new Uint32Array(out.buffer), table);
    }
    count(counts, out);
    for (const x of out) {
      sum += x;
      squares += x * x;
    }
  }
  const { statistic, freedom } = chiSquare(counts, probabilityOf);
  expect(statistic, 'χ²').toBeLessThan(chiSquareLimit(freedom));
  // 6.5 standard errors: 8e-11.
  expect(Math.abs(sum / n), 'mean').toBeLessThan(6.5 * Math.sqrt(variance / n) + 1e-12);
  const error = Math.abs(squares / n - variance);
  expect(error, 'variance').toBeLessThan(6.5 * Math.sqrt(spread / n) + 50 / n);
  // Beyond reach: expected below 10^−4 of one draw even of 10^8.
  expect((counts.cells[0] as number) + (counts.cells.at(-1) as number), 'tails').toBeLessThan(2);
}

/** Each kind, narrow and in two reads. */
export const drawn: readonly NoiseDistribution[] = [
  { kind: 'discrete-gaussian', sigma: 0.7 },
  { kind: 'discrete-gaussian', sigma: 10 },
  { kind: 'discrete-gaussian', sigma: 300 },
  { kind: 'discrete-gaussian', sigma: 2100 },
  { kind: 'skellam', variance: 0.2 },
  { kind: 'skellam', variance: 100 },
  { kind: 'skellam', variance: 90_000 },
  { kind: 'skellam', variance: 2 ** 22 + 1 },
  { kind: 'discrete-laplace', rate: 2 },
  { kind: 'discrete-laplace', rate: 0.05 },
  { kind: 'discrete-laplace', rate: 0.0035 },
];
