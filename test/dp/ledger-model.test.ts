/**
 * The ledger against a simple model: random events, repeated and changed rounds, crashes before and
 * after writing, openings in between. The total is checked by arithmetic that shares nothing with the
 * ledger's.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calibrate } from '../../src/dp/calibrate.ts';
import {
  type DpEvent,
  gaussian,
  laplace,
  poissonSampled,
  repeated,
  zeroConcentrated,
} from '../../src/dp/events.ts';
import { costOf, filterLimit, settleOrder, startMeter } from '../../src/dp/ledger/filter.ts';
import { type Ledger, openLedger } from '../../src/dp/ledger/ledger.ts';
import type { Receipt, Refusal } from '../../src/dp/ledger/receipt.ts';
import { UsageError } from '../../src/errors.ts';
import {
  gaussianDelta,
  gaussianDivergence,
  laplaceDivergence,
  limitOf,
} from '../reference/renyi-filter.ts';
import { isReceipt, openStorage, options, planHash } from './ledger-support.ts';

const positive = (min: number, max: number) =>
  fc.double({ min, max, noNaN: true, noDefaultInfinity: true });

describe('the filter’s arithmetic', () => {
  test('the limit is the formula’s, from below', () => {
    fc.assert(
      fc.property(
        positive(1.1, 500),
        positive(0.01, 20),
        fc.integer({ min: 2, max: 12 }),
        (...of) => {
          const [order, epsilon, digits] = of;
          const delta = 10 ** -digits;
          const limit = filterLimit(order, { epsilon, delta });
          const twin = limitOf(order, epsilon, delta);
          expect(limit).toBeLessThanOrEqual(twin * (1 + 1e-12) + 1e-15);
          expect(limit).toBeGreaterThanOrEqual(twin - 1e-12 * (1 + epsilon + 30 / (order - 1)));
        },
      ),
    );
  });

  test.each([2, 3.5, 8, 20])('costs are those of numerical integration at order %s', (order) => {
    for (const noiseMultiplier of [2, 5]) {
      const event = gaussian({ noiseMultiplier });
      const twin = gaussianDivergence(noiseMultiplier, order);
      expect(costOf(event, order, 'zero-out')).toBeGreaterThanOrEqual(twin * (1 - 1e-9));
      expect(costOf(event, order, 'zero-out')).toBeLessThanOrEqual(twin * (1 + 1e-9));
      const scaled = laplace({ noiseMultiplier });
      const slow = laplaceDivergence(noiseMultiplier, order);
      expect(costOf(scaled, order, 'zero-out')).toBeCloseTo(slow, 8);
    }
  });

  test('the settled order is the best of many for ρ-zCDP', () => {
    for (const epsilon of [0.1, 1, 4, 10]) {
      const budget = { epsilon, delta: 1e-6 };
      const order = settleOrder(budget, 'zero-out', null);
      const best = limitOf(order, epsilon, 1e-6) / order;
      for (let other = 1.05; other < 4096; other *= 1.003) {
        expect(limitOf(other, epsilon, 1e-6) / other).toBeLessThan(best * 1.01);
      }
    }
  });

  test.each([
    [1, 7, 0.5],
    [1, 60, 4],
    [0.1, 200, 4],
    [0.01, 333, 2],
  ])('what the Rényi accountant calibrates fits: q %s, %s steps, ε %s', async (...of) => {
    const [probability, count, epsilon] = of;
    const step = (noiseMultiplier: number): DpEvent =>
      poissonSampled({ probability, event: gaussian({ noiseMultiplier }) });
    const { delta } = options.budget;
    const noise = calibrate({
      epsilon,
      delta,
      neighbours: 'zero-out',
      accountant: 'rdp',
      event: (z) => repeated({ event: step(z), count }),
    });
    const expecting = { event: step(noise), count };
    const budget = { epsilon, delta };
    const ledger = await openLedger(openStorage(), { ...options, budget, expecting });
    for (let i = 0; i < count; i++) {
      const answer = await ledger.admit({ round: `${i}`, plan: planHash(i), event: step(noise) });
      expect(answer.admitted).toBe(true);
    }
    const last = await ledger.admit({ round: 'more', plan: planHash(0), event: step(noise) });
    expect(last.admitted).toBe(false);
  });

  test('a meter never loses a part of a sum', () => {
    // 2^53 and many ones: a plain sum would not move.
    const meter = startMeter(2 ** 53 + 20);
    meter.spend(2 ** 53);
    for (let i = 0; i < 10; i++) meter.spend(1);
    expect(meter.spent()).toBeGreaterThanOrEqual(2 ** 53 + 10);
    const full = startMeter(1);
    let count = 0;
    for (; full.hasRoom(0.1); count++) full.spend(0.1);
    // Ten times the double above 0.1 is more than 1.
    expect(count).toBe(9);
    expect(startMeter(1).repeats(0.1)).toBe(9);
    expect(startMeter(1).repeats(2)).toBe(0);
    expect(startMeter(1).repeats(0)).toBe(Number.MAX_SAFE_INTEGER);
    const broken = startMeter(1);
    broken.spend(Number.POSITIVE_INFINITY);
    expect([broken.spent(), broken.hasRoom(0), broken.repeats(1e-9)]).toEqual([
      Number.POSITIVE_INFINITY,
      false,
      0,
    ]);
  });
});

type Step = {
  readonly round: number;
  readonly plan: number;
  readonly sigma: number;
  readonly count: number;
  readonly crash: 'before' | 'after' | undefined;
  readonly reopen: boolean;
};

const steps = fc.array(
  fc.record<Step>({
    // Few names, so that rounds come again.
    round: fc.integer({ min: 0, max: 40 }),
    plan: fc.constantFrom(1, 1, 1, 2),
    sigma: fc.constantFrom(2, 3, 5.5, 8, 20),
    count: fc.constantFrom(1, 1, 2, 7),
    crash: fc.constantFrom(undefined, undefined, undefined, 'before', 'after'),
    reopen: fc.boolean(),
  }),
  { minLength: 5, maxLength: 60 },
);

const eventOf = ({ sigma, count }: Step): DpEvent => {
  const one = gaussian({ noiseMultiplier: sigma });
  return count === 1 ? one : repeated({ event: one, count });
};

test('random histories: what the model says, and never above the budget', async () => {
  const { epsilon, delta } = options.budget;
  let refusals = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (story) => {
      let crash: Step['crash'];
      const storage = openStorage([], (index) => (index === 0 ? undefined : crash));
      let ledger: Ledger = await openLedger(storage, options);
      const { order } = ledger;
      const limit = limitOf(order, epsilon, delta);
      const paid = new Map<number, { readonly plan: number; readonly text: string }>();
      /** Σ 1/σ², by which Gaussian noise adds up exactly. */
      let precision = 0;
      const released = new Set<number>();
      for (const step of story) {
        if (step.reopen) {
          ledger = await openLedger(storage, { ...options, rememberedHead: ledger.head() });
        }
        crash = step.crash;
        const text = JSON.stringify(eventOf(step));
        const before = paid.get(step.round);
        const spent = (order * precision) / 2;
        const cost = (order * step.count) / step.sigma ** 2 / 2;
        let answer: Receipt | Refusal | undefined;
        let error: unknown;
        const request = {
          round: `r${step.round}`,
          plan: planHash(step.plan),
          event: eventOf(step),
        };
        try {
          answer = await ledger.admit(request);
        } catch (thrown) {
          error = thrown;
        }
        crash = undefined;
        if (before !== undefined) {
          const isSame = before.plan === step.plan && before.text === text;
          expect(answer?.admitted).toBe(isSame ? true : undefined);
        } else if (Math.abs(spent + cost - limit) > 1e-9) {
          const fits = spent + cost < limit;
          if (!fits) expect(answer?.admitted).toBe(false);
          else if (step.crash === undefined) expect(answer?.admitted).toBe(true);
          else expect(error).toBeInstanceOf(UsageError);
          if (fits && step.crash !== 'before') {
            paid.set(step.round, { plan: step.plan, text });
            precision += step.count / step.sigma ** 2;
          }
          if (!fits) refusals++;
        }
        if (answer?.admitted) {
          released.add(step.round);
          // Spent before released: the line is there by now.
          expect(storage.lines.some((line) => line.includes(`"round":"r${step.round}"`))).toBe(
            true,
          );
        }
        if (error !== undefined && before === undefined)
          ledger = await openLedger(storage, options);
      }
      expect(storage.lines).toHaveLength(1 + paid.size);
      for (const round of released) expect(paid.has(round)).toBe(true);
      const whole = 1 / Math.sqrt(precision);
      if (precision > 0) expect(gaussianDelta(whole, epsilon)).toBeLessThanOrEqual(delta);
    }),
    { numRuns: 60 },
  );
  expect(refusals).toBeGreaterThan(20);
});

