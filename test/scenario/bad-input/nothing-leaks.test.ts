/**
 * Whatever a program logs (states, plans, signers, results, every fault, every error), no secret is
 * in it: not the seeds, not the shares held for others, not the identity keys, not the inputs.
 */

import {
  clientId,
  inMemorySigner,
  integer,
  plan as makePlan,
  noNoise,
  planBytes,
  real,
  type Signer,
  signerFromPrivateKey,
  signRoster,
} from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { randomBytes } from '../../../src/internal/random.ts';
import { PHASES } from '../../../src/secagg/phases.ts';
import { decodeEnvelope } from '../../../src/wire/envelope.ts';
import { CONTEXT, type Party } from '../../support/round.ts';
import { smallTrust } from './fixture.ts';
import { clientAt, closeAny, coordinatorAt, playOn, record, stepOf } from './recording.ts';
import { type Secret, searchFor, secretsOfSaved, textsOf } from './secrets.ts';

const secret = Uint8Array.from({ length: 32 }, (_, i) => (i * 41 + 7) % 251);

describe('the search itself', () => {
  const search = searchFor([{ name: 's', bytes: secret }]);
  const found = (value: unknown) => search(textsOf(value));
  const longer = new Uint8Array([9, ...secret, 9, 9]);
  test.each([
    ['a field of bytes', { state: { seed: longer } }],
    ['a buffer', { seed: Buffer.from(longer) }],
    ['hex', `seed ${Buffer.from(longer).toString('hex')}`],
    ['base64', `seed ${Buffer.from(longer).toString('base64')}`],
    ['base64url', { seed: Buffer.from(secret).toString('base64url') }],
    ['a list', `[${longer.join(', ')}]`],
    ['a hidden property', Object.defineProperty({}, 'seed', { value: longer })],
    ['a symbol', { [Symbol('seed')]: longer }],
    ['a map', new Map([['seed', longer]])],
    ['an error', new Error(`bad seed ${longer}`)],
    ["an error's details", Object.assign(new Error('bad seed'), { details: { longer } })],
    ["an error's cause", new Error('bad', { cause: { seed: longer } })],
    ['a quarter of it', { seed: secret.subarray(8, 18) }],
  ])('finds %s', (_, value) => {
    expect(found(value)).not.toEqual([]);
  });

  test('and nothing where there is nothing', () => {
    expect(found({ seed: randomBytes(64), text: 'seed', list: [1, 2, 3] })).toEqual([]);
  });
});

