/**
 * Seen elsewhere: a function takes a standard deviation and is handed a variance, or the other way round. Nothing
 * fails; the noise is too much, or far too little.
 */
import { discreteGaussian, integer, skellam } from 'veilsum';
import {
  discreteGaussian as discreteGaussianEvent,
  drawInto,
  type NoiseDistribution,
  noiseTable,
  skellam as skellamEvent,
} from 'veilsum/dp';
import { expect, test } from 'vitest';
import { gaussianEpsilon } from '../../../src/dp/accountants/gaussian.ts';
import { encodeInputs } from '../../../src/round/encode.ts';
import type { PlannedPrivacy } from '../../../src/round/price.ts';
import { noisyPlanFor, party } from '../../support/round.ts';

const varianceOf = (values: Int32Array): number =>
  values.reduce((sum, x) => sum + x * x, 0) / values.length;

test('the naive call: a deviation of a tenth as a variance, and the price is off by far', () => {
  // Sensitivity 1 and a deviation of 0.1 meant as a variance of 0.1: the noise is √10 times too wide, and with
  // a variance of 9 meant as a deviation of 3 taken for a variance, √3 times too narrow.
  const meant = gaussianEpsilon(3, 1e-6);
  const got = gaussianEpsilon(Math.sqrt(3), 1e-6);
  expect(got / meant).toBeGreaterThan(1.7);
});

test('ours: the parameter says which it is, and the other name is refused', () => {
  const wrong = [
    () => noiseTable({ kind: 'discrete-gaussian', variance: 9 } as never),
    () => noiseTable({ kind: 'skellam', sigma: 3 } as never),
    () => discreteGaussianEvent({ variance: 9, l2Sensitivity: 1, dimension: 1 } as never),
    () => skellamEvent({ sigma: 3, l2Sensitivity: 1, l1Sensitivity: 1 } as never),
  ];
  for (const call of wrong) expect(call).toThrow();
});

test.each<NoiseDistribution>([
  { kind: 'discrete-gaussian', sigma: 7 },
  { kind: 'skellam', variance: 49 },
])('ours: what is drawn for %j has a deviation of 7', (distribution) => {
  const draws = new Int32Array(100_000);
  drawInto(draws, noiseTable(distribution));
  // Seven standard errors.
  expect(Math.abs(varianceOf(draws) / 49 - 1)).toBeLessThan(7 * Math.sqrt(2.1 / draws.length));
});

test.each([
  ['Skellam', skellam],
  ['discrete Gaussian', discreteGaussian],
] as const)('ours: a plan’s %s share has the variance that the plan names', async (_, law) => {
  const people = await party(4);
  const length = 20_000;
  const plan = noisyPlanFor(people, {
    fields: { counts: integer({ length, min: 0, max: 1 }) },
    trust: { corrupt: 0, absent: 0.3, coordinator: 'semi-honest' },
    noise: law({ epsilon: 20, delta: 1e-5 }) as ReturnType<typeof skellam>,
  });
  const { vectors } = encodeInputs(plan as never, { counts: new Array(length).fill(0) } as never);
  const [vector] = vectors as [Uint32Array];
  const found = varianceOf(new Int32Array(vector.buffer, vector.byteOffset, length));
  const { stretches } = plan.privacy as PlannedPrivacy;
  const named = stretches[0]?.localVariance as number;
  expect(named).toBeGreaterThan(10);
  expect(Math.abs(found / named - 1)).toBeLessThan(7 * Math.sqrt(2.1 / length));
});
