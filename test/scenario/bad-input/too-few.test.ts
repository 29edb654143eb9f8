/**
 * Too few clients are left. The phase does not close: a `ProtocolError` that says how many are
 * missing, no partial sum, and the state as it was, so that a straggler can still save the round.
 */

import type * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../../src/errors.ts';
import { PHASES } from '../../../src/secagg/phases.ts';
import { inputsOf, smallRound, sumOf } from './fixture.ts';
import { clientAt, closeAny, coordinatorAt, playOn, stepOf } from './recording.ts';

const CODES = {
  advertise: 'below-floor',
  share: 'below-floor',
  mask: 'below-floor',
  confirm: 'no-quorum',
  unmask: 'below-threshold',
} as const;

describe('fewer than threshold, floor or quorum', async () => {
  const recording = await smallRound('x25519');
  const { plan, people } = recording;

  test('the plan asks for three of five', () => {
    expect([plan.parameters.threshold, plan.floor, plan.quorum]).toEqual([3, 3, 3]);
  });

  test.each(PHASES)('%s: two are too few, the third saves the round', async (phase) => {
    const at = coordinatorAt(recording, phase);
    const uplinks = [...recording.phases[phase].uplinks.values()];
    for (let delivered = 0; delivered <= 2; delivered++) {
      expect(coordinator.census(at)).toMatchObject({ floor: 3, canClose: false });
      let thrown: unknown;
      try {
        closeAny(at);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(ProtocolError);
      expect(thrown).toMatchObject({ code: CODES[phase], culprits: [] });
      expect(thrown).not.toHaveProperty('sum');
      expect(coordinator.accept(at, uplinks[delivered] as never)).toBeUndefined();
    }
    expect(coordinator.census(at).canClose).toBe(true);
    const result = await playOn(recording, phase, at);
    expect(result.sum).toEqual(sumOf(people.ids));
  });

  test.each(PHASES)('%s: exactly three go on to the exact sum', async (phase) => {
    const at = coordinatorAt(recording, phase);
    const three = [...recording.phases[phase].uplinks].slice(2);
    for (const [, message] of three) coordinator.accept(at, message as never);
    let state = at;
    const clients = new Map<string, client.ClientState>(
      three.flatMap(([id]) => {
        const after = PHASES[PHASES.indexOf(phase) + 1];
        return after === undefined
          ? []
          : [[id, clientAt(recording, after, id) as client.ClientState] as const];
      }),
    );
    for (const later of PHASES.slice(PHASES.indexOf(phase) + 1)) {
      const { next, downlinks } = closeAny(state);
      state = next;
      for (const [id, mine] of clients) {
        const downlink = downlinks.get(id as never) as Uint8Array;
        const stepped = await stepOf(later, mine as never, downlink, inputsOf(id));
        clients.set(id, stepped.next);
        expect(coordinator.accept(state, stepped.message as never)).toBeUndefined();
      }
    }
    const result = coordinator.close(state as coordinator.CoordinatorState<'unmask'>).next;
    const isIn = phase === 'confirm' || phase === 'unmask';
    const contributors = isIn ? people.ids : three.map(([id]) => id);
    expect(result.contributors).toEqual(contributors);
    expect(result.sum).toEqual(sumOf(contributors));
    expect(result.dropped.map(({ id }) => id)).toEqual(people.ids.slice(0, 2));
    expect(new Set(result.dropped.map((d) => d.phase))).toEqual(new Set([phase]));
  });
});
