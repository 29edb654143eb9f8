/** The default claim belongs to the identity, whichever signer object speaks for it. */
import {
  clientId,
  integer,
  noNoise,
  plan,
  planBytes,
  signerFromPrivateKey,
  signRoster,
} from 'veilsum';
import * as client from 'veilsum/client';
import { expect, test } from 'vitest';
import { CONTEXT, party } from '../support/round.ts';

test('two signers of one key cannot both enter a round, nor can an unclaimed state be saved', async () => {
  const others = await party(5);
  const key = crypto.getRandomValues(new Uint8Array(32));
  const [first, second] = [signerFromPrivateKey(key), signerFromPrivateKey(key)];
  const roster = await signRoster(
    [...others.roster.clients, { id: clientId('twin'), publicKey: first.publicKey }],
    others.voucher,
  );
  const made = plan({
    id: 'twins',
    fields: { votes: integer({ length: 1, min: 0, max: 1 }) },
    roster,
    trust: { corrupt: 0.2, absent: 0.2 },
    noise: noNoise(),
  });
  const read = client.readPlan(planBytes(made), { voucher: others.voucher.publicKey });
  const { next } = await client.advertise(read, first, { context: CONTEXT });
  await expect(client.advertise(read, second, { context: CONTEXT })).rejects.toMatchObject({
    code: 'state-spent',
  });
  expect(() => client.save(next)).toThrow(expect.objectContaining({ code: 'claim-required' }));
});
