/** ε over rounds is what accountants make of the charges; what does not fit together is said. */
import fc from 'fast-check';
import { ProtocolError } from 'veilsum';
import {
  composed,
  epsilon,
  gaussian,
  inMemoryStorage,
  openLedger,
  poissonSampled,
  readOdometer,
  repeated,
} from 'veilsum/dp';
import { privacyReport, readReport, roundRecord } from 'veilsum/report';
import { describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { sealEntry, sealHeader } from '../../src/dp/ledger/lines.ts';
import { toHex } from '../../src/internal/bytes.ts';
import { VERSION } from '../../src/internal/version.ts';
import { charge, DELTA, exact, planned, ROUNDS, resultOf, runLedger } from './support.ts';

const codes = (report: ReturnType<typeof privacyReport>): readonly string[] =>
  report.findings.map(({ code }) => code);
const played = (id: string) => roundRecord(planned(id), resultOf(planned(id)));
const ids = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `run/${i + 1}`);

test('the library knows its version', () => expect(VERSION).toBe(manifest.version));

describe('ε over rounds', () => {
  test('after k rounds is the accountants’ price of k events, and at last the odometer’s', async () => {
    const ledger = await runLedger(2);
    for (const id of ids(ROUNDS)) await charge(ledger, planned(id));
    const { spending } = privacyReport({ rounds: ids(ROUNDS).map(played), ledger });
    expect(spending).toMatchObject({ source: 'ledger', delta: DELTA, neighbours: 'zero-out' });
    expect(spending?.points).toHaveLength(ROUNDS);
    const event = planned('any').privacy?.event as never;
    for (const [i, point] of (spending?.points ?? []).entries()) {
      const events = repeated({ event, count: i + 1 });
      const price = epsilon(events, { delta: DELTA, neighbours: 'zero-out' });
      expect(point).toMatchObject({ charges: i + 1, round: `run/${i + 1}`, method: price.method });
      expect((point.epsilon as number) / price.epsilon).toBeCloseTo(1, 12);
    }
    expect(spending?.epsilon).toBe(readOdometer(ledger).epsilon);
    expect(spending?.epsilon).toBeLessThanOrEqual(1);
  });

  test('any ledger: never falls, and is the price of all events together', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 20, max: 24 }), { minLength: 1, maxLength: 12 }),
        async (widths) => {
          const ledger = await runLedger(8);
          const events = widths.map((noiseMultiplier) => gaussian({ noiseMultiplier }));
          for (const [i, event] of events.entries()) {
            await ledger.admit({ round: `r${i}`, plan: new Uint8Array(32), event });
          }
          const report = privacyReport({ rounds: [], ledger });
          const points = report.spending?.points.map((point) => point.epsilon as number) ?? [];
          expect(points).toEqual([...points].sort((a, b) => a - b));
          const whole = composed({ events });
          const all = epsilon(whole, { delta: DELTA, neighbours: 'zero-out' });
          expect(points.at(-1)).toBeCloseTo(all.epsilon, 6);
          expect(readReport(JSON.stringify(report))).toEqual(report);
        },
      ),
      { numRuns: 15 },
    );
  });

  test('a long run has at most 256 points, the last of them for all', async () => {
    const ledger = await runLedger(8);
    const event = gaussian({ noiseMultiplier: 500 });
    for (let i = 0; i < 700; i++) {
      await ledger.admit({ round: `r${i}`, plan: new Uint8Array(32), event });
    }
    const points = privacyReport({ rounds: [], ledger }).spending?.points ?? [];
    expect(points).toHaveLength(256);
    expect(points.at(-1)?.charges).toBe(700);
    const gaps = points.map(({ charges }, i) => charges - (points[i - 1]?.charges ?? 0));
    expect(new Set(gaps)).toEqual(new Set([2, 3]));
  });

  test('where hundreds of events differ there are few points, the last of them for all', async () => {
    const ledger = await runLedger(8);
    for (let i = 0; i < 130; i++) {
      const event = gaussian({ noiseMultiplier: 300 + i });
      await ledger.admit({ round: `r${i}`, plan: new Uint8Array(32), event });
    }
    const points = privacyReport({ rounds: [], ledger }).spending?.points ?? [];
    expect(points).toHaveLength(16);
    expect(points.at(-1)?.charges).toBe(130);
  });

  test('without a ledger it is of the plans on record, and says so', () => {
    const report = privacyReport({ rounds: ids(2).map(played) });
    expect(report.spending).toMatchObject({ source: 'plans', delta: DELTA });
    expect(report.spending?.points).toHaveLength(2);
    expect(codes(report)).toEqual(['no-ledger']);
  });

  test('without noise there is none', () => {
    const report = privacyReport({ rounds: [roundRecord(exact('v/1'), resultOf(exact('v/1')))] });
    expect(report.spending).toBe(null);
    expect(codes(report)).toEqual([]);
  });
});

