/** What a hostile review found at the coordinator, each as a test. */
import { integer, ProtocolError, real } from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { termsOf } from '../../src/round/plan.ts';
import {
  decodeUnmaskHeader,
  encodeMaskHeader,
  encodeUnmaskHeader,
} from '../../src/secagg/messages.ts';
import { PHASES, type Phase } from '../../src/secagg/phases.ts';
import { signMessage } from '../../src/secagg/signed.ts';
import { decodeEnvelope } from '../../src/wire/envelope.ts';
import { clientAt, coordinatorAt, record, stepOf } from '../scenario/bad-input/recording.ts';
import { party, planFor } from '../support/round.ts';

const noLimits = { header: 2 ** 20, payload: 2 ** 24 };

describe('a recorded round', async () => {
  const people = await party(6);
  const plan = planFor(people, {
    fields: {
      votes: integer({ length: 3, min: 0, max: 9 }),
      update: real({ length: 40, clip: { norm: 'linf', bound: 1 } }),
    },
    trust: { corrupt: 0.2, absent: 0.2 },
  });
  const terms = termsOf(plan);
  const inputs = () => ({ votes: [1, 2, 3], update: new Array<number>(40).fill(0.5) });
  const recording = await record(people, plan, inputs);
  const uplinks = (phase: Phase) => recording.phases[phase].uplinks;
  const signerOf = (id: string) =>
    people.signers.get(id) as NonNullable<ReturnType<typeof people.signers.get>>;
  const filled = (phase: Phase) => {
    const at = coordinatorAt(recording, phase);
    for (const message of uplinks(phase).values()) coordinator.accept(at, message as never);
    return at;
  };

  test('a flood of garbage is bounded and does not hide what a signature proves', async () => {
    const at = coordinatorAt(recording, 'mask');
    for (let i = 0; i < 3_000; i++) coordinator.accept(at, Uint8Array.of(i));
    const header = encodeMaskHeader({ u2Hash: new Uint8Array(32), commitments: new Uint8Array(0) });
    const payload = decodeEnvelope(uplinks('mask').get('client-1') as Uint8Array, noLimits).payload;
    const wrong = await signMessage(terms, 'mask', 1, signerOf('client-1'), header, payload);
    for (let i = 0; i < 3; i++) coordinator.accept(at, wrong.message as never);
    const saved = coordinator.save(at);
    const restored = coordinator.restore(plan, saved) as coordinator.CoordinatorState<'mask'>;
    expect(coordinator.save(restored)).toEqual(saved);
    for (const [id, message] of uplinks('mask')) {
      if (id !== 'client-1') coordinator.accept(restored, message as never);
    }
    // On to the end, with who is left.
    const confirming = coordinator.close(restored);
    const next = new Map<string, client.ClientState>();
    for (const [id, downlink] of confirming.downlinks) {
      const state = clientAt(recording, 'confirm', id) as client.ClientState<'confirm'>;
      const stepped = await client.confirm(state, downlink);
      coordinator.accept(confirming.next, stepped.message);
      next.set(id, stepped.next);
    }
    const unmasking = coordinator.close(confirming.next);
    for (const [id, downlink] of unmasking.downlinks) {
      const state = next.get(id) as client.ClientState<'unmask'>;
      coordinator.accept(unmasking.next, (await client.unmask(state, downlink)).message);
    }
    const result = coordinator.close(unmasking.next).next;
    const proven = result.refused.filter(({ culprit }) => culprit !== undefined);
    expect(proven).toMatchObject([
      { phase: 'mask', code: 'inconsistent-survivors', culprit: 'client-1' },
      { phase: 'mask', code: 'excluded', culprit: 'client-1' },
    ]);
    expect(result.refused.length).toBe(1_024 + 4 * 6 + proven.length);
    expect(result.contributors).not.toContain('client-1');
  });

  test('a holder of many bad shares leaves a coordinator that can be saved and restored', async () => {
    const at = coordinatorAt(recording, 'unmask');
    const said = decodeEnvelope(uplinks('unmask').get('client-2') as Uint8Array, noLimits);
    const answer = decodeUnmaskHeader(terms, said.header);
    const shares = answer.shares.map(({ dealer }) => ({ dealer, share: new Uint8Array(32) }));
    const header = encodeUnmaskHeader({ ...answer, shares });
    const wrong = await signMessage(terms, 'unmask', 2, signerOf('client-2'), header);
    expect(coordinator.accept(at, wrong.message as never)).toMatchObject({
      code: 'bad-share',
      culprit: 'client-2',
    });
    const saved = coordinator.save(at);
    expect(coordinator.save(coordinator.restore(plan, saved))).toEqual(saved);
  });

  test('accumulators are refused before the work was handed out, and unless all of it was done', () => {
    const at = filled('unmask') as coordinator.CoordinatorState<'unmask'>;
    expect(() => coordinator.close(at, [])).toThrow(
      expect.objectContaining({ code: 'wrong-type' }),
    );
    for (const pieceWords of [0, 0.5, -1, 2 ** 41]) {
      expect(() => coordinator.unmaskWork(at, { pieceWords })).toThrow(
        expect.objectContaining({ code: 'out-of-range' }),
      );
    }
    const { fields, pieces } = coordinator.unmaskWork(at, { pieceWords: 1 });
    expect(() => coordinator.close(at, [])).toThrow(
      expect.objectContaining({ code: 'unknown-id' }),
    );
    const halves = [coordinator.createAccumulator(fields), coordinator.createAccumulator(fields)];
    pieces.forEach((piece, i) => {
      coordinator.runPieceInto(halves[i % 2] as coordinator.Accumulator, piece);
    });
    const missing = coordinator.createAccumulator(fields);
    for (const piece of pieces.slice(1)) coordinator.runPieceInto(missing, piece);
    expect(() => coordinator.close(at, [missing])).toThrow(/is missing/);
    expect(() => coordinator.close(at, [...halves, missing])).toThrow(/both hold/);
    // The cut survives a restart, and so does the work.
    const again = coordinator.restore(plan, coordinator.save(at));
    const { next } = coordinator.close(
      again as coordinator.CoordinatorState<'unmask', typeof plan.fields>,
      halves,
    );
    expect(next.sum.votes).toEqual(recording.result.sum.votes);
  });

  test('downlinks can be worked out again after a crash', () => {
    for (const phase of PHASES.slice(1)) {
      const at = coordinatorAt(recording, phase) as coordinator.CoordinatorState<'share'>;
      expect(coordinator.downlinks(at)).toEqual(recording.phases[phase].downlinks);
    }
  });

  test('one liar does not frame the dealer of a box that did not open', async () => {
    const at = coordinatorAt(recording, 'unmask');
    const liars = ['client-3', 'client-4'];
    for (const [id, message] of uplinks('unmask')) {
      if (!liars.includes(id)) {
        if (id !== 'client-5') coordinator.accept(at, message as never);
        continue;
      }
      const said = decodeEnvelope(message, noLimits);
      const answer = decodeUnmaskHeader(terms, said.header);
      const shares = answer.shares.map(({ dealer, share }) => ({
        dealer,
        share: dealer === 0 ? undefined : share,
      }));
      const header = encodeUnmaskHeader({ ...answer, shares });
      const lie = await signMessage(terms, 'unmask', Number(id.slice(7)), signerOf(id), header);
      expect(coordinator.accept(at, lie.message as never)).toBeUndefined();
      let error: unknown;
      try {
        coordinator.close(at as coordinator.CoordinatorState<'unmask'>);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(ProtocolError);
      if (id === liars[0]) expect((error as ProtocolError).culprits).toEqual([]);
      else {
        // Two report it, and the plan withstands one corrupt client: one of the two is honest.
        expect(error).toMatchObject({
          code: 'below-threshold',
          culprits: [{ client: 'client-0' }],
          details: { reportedBy: liars },
        });
      }
    }
  });

  test('a poisoned field spoils no other, and the rest of the result is not lost', async () => {
    const at = coordinatorAt(recording, 'mask') as coordinator.CoordinatorState<
      'mask',
      typeof plan.fields
    >;
    // A client that puts in what the plan does not allow: here through the ring, past the encoding.
    const { mask } = await import('../../src/secagg/client/mask.ts');
    const wild = [Uint32Array.of(52, 2, 3), new Uint32Array(40)];
    const state = clientAt(recording, 'mask', 'client-0') as client.ClientState<'mask'>;
    const downlink = recording.phases.mask.downlinks.get('client-0') as Uint8Array;
    const masked = await mask(state, downlink, wild);
    const next = new Map<string, client.ClientState>([['client-0', masked.next]]);
    coordinator.accept(at, masked.message);
    for (const [id, message] of uplinks('mask')) {
      if (id === 'client-0') continue;
      coordinator.accept(at, message as never);
      next.set(id, clientAt(recording, 'confirm', id));
    }
    let opened: { next: unknown; downlinks?: ReadonlyMap<string, Uint8Array> } =
      coordinator.close(at);
    for (const phase of ['confirm', 'unmask'] as const) {
      for (const [id, sent] of opened.downlinks ?? []) {
        const stepped = await stepOf(phase, next.get(id) as never, sent, {} as never);
        next.set(id, stepped.next);
        coordinator.accept(opened.next as never, stepped.message as never);
      }
      const close = () => coordinator.close(opened.next as never) as typeof opened;
      if (phase === 'confirm') opened = close();
      else {
        expect(close).toThrow(
          expect.objectContaining({
            code: 'poisoned-sum',
            details: expect.objectContaining({
              fields: ['votes'],
              sum: { update: expect.any(Float64Array) },
              contributors: people.ids,
            }),
          }),
        );
      }
    }
  });
});
