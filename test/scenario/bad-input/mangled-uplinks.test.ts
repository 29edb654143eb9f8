/**
 * One client's line is bad: before its honest message arrives, the coordinator gets it cut off at
 * every byte, with every byte flipped, and with bytes behind it. All of them are refused without
 * touching the client's standing, and the round ends with the exact sum of everybody.
 */

import * as coordinator from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { concat } from '../../../src/internal/bytes.ts';
import { PHASES } from '../../../src/secagg/phases.ts';
import { FIELDS, smallRound, sumOf } from './fixture.ts';
import { coordinatorAt, playOn } from './recording.ts';

const VICTIM = 'client-2';

describe.each(['x25519', 'x25519-mlkem768'] as const)('suite %s', async (suite) => {
  const recording = await smallRound(suite);

  test.each(PHASES)(
    '%s: no mangled message is taken, and nobody is blamed for one',
    async (phase) => {
      const at = coordinatorAt(recording, phase);
      const honest = recording.phases[phase].uplinks.get(VICTIM) as Uint8Array;
      const refused = (message: Uint8Array): void => {
        const fault = coordinator.accept(at, message as never);
        if (fault === undefined) throw new Error('a mangled message was taken');
        if (fault.culprit !== undefined) throw new Error(`blamed without proof: ${fault.message}`);
        expect(fault.phase).toBe(phase);
      };
      for (let length = 0; length < honest.length; length++) refused(honest.subarray(0, length));
      for (let i = 0; i < honest.length; i++) {
        const bits = honest.length < 1_500 ? [1 << (i % 8), 255] : [1 << (i % 8)];
        for (const bit of bits) {
          const flipped = honest.slice();
          flipped[i] = (flipped[i] as number) ^ bit;
          refused(flipped);
        }
      }
      refused(concat(honest, Uint8Array.of(0)));
      refused(concat(honest, honest));
      expect(coordinator.census(at).accepted).toEqual([]);

      const result = await playOn(recording, phase, at);
      expect(result.contributors).toEqual(recording.people.ids);
      expect(result.sum).toEqual(sumOf(recording.people.ids));
      expect(result.refused.every(({ culprit }) => culprit === undefined)).toBe(true);
      expect(Object.keys(result.sum)).toEqual(Object.keys(FIELDS));
    },
  );
});