describe('what does not fit together', () => {
  test('nothing, where every round was charged as its plan says', async () => {
    const ledger = await runLedger(2);
    for (const id of ids(3)) await charge(ledger, planned(id));
    expect(codes(privacyReport({ rounds: ids(3).map(played), ledger }))).toEqual([]);
  });

  test('a round that failed stays charged, with a record and without', async () => {
    const ledger = await runLedger(2);
    for (const id of ids(3)) await charge(ledger, planned(id));
    const failed = roundRecord(planned('run/2'), new ProtocolError('below-floor', 'too few'));
    const report = privacyReport({ rounds: [played('run/1'), failed], ledger });
    expect(report.spending?.epsilon).toBe(readOdometer(ledger).epsilon);
    expect(report.spending?.points).toHaveLength(3);
    expect(report.findings).toMatchObject([{ code: 'charged-without-record', round: 'run/3' }]);
  });

  test('a noisy round that the ledger did not pay for', async () => {
    const ledger = await runLedger(2);
    await charge(ledger, planned('run/1'));
    const report = privacyReport({ rounds: ids(2).map(played), ledger });
    expect(report.findings).toMatchObject([{ code: 'not-charged', round: 'run/2' }]);
    expect(report.spending?.epsilon).toBe(readOdometer(ledger).epsilon);
  });

  test('the plan’s word against the charge: the charge counts', async () => {
    const ledger = await runLedger(8);
    const plan = planned('run/1');
    // Far less noise than the plan claims to have.
    const event = gaussian({ noiseMultiplier: 1.5 });
    await ledger.admit({ round: plan.id, plan: new Uint8Array(32), event });
    const report = privacyReport({ rounds: [played('run/1')], ledger });
    expect(codes(report)).toEqual(['another-plan', 'another-event', 'beyond-claim']);
    const naive = report.rounds[0]?.noise?.epsilon as number;
    expect(report.spending?.epsilon).toBeGreaterThan(2 * naive);
  });

  test('more rounds than the plans speak of', async () => {
    const ledger = await runLedger(2);
    for (const id of ids(ROUNDS + 1)) await charge(ledger, planned(id));
    const report = privacyReport({ rounds: ids(ROUNDS + 1).map(played), ledger });
    expect(codes(report)).toEqual(['beyond-claim']);
    expect(codes(privacyReport({ rounds: ids(ROUNDS + 1).map(played) }))).toEqual([
      'no-ledger',
      'beyond-claim',
    ]);
  });

  test('a ledger under another relation, with events that mean nothing under the plan’s', async () => {
    const budget = { epsilon: 8, delta: DELTA };
    const ledger = await openLedger(inMemoryStorage(), { budget, neighbours: 'add-or-remove' });
    const plan = planned('run/1');
    const event = poissonSampled({ probability: 0.1, event: gaussian({ noiseMultiplier: 4 }) });
    await ledger.admit({ round: plan.id, plan: plan.hash, event });
    const report = privacyReport({ rounds: [played('run/1')], ledger });
    expect(codes(report)).toEqual(['another-event', 'another-relation']);
    expect(report.spending?.neighbours).toBe('add-or-remove');
  });

  test('exact sums among noisy ones', async () => {
    const ledger = await runLedger(2);
    await charge(ledger, planned('run/1'));
    const sum = roundRecord(exact('v/1'), resultOf(exact('v/1')));
    const report = privacyReport({ rounds: [played('run/1'), sum], ledger });
    expect(codes(report)).toEqual(['exact-sums']);
    expect(report.findings[0]?.text).toContain('no differential privacy over the whole');
  });

  test('a ledger that somebody wrote by hand, beyond its budget', async () => {
    const budget = { epsilon: 1, delta: DELTA };
    const fields = { id: 'a'.repeat(32), budget, neighbours: 'zero-out', order: 20 } as const;
    const header = sealHeader({ ...fields, expecting: null });
    const plan = planned('run/1');
    const event = gaussian({ noiseMultiplier: 1 });
    const facts = { index: 1, round: plan.id, plan: toHex(plan.hash), event };
    const entry = sealEntry(facts, header.hash);
    const storage = inMemoryStorage([header.line, entry.line]);
    const ledger = await openLedger(storage, { budget, neighbours: 'zero-out' });
    expect(codes(privacyReport({ rounds: [], ledger }))).toContain('over-budget');
    expect(codes(privacyReport({ rounds: [], ledger: await runLedger() }))).toEqual([]);
  });

  test('one plan on record twice is refused', () => {
    expect(() => privacyReport({ rounds: [played('run/1'), played('run/1')] })).toThrow(/twice/);
  });
});

