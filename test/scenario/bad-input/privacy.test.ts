/**
 * Requests that privacy cannot be promised for: each has its named error, nothing is spent in any ledger, and
 * nothing is released: what was in use can be used on.
 */
import {
  CapacityError,
  discreteGaussian,
  integer,
  PrivacyError,
  publicField,
  real,
  skellam,
  UsageError,
  type VeilsumError,
  weightedMean,
} from 'veilsum';
import {
  addDiscreteGaussian,
  calibrate,
  clipInto,
  distributedParameters,
  epsilon,
  gaussian,
  inMemoryStorage,
  type Ledger,
  noiseTable,
  openLedger,
  poissonSampled,
  sampledWithoutReplacement,
} from 'veilsum/dp';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Receipt } from '../../../src/dp/ledger/receipt.ts';
import type { PlannedPrivacy } from '../../../src/round/price.ts';
import { noisyPlanFor, type Party, party } from '../../support/round.ts';
import { type Waiting, waiting } from './noisy-round.ts';

const fields = {
  update: real({ length: 4, clip: { norm: 'l2', bound: 1 } }),
  mean: weightedMean({ length: 2, clip: { norm: 'l2', bound: 1 }, maxWeight: 5 }),
  votes: integer({ length: 2, min: -2, max: 2 }),
};
const trust = { corrupt: 0, absent: 0.4, coordinator: 'semi-honest' } as const;
const noise = skellam({ epsilon: 4, delta: 1e-5 });
const good = { update: [0.5, 0, 0, 0], mean: { values: [0.5, 0.5], weight: 2 }, votes: [1, 2] };

let people: Party;
beforeAll(async () => {
  people = await party(5);
});

const newPlan = () => noisyPlanFor(people, { fields, trust, noise });
type NewPlan = ReturnType<typeof newPlan>;
const event = gaussian({ noiseMultiplier: 2 });
const options = { budget: { epsilon: 8, delta: 1e-5 }, neighbours: 'zero-out' } as const;
const hash = new Uint8Array(32);

/** The error that some work ends with. */
async function caught(work: () => unknown): Promise<VeilsumError> {
  try {
    await work();
  } catch (error) {
    return error as VeilsumError;
  }
  return expect.unreachable('it was accepted');
}

async function expectError(
  work: () => unknown,
  kind: typeof UsageError | typeof PrivacyError | typeof CapacityError,
  code?: string,
): Promise<void> {
  const error = await caught(work);
  expect(error).toBeInstanceOf(kind);
  if (code !== undefined) expect(error.code).toBe(code);
}

/** Expects a request to fail, and the ledger to be as before: same head, and room for a good request. */
async function expectUnspent(ledger: Ledger, work: () => unknown): Promise<VeilsumError> {
  const head = ledger.head();
  const error = await caught(work);
  expect(ledger.head()).toEqual(head);
  return error;
}

describe('a price that promises nothing', () => {
  const wrong = [
    ['δ of 0', { delta: 0 }],
    ['a negative δ', { delta: -1e-6 }],
    ['δ of 1', { delta: 1 }],
    ['δ above 1', { delta: 1.5 }],
    ['δ of NaN', { delta: Number.NaN }],
    ['ε of 0', { epsilon: 0 }],
    ['a negative ε', { epsilon: -1 }],
    ['infinite ε', { epsilon: Number.POSITIVE_INFINITY }],
    ['ε of NaN', { epsilon: Number.NaN }],
  ] as const;

  test.each(wrong)('%s: no noise, no plan, no ledger, no calibration', async (_, change) => {
    const target = { epsilon: 1, delta: 1e-5, ...change };
    const [value] = Object.values(change) as [number];
    const kind = Number.isFinite(value) ? PrivacyError : UsageError;
    for (const law of [skellam, discreteGaussian]) await expectError(() => law(target), kind);
    // Written by hand, past the functions that check it.
    const byHand = { ...noise, ...change };
    await expectError(() => noisyPlanFor(people, { fields, trust, noise: byHand }), kind);
    const storage = inMemoryStorage();
    await expectError(() => openLedger(storage, { ...options, budget: target }), UsageError);
    expect(await storage.load()).toEqual([]);
    const asked = { ...target, neighbours: 'zero-out', event: () => event } as const;
    await expectError(() => calibrate(asked), UsageError);
    if ('delta' in change) await expectError(() => epsilon(event, asked), UsageError);
  });
});

