/**
 * A program hands a client inputs that do not fit: it hears which field and which element, never the
 * value, and its state stays as it was, so that the round goes on once the program is mended.
 */
import { inspect } from 'node:util';
import { integer, real, UsageError, weightedMean } from 'veilsum';
import * as client from 'veilsum/client';
import { describe, expect, test } from 'vitest';
import { party, planFor } from '../../support/round.ts';
import { smallTrust } from './fixture.ts';
import { clientAt, coordinatorAt, playOn, record } from './recording.ts';

const good = {
  votes: [1, 2, 3],
  update: [0.5, -0.25],
  model: { values: [0.125, 0.25], weight: 3 },
};

describe('inputs that do not fit', async () => {
  const people = await party(5);
  const plan = planFor(people, {
    fields: {
      votes: integer({ length: 3, min: -5, max: 5 }),
      update: real({ length: 2, clip: { norm: 'l2', bound: 1 } }),
      model: weightedMean({ length: 2, clip: { norm: 'linf', bound: 1 }, maxWeight: 10 }),
    },
    trust: smallTrust,
  });
  const recording = await record(people, plan, () => good);
  const state = clientAt(recording, 'mask', 'client-1') as client.ClientState<'mask'>;
  const downlink = recording.phases.mask.downlinks.get('client-1') as Uint8Array;
  const wrong: readonly (readonly [string, unknown])[] = [
    ['too few votes', { ...good, votes: [1, 2] }],
    ['too many votes', { ...good, votes: [1, 2, 3, 4] }],
    ['no votes', { ...good, votes: [] }],
    ['a NaN vote', { ...good, votes: [1, Number.NaN, 3] }],
    ['an infinite vote', { ...good, votes: [1, Number.POSITIVE_INFINITY, 3] }],
    ['a fractional vote', { ...good, votes: [1, 2.5, 3] }],
    ['a vote out of range', { ...good, votes: [1, 77_713, 3] }],
    ['a vote that is text', { ...good, votes: [1, '2', 3] }],
    ['a vote that is a bigint', { ...good, votes: [1, 2n, 3] }],
    ['a hole among the votes', { ...good, votes: Object.assign(new Array(3), { 0: 1, 2: 3 }) }],
    ['votes that are no array', { ...good, votes: 7 }],
    ['votes that are null', { ...good, votes: null }],
    ['a NaN update', { ...good, update: [Number.NaN, 0] }],
    ['an infinite update', { ...good, update: [0, Number.NEGATIVE_INFINITY] }],
    ['too long an update', { ...good, update: [0, 0, 0] }],
    ['values without weight', { ...good, model: { values: [0, 0] } }],
    ['a weight of 0', { ...good, model: { values: [0, 0], weight: 0 } }],
    ['a weight too large', { ...good, model: { values: [0, 0], weight: 77_713 } }],
    ['a fractional weight', { ...good, model: { values: [0, 0], weight: 1.5 } }],
    ['a NaN weight', { ...good, model: { values: [0, 0], weight: Number.NaN } }],
    ['NaN values', { ...good, model: { values: [0, Number.NaN], weight: 1 } }],
    ['no values', { ...good, model: { weight: 1 } }],
    ['a vector for a weighted field', { ...good, model: [0.1, 0.2] }],
    ['a missing field', { votes: good.votes, update: good.update }],
    ['a misspelt field', { ...good, vots: good.votes }],
    ['a number', 7],
  ];

  test.each(wrong)('%s: a usage error, without the value; the state stays', async (_, inputs) => {
    const error = await client.mask(state, downlink, inputs as never).then(
      () => expect.unreachable('wrong inputs were masked'),
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(UsageError);
    expect(['wrong-length', 'not-finite', 'out-of-range', 'unknown-id', 'wrong-type']).toContain(
      (error as UsageError).code,
    );
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('77713');
  });

  test('then the right inputs: the round ends with the exact sum', async () => {
    expect((await client.mask(state, downlink, good as never)).message).toBeInstanceOf(Uint8Array);
    const { sum } = await playOn(recording, 'mask', coordinatorAt(recording, 'mask'));
    expect(sum.votes).toEqual([5, 10, 15]);
    expect(sum.model.weight).toBe(15);
  });
});