test('a crash at every point of a story: nothing is released unpaid, nothing is paid twice', async () => {
  const rounds = Array.from({ length: 6 }, (_, i) => ({
    round: `r${i}`,
    plan: planHash(i),
    event: zeroConcentrated({ rho: 0.01 * (i + 1) }),
  }));
  const calm = openStorage();
  const calmLedger = await openLedger(calm, options);
  for (const round of rounds) await calmLedger.admit(round);
  for (let at = 0; at <= rounds.length; at++) {
    for (const how of ['before', 'after'] as const) {
      let isBroken = true;
      const storage = openStorage([], (index) => (index === at && isBroken ? how : undefined));
      const released: string[] = [];
      const run = async (): Promise<void> => {
        const ledger = await openLedger(storage, options);
        for (const round of rounds) {
          const answer = await ledger.admit(round);
          if (isReceipt(answer)) released.push(answer.round);
        }
      };
      await expect(run()).rejects.toThrow();
      expect(released).toEqual(rounds.slice(0, Math.max(0, at - 1)).map(({ round }) => round));
      isBroken = false;
      await run();
      expect(released.slice(-rounds.length)).toEqual(rounds.map(({ round }) => round));
      // As if nothing had happened, but for the ledger's id and what follows from it.
      const plain = (line: string) => line.replace(/[0-9a-f]{32,64}/g, '');
      expect(storage.lines.map(plain)).toEqual(calm.lines.map(plain));
    }
  }
});
