/** Ids that nobody has, ids and keys that two have, and a roster that nobody vouched for. */

import {
  clientId,
  inMemorySigner,
  planBytes,
  readRoster,
  rosterBytes,
  signerFromPrivateKey,
  signRoster,
} from 'veilsum';
import * as client from 'veilsum/client';
import { describe, expect, test } from 'vitest';
import { encode } from '../../../src/wire/cbor.ts';
import { CONTEXT, party, planFor } from '../../support/round.ts';
import { FIELDS } from './fixture.ts';

describe('rosters', () => {
  const voucher = inMemorySigner();
  const [ann, bob] = [inMemorySigner(), inMemorySigner()];

  test.each([
    ['one id twice', ['ann', 'ann'], [ann.publicKey, bob.publicKey]],
    ['one key twice', ['ann', 'bob'], [ann.publicKey, ann.publicKey]],
    ['a key of low order', ['ann', 'bob'], [ann.publicKey, new Uint8Array(32)]],
    [
      'a key of low order (1)',
      ['ann', 'bob'],
      [ann.publicKey, Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0))],
    ],
    ['a key not in canonical form', ['ann', 'bob'], [ann.publicKey, new Uint8Array(32).fill(255)]],
    ['a short key', ['ann', 'bob'], [ann.publicKey, bob.publicKey.subarray(1)]],
  ])('%s: nobody signs it', async (_, ids, keys) => {
    const clients = ids.map((id, i) => ({
      id: clientId(id),
      publicKey: keys[i] as Uint8Array,
    }));
    await expect(signRoster(clients, voucher)).rejects.toMatchObject({ name: 'UsageError' });
  });

  test.each(['', 'a'.repeat(1_000), 'line\nbreak', 'lone \ud800', 7, null, undefined])(
    'the id %j is none',
    (id) => {
      expect(() => clientId(id as string)).toThrow(expect.objectContaining({ name: 'UsageError' }));
    },
  );

  test('every flipped byte and every cut is refused, and so is another voucher', async () => {
    const clients = [ann, bob].map(({ publicKey }, i) => ({ id: clientId(`c${i}`), publicKey }));
    const bytes = rosterBytes(await signRoster(clients, voucher));
    expect(readRoster(bytes, voucher.publicKey).clients.length).toBe(2);
    const refuses = (wrong: Uint8Array): void => {
      const said = expect.objectContaining({
        name: expect.stringMatching(/^(Codec|Protocol)Error$/),
      });
      expect(() => readRoster(wrong, voucher.publicKey)).toThrow(said);
    };
    for (let i = 0; i < bytes.length; i++) {
      const flipped = bytes.slice();
      flipped[i] = (flipped[i] as number) ^ (1 << (i % 8));
      refuses(flipped);
      refuses(bytes.subarray(0, i));
    }
    refuses(encode([1, [], new Uint8Array(64)]));
    expect(() => readRoster(bytes, ann.publicKey)).toThrow(
      expect.objectContaining({ name: 'ProtocolError', code: 'bad-roster' }),
    );
  });
});

describe('plans', () => {
  test('every flipped byte and every cut of a plan is refused, or is another round', async () => {
    const people = await party(3);
    const plan = planFor(people, {
      fields: FIELDS,
      trust: { corrupt: 0, absent: 0.3, coordinator: 'active' },
    });
    const policy = { voucher: people.voucher.publicKey, corrupt: 0, fields: FIELDS };
    const bytes = planBytes(plan);
    expect(client.readPlan(bytes, policy).hash).toEqual(plan.hash);
    let others = 0;
    for (let i = 0; i < bytes.length; i++) {
      const expected = { name: expect.stringMatching(/^(Codec|Protocol)Error$/) };
      expect(() => client.readPlan(bytes.subarray(0, i), policy)).toThrow(
        expect.objectContaining(expected),
      );
      const flipped = bytes.slice();
      flipped[i] = (flipped[i] as number) ^ (1 << (i % 8));
      try {
        expect(client.readPlan(flipped, policy).hash).not.toEqual(plan.hash);
        others++;
      } catch (error) {
        expect(error).toMatchObject(expected);
      }
    }
    // The id and the decimals of γ and δ are free text within limits: everything else is pinned.
    expect(others).toBeLessThan(plan.id.length + 12);
  });

  test('a signer that is not on the roster does not enter', async () => {
    const people = await party(3);
    const plan = planFor(people, {
      fields: FIELDS,
      trust: { corrupt: 0, absent: 0.3, coordinator: 'active' },
    });
    const policy = { voucher: people.voucher.publicKey, corrupt: 0 };
    const reviewed = client.readPlan(planBytes(plan), policy);
    const stranger = signerFromPrivateKey(new Uint8Array(32).fill(5));
    await expect(client.advertise(reviewed, stranger, { context: CONTEXT })).rejects.toMatchObject({
      name: 'UsageError',
      code: 'unknown-id',
    });
    for (const context of [CONTEXT.subarray(1), new Uint8Array(33), 'x'.repeat(32), undefined]) {
      const signer = people.signers.get('client-0') as never;
      await expect(
        client.advertise(reviewed, signer, { context: context as never }),
      ).rejects.toMatchObject({ name: 'UsageError' });
    }
  });
});
