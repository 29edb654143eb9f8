/** Twenty million draws of every sampler, and the exact distance of the tables that take long to multiply out. */
import { describe, expect, test } from 'vitest';
import { aliasTablesOf, noiseTable } from '../../src/dp/sampler/noise-tables.ts';
import { folded } from '../../src/dp/sampler/probabilities.ts';
import { rationalOf, times, whole } from '../../src/dp/sampler/rational.ts';
import { distanceTo, gaussianLaw, sumLaw, UNIT, UNIT_BITS } from '../reference/noise-laws.ts';
import { drawn, expectLaw } from '../stat/noise-counts.ts';

describe('twenty million draws', () => {
  test.each(drawn)('%j', (distribution) => {
    expectLaw(distribution, 20_000_000);
  });
});

test('two reads of a discrete Gaussian, multiplied out, are as near as they say', () => {
  const table = noiseTable({ kind: 'discrete-gaussian', sigma: 2_049 });
  expect(table.reads).toBe(2);
  const distance = distanceTo(gaussianLaw(2_049), sumLaw(aliasTablesOf(table)));
  expect(distance <= UNIT >> BigInt(table.distanceBits)).toBe(true);
});

test('two reads of a Skellam law, multiplied out, are as near as they say', () => {
  const variance = 2 ** 22 + 1;
  const table = noiseTable({ kind: 'skellam', variance });
  expect(table.reads).toBe(2);
  // The Bessel recurrence over all orders, which the tables were not made with.
  const { terms, precision } = folded(
    { kind: 'skellam', variance: rationalOf(variance) },
    200,
    300,
  );
  const law = terms.map(
    ({ lower }, n) => (lower << (UNIT_BITS - BigInt(precision))) / (n === 0 ? 1n : 2n),
  );
  const distance = distanceTo(law, sumLaw(aliasTablesOf(table)));
  expect(distance <= UNIT >> BigInt(table.distanceBits)).toBe(true);
});

test('single tables with the most columns are as near as they say', () => {
  for (const sigma of [1_000, 2_048]) {
    const table = noiseTable({ kind: 'discrete-gaussian', sigma });
    const distance = distanceTo(gaussianLaw(sigma), sumLaw(aliasTablesOf(table)));
    expect(distance <= UNIT >> BigInt(table.distanceBits)).toBe(true);
  }
  const sigma2 = times(whole(1_000), whole(1_000));
  expect(folded({ kind: 'discrete-gaussian', sigma2 }, 130).terms.length).toBeLessThan(2 ** 14);
});