describe('an event that is none', () => {
  const sampled = (probability: number) => ({ kind: 'poisson-sampled', probability, event });
  const wrong = [
    ['q below 0', sampled(-0.1), () => poissonSampled({ probability: -0.1, event })],
    ['q above 1', sampled(1.1), () => poissonSampled({ probability: 1.1, event })],
    ['q of NaN', sampled(Number.NaN), () => poissonSampled({ probability: Number.NaN, event })],
    ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY].map(
      (noiseMultiplier) =>
        [
          `σ of ${noiseMultiplier}`,
          { kind: 'gaussian', noiseMultiplier },
          () => gaussian({ noiseMultiplier }),
        ] as const,
    ),
    [
      'a variance of 0',
      { kind: 'skellam', variance: 0, l1Sensitivity: 1, l2Sensitivity: 1 },
      () => noiseTable({ kind: 'skellam', variance: 0 }),
    ],
    [
      'a discrete Gaussian with σ of 0',
      { kind: 'discrete-gaussian', sigma: 0, l2Sensitivity: 1, dimension: 1 },
      () => addDiscreteGaussian([1], { sigma: 0, l2Sensitivity: 1 }),
    ],
    [
      'a NaN sensitivity',
      { kind: 'discrete-gaussian', sigma: 1, l2Sensitivity: Number.NaN, dimension: 1 },
      () => addDiscreteGaussian([1], { sigma: 1, l2Sensitivity: Number.NaN }),
    ],
  ] as const;

  test.each(wrong)('%s: refused by whoever makes it, prices it or pays for it', async (...of) => {
    const [, stored, make] = of as readonly [string, object, () => unknown];
    await expectError(make, UsageError);
    await expectError(() => epsilon(stored as never, { delta: 1e-5, ...options }), UsageError);
    const ledger = await openLedger(inMemoryStorage(), options);
    const error = await expectUnspent(ledger, () =>
      ledger.admit({ round: 'a', plan: hash, event: stored as never }),
    );
    expect(error).toBeInstanceOf(UsageError);
    expect((await ledger.admit({ round: 'a', plan: hash, event })).admitted).toBe(true);
  });

  test('Poisson accounting for a fixed-size sample, or the other way round', async () => {
    const poisson = poissonSampled({ probability: 0.1, event });
    const fixed = sampledWithoutReplacement({ population: 100, sample: 10, event });
    for (const [neighbours, wrongEvent, right] of [
      ['replace-one', poisson, fixed],
      ['zero-out', fixed, poisson],
      ['add-or-remove', fixed, poisson],
    ] as const) {
      await expectError(
        () => epsilon(wrongEvent, { delta: 1e-5, neighbours }),
        PrivacyError,
        'unsound-parameters',
      );
      const ledger = await openLedger(inMemoryStorage(), { ...options, neighbours });
      const error = await expectUnspent(ledger, () =>
        ledger.admit({ round: 'a', plan: hash, event: wrongEvent }),
      );
      expect(error).toBeInstanceOf(PrivacyError);
      expect(error.code).toBe('unsound-parameters');
      expect((await ledger.admit({ round: 'a', plan: hash, event: right })).admitted).toBe(true);
    }
  });
});

describe('a plan that cannot be kept', () => {
  test('bits that do not fit: the error names some that do', async () => {
    const wide = (bits: number) => ({
      update: real({ length: 100, clip: { norm: 'l2', bound: 1 }, bits }),
    });
    const little = skellam({ epsilon: 0.01, delta: 1e-6 });
    const error = await caught(() =>
      noisyPlanFor(people, { fields: wide(24), trust, noise: little }),
    );
    expect(error).toBeInstanceOf(CapacityError);
    expect(['ring-overflow', 'noise-too-large']).toContain(error.code);
    expect(noisyPlanFor(people, { fields: wide(8), trust, noise: little }).privacy).toBeDefined();
    const request = {
      kind: 'skellam',
      epsilon: 0.5,
      delta: 1e-6,
      neighbours: 'zero-out',
      clients: 500,
      dimension: 2_048,
      clip: 1,
    } as const;
    const meaningless = await caught(() => distributedParameters({ ...request, bits: 3 }));
    expect(meaningless).toBeInstanceOf(CapacityError);
    const bits = meaningless.details.fitting as number;
    const { scale } = distributedParameters({ ...request, bits });
    expect(scale).toBeGreaterThan(0);
  });

  test('a field without noise that is not declared public', async () => {
    const still = integer({ length: 1, min: 0, max: 0 });
    const error = await caught(() =>
      noisyPlanFor(people, { fields: { ...fields, still }, trust, noise }),
    );
    expect(error).toBeInstanceOf(PrivacyError);
    expect(error).toMatchObject({ code: 'unsound-parameters', details: { field: 'still' } });
    expect(error.message).toContain('publicField');
    const open = { ...fields, still: publicField(still) };
    expect(noisyPlanFor(people, { fields: open, trust, noise }).privacy).toBeDefined();
  });
});

