import { integer, noNoise, real, weightedMean } from 'veilsum';
import { expect, test } from 'vitest';
import { pedersen } from '../../src/zk/commitment/scheme.ts';
import { committedPlanFor, party, play } from '../support/round.ts';

test('x', async () => {
  const people = await party(5);
  const plan = committedPlanFor(people, {
    fields: {
      votes: integer({ length: 3, min: -2, max: 9 }),
      update: real({ length: 20, clip: { norm: 'l2', bound: 1 } }),
      mean: weightedMean({ length: 4, clip: { norm: 'linf', bound: 1 }, maxWeight: 10 }),
    },
    trust: { corrupt: 0.2, absent: 0.2 },
    noise: noNoise(),
    commitments: pedersen(),
  });
  const { result } = await play(people, plan, {
    inputs: () => ({
      votes: [1, -2, 9],
      update: new Float64Array(20).fill(0.1),
      mean: { values: [0, 1, -1, 0.5], weight: 3 },
    }),
    vanish: (id) => (id === 'client-2' ? 'mask' : undefined),
  });
  console.log(result.sum, result.bundle?.length);
  const { verifyBundle, trustIn } = await import('../../src/verify.ts');
  console.log(await verifyBundle(result.bundle as Uint8Array, trustIn(plan)));
  const start=performance.now(); await verifyBundle(result.bundle as Uint8Array, trustIn(plan)); console.log(performance.now()-start);
  expect(result.bundle).toBeDefined();
});