describe('reading', () => {
  const whole = async () => {
    const ledger = await runLedger(2);
    for (const id of ids(3)) await charge(ledger, planned(id));
    return privacyReport({ rounds: ids(2).map(played), ledger, title: 'Ünïcode ✓', made: 'now' });
  };

  test('gives the report again', async () => {
    const report = await whole();
    expect(readReport(JSON.stringify(report, null, 2))).toEqual(report);
    expect(Object.isFrozen(report)).toBe(true);
  });

  /** JSON with another value at a path; `undefined` takes the key out. */
  function changed(json: string, path: string, change: (old: unknown) => unknown): string {
    const value = JSON.parse(json) as Record<string, unknown>;
    const keys = path.split('.');
    const last = keys.pop() as string;
    const at = keys.reduce((of, key) => of[key] as Record<string, unknown>, value);
    at[last] = change(at[last]);
    return JSON.stringify(value);
  }

  test.each<[string, string, (old: unknown) => unknown, RegExp]>([
    ['ε made smaller', 'spending.epsilon', () => 0.01, /at least what/],
    ['ε taken out', 'spending', () => null, /at least what/],
    ['an entry left out', 'ledger.entries', (old) => (old as []).slice(0, 2), /remembered head/],
    ['an entry renamed', 'ledger.entries.1.round', () => 'x', /differs/],
    ['another budget', 'ledger.budget.epsilon', () => 9, /differs/],
    ['less noise in an event', 'ledger.events.0.variance', () => 1e9, /differs/],
    ['an event that is not there', 'ledger.entries.0.event', () => 1, /an event that is listed/],
    ['an event too many', 'ledger.events.1', () => gaussian({ noiseMultiplier: 2 }), /one form/],
    ['a key too many', 'seal', () => 'approved', /an object of/],
    ['a key too few', 'limits', () => undefined, /an object of/],
    ['a text of the wrong kind', 'title', () => 7, /visible/],
    ['a title that turns around', 'title', () => 'a\u202eb', /visible/],
    ['a record with something more', 'rounds.0.sum', () => [1], /rounds\[0\]/],
    ['a number that is none', 'rounds.0.floor', () => -1, /floor/],
    ['an event that cannot be', 'rounds.0.noise.event.variance', () => -1, /an event/],
    ['another format', 'format', () => 'veilsum/v2 privacy report', /another format/],
  ])('refuses %s', async (_, path, change, message) => {
    const json = JSON.stringify(await whole());
    expect(() => readReport(changed(json, path, change))).toThrow(message);
  });

  test('does not believe what follows from the rest: warnings come back', async () => {
    const report = await whole();
    expect(codes(report)).toEqual(['charged-without-record']);
    const bare = { ...report, findings: [], limits: [], remains: [], statement: 'Certified.' };
    expect(readReport(JSON.stringify(bare))).toEqual(report);
  });

  test.each(['', '{', 'null', '[]', '7', '"x"', '{}'])('refuses %j', (json) => {
    expect(() => readReport(json)).toThrow(/report/);
  });
});
