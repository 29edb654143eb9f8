/** Reports by somebody who wants to look better: what is hidden, contradicts itself, is no number, or never ends. */
import { ProtocolError } from 'veilsum';
import { gaussian } from 'veilsum/dp';
import {
  type PrivacyReport,
  privacyReport,
  readReport,
  reportHtml,
  roundRecord,
} from 'veilsum/report';
import { describe, expect, test } from 'vitest';
import type { NoiseRecord, RoundRecord } from '../../src/round/report/facts.ts';
import { price } from '../../src/round/report/markup.ts';
import { attendancePlot } from '../../src/round/report/plots.ts';
import { timelineOf } from '../../src/round/report/timeline.ts';
import { charge, exact, planned, resultOf, runLedger } from './support.ts';

const codes = ({ findings }: PrivacyReport): readonly string[] => findings.map(({ code }) => code);
const honest = roundRecord(planned('run/1'), resultOf(planned('run/1')));
const noise = honest.noise as NoiseRecord;
const noisy = (i: number, changed: Partial<NoiseRecord> = {}): RoundRecord => ({
  ...honest,
  round: `run/${i}`,
  plan: i.toString(16).padStart(64, '0'),
  noise: { ...noise, ...changed },
});

describe('what was charged is not hidden', () => {
  test('behind a record without noise', async () => {
    const ledger = await runLedger(2);
    await charge(ledger, planned('run/1'));
    const cover = { ...honest, noise: null };
    const report = privacyReport({ rounds: [cover], ledger });
    expect(codes(report)).toContain('another-event');
    expect(timelineOf(report)).toMatchObject([{ round: 'run/1', charge: 1 }]);
    expect(reportHtml(report)).toContain('1 opened, 1 charged');
  });

  test('nor counted twice behind two records of one name', async () => {
    const ledger = await runLedger(2);
    await charge(ledger, planned('run/1'));
    const report = privacyReport({ rounds: [honest, noisy(1)], ledger });
    expect(timelineOf(report).map((moment) => moment.charge)).toEqual([1, null]);
    expect(codes(report)).toEqual(['another-plan']);
  });

  test('and a noisy sum that nobody charged is not said to be covered', async () => {
    const ledger = await runLedger(2);
    await charge(ledger, planned('run/1'));
    const covered = reportHtml(privacyReport({ rounds: [honest], ledger }));
    const page = reportHtml(privacyReport({ rounds: [honest, noisy(2)], ledger }));
    expect(covered).not.toContain('does not bound what');
    expect(page).toContain('does not bound what the sum of 1 round says');
    expect(page).not.toContain('all the noisy sums');
  });
});

describe('a record that contradicts itself is refused', () => {
  const failed = roundRecord(planned('run/1'), new ProtocolError('below-floor', 'too few'));
  test.each<[string, Partial<RoundRecord>, RoundRecord]>([
    ['opened, of nobody', { contributors: null }, honest],
    ['more contributors than were invited', { contributors: 21 }, honest],
    ['fewer contributors than the floor', { contributors: 1 }, honest],
    ['opened, for a reason why it failed', { reason: 'below-floor' }, honest],
    ['failed, with contributors', { contributors: 17 }, failed],
    ['failed, for no reason', { reason: null }, failed],
    ['failed, with a transcript', { transcript: honest.transcript }, failed],
    ['more lost than invited', { lost: [{ phase: 'mask', clients: 21 }] }, honest],
    [
      'more honest survivors than contributors',
      { noise: { ...noise, honestSurvivors: 18 } },
      honest,
    ],
    ['a multiplier in words', { noise: { ...noise, multiplier: 'very large' } }, honest],
    ['a version that praises itself', { library: '0.1.0, certified' }, honest],
    [
      'a field with a remark',
      { fields: [{ ...honest.fields[0], name: 'x (safe)' } as never] },
      honest,
    ],
  ])('%s', (_, change, record) => {
    expect(() => privacyReport({ rounds: [record] })).not.toThrow();
    expect(() => privacyReport({ rounds: [{ ...record, ...change }] })).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    );
  });

  test('keys that are none, and keys twice', () => {
    const json = JSON.stringify(privacyReport({ rounds: [honest] }));
    const added = json.replace('"invited"', '"__proto__":{"invited":1},"invited"');
    expect(() => readReport(added)).toThrow(/rounds\[0\]/);
    const twice = json.replace('"spending":', '"spending":{"epsilon":9},"spending":');
    expect(readReport(twice)).toEqual(JSON.parse(json));
  });
});

describe('numbers', () => {
  test.each<Partial<NoiseRecord>>([
    { event: gaussian({ noiseMultiplier: 1e-100 }) },
    { event: gaussian({ noiseMultiplier: 1e100 }) },
    { event: gaussian({ noiseMultiplier: 0.02 }) },
    { epsilon: 5e-324, wrapProbability: 5e-324, replaceOneEpsilon: 1.7e308 },
    { epsilon: -0, delta: 5e-324 },
  ])('at the ends of a double are shown as numbers: %j', (changed) => {
    expect(reportHtml(privacyReport({ rounds: [noisy(1, changed)] }))).not.toMatch(
      /NaN|Infinity|undefined/,
    );
  });

  test.each(['1e999', '-1', '"1"', '[1]', 'NaN', 'null'])('%s is no wrap probability', (text) => {
    const json = JSON.stringify(privacyReport({ rounds: [honest] }));
    const changed = json.replace(/"wrapProbability":[^,]+/, `"wrapProbability":${text}`);
    expect(changed).not.toBe(json);
    expect(() => readReport(changed)).toThrow(/report/);
  });

  test('that bound something are never rounded down', async () => {
    const delta = 1.00049e-5;
    const ledger = await runLedger(1, delta);
    await charge(ledger, planned('run/1'));
    const report = privacyReport({ rounds: [honest], ledger });
    const page = reportHtml(report);
    expect(page).toContain('δ = 1.001e-5');
    const factor = Math.exp(report.spending?.epsilon as number);
    const [, told] = /by more than a factor of ([\d.]+),/.exec(page) ?? [];
    expect(Number(told)).toBeGreaterThanOrEqual(factor);
    expect([price(5e-324), price(Number.POSITIVE_INFINITY)]).toEqual(['5e-324', '∞']);
  });
});

describe('what would take for ever', () => {
  test('thousands of claims, each with a δ of its own', () => {
    const rounds = Array.from({ length: 5_000 }, (_, i) => noisy(i, { delta: 1e-5 + i * 1e-12 }));
    expect(() => privacyReport({ rounds })).toThrow(/different δ/);
    expect(codes(privacyReport({ rounds: rounds.slice(0, 16) }))).toContain('beyond-claim');
  });

  test('a picture of more rounds than a call has places for', () => {
    const record = roundRecord(exact('v/1'), resultOf(exact('v/1')));
    const moment = { round: 'v/1', record, charge: null, epsilon: undefined };
    const picture = attendancePlot(new Array(200_000).fill(moment));
    expect(picture?.markup).toContain('Between 17 and 17 clients');
  });
});
