/** Every sampler against its law, on fewer draws than `npm run test:slow` takes; and the oracle as well. */
import { describe, expect, test } from 'vitest';
import { drawInto } from '../../src/dp/sampler/draw.ts';
import { noiseTable } from '../../src/dp/sampler/noise-tables.ts';
import { gaussianOracle, laplaceOracle } from '../reference/noise-sampler.ts';
import { chiSquare, chiSquareLimit, count, emptyCounts } from './goodness.ts';
import { drawn, expectLaw, lawOf } from './noise-counts.ts';

describe('a million draws', () => {
  test.each(drawn)('%j', (distribution) => {
    expectLaw(distribution, 1_000_000);
  });
});

test('the oracle of Canonne, Kamath and Steinke has the same laws', () => {
  const gaussian = lawOf({ kind: 'discrete-gaussian', sigma: 2.5 });
  const laplace = lawOf({ kind: 'discrete-laplace', rate: 0.75 });
  for (const [law, draw] of [
    [gaussian, () => gaussianOracle(25n, 4n)],
    [laplace, () => laplaceOracle(3n, 4n)],
  ] as const) {
    const counts = emptyCounts(law.reach + 1);
    count(counts, Int32Array.from({ length: 20_000 }, draw));
    const { statistic, freedom } = chiSquare(counts, law.probabilityOf);
    expect(statistic).toBeLessThan(chiSquareLimit(freedom));
  }
});

test('the same measurement sees noise of another law', () => {
  const out = new Int32Array(1_000_000);
  // As wide, and of the other kind.
  drawInto(out, noiseTable({ kind: 'skellam', variance: 9 }));
  const law = lawOf({ kind: 'discrete-gaussian', sigma: 3 });
  const counts = emptyCounts(law.reach + 1);
  count(counts, out);
  const { statistic, freedom } = chiSquare(counts, law.probabilityOf);
  expect(statistic).toBeGreaterThan(chiSquareLimit(freedom));
});
