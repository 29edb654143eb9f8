/** A record holds the facts of a round, and nothing that says anything about a person. */
import {
  clientId,
  inMemorySigner,
  integer,
  ProtocolError,
  real,
  signRoster,
  UsageError,
} from 'veilsum';
import { encryptedRound } from 'veilsum/he';
import { encryptedRecord, privacyReport, reportHtml, roundRecord } from 'veilsum/report';
import { expect, test } from 'vitest';
import { encryptedAssumptions } from '../../src/he/round/result.ts';
import { toHex } from '../../src/internal/bytes.ts';
import { party, planFor, play } from '../support/round.ts';
import { exact, people, planned, resultOf } from './support.ts';

test('of a round that was played: facts, and neither sums nor names', async () => {
  const few = await party(6);
  const plan = planFor(few, {
    trust: { corrupt: 0, absent: 0.4, coordinator: 'semi-honest' },
    fields: {
      votes: integer({ length: 3, min: 0, max: 9_000_000 }),
      size: real({ length: 1, clip: { norm: 'linf', bound: 1 } }),
    },
  });
  const { result } = await play(few, plan, {
    vanish: (id) => (id === 'client-4' ? 'mask' : id === 'client-5' ? 'unmask' : undefined),
    // Cut off on its way, under a name that a fault's text may repeat.
    uplink: (phase, id, message) =>
      phase === 'confirm' && id === 'client-0' ? [message, message.slice(0, 20)] : [message],
    inputs: () => ({ votes: [1_234_567, 7_654_321, 0], size: [0.123] }),
  });
  expect(result.sum.votes).toEqual([6_172_835, 38_271_605, 0]);
  const record = roundRecord(plan, result);
  expect(record).toMatchObject({
    round: plan.id,
    plan: toHex(plan.hash),
    outcome: 'opened',
    invited: 6,
    contributors: 5,
    lost: [
      { phase: 'mask', clients: 1 },
      { phase: 'unmask', clients: 1 },
    ],
    refused: [{ phase: 'confirm', code: 'truncated', messages: 1 }],
    noise: null,
    transcript: { size: result.transcript.size, root: toHex(result.transcript.root) },
    bundle: null,
  });
  expect(record.assumptions).toEqual(result.assumptions);
  const page = reportHtml(privacyReport({ rounds: [record] }));
  for (const text of [JSON.stringify(record), page]) {
    for (const secret of [6_172_835, 38_271_605, 1_234_567, 7_654_321, 0.123]) {
      expect(text).not.toContain(String(secret));
    }
    expect(text).not.toContain('6,172,835');
    expect(text).not.toMatch(/client-\d/);
  }
  // What a careless record would do is found by the same search.
  expect(JSON.stringify({ ...record, ...result })).toMatch(/client-1.*6172835/);
});

test('is JSON, frozen all the way down', () => {
  const plan = planned('run/1');
  const record = roundRecord(plan, resultOf(plan));
  expect(JSON.parse(JSON.stringify(record))).toEqual(record);
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    expect(Object.isFrozen(value)).toBe(true);
    Object.values(value).forEach(walk);
  };
  walk(record);
});

test('of a round with noise: the plan’s claim, the survivors and the noise', () => {
  const plan = planned('run/1');
  const result = resultOf(plan);
  const { noise, fields } = roundRecord(plan, result);
  expect(noise).toMatchObject({
    mechanism: 'skellam',
    unit: 'client',
    neighbours: 'zero-out',
    epsilon: plan.privacy?.epsilon,
    event: plan.privacy?.event,
    honestSurvivors: 17 - 2,
  });
  expect(fields[0]?.deviation).toBe(result.privacy?.deviations.update);
});

test('of a round that failed, and of one of which nothing is known', () => {
  const plan = planned('run/1');
  const failed = roundRecord(plan, new ProtocolError('no-quorum', 'client-3 did not sign'));
  expect(failed).toMatchObject({ outcome: 'failed', reason: 'no-quorum', contributors: null });
  expect(JSON.stringify(failed)).not.toContain('client-3');
  expect(roundRecord(plan)).toMatchObject({ outcome: 'unknown', reason: null });
});

test('a proof bundle is in it as its hash', () => {
  const plan = exact('vote/1');
  const bundle = new Uint8Array(50).fill(3);
  expect(roundRecord(plan, resultOf(plan, { bundle })).bundle).toMatch(/^[0-9a-f]{64}$/);
});

test('a result of another plan is refused, and what is no result or plan', () => {
  const plan = planned('run/1');
  const other = exact('vote/1');
  expect(() => roundRecord(plan, resultOf(other))).toThrow(/a result of another plan/);
  expect(() => roundRecord(other, resultOf(plan))).toThrow(/a result of another plan/);
  const few = resultOf(plan).contributors.slice(0, 3);
  expect(() => roundRecord(plan, resultOf(plan, { contributors: few }))).toThrow(UsageError);
  expect(() => roundRecord(plan, {} as never)).toThrow(/expected what closing the last phase gave/);
  expect(() => roundRecord({ ...plan }, resultOf(plan))).toThrow(/expected one made by plan/);
});

test('of an encrypted round', async () => {
  const holders = await signRoster(
    [0, 1, 2].map((i) => ({ id: clientId(`holder-${i}`), ...inMemorySigner() })),
    people.voucher,
  );
  const round = encryptedRound({
    name: 'mean\u202e/7',
    clients: people.roster,
    holders,
    threshold: 2,
    floor: 10,
    length: 40,
    clip: 3,
    precision: 1e-3,
  });
  const contributors = people.roster.clients.slice(0, 12).map(({ id }) => id);
  const record = encryptedRecord(round, {
    sums: Float64Array.of(77.125),
    errorBound: 0,
    contributors,
    missing: [],
    refused: [{ phase: 'upload', code: 'not-committed', message: 'client-9 sent other bytes' }],
    assumptions: encryptedAssumptions(round),
  });
  expect(record).toMatchObject({
    round: 'mean\ufffd/7',
    plan: toHex(round.roundId),
    setting: { protection: 'encryption', holders: 3, threshold: 2 },
    contributors: 12,
    refused: [{ phase: 'upload', code: 'not-committed', messages: 1 }],
    noise: null,
  });
  const page = reportHtml(privacyReport({ rounds: [record] }));
  expect(page).toContain('the holders of the key opened the sum');
  expect(page).toContain('No differential privacy');
  expect(JSON.stringify(record) + page).not.toMatch(/77\.125|client-\d/);
});
