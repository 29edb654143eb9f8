/**
 * Seen elsewhere: values of at most 32 bits travel as 64-bit integers, so that half of every upload is
 * zeros. Here an element takes b bits, the least that the sum needs.
 */

import { integer } from 'veilsum';
import { expect, test } from 'vitest';
import { party, planFor } from '../../support/round.ts';
import { smallTrust } from '../bad-input/fixture.ts';
import { watch } from './upload.ts';

const LENGTH = 10_000;

test('the naive upload: eight bytes a value, four of them zero', () => {
  const bytes = new Uint8Array(BigInt64Array.from({ length: LENGTH }, () => 2n ** 32n - 1n).buffer);
  expect(bytes.length).toBe(8 * LENGTH);
  expect(bytes.filter((byte) => byte === 0).length).toBe(4 * LENGTH);
});

test.each([
  { max: 1, bits: 3 },
  { max: 51, bits: 8 },
  { max: 65_535, bits: 19 },
  { max: 2 ** 29, bits: 32 },
])('ours: values up to $max of five clients take $bits bits', async ({ max, bits }) => {
  const people = await party(5);
  const plan = planFor(people, {
    fields: { x: integer({ length: LENGTH, min: 0, max }) },
    trust: smallTrust,
  });
  const { uploads, result } = await watch(people, plan, () => ({
    x: new Float64Array(LENGTH).fill(max),
  }));
  expect(new Set(result.sum.x)).toEqual(new Set([5 * max]));
  for (const upload of uploads.values()) {
    expect(upload.length).toBeGreaterThan((LENGTH * bits) / 8);
    expect(upload.length).toBeLessThan((LENGTH * bits) / 8 + 256);
    // No byte is wasted: zeros are as frequent as any other byte.
    const zeros = upload.filter((byte) => byte === 0).length;
    expect(zeros / upload.length).toBeLessThan(0.02);
  }
});
