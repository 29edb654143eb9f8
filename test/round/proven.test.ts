/** A round with proofs of bounds, seen from its clients and its coordinator. */
import { integer, noNoise, type Signer } from 'veilsum';
import { provenUpdates } from 'veilsum/zk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { committedPlanFor, type Party, party, play } from '../support/round.ts';
import { endSnarkjs } from '../zk/snarkjs.ts';
import { type Made, makeKeys } from '../zk/update/support.ts';

let made: Made;
let people: Party;
beforeAll(async () => {
  made = await makeKeys(16);
  people = await party(4);
}, 60_000);
afterAll(endSnarkjs);

test('x', async () => {
  const FIELDS = { votes: integer({ length: 20, min: -3, max: 9 }) };
  const plan = committedPlanFor(people, {
    fields: FIELDS,
    trust: { corrupt: 0.25, absent: 0.25 },
    noise: noNoise(),
    commitments: provenUpdates({ key: made.key }),
  });
  console.time('play');
  const { result, faults, left } = await play(people, plan, {
    prover: made.prove,
    inputs: () => ({ votes: Array.from({ length: 20 }, (_, i) => (i % 13) - 3) }),
  });
  console.timeEnd('play');
  console.log(faults, left, result.sum, result.bundle?.length);
});
import { trustIn, verifyBundle } from 'veilsum/verify';
test('y', async () => {
  const FIELDS = { votes: integer({ length: 20, min: -3, max: 9 }) };
  const plan = committedPlanFor(people, {
    fields: FIELDS,
    trust: { corrupt: 0.25, absent: 0.25 },
    noise: noNoise(),
    commitments: provenUpdates({ key: made.key }),
  });
  const { result, faults, left } = await play(people, plan, {
    prover: made.prove,
    inputs: () => ({ votes: Array.from({ length: 20 }, (_, i) => (i % 13) - 3) }),
  });
  console.time('verify');
  console.log(await verifyBundle(result.bundle as Uint8Array, {...trustIn(plan), insecureKeyForTestingOnly: true}));
  console.timeEnd('verify');
  console.log((await verifyBundle(result.bundle as Uint8Array, trustIn(plan))).reasons);
});
