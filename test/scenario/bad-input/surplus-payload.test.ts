/**
 * A client signs a payload in a phase that has none. The signature covers it, so whoever is shown the
 * header alone finds the signature wrong: taken in, one such confirm makes every other client abort
 * and blame the coordinator. It is refused, its signer named, and the round goes on.
 */

import type { Signer } from 'veilsum';
import * as coordinator from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { termsOf } from '../../../src/round/plan.ts';
import { signMessage } from '../../../src/secagg/signed.ts';
import { decodeEnvelope } from '../../../src/wire/envelope.ts';
import { smallRound, sumOf } from './fixture.ts';
import { coordinatorAt, playOn } from './recording.ts';

describe('a payload where none belongs', async () => {
  const recording = await smallRound('x25519');
  const { people, plan, phases } = recording;
  const signer = people.signers.get('client-3') as Signer;

  test.each(['advertise', 'confirm', 'unmask'] as const)('%s', async (phase) => {
    const honest = phases[phase].uplinks.get('client-3') as Uint8Array;
    const { header } = decodeEnvelope(honest, { header: 1e6, payload: 0 });
    const at = coordinatorAt(recording, phase);
    const { message } = await signMessage(
      termsOf(plan),
      phase,
      3,
      signer,
      header,
      Uint8Array.of(0),
    );
    expect(coordinator.accept(at, message as never)).toMatchObject({ culprit: 'client-3' });
    const result = await playOn(recording, phase, at);
    expect(result.sum).toEqual(sumOf(result.contributors));
    expect(result.contributors.length).toBe(phase === 'advertise' ? 4 : 5);
  });
});
