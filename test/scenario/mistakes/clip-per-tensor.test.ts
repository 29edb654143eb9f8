/**
 * Seen elsewhere: every tensor of a model is clipped by itself to C, and noise is added as if the whole had a norm
 * of C. With L tensors one client moves the sum √L times as far as was charged.
 */
import { real, skellam } from 'veilsum';
import { clipLayersInto, epsilon, gaussian, layersOf } from 'veilsum/dp';
import { expect, test } from 'vitest';
import type { PlannedPrivacy } from '../../../src/round/price.ts';
import { noisyPlanFor, party } from '../../support/round.ts';

const TENSORS = 16;
const at = { delta: 1e-6, neighbours: 'zero-out' } as const;

test('the naive clip: sixteen tensors, four times the norm, and a price that is a fraction of the true one', () => {
  const update = Array.from({ length: TENSORS }, () => Float64Array.of(30, 40));
  for (const tensor of update) {
    const factor = 1 / Math.hypot(...tensor);
    for (const i of tensor.keys()) tensor[i] = (tensor[i] as number) * factor;
  }
  const norm = Math.hypot(...update.flatMap((tensor) => [...tensor]));
  expect(norm).toBeCloseTo(4, 12);
  const charged = epsilon(gaussian({ noiseMultiplier: 2 }), at).epsilon;
  const moved = epsilon(gaussian({ noiseMultiplier: 2 / norm }), at).epsilon;
  expect(moved / charged).toBeGreaterThan(4);
});

test('ours: layers have one bound together, and that is what is charged', () => {
  const layers = layersOf(Array.from({ length: TENSORS }, () => ({ length: 2, bound: 1 })));
  expect(layers.bound).toBeGreaterThanOrEqual(4);
  const update = new Float64Array(2 * TENSORS).fill(50);
  clipLayersInto(update, layers);
  expect(Math.hypot(...update)).toBeCloseTo(layers.bound, 9);
});

test('ours: fields of a round are priced as one vector', async () => {
  const people = await party(4);
  const trust = { corrupt: 0, absent: 0.3, coordinator: 'semi-honest' } as const;
  const noise = skellam({ epsilon: 1, delta: 1e-6 });
  const tensor = real({ length: 10, clip: { norm: 'l2', bound: 1 }, bits: 12 });
  const planned = (tensors: number): PlannedPrivacy => {
    const fields = Object.fromEntries(
      Array.from({ length: tensors }, (_, i) => [`tensor${i}`, tensor]),
    );
    return noisyPlanFor(people, { fields, trust, noise }).privacy as PlannedPrivacy;
  };
  const [one, many] = [planned(1), planned(TENSORS)];
  const variance = ({ stretches }: PlannedPrivacy): number => stretches[0]?.localVariance as number;
  // Sixteen times the squared sensitivity takes sixteen times the variance, on every one of them.
  expect(variance(many) / variance(one)).toBeGreaterThan(TENSORS * 0.98);
  expect(many.stretches.map(({ localVariance }) => localVariance)).toEqual(
    new Array(TENSORS).fill(variance(many)),
  );
  expect(many.epsilon).toBeLessThanOrEqual(1);
});
