/**
 * Seen elsewhere: at the end the coordinator sends every client two lists, whose self-mask shares and
 * whose key shares it wants, and a client that stands on both gets both sent. With both secrets, its
 * own vector is open.
 */

import { type InputsOf, integer } from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { randomBytes } from '../../../src/internal/random.ts';
import { addStreamInto, subtractStreamInto } from '../../../src/prg/chacha20.ts';
import { termsOf } from '../../../src/round/plan.ts';
import { decodeUnmaskHeader } from '../../../src/secagg/messages.ts';
import { combineShares, splitSecret } from '../../../src/secagg/shamir.ts';
import { decodeEnvelope } from '../../../src/wire/envelope.ts';
import { durableClaim, emptyDisk } from '../../support/durable-claim.ts';
import { party, planFor } from '../../support/round.ts';
import { clientAt, closeAny, coordinatorAt, record, stepOf } from '../bad-input/recording.ts';

describe('a client listed as alive and as dead', async () => {
  const people = await party(9);
  const fields = { x: integer({ length: 2, min: 0, max: 9 }) };
  const inputs = (): InputsOf<typeof fields> => ({ x: [1, 2] });
  const plan = planFor(people, {
    fields,
    trust: { corrupt: 0.12, absent: 0.3, coordinator: 'active' },
  });
  const VICTIM = 'client-4';
  const recording = await record(people, plan, inputs);

  test('the naive answer: both shares, and the vector is open', () => {
    const sharing = { threshold: 3, shares: 5, xs: [1, 2, 3, 4, 5] };
    const secrets = { self: randomBytes(32), masking: randomBytes(32) };
    const vector = Uint32Array.of(3, 1, 4);
    const masked = vector.slice();
    // Here the masking secret is one edge's key; with more edges there are more streams to take away.
    for (const secret of Object.values(secrets)) addStreamInto(masked, secret);
    const dealt = {
      self: splitSecret(secrets.self, sharing),
      masking: splitSecret(secrets.masking, sharing),
    };
    const answer = (holder: number, alive: readonly string[], dead: readonly string[]) => ({
      self: alive.includes(VICTIM) ? dealt.self[holder] : undefined,
      masking: dead.includes(VICTIM) ? dealt.masking[holder] : undefined,
    });
    const answers = [0, 1, 2].map((holder) => answer(holder, [VICTIM], [VICTIM]));
    for (const kind of ['self', 'masking'] as const) {
      const shares = answers.map((given, i) => ({ x: i + 1, value: given[kind] as Uint8Array }));
      subtractStreamInto(masked, combineShares(shares, sharing));
    }
    expect(masked).toEqual(vector);
  });

  test('ours: one answer, one share a neighbour, by the survivors that a quorum signed', () => {
    const terms = termsOf(plan);
    for (const [id, message] of recording.phases.unmask.uplinks) {
      const { header } = decodeEnvelope(message, { header: 1e5, payload: 0 });
      const dealers = decodeUnmaskHeader(terms, header).shares.map(({ dealer }) => dealer);
      expect(new Set(dealers).size, id).toBe(dealers.length);
      expect(dealers.length).toBe(8);
    }
  });

  test('ours: told that it lives in one half and that it is dead in the other, nobody answers', async () => {
    // Two versions of the round from mask on: with the victim, and without.
    const fork = (without?: string) => {
      const at = coordinatorAt(recording, 'mask');
      for (const [id, message] of recording.phases.mask.uplinks) {
        if (id !== without) coordinator.accept(at, message as never);
      }
      return closeAny(at);
    };
    const [alive, dead] = [fork(), fork(VICTIM)];
    const half = (i: number) => (i % 2 === 0 ? alive : dead);
    const confirmed: client.ClientState[] = [];
    for (const [i, id] of people.ids.filter((other) => other !== VICTIM).entries()) {
      const downlink = half(i).downlinks.get(id as never) as Uint8Array;
      const state = clientAt(recording, 'confirm', id);
      const stepped = await stepOf('confirm', state, downlink, inputs());
      confirmed.push(stepped.next);
      // A client signs once: told the other list afterwards, it refuses.
      const other = half(i + 1).downlinks.get(id as never) as Uint8Array;
      await expect(stepOf('confirm', state, other, inputs())).rejects.toMatchObject({
        code: 'state-spent',
      });
      expect(coordinator.accept(half(i).next, stepped.message as never)).toBeUndefined();
      expect(coordinator.accept(half(i + 1).next, stepped.message as never)).toMatchObject({
        code: 'inconsistent-survivors',
      });
    }
    for (const { next } of [alive, dead]) {
      expect(() => closeAny(next)).toThrow(expect.objectContaining({ code: 'no-quorum' }));
    }
    // And with the quorum of the honest round in place of the one that does not exist.
    for (const [i, id] of people.ids.filter((other) => other !== VICTIM).entries()) {
      const downlink = recording.phases.unmask.downlinks.get(id) as Uint8Array;
      const step = stepOf('unmask', confirmed[i] as never, downlink, inputs());
      if (half(i) === alive) await expect(step).resolves.toHaveProperty('message');
      else await expect(step).rejects.toMatchObject({ culprits: ['coordinator'] });
    }
  });

  test('ours: a state restored twice still answers once', async () => {
    const claim = durableClaim(emptyDisk());
    const saved = recording.phases.confirm.states.get('client-0') as Uint8Array;
    const signer = people.signers.get('client-0') as never;
    const restored = () => client.restore(recording.reviewed, saved, { signer, claim });
    const downlinks = [undefined, VICTIM].map((without) => {
      const at = coordinatorAt(recording, 'mask');
      for (const [id, message] of recording.phases.mask.uplinks) {
        if (id !== without) coordinator.accept(at, message as never);
      }
      return closeAny(at).downlinks.get('client-0' as never) as Uint8Array;
    });
    const [one, two] = downlinks as [Uint8Array, Uint8Array];
    const first = await stepOf('confirm', restored(), one, inputs());
    const again = await stepOf('confirm', restored(), one, inputs());
    expect(again.message).toEqual(first.message);
    await expect(stepOf('confirm', restored(), two, inputs())).rejects.toMatchObject({
      code: 'state-spent',
    });
  });
});
