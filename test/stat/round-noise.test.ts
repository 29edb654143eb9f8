/**
 * The noise of whole rounds: never less of it than the plan promised, whoever survives, and all of it fresh.
 * What an honest round misses here it misses with a chance below 10^−9.
 */
import {
  type DiscreteGaussianNoise,
  discreteGaussian,
  integer,
  type SkellamNoise,
  skellam,
} from 'veilsum';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openLedger } from '../../src/dp/ledger/ledger.ts';
import type { Receipt } from '../../src/dp/ledger/receipt.ts';
import { inMemoryStorage } from '../../src/dp/ledger/storage.ts';
import { encodeInputs } from '../../src/round/encode.ts';
import type { AnyPlan } from '../../src/round/plan.ts';
import type { PlannedPrivacy } from '../../src/round/price.ts';
import { door, shutDoor } from '../support/noise-door.ts';
import { noisyPlanFor, type Party, party, play } from '../support/round.ts';
import { chiSquare, chiSquareLimit, count, emptyCounts } from './goodness.ts';
import { lawOf } from './noise-counts.ts';

vi.mock('../../src/dp/sampler/draw.ts', async (original) =>
  (await import('../support/noise-door.ts')).throughDoor(original),
);
afterEach(shutDoor);

const LENGTH = 4_096;
const trust = { corrupt: 0.25, absent: 0.4, coordinator: 'semi-honest' } as const;
const fields = { counts: integer({ length: LENGTH, min: 0, max: 1 }) };
const laws = [
  ['Skellam', skellam],
  ['discrete Gaussian', discreteGaussian],
] as const;

let people: Party;
beforeAll(async () => {
  people = await party(8);
});

const privacyOf = (plan: { readonly privacy?: unknown }): PlannedPrivacy =>
  plan.privacy as PlannedPrivacy;

/** Everybody pays with a ledger opened for this plan alone. */
const purse =
  (plan: AnyPlan): ((who: string) => Promise<Receipt>) =>
  async () => {
    const { event, neighbours, delta } = privacyOf(plan);
    const ledger = await openLedger(inMemoryStorage(), {
      budget: { epsilon: 1e4, delta },
      neighbours,
      expecting: { event, count: 1 },
    });
    return (await ledger.admit({ round: plan.id, plan: plan.hash, event })) as Receipt;
  };

/** Empirical variance of noise about its known mean of 0. */
const varianceOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, x) => sum + x * x, 0) / values.length;

/** 6.5 standard errors of a variance of noise that is nearly normal: 8e-11. */
const slack = (draws: number): number => 6.5 * Math.sqrt(2 / draws) * 1.1;

const small = { counts: new Array<number>(LENGTH).fill(1) };

describe.each(laws)('%s noise', (_, law) => {
  const noise = law({ epsilon: 20, delta: 1e-6 });
  const planOf = () =>
    noisyPlanFor<typeof fields, SkellamNoise | DiscreteGaussianNoise>(people, {
      fields,
      trust,
      noise,
    });

  test('promises by algebra what the price was worked out for', () => {
    const { stretches, honestSurvivorsMin, multiplier } = privacyOf(planOf());
    const { parameters, floor } = planOf();
    expect(honestSurvivorsMin).toBe(floor - parameters.corruptCount);
    expect(parameters.corruptCount).toBe(2);
    const [stretch] = stretches;
    const promised = honestSurvivorsMin * (stretch?.localVariance as number);
    // One part whose sensitivity is √LENGTH: z² · Δ².
    expect(promised / (Number(multiplier) ** 2 * LENGTH)).toBeCloseTo(1, 12);
  });

  test('is as wide as promised for every number of survivors, although corrupt clients add none', async () => {
    const { floor, parameters } = planOf();
    expect([floor, parameters.clients]).toEqual([5, 8]);
    for (let survivors = floor; survivors <= 8; survivors++) {
      const plan = planOf();
      const { honestSurvivorsMin, stretches } = privacyOf(plan);
      const local = stretches[0]?.localVariance as number;
      const corrupt = new Set(people.ids.slice(0, parameters.corruptCount));
      const { result, left } = await play(people, plan, {
        receipt: purse(plan as unknown as AnyPlan),
        vanish: (id) => (people.ids.indexOf(id) >= survivors ? 'mask' : undefined),
        inputs: (id) => {
          door.isQuiet = corrupt.has(id);
          return small;
        },
      });
      expect([...left]).toEqual([]);
      expect(result.contributors).toHaveLength(survivors);
      const found = varianceOf(result.sum.counts.map((x) => x - survivors));
      expect(found).toBeGreaterThan(honestSurvivorsMin * local * (1 - slack(LENGTH)));
      // And it is the sum of the honest shares that are there, no more and no less.
      const honest = survivors - corrupt.size;
      expect(Math.abs(found / (honest * local) - 1)).toBeLessThan(slack(LENGTH));
      expect(result.privacy?.ofSurvivors.honest).toBe(honest);
    }
  });
});

