/**
 * Seen elsewhere: masks are random floats added to floats. They do not cancel exactly, and since no
 * float is uniform over all floats, a masked value near the edge gives away its sign and size.
 */

import { integer, real } from 'veilsum';
import { expect, test } from 'vitest';
import { party, planFor } from '../../support/round.ts';
import { smallTrust } from '../bad-input/fixture.ts';
import { vectorsOf, watch } from './upload.ts';

const random = (): number => (crypto.getRandomValues(new Uint32Array(1))[0] as number) / 2 ** 32;

test('the naive masks: the sum is off, and single values show', () => {
  const values = Array.from({ length: 1_000 }, () => (random() - 0.5) / 3);
  const RANGE = 1e6 * Math.PI;
  let off = 0;
  for (const value of values) {
    const [p, q, r] = [random() * RANGE, random() * RANGE, random() * RANGE];
    const sum = value + p - q + (value - p + r) + (value + q - r);
    if (sum !== 3 * value) off++;
  }
  expect(off).toBeGreaterThan(500);
  // Whoever ends up beyond the masks' range has a value above zero, for certain.
  const masked = Array.from({ length: 20_000 }, (_, i) => (i % 2) * 5 + random() * 1_000);
  const caught = masked.flatMap((x, i) => (x > 1_000 ? [i % 2] : []));
  expect(caught.length).toBeGreaterThan(10);
  expect(caught.every((odd) => odd === 1)).toBe(true);
});

test('ours: masks are whole numbers of the ring; they cancel exactly and every value can be any', async () => {
  const people = await party(5);
  const length = 2_000;
  const plan = planFor(people, {
    fields: {
      exact: integer({ length, min: 0, max: 51 }),
      update: real({ length: 3, clip: { norm: 'linf', bound: 1 }, bits: 2 }),
    },
    trust: smallTrust,
  });
  expect(plan.shapes[0]?.modulusBits).toBe(8);
  const inputs = (id: string) => ({
    exact: new Float64Array(length).fill(id === 'client-0' ? 51 : 0),
    // On the grid of two bits, so that even a sum of reals has one right answer.
    update: [-1, 0, 1],
  });
  const { result, uploads } = await watch(people, plan, inputs);
  expect(new Set(result.sum.exact)).toEqual(new Set([51]));
  expect([...result.sum.update]).toEqual([-5, 0, 5]);
  // All residues occur, for the least input and the greatest alike: 2,000 draws leave out 0.1 of 256
  // on average, and more than ten with a chance below 1e-17.
  for (const upload of uploads.values()) {
    const [exact] = vectorsOf(plan, upload) as [Uint32Array];
    expect(new Set(exact).size).toBeGreaterThan(245);
  }
});
