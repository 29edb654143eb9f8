/** A client's policy: what it refuses, and that a misspelt wish is not taken for no wish. */
import { CapacityError, integer, planBytes, UsageError } from 'veilsum';
import * as client from 'veilsum/client';
import { describe, expect, test } from 'vitest';
import { CONTEXT, party, planFor } from '../support/round.ts';

const fields = { votes: integer({ length: 2, min: 0, max: 9 }) };

describe('a policy', async () => {
  const people = await party(6);
  const signer = people.signers.get('client-0') as NonNullable<
    ReturnType<typeof people.signers.get>
  >;
  const voucher = people.voucher.publicKey;
  const beacon = { chain: 'chain', round: 9, marginMs: 60_000 };
  const good = planFor(people, { fields, trust: { corrupt: 0.2, absent: 0.2, beacon } });
  const read = (bytes: Uint8Array, policy: object) =>
    client.readPlan(bytes, { voucher, ...policy } as client.Policy);

  test('accepts a plan that protects as it asks', () => {
    expect(read(planBytes(good), { beacon: 'required', fields }).hash).toEqual(good.hash);
  });

  test.each([
    ['suite', 'x25519-mlkem768'],
    ['beacon', true],
    ['coordinator', 'malicious'],
    ['honest', 1],
    ['honest', '3'],
    ['corrupt', '0.1'],
    ['marginMs', -1],
    ['beakon', 'required'],
    ['voucher', new Uint8Array(31)],
  ])('with %s: %s is the caller’s mistake, not a wish for nothing', (key, value) => {
    expect(() => read(planBytes(good), { [key]: value })).toThrow(UsageError);
  });

  test.each([
    ['a γ that comes to no whole client', { corrupt: 0.1, absent: 0.2 }, {}],
    ['a γ below its own', { corrupt: 0.2, absent: 0.2 }, { corrupt: 0.3 }],
    ['too few honest contributors', { corrupt: 0.2, absent: 0.2 }, { honest: 5 }],
    ['no beacon where one is required', { corrupt: 0.2, absent: 0.2 }, { beacon: 'required' }],
    [
      'a beacon margin that the coordinator chose short',
      { corrupt: 0.2, absent: 0.2, beacon: { ...beacon, marginMs: 0 } },
      { beacon: 'required' },
    ],
    [
      'X25519 where the hybrid suite is asked for',
      { corrupt: 0.2, absent: 0.2 },
      { suite: 'hybrid' },
    ],
    [
      'the weaker coordinator model',
      { corrupt: 0.2, absent: 0.2, coordinator: 'semi-honest' as const },
      {},
    ],
  ])('refuses %s, and blames the coordinator', (_, trust, policy) => {
    const bytes = planBytes(planFor(people, { fields, trust }));
    expect(() => read(bytes, policy)).toThrow(
      expect.objectContaining({ code: 'plan-refused', culprits: ['coordinator'] }),
    );
  });

  test('accepts a plan that withstands nobody only where corrupt is 0', () => {
    const plan = planFor(people, { fields, trust: { corrupt: 0.1, absent: 0.2 } });
    expect(plan.parameters.corruptCount).toBe(0);
    expect(read(planBytes(plan), { corrupt: 0 }).hash).toEqual(plan.hash);
  });

  test('cannot be walked around at run time either', async () => {
    const plan = planFor(people, { fields, trust: { corrupt: 0.2, absent: 0.2 } });
    const entering = client.advertise(plan as client.ReviewedPlan<typeof fields>, signer, {
      context: CONTEXT,
    });
    await expect(entering).rejects.toMatchObject({ name: 'UsageError', code: 'wrong-type' });
  });
});

test('a sum that could leave the exact numbers is refused when the plan is made', async () => {
  const people = await party(6);
  const [min, max] = [1.7e15, 1.7e15 + 1_000]; // microseconds since 1970
  const made = () =>
    planFor(people, {
      fields: { seen: integer({ length: 1, min, max }) },
      trust: { corrupt: 0.2, absent: 0.2 },
    });
  expect(made).toThrow(CapacityError);
  expect(made).toThrow(/values up to 1501199875790165 would fit/);
});

test.each(['a\u202eb', 'line\u2028break', 'a\nb', '', 'x'.repeat(129)])(
  'a plan is not named %j',
  async (id) => {
    const { plan, noNoise } = await import('veilsum');
    const { roster } = await party(5);
    const trust = { corrupt: 0.2, absent: 0.2 };
    expect(() => plan({ id, fields, roster, trust, noise: noNoise() })).toThrow(UsageError);
  },
);
