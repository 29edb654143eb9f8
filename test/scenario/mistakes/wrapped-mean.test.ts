/**
 * Seen elsewhere: values are quantised to more bits than the ring can add up, the sum wraps, and the
 * mean is wrong without a word.
 */

import { CapacityError, integer, real, weightedMean } from 'veilsum';
import { expect, test } from 'vitest';
import { party, planFor, play } from '../../support/round.ts';
import { smallTrust } from '../bad-input/fixture.ts';

test('the naive mean: 22 bits, 2,000 clients, a ring of 32 bits', () => {
  const clients = 2_000;
  const value = 2 ** 22 - 1;
  let sum = 0;
  for (let i = 0; i < clients; i++) sum = (sum + value) >>> 0;
  expect(sum / clients).not.toBe(value);
  expect(sum / clients).toBeLessThan(value / 1.9);
});

test('ours: such a plan is refused, and the error names what fits', async () => {
  const people = await party(5);
  const thirtyBits = { length: 1, min: 0, max: 2 ** 30 };
  expect(() => planFor(people, { fields: { x: integer(thirtyBits) }, trust: smallTrust })).toThrow(
    CapacityError,
  );
  const fields = {
    x: weightedMean({
      length: 1,
      clip: { norm: 'linf', bound: 1 },
      bits: 20,
      maxWeight: 1_000,
    }),
  };
  let thrown: unknown;
  try {
    planFor(people, { fields, trust: smallTrust });
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: 'ring-overflow' });
  const { maxBits } = (thrown as CapacityError).details as { maxBits: number };
  expect(maxBits).toBe(19);
  expect((thrown as CapacityError).message).toContain(`${maxBits} bits`);
  // The bits that it names fit, and are the most that do.
  const made = planFor(people, {
    fields: { x: weightedMean({ ...fields.x, bits: maxBits }) },
    trust: smallTrust,
  });
  expect(made.shapes[0]?.modulusBits).toBe(32);
});

test('ours: everybody at the greatest (and the least) value of a ring that is just large enough', async () => {
  const people = await party(5);
  for (const sign of [1, -1]) {
    const plan = planFor(people, {
      fields: {
        exact: integer({ length: 2, min: -(2 ** 29), max: 322_122_547 }),
        update: real({ length: 2, clip: { norm: 'linf', bound: 1 }, bits: 24 }),
        model: weightedMean({
          length: 2,
          clip: { norm: 'linf', bound: 1 },
          bits: 19,
          maxWeight: 1_000,
        }),
      },
      trust: smallTrust,
    });
    // Five times as many levels less one: one more would need 33 bits.
    expect(5 * (322_122_547 + 2 ** 29) + 1).toBeLessThanOrEqual(2 ** 32);
    expect(5 * (322_122_548 + 2 ** 29) + 1).toBeGreaterThan(2 ** 32);
    const extreme = sign === 1 ? 322_122_547 : -(2 ** 29);
    const { result } = await play(people, plan, {
      inputs: () => ({
        exact: [extreme, extreme],
        update: [sign, sign],
        model: { values: [sign, -sign], weight: 1_000 },
      }),
    });
    expect(result.sum.exact).toEqual([5 * extreme, 5 * extreme]);
    for (const x of result.sum.update) expect(x).toBeCloseTo(5 * sign, 5);
    expect(result.sum.model.weight).toBe(5_000);
    expect(result.sum.model.mean[0]).toBeCloseTo(sign, 4);
    expect(result.sum.model.mean[1]).toBeCloseTo(-sign, 4);
  }
});
