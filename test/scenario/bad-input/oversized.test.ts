/**
 * Messages that are far too long, or claim to be: refused by their length, before anything of that
 * size is allocated, hashed or verified.
 */

import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { concat } from '../../../src/internal/bytes.ts';
import { PHASES } from '../../../src/secagg/phases.ts';
import { durableClaim, emptyDisk } from '../../support/durable-claim.ts';
import { inputsOf, smallRound, sumOf } from './fixture.ts';
import { clientAt, coordinatorAt, playOn, stepOf } from './recording.ts';

/** CBOR heads that promise more than follows: 2^31, 2^32 and 2^53 − 1 bytes, items or pairs. */
const promises = [0x40, 0x60, 0x80, 0xa0].flatMap((major) => [
  Uint8Array.of(major | 26, 0x80, 0, 0, 0),
  Uint8Array.of(major | 27, 0, 0, 0, 1, 0, 0, 0, 0),
  Uint8Array.of(major | 27, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  Uint8Array.of(major | 27, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
]);
/** 60,000 arrays, one in the other. */
const nested = new Uint8Array(60_000).fill(0x81);

describe('oversized messages', async () => {
  const recording = await smallRound('x25519');
  const huge = new Uint8Array(256 * 2 ** 20);

  test.each(PHASES)('%s: refused at once, without memory', async (phase) => {
    const at = coordinatorAt(recording, phase);
    const honest = recording.phases[phase].uplinks.get('client-0') as Uint8Array;
    huge.set(honest);
    const before = process.memoryUsage().arrayBuffers;
    const started = performance.now();
    const fault = coordinator.accept(at, huge as never);
    expect(fault).toMatchObject({ phase, code: 'too-large' });
    expect(fault?.culprit).toBeUndefined();
    for (const promise of promises) {
      for (const message of [promise, concat(Uint8Array.of(0x87, 1, 1), promise)]) {
        const code = coordinator.accept(at, message as never)?.code;
        expect(['truncated', 'malformed', 'too-large']).toContain(code);
      }
    }
    expect(coordinator.accept(at, nested as never)?.code).toMatch(/malformed|too-large/);
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 2 ** 20);
    const result = await playOn(recording, phase, at);
    expect(result.sum).toEqual(sumOf(recording.people.ids));
  });

  test.each(PHASES.slice(1))('before %s: a client refuses them too', async (phase) => {
    const state = clientAt(recording, phase, 'client-0');
    const honest = recording.phases[phase].downlinks.get('client-0') as Uint8Array;
    huge.set(honest);
    for (const downlink of [huge, nested, ...promises]) {
      await expect(stepOf(phase, state, downlink, inputsOf('client-0'))).rejects.toThrow(
        expect.objectContaining({ name: 'CodecError' }),
      );
    }
    await expect(stepOf(phase, state, honest, inputsOf('client-0'))).resolves.toHaveProperty(
      'message',
    );
  });

  test('a plan, a saved client and a saved coordinator that promise too much', () => {
    const { people, plan, reviewed } = recording;
    const signer = people.signers.get('client-0') as never;
    const claim = durableClaim(emptyDisk());
    for (const bytes of [...promises, nested]) {
      const codec = expect.objectContaining({ name: 'CodecError' });
      expect(() => client.readPlan(bytes, { voucher: people.voucher.publicKey })).toThrow(codec);
      expect(() => client.restore(reviewed, bytes, { signer, claim })).toThrow(codec);
      expect(() => coordinator.restore(plan, bytes)).toThrow(codec);
    }
  });
});
