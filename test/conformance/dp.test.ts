/** The suite `dp` on the published numbers, and on changed ones, each of which it has to notice. */
import { describe, expect, test } from 'vitest';
import vectors from '../vectors/dp.json' with { type: 'json' };
import { dpSuite } from './dp.ts';
import { Malformed } from './suite.ts';

type Entry = {
  readonly family: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly value: Readonly<Record<string, unknown>>;
};
const cases = vectors.cases as readonly Entry[];

/** One case of each family. */
const firsts = cases.filter(
  ({ family }, i) => cases.findIndex((other) => other.family === family) === i,
);

const failuresOf = (entry: unknown): number => dpSuite({ cases: [entry] }).mismatches.length;

/** A number, or the numbers in a list, a little larger; digits as digits. */
function nudged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nudged);
  if (typeof value === 'number') return value * 1.05 + 1e-12;
  return String(Number(value) * 1.05 + 1e-300);
}

test('all published cases pass', () => {
  expect(dpSuite(vectors)).toEqual({ passed: 122, mismatches: [] });
  expect(firsts).toHaveLength(27);
}, 120_000);

describe('a change is noticed', () => {
  /** What is in the file for comparison only. */
  const NOTES = [
    'optimal_order',
    'prv_estimate',
    'dp_accounting',
    'opacus_signed_series',
    'cks_python',
    // An upper bound: what is above it is still above the truth.
    'prv_upper',
    'epsilon',
  ];

  test.each(firsts.map((entry) => [entry.family, entry] as const))('%s: a value', (_, entry) => {
    const names = Object.keys(entry.value).filter((name) => !NOTES.includes(name));
    for (const name of names.length > 0 ? names : ['epsilon']) {
      const value = { ...entry.value, [name]: nudged(entry.value[name]) };
      expect([name, failuresOf({ ...entry, value })]).toEqual([name, 1]);
    }
  });

  test.each(firsts.map((entry) => [entry.family, entry] as const))('%s: a field', (_, entry) => {
    expect(failuresOf({ ...entry, params: { ...entry.params, extra: 1 } })).toBe(1);
    expect(failuresOf({ ...entry, value: { ...entry.value, extra: 1 } })).toBe(1);
    expect(failuresOf({ ...entry, params: {} })).toBe(1);
    expect(failuresOf({ ...entry, value: {} })).toBe(1);
  });

  test('a family that nobody knows', () => {
    expect(failuresOf({ ...cases[0], family: 'toString' })).toBe(1);
    expect(failuresOf({ ...cases[0], family: 'exponential' })).toBe(1);
  });

  test('parameters that the library refuses', () => {
    const [entry] = cases;
    expect(failuresOf({ ...entry, params: { ...entry?.params, sigma: -1 } })).toBe(1);
    expect(failuresOf({ ...entry, params: { ...entry?.params, q: 2 } })).toBe(1);
    expect(failuresOf({ ...entry, params: { ...entry?.params, delta: 0 } })).toBe(1);
  });
});

test.each([
  ['no object', 7],
  ['no cases', { cases: [] }],
  ['a case that is none', { cases: [null] }],
  ['a case without a family', { cases: [{ params: {}, value: {} }] }],
  ['a case without values', { cases: [{ family: 'laplace', params: {} }] }],
])('malformed: %s', (_, file) => {
  expect(() => dpSuite(file)).toThrow(Malformed);
});
