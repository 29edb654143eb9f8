/** Sums under lattice masks are exact, at sizes that take no time; test/slow has the others. */
import { expect, test } from 'vitest';
import {
  addUp,
  type Experiment,
  shapeOf,
  usualRemainder,
  worstRemainder,
  wrongValues,
} from './exact.ts';

const length = 10_000;

test.each([
  ['bits, packed', { clients: 20, fields: [{ length, low: 0, high: 1 }] }, 7, 36],
  [
    '16 bits in one plane',
    { clients: 20, fields: [{ length, low: -32_768, high: 32_767 }] },
    1,
    26,
  ],
  ['as wide as one plane goes', { clients: 20, fields: [{ length, low: 0, high: 5e6 }] }, 1, 32],
  ['32 bits in two planes', { clients: 20, fields: [{ length, low: -1e8, high: 1e8 }] }, 1, 37],
  [
    'six of twenty gone',
    { clients: 20, dropped: 6, fields: [{ length, low: -9, high: 9 }] },
    3,
    31,
  ],
  ['a hundred clients', { clients: 100, fields: [{ length, low: 0, high: 2_047 }] }, 1, 24],
] satisfies [string, Experiment, number, number][])('%s', (_, experiment, packing, wireBits) => {
  const [range] = experiment.fields;
  const shape = shapeOf(experiment.clients, range as (typeof experiment.fields)[number]);
  expect([shape.packing, shape.wireBits]).toEqual([packing, wireBits]);
  const added = addUp(experiment);
  expect(wrongValues(added)).toBe(0);
  // Neither idle nor beyond what chance gives: outside of this once in a hundred thousand runs.
  const usual = usualRemainder(added.contributors, shape);
  const worst = worstRemainder(added);
  expect(worst).toBeGreaterThan(0.6 * usual);
  expect(worst).toBeLessThan(1.6 * usual);
  expect(worst).toBeLessThan(shape.residualBound);
});

test('ninety clients leave remainders of about twelve units, as the design saw', () => {
  const range = { length: 20_480, low: 0, high: 65_535 };
  const added = addUp({ clients: 90, fields: [range] });
  expect(wrongValues(added)).toBe(0);
  // Seen in sixty runs: 10.0 to 13.5, half of them above 11.3.
  expect(worstRemainder(added)).toBeGreaterThan(9);
  expect(worstRemainder(added)).toBeLessThan(18);
});

test('several fields, four secrets, and last blocks of one coefficient', () => {
  const experiment = {
    clients: 6,
    dropped: 2,
    fields: [
      { length: 2_049, low: 0, high: 65_535 },
      { length: 100_353, low: -(2 ** 27), high: 2 ** 27 },
      { length: 12_289, low: 0, high: 7 },
      { length: 1, low: -3, high: 0 },
    ],
  };
  const added = addUp(experiment);
  expect(added.layout.key.secrets).toBe(4);
  expect(added.layout.fields.map(({ firstBlock }) => firstBlock)).toEqual([0, 2, 52, 54]);
  expect(wrongValues(added)).toBe(0);
});

test('a key that is not in the sum, or a sum of words that has one more, is refused', () => {
  const added = addUp({ clients: 10, fields: [{ length, low: 0, high: 65_535 }] });
  const other = addUp({ clients: 10, dropped: 9, fields: [{ length, low: 0, high: 65_535 }] });
  const code = expect.objectContaining({ code: 'lattice-residual' });
  const key = added.key.map((word, i) => word - (other.key[i] as number));
  expect(() => wrongValues({ ...added, key })).toThrow(code);
  const bent = added.key.with(77, (added.key[77] as number) + 1);
  expect(() => wrongValues({ ...added, key: bent })).toThrow(code);
  const [sum] = added.sums;
  const [one] = other.sums;
  const words = sum?.words.map((word, i) => word + (one?.words[i] as number)) as Uint32Array;
  const lows = new Uint32Array(0);
  expect(() => wrongValues({ ...added, sums: [{ words, lows }] })).toThrow(code);
  expect(wrongValues(added)).toBe(0);
});