/** Σxy / √(Σx² Σy²). */
function correlation(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [a, b] = [x[i] as number, y[i] as number];
    xy += a * b;
    xx += a * a;
    yy += b * b;
  }
  return xy / Math.sqrt(xx * yy);
}

/** One client's share of noise on each field, as it goes into the masks: inputs are zero. */
function sharesOf(plan: AnyPlan): readonly Int32Array[] {
  const zeros = Object.fromEntries(
    Object.entries(plan.fields).map(([name, { length }]) => [name, new Array(length).fill(0)]),
  );
  const { vectors } = encodeInputs(plan, zeros as never);
  return vectors.map((vector) => new Int32Array(vector.buffer, vector.byteOffset, vector.length));
}

describe.each(laws)('%s shares', (_, law) => {
  const many = 2 ** 15;
  const twin = integer({ length: many, min: 0, max: 1 });
  const noise = law({ epsilon: 30, delta: 1e-6 });
  const planOf = () =>
    noisyPlanFor<{ a: typeof twin; b: typeof twin }, SkellamNoise | DiscreteGaussianNoise>(people, {
      fields: { a: twin, b: twin },
      trust,
      noise,
    }) as unknown as AnyPlan;

  test('have nothing in common: fields, clients, rounds and neighbouring coordinates', () => {
    const plan = planOf();
    // Two clients in one round, and one of another round.
    const shares = [plan, plan, planOf()].flatMap(sharesOf);
    const pairs = shares.flatMap((x, i) => shares.slice(i + 1).map((y) => [x, y] as const));
    const lags = [1, 2, 3, 4, 7, 8, 16, 64, 256, 1_024, many / 2];
    for (const share of shares) {
      for (const lag of lags) pairs.push([share.subarray(lag), share.subarray(0, many - lag)]);
    }
    for (const [x, y] of pairs) {
      expect(Math.abs(correlation(x, y))).toBeLessThan(7.5 / Math.sqrt(x.length));
      // Nor in size alone, as noise would have that is shared but for its sign.
      const [p, q] = [x, y].map((z) => Array.from(z, (v) => v * v));
      const centred = [p, q].map((z = []) => {
        const mean = z.reduce((sum, v) => sum + v, 0) / z.length;
        return z.map((v) => v - mean);
      });
      const both = correlation(centred[0] as number[], centred[1] as number[]);
      expect(Math.abs(both)).toBeLessThan(9 / Math.sqrt(x.length));
    }
  });

  test('never repeat themselves: no sixteen draws in a row occur twice, be it with the other sign', () => {
    const plan = planOf();
    const seen = new Set<string>();
    let windows = 0;
    for (const share of [plan, plan, planOf()].flatMap(sharesOf)) {
      for (let from = 0; from + 16 <= share.length; from++) {
        const window = share.subarray(from, from + 16);
        const sign = Math.sign(window.find((x) => x !== 0) ?? 1);
        seen.add(Array.from(window, (x) => sign * x).join());
        windows++;
      }
    }
    // A draw has more than five bits of entropy: by chance that is 2^−45.
    expect(seen.size).toBe(windows);
  });

  test('are of their law to the tails, however far beyond the range of the inputs', () => {
    const plan = planOf();
    const local = privacyOf(plan).stretches[0]?.localVariance as number;
    const { probabilityOf, reach } = lawOf(
      privacyOf(plan).mechanism === 'skellam'
        ? { kind: 'skellam', variance: local }
        : { kind: 'discrete-gaussian', sigma: Math.sqrt(local) },
    );
    const counts = emptyCounts(reach + 1);
    let furthest = 0;
    for (let client = 0; client < 8; client++) {
      for (const share of sharesOf(plan)) {
        count(counts, share);
        furthest = share.reduce((most, x) => Math.max(most, Math.abs(x)), furthest);
      }
    }
    const { statistic, freedom } = chiSquare(counts, probabilityOf);
    expect(statistic).toBeLessThan(chiSquareLimit(freedom));
    // Of half a million draws some are beyond four deviations; an input is 0 or 1.
    expect(furthest).toBeGreaterThan(4 * Math.sqrt(local));
    expect((counts.cells[0] as number) + (counts.cells.at(-1) as number)).toBeLessThan(2);
  });

  test('do not meet again in the sums of two rounds, or of two fields', async () => {
    const length = 2_048;
    const short = integer({ length, min: 0, max: 1 });
    const errors: number[][] = [];
    for (let round = 0; round < 2; round++) {
      const plan = noisyPlanFor<
        { a: typeof short; b: typeof short },
        SkellamNoise | DiscreteGaussianNoise
      >(people, { fields: { a: short, b: short }, trust, noise });
      const { result } = await play(people, plan, {
        receipt: purse(plan as unknown as AnyPlan),
        inputs: () => ({ a: new Array(length).fill(0), b: new Array(length).fill(0) }),
      });
      errors.push([...result.sum.a], [...result.sum.b]);
    }
    for (const [i, x] of errors.entries()) {
      for (const y of errors.slice(i + 1)) {
        expect(Math.abs(correlation(x, y))).toBeLessThan(7.5 / Math.sqrt(length));
      }
    }
  });
});
