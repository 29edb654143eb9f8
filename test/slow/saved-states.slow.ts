/** Saved states with one bit flipped in every byte: refused, or a state; never another exception. */
import { integer, type Signer, VeilsumError } from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { expect, test } from 'vitest';
import { PHASES } from '../../src/secagg/phases.ts';
import { record } from '../scenario/bad-input/recording.ts';
import { durableClaim, emptyDisk } from '../support/durable-claim.ts';
import { party, planFor } from '../support/round.ts';

test.each(['x25519', 'x25519-mlkem768'] as const)('%s', async (suite) => {
  const people = await party(5);
  const plan = planFor(people, {
    fields: { votes: integer({ length: 3, min: 0, max: 9 }) },
    trust: { corrupt: 0.2, absent: 0.2 },
    suite,
  });
  const recording = await record(people, plan, () => ({ votes: [1, 2, 3] }));
  const signer = people.signers.get('client-1') as Signer;
  let refused = 0;
  const tryEach = (saved: Uint8Array, restore: (bytes: Uint8Array) => unknown): void => {
    for (let at = 0; at < saved.length; at++) {
      const bent = saved.slice();
      bent[at] = (bent[at] as number) ^ (1 << (at % 8));
      try {
        restore(bent);
      } catch (error) {
        expect(error).toBeInstanceOf(VeilsumError);
        refused++;
      }
      expect(() => restore(saved.subarray(0, at))).toThrow(VeilsumError);
    }
  };
  for (const phase of PHASES) {
    const { states, coordinator: saved } = recording.phases[phase];
    tryEach(saved, (bytes) => coordinator.restore(plan, bytes));
    const own = states.get('client-1');
    if (own === undefined) continue;
    const claim = durableClaim(emptyDisk());
    tryEach(own, (bytes) => client.restore(recording.reviewed, bytes, { signer, claim }));
  }
  expect(refused).toBeGreaterThan(1_000);
});
