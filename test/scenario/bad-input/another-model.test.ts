/**
 * A coordinator sends one client another model, to learn from the difference. The coordinator's own
 * code refuses that client's advert; one that passes it on all the same is found out by every
 * neighbour before it has shared a thing.
 */

import { planBytes, type Signer } from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { expect, test } from 'vitest';
import { termsOf } from '../../../src/round/plan.ts';
import { encodeAdvertsDownlink } from '../../../src/secagg/downlinks.ts';
import { decodeEnvelope } from '../../../src/wire/envelope.ts';
import { durableClaim, emptyDisk } from '../../support/durable-claim.ts';
import { CONTEXT, party, planFor } from '../../support/round.ts';
import { FIELDS, inputsOf, smallTrust, sumOf } from './fixture.ts';
import { coordinatorAt, playOn, record } from './recording.ts';

const OTHER = new Uint8Array(32).fill(8);

test('a client with another model is refused, and its neighbours would have left', async () => {
  const people = await party(5);
  const plan = planFor(people, { fields: FIELDS, trust: smallTrust });
  const reviewed = client.readPlan<typeof FIELDS>(planBytes(plan), {
    voucher: people.voucher.publicKey,
    corrupt: 0,
  });
  const recording = await record(people, plan, inputsOf);
  const { message } = await client.advertise(reviewed, people.signers.get('client-4') as Signer, {
    context: OTHER,
    claim: durableClaim(emptyDisk()),
  });

  const at = coordinatorAt(recording, 'advertise');
  const fault = coordinator.accept(at, message as never);
  expect(fault).toMatchObject({ code: 'model-mismatch', culprit: 'client-4' });
  const result = await playOn(recording, 'advertise', at);
  const others = people.ids.slice(0, 4);
  expect(result.contributors).toEqual(others);
  expect(result.sum).toEqual(sumOf(others));

  // A coordinator that does not refuse it.
  const read = (bytes: Uint8Array) => decodeEnvelope(bytes, { header: 1_000, payload: 0 });
  for (const [i, id] of others.entries()) {
    const state = (
      await client.advertise(reviewed, people.signers.get(id) as Signer, {
        context: CONTEXT,
        claim: durableClaim(emptyDisk()),
      })
    ).next;
    const adverts = others
      .filter((other) => other !== id)
      .map((other) => read(recording.phases.advertise.uplinks.get(other) as Uint8Array));
    const downlink = encodeAdvertsDownlink(termsOf(plan), i, {
      adverts: [...adverts, read(message)],
    });
    await expect(client.share(state, downlink)).rejects.toMatchObject({
      name: 'ProtocolError',
      code: 'model-mismatch',
      culprits: ['coordinator'],
    });
    await expect(client.share(state, downlink)).rejects.toMatchObject({ code: 'state-spent' });
  }
});