describe.each(['x25519', 'x25519-mlkem768'] as const)('a whole round, %s', async (suite) => {
  const ids = ['client-0', 'client-1', 'client-2', 'client-3', 'client-4'];
  const identities = new Map(ids.map((id) => [id, randomBytes(32)]));
  const signers = new Map(
    ids.map((id) => [id, signerFromPrivateKey(identities.get(id) as Uint8Array)]),
  );
  const voucher = inMemorySigner();
  const roster = await signRoster(
    ids.map((id) => ({ id: clientId(id), publicKey: (signers.get(id) as Signer).publicKey })),
    voucher,
  );
  const people: Party = { ids, signers, voucher, roster };
  const fields = {
    update: real({ length: 4, clip: { norm: 'linf', bound: 1 } }),
    votes: integer({ length: 3, min: 0, max: 10 ** 9 / 2 }),
  };
  const plan = makePlan({
    id: `leaks/${suite}`,
    fields,
    roster,
    trust: smallTrust,
    suite,
    noise: noNoise(),
  });
  // Long digits, which nothing else prints.
  const votes = [271_828_182, 314_159_265, 161_803_398];
  const update = [0.271828182845, -0.314159265358, 0.161803398874, -0.141421356237];
  const inputs = () => ({ update, votes });
  const recording = await record(people, plan, inputs);

  const secrets: readonly Secret[] = [
    ...ids.map((id) => ({ name: `identity of ${id}`, bytes: identities.get(id) as Uint8Array })),
    ...PHASES.slice(1).flatMap((phase) =>
      [...recording.phases[phase].states.values()].flatMap(secretsOfSaved),
    ),
  ];
  const search = searchFor(secrets);
  const numbers = [...votes, ...update].map((value) => String(Math.abs(value)).slice(0, 9));
  const expectSilent = (what: string, value: unknown): void => {
    const texts = textsOf(value);
    expect(search(texts), what).toEqual([]);
    const whole = texts.join();
    expect(
      numbers.filter((n) => whole.includes(n)),
      what,
    ).toEqual([]);
  };

  test('there are secrets to look for', () => {
    const kinds = new Set(secrets.map(({ name }) => name.split(' ')[0]));
    const expected = [
      'identity',
      'sealingSeed',
      'maskingSeed',
      'selfSeed',
      'ownShare',
      'self',
      'masking',
    ];
    expect(kinds).toEqual(
      new Set(suite === 'x25519' ? [...expected] : [...expected, 'maskingKemSecret']),
    );
    expect(secrets.length).toBeGreaterThan(100);
  });

  test('handles, plans, signers and the result', () => {
    expectSilent('plan', [plan, recording.reviewed, roster]);
    expectSilent('signers', [...signers.values(), voucher]);
    for (const phase of PHASES) {
      const at = coordinatorAt(recording, phase);
      expectSilent(`coordinator in ${phase}`, at);
      for (const message of recording.phases[phase].uplinks.values()) {
        coordinator.accept(at, message as never);
      }
      expectSilent(`coordinator in ${phase}`, [at, coordinator.census(at)]);
      if (phase === 'advertise') continue;
      for (const id of ids) expectSilent(`client before ${phase}`, clientAt(recording, phase, id));
    }
    const { sum: _, ...rest } = recording.result;
    expectSilent('result', rest);
  });

  test('every error of a client, whatever it is handed', async () => {
    for (const phase of PHASES.slice(1)) {
      const honest = recording.phases[phase].downlinks.get('client-1') as Uint8Array;
      const wrongs: Uint8Array[] = Array.from({ length: 40 }, (_, i) => {
        const flipped = honest.slice();
        const at = Math.floor((i * honest.length) / 40);
        flipped[at] = (flipped[at] as number) ^ (1 << (i % 8));
        return flipped;
      });
      wrongs.push(honest.subarray(1), honest.subarray(0, -1), new Uint8Array(0));
      for (const wrong of wrongs) {
        const state = clientAt(recording, phase, 'client-1');
        const thrown = await stepOf(phase, state, wrong, inputs()).then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(thrown).toBeInstanceOf(Error);
        expectSilent(`error before ${phase}`, [thrown, state]);
      }
    }
    const downlink = recording.phases.mask.downlinks.get('client-1') as Uint8Array;
    const badInputs = [
      { update, votes: [...votes, 1] },
      { update: [...update, 1], votes },
      { update: [...update.slice(1), Number.NaN], votes },
      { update, votes: [...votes.slice(1), 314_159_265.5] },
      { update, votes: [...votes.slice(1), 3_141_592_650] },
      { update, votes: votes.map(String) },
      { update, votes, more: votes },
      { update: votes, votes: update },
    ];
    for (const bad of badInputs) {
      const state = clientAt(recording, 'mask', 'client-1');
      const thrown = await stepOf('mask', state, downlink, bad as never).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(thrown).toBeInstanceOf(Error);
      expectSilent('error of inputs', [thrown, state]);
    }
  });

  test('spent states, conflicting claims, and states that do not restore', async () => {
    const signer = signers.get('client-1') as Signer;
    for (const phase of PHASES.slice(1)) {
      const saved = recording.phases[phase].states.get('client-1') as Uint8Array;
      const downlink = recording.phases[phase].downlinks.get('client-1') as Uint8Array;
      const conflicting = client.restore(recording.reviewed, saved, {
        signer,
        claim: () => 'conflict',
      });
      const state = clientAt(recording, phase, 'client-1');
      await stepOf(phase, state, downlink, inputs());
      for (const attempt of [
        () => stepOf(phase, conflicting as never, downlink, inputs()),
        () => stepOf(phase, state, downlink, inputs()),
        async () => client.save(state as client.ClientState),
      ]) {
        const thrown = await attempt().then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(thrown).toMatchObject({ code: 'state-spent' });
        expectSilent(`spent before ${phase}`, [thrown, state, conflicting]);
      }
      const cut: unknown[] = [];
      for (let length = 0; length < saved.length; length += Math.ceil(saved.length / 40)) {
        let thrown: unknown;
        try {
          client.restore(recording.reviewed, saved.subarray(0, length), {
            signer,
            claim: () => 'first',
          });
        } catch (error) {
          thrown = error;
        }
        expect(thrown).toBeInstanceOf(Error);
        cut.push(thrown);
      }
      expectSilent(`cut states before ${phase}`, cut.flatMap(textsOf));
    }
  });

  test('every fault, and the errors of a round that fails', async () => {
    for (const phase of PHASES) {
      const at = coordinatorAt(recording, phase);
      const faults: unknown[] = [];
      for (const message of recording.phases[phase].uplinks.values()) {
        for (let i = 0; i < message.length; i += 47) {
          const flipped = message.slice();
          flipped[i] = (flipped[i] as number) ^ 16;
          faults.push(coordinator.accept(at, flipped as never));
        }
      }
      expect(faults.every((fault) => fault !== undefined)).toBe(true);
      expectSilent(`faults in ${phase}`, faults);
      try {
        closeAny(at);
        expect.unreachable('closed without a message');
      } catch (error) {
        expectSilent(`too few in ${phase}`, [error, at]);
      }
      const { sum: _, ...rest } = await playOn(recording, phase, at);
      expect(rest.refused.length).toBeGreaterThan(0);
      expectSilent('result', rest);
    }
  });

  test('what does hold secrets is bytes that nobody prints by accident: the saved state', () => {
    const saved = recording.phases.unmask.states.get('client-1') as Uint8Array;
    expect(search(textsOf(saved))).not.toEqual([]);
    // The masked vector is public; the inputs are not in it.
    const mask = recording.phases.mask.uplinks.get('client-1') as Uint8Array;
    const { payload } = decodeEnvelope(mask, { header: 1e4, payload: 1e4 });
    expect(payload.length).toBeGreaterThan(0);
    expectSilent('upload', payload);
    expect(planBytes(plan).length).toBeGreaterThan(CONTEXT.length);
  });
});