describe('a client before mask', () => {
  let stage: Waiting<typeof fields>;
  let ledger: Ledger;
  let receipt: Receipt;
  const requestOf = (plan: NewPlan) => ({
    round: plan.id,
    plan: plan.hash,
    event: (plan.privacy as PlannedPrivacy).event,
  });
  beforeAll(async () => {
    const plan = newPlan();
    ledger = await openLedger(inMemoryStorage(), {
      budget: { epsilon: noise.epsilon, delta: noise.delta },
      neighbours: 'zero-out',
      expecting: { event: (plan.privacy as PlannedPrivacy).event, count: 1 },
    });
    receipt = (await ledger.admit(requestOf(plan))) as Receipt;
    stage = await waiting<typeof fields>(people, plan as never, receipt);
  });

  const nan = Number.NaN;
  const infinite = Number.POSITIVE_INFINITY;
  test.each([
    ['a NaN among the coordinates', { ...good, update: [nan, 0, 0, 0] }],
    ['an infinite norm', { ...good, update: [infinite, 0, 0, 0] }],
    ['infinities that cancel', { ...good, update: [infinite, -infinite, 0, 0] }],
    ['NaN in a mean', { ...good, mean: { values: [nan, 0], weight: 1 } }],
    ['a NaN weight', { ...good, mean: { values: [0, 0], weight: nan } }],
    ['a NaN vote', { ...good, votes: [nan, 0] }],
  ])('%s: a usage error, and the ledger stays as it is', async (_, inputs) => {
    const error = await expectUnspent(ledger, () => stage.mask('client-1', inputs, receipt));
    expect(error).toBeInstanceOf(UsageError);
    expect(['not-finite', 'out-of-range']).toContain(error.code);
  });

  test('the same in what clips outside of a round', async () => {
    for (const value of [nan, infinite]) {
      await expectError(() => clipInto(Float64Array.of(value, 1), 1), UsageError, 'not-finite');
      await expectError(() => clipInto(Float64Array.of(1, 1), value), UsageError);
    }
  });

  test('a refusal of a spent ledger is no receipt', async () => {
    const refusal = await ledger.admit(requestOf(newPlan()));
    expect(refusal).toMatchObject({ admitted: false, code: 'budget-exceeded' });
    expect(ledger.head().count).toBe(1);
    const error = await expectUnspent(ledger, () => stage.mask('client-1', good, refusal));
    expect(error).toBeInstanceOf(PrivacyError);
    expect(error.code).toBe('unsound-parameters');
  });

  test('no receipt, and one of another plan', async () => {
    const missing = await expectUnspent(ledger, () => stage.mask('client-1', good, undefined));
    expect(missing).toMatchObject({ code: 'receipt-required' });
    const other = await openLedger(inMemoryStorage(), options);
    const foreign = await other.admit({ round: 'x', plan: hash, event });
    const wrong = await expectUnspent(ledger, () => stage.mask('client-1', good, foreign));
    expect(wrong).toMatchObject({ code: 'unsound-parameters' });
  });

  test('a tampered ledger gives none, and is not written to', async () => {
    const storage = inMemoryStorage();
    const own = await openLedger(storage, options);
    await own.admit({ round: 'a', plan: hash, event });
    await own.admit({ round: 'b', plan: hash, event });
    const lines = await storage.load();
    const cheaper = lines.map((line) => line.replace('"noiseMultiplier":2', '"noiseMultiplier":9'));
    for (const bent of [cheaper, [lines[0], lines[2]], [...lines, lines[2]]] as string[][]) {
      const disk = inMemoryStorage(bent);
      await expectError(() => openLedger(disk, options), PrivacyError, 'ledger-tampered');
      expect(await disk.load()).toEqual(bent);
    }
  });

  test('after all of that the round is played as if nothing had been', async () => {
    // Finite numbers whose norm overflows are clipped like any others.
    const huge = { ...good, update: [1e308, -1e308, 1e308, 1e308] };
    for (const id of people.ids) await stage.mask(id, id === 'client-1' ? huge : good, receipt);
    const result = await stage.finish();
    expect(result.contributors).toHaveLength(5);
    const deviation = result.privacy?.deviations.update as number;
    // Five halves: clipped to norm 1, four coordinates of one size are a half each.
    expect(Math.abs((result.sum.update[0] as number) - 2.5)).toBeLessThan(8 * deviation);
    expect(ledger.head().count).toBe(1);
  });
});
