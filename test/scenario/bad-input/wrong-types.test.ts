/** Inputs of the wrong type altogether, as plain JavaScript can hand them over: never coerced. */

import { real, UsageError } from 'veilsum';
import * as client from 'veilsum/client';
import { describe, expect, test } from 'vitest';
import { party, planFor } from '../../support/round.ts';
import { smallTrust } from './fixture.ts';
import { clientAt, record } from './recording.ts';

describe('inputs of another type', async () => {
  const people = await party(5);
  const plan = planFor(people, {
    fields: { update: real({ length: 2, clip: { norm: 'linf', bound: 1 } }) },
    trust: smallTrust,
  });
  const recording = await record(people, plan, () => ({ update: [0.5, 0.25] }));
  const downlink = recording.phases.mask.downlinks.get('client-1') as Uint8Array;

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['bigints', { update: [1n, 2n] }],
    ['a symbol', { update: [Symbol('x'), 0] }],
    ['text', { update: ['0.5', '0.25'] }],
    ['null for a number', { update: [null, 0.25] }],
    ['truth for a number', { update: [true, false] }],
    ['text for a vector', { update: '12' }],
  ])('%s: a usage error', async (_, inputs) => {
    const state = clientAt(recording, 'mask', 'client-1') as client.ClientState<'mask'>;
    await expect(client.mask(state, downlink, inputs as never)).rejects.toBeInstanceOf(UsageError);
  });
});
