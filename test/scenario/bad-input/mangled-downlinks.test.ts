/**
 * What a client is sent arrives cut off at every byte, or with a bit of every byte flipped. Either the bytes
 * are no message (then the client keeps its state and can do its step when the right ones come), or
 * they are one that an honest coordinator never sends (then the client leaves and says who it was).
 * In no case does it answer anything.
 */

import { CodecError, ProtocolError } from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { concat } from '../../../src/internal/bytes.ts';
import { inputsOf, smallRound, sumOf } from './fixture.ts';
import { clientAt, coordinatorAt, playOn, stepOf } from './recording.ts';

const VICTIM = 'client-2';
const ANSWERED = ['share', 'mask', 'confirm', 'unmask'] as const;

describe.each(['x25519', 'x25519-mlkem768'] as const)('suite %s', async (suite) => {
  const recording = await smallRound(suite);
  // A hybrid client makes ML-KEM keys before it looks at a neighbour's: every byte would take a minute.
  const stride = suite === 'x25519' ? 1 : 29;

  test.each(ANSWERED)('before %s: no mangled downlink gets an answer', async (phase) => {
    const honest = recording.phases[phase].downlinks.get(VICTIM) as Uint8Array;
    let state = clientAt(recording, phase, VICTIM);
    let noMessage = 0;
    let blamed = 0;
    const refuses = async (downlink: Uint8Array): Promise<void> => {
      const error = await stepOf(phase, state, downlink, inputsOf(VICTIM)).then(
        () => expect.unreachable('a mangled downlink was answered'),
        (thrown: unknown) => thrown,
      );
      if (error instanceof CodecError) {
        noMessage++;
        return;
      }
      if (!(error instanceof ProtocolError)) throw error;
      blamed++;
      if (error.culprits.join() !== 'coordinator') throw error;
      await expect(stepOf(phase, state, honest, inputsOf(VICTIM))).rejects.toThrow(
        expect.objectContaining({ code: 'state-spent' }),
      );
      state = clientAt(recording, phase, VICTIM);
    };
    for (let length = 0; length < honest.length; length += stride) {
      await refuses(honest.subarray(0, length));
    }
    expect(blamed).toBe(0);
    for (let i = 0; i < honest.length; i += stride) {
      const flipped = honest.slice();
      flipped[i] = (flipped[i] as number) ^ (1 << (i % 8));
      await refuses(flipped);
    }
    await refuses(concat(honest, Uint8Array.of(0)));
    expect(noMessage).toBeGreaterThan(honest.length / stride);
    expect(blamed).toBeGreaterThan(0);

    // Bytes that are no message cost the client nothing: with the right ones it goes on.
    await expect(stepOf(phase, state, honest.subarray(1), inputsOf(VICTIM))).rejects.toBeInstanceOf(
      CodecError,
    );
    const { message } = await stepOf(phase, state, honest, inputsOf(VICTIM));
    const at = coordinatorAt(recording, phase);
    expect(coordinator.accept(at, message as never)).toBeUndefined();
    if (phase === 'confirm' || phase === 'unmask') {
      const result = await playOn(recording, phase, at);
      expect(result.sum).toEqual(sumOf(recording.people.ids));
    }
  });

  test('downlinks of another client, phase or round are no message for this step', async () => {
    const other = await smallRound(suite);
    for (const phase of ANSWERED) {
      const state = clientAt(recording, phase, VICTIM);
      const { downlinks } = recording.phases[phase];
      const foreign = [
        ['wrong-recipient', downlinks.get('client-1')],
        ['wrong-round', other.phases[phase].downlinks.get(VICTIM)],
        ...ANSWERED.filter((p) => p !== phase).map(
          (p) => ['wrong-phase', recording.phases[p].downlinks.get(VICTIM)] as const,
        ),
      ] as const;
      for (const [code, downlink] of foreign) {
        const step = stepOf(phase, state, downlink as Uint8Array, inputsOf(VICTIM));
        await expect(step).rejects.toThrow(expect.objectContaining({ code }));
      }
      const next = await stepOf(
        phase,
        state,
        downlinks.get(VICTIM) as Uint8Array,
        inputsOf(VICTIM),
      );
      expect(next.message).toBeInstanceOf(Uint8Array);
    }
  });

  test('nothing but a Uint8Array is a downlink', async () => {
    const state = clientAt(recording, 'confirm', VICTIM) as client.ClientState<'confirm'>;
    for (const wrong of ['text', 7, null, undefined, [1, 2], new ArrayBuffer(8), {}]) {
      await expect(client.confirm(state, wrong as never)).rejects.toBeInstanceOf(CodecError);
    }
    const right = recording.phases.confirm.downlinks.get(VICTIM) as Uint8Array;
    expect((await client.confirm(state, right)).message).toBeInstanceOf(Uint8Array);
  });
});
