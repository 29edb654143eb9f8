/**
 * Seen elsewhere: `if (norm > bound) scale()`. A NaN is greater than nothing, so a vector whose norm is NaN passes
 * as it is, with as large numbers beside the NaN as anybody likes. An infinite norm scales to NaN or to zero.
 */
import { real, skellam } from 'veilsum';
import { clipInto, clipLayersInto, layersOf } from 'veilsum/dp';
import { expect, test } from 'vitest';
import { encodeInputs } from '../../../src/round/encode.ts';
import { noisyPlanFor, party } from '../../support/round.ts';

const BOUND = 1;

function naiveClip(values: Float64Array): void {
  const norm = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
  if (norm > BOUND)
    for (const i of values.keys()) values[i] = (values[i] as number) * (BOUND / norm);
}

test('the naive clip: a NaN takes a million along, and finite numbers vanish with their overflowing squares', () => {
  const values = Float64Array.of(1e6, Number.NaN);
  naiveClip(values);
  expect(values[0]).toBe(1e6);
  const large = Float64Array.of(1e200, 1e200);
  naiveClip(large);
  expect([...large]).toEqual([0, 0]);
});

const wrong = [
  Float64Array.of(1e6, Number.NaN),
  Float64Array.of(1e6, Number.POSITIVE_INFINITY),
  Float64Array.of(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
];

test('ours: what is not finite is refused, whole or by layers', () => {
  const layers = layersOf([
    { length: 1, bound: BOUND },
    { length: 1, bound: BOUND },
  ]);
  for (const values of wrong) {
    for (const clip of [() => clipInto(values, BOUND), () => clipLayersInto(values, layers)]) {
      expect(clip).toThrow(expect.objectContaining({ code: 'not-finite' }));
    }
  }
});

test('ours: large finite numbers keep their direction', () => {
  const values = Float64Array.of(1e200, 1e200);
  expect(clipInto(values, BOUND)).toBe(true);
  expect(values[0]).toBeCloseTo(Math.SQRT1_2, 12);
  expect(Math.hypot(...values)).toBeLessThanOrEqual(BOUND);
});

test.each([
  ['as it is', 2, 1],
  ['spread by a rotation', 4_000, 1e-3],
] as const)('ours: a round takes no such vector, %s', async (_, length, bound) => {
  const plan = noisyPlanFor(await party(12), {
    fields: { update: real({ length, clip: { norm: 'l2', bound } }) },
    trust: { corrupt: 0.1, absent: 0.2, coordinator: 'semi-honest' },
    noise: skellam({ epsilon: 8, delta: 1e-5 }),
  });
  expect('rotated' in plan.fields.update).toBe(length > 2);
  for (const [first, second] of wrong) {
    const update = new Float64Array(length);
    update.set([first as number, second as number]);
    expect(() => encodeInputs(plan as never, { update } as never)).toThrow(
      expect.objectContaining({ code: 'not-finite' }),
    );
  }
});
