/** A round with noise: what the plan works out, what comes out, and what is refused. */
import {
  CapacityError,
  discreteGaussian,
  integer,
  PrivacyError,
  planBytes,
  publicField,
  real,
  type Signer,
  skellam,
  weightedMean,
} from 'veilsum';
import { advertise, readPlan } from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { openLedger } from '../../src/dp/ledger/ledger.ts';
import type { Receipt } from '../../src/dp/ledger/receipt.ts';
import { inMemoryStorage } from '../../src/dp/ledger/storage.ts';
import { DRAWABLE, sharesOf } from '../../src/dp/mechanisms/distributed.ts';
import { noiseTable } from '../../src/dp/sampler/noise-tables.ts';
import * as kernel from '../../src/kernel/index.ts';
import { encodeInputs } from '../../src/round/encode.ts';
import type { AnyPlan } from '../../src/round/plan.ts';
import type { PlannedPrivacy } from '../../src/round/price.ts';
import { CONTEXT, noisyPlanFor, type Party, party, planFor, play } from '../support/round.ts';

vi.mock('../../src/kernel/index.ts', { spy: true });
/** Tables of noise that have been built so far. */
const builds = (): number => vi.mocked(kernel.residentTables).mock.calls.length;

const N = 12;
const trust = { corrupt: 0.1, absent: 0.2, coordinator: 'semi-honest' } as const;
let people: Party;
beforeAll(async () => {
  people = await party(N);
});

/** Ledgers of everybody in a round, each with a budget that lasts for `rounds` of it. */
function ledgers(plan: AnyPlan): (who: string) => Promise<Receipt> {
  const privacy = plan.privacy as PlannedPrivacy;
  return async () => {
    const ledger = await openLedger(inMemoryStorage(), {
      budget: { epsilon: privacy.epsilon * 1.5, delta: privacy.delta },
      neighbours: privacy.neighbours,
      expecting: { event: privacy.event, count: 1 },
    });
    const answer = await ledger.admit({ round: plan.id, plan: plan.hash, event: privacy.event });
    if (!answer.admitted) throw new Error(answer.message);
    return answer;
  };
}

const caught = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe.each([skellam, discreteGaussian])('a round with noise', (law) => {
  test('gives sums near the true ones, and says what they cost', async () => {
    const fields = {
      update: real({ length: 300, clip: { norm: 'l2', bound: 1 } }),
      votes: integer({ length: 4, min: -2, max: 5 }),
      mean: weightedMean({ length: 3, clip: { norm: 'linf', bound: 1 }, maxWeight: 10 }),
      examples: publicField(integer({ length: 1, min: 0, max: 5_000 })),
    };
    const noise = law({ epsilon: 3, delta: 1e-5 });
    const plan = noisyPlanFor(people, { fields, trust, noise });
    const privacy = plan.privacy as PlannedPrivacy;
    expect(privacy.epsilon).toBeLessThanOrEqual(3);
    expect(privacy.epsilon).toBeGreaterThan(2.99);
    expect(privacy.replaceOneEpsilon).toBeGreaterThan(privacy.epsilon);
    expect(privacy.honestSurvivorsMin).toBe(plan.floor - 1);
    expect(privacy.wrapProbability).toBeLessThan(2 ** -40);
    const { result, left } = await play(people, plan, {
      receipt: ledgers(plan as unknown as AnyPlan),
      vanish: (id) => (id === 'client-3' ? 'mask' : undefined),
      inputs: () => ({
        update: new Float64Array(300).fill(1 / Math.sqrt(300)),
        votes: [1, -2, 5, 0],
        mean: { values: [0.5, -0.5, 0], weight: 4 },
        examples: [100],
      }),
    });
    expect([...left]).toEqual([]);
    const contributors = N - 1;
    expect(result.sum.examples).toEqual([100 * contributors]);
    const charged = result.privacy;
    expect(charged?.epsilon).toBe(privacy.epsilon);
    expect(charged?.ofSurvivors.honest).toBe(contributors - 1);
    expect(charged?.ofSurvivors.epsilon).toBeLessThan(privacy.epsilon);
    const { update, votes } = charged?.deviations ?? {};
    const errors = result.sum.update.map((x) => x - contributors / Math.sqrt(300));
    const spread = Math.sqrt(errors.reduce((sum, x) => sum + x * x, 0) / 300);
    // 300 draws: the spread is within six of its own standard errors of what is promised.
    expect(Math.abs(spread / (update as number) - 1)).toBeLessThan(6 / Math.sqrt(600));
    for (const [i, vote] of [1, -2, 5, 0].entries()) {
      const error = (result.sum.votes[i] as number) - vote * contributors;
      expect(Math.abs(error)).toBeLessThan(7 * (votes as number));
    }
    expect(result.sum.mean.weight).toBeGreaterThanOrEqual(contributors);
    expect(result.assumptions.map(({ code }) => code)).toContain('public-fields');
    expect(result.assumptions.map(({ code }) => code)).not.toContain('no-noise');
  });
});

describe('a long vector', () => {
  const length = 4_000;
  const update = real({ length, clip: { norm: 'l2', bound: 1e-3 } });
  const noise = skellam({ epsilon: 8, delta: 1e-5 });
  /** One lone coordinate: the worst for a code with few bits. */
  const lone = Float64Array.from({ length }, (_, i) => (i === 1_234 ? 1e-3 : 0));

  test('is spread where that makes the upload smaller, and comes back', async () => {
    const plan = noisyPlanFor(people, { fields: { update }, trust, noise });
    expect(plan.fields.update).toMatchObject({ rotated: true });
    expect(plan.shapes[0]?.length).toBe(4_096);
    const fixed = noisyPlanFor(people, {
      fields: { update: { ...update, clip: { norm: 'linf', bound: 1e-3 } } },
      trust,
      noise,
    });
    expect(fixed.fields.update).not.toHaveProperty('rotated');
    const { result, left } = await play(people, plan, {
      receipt: ledgers(plan as unknown as AnyPlan),
      inputs: () => ({ update: lone }),
    });
    expect([...left]).toEqual([]);
    const deviation = result.privacy?.deviations.update as number;
    const errors = result.sum.update.map((x, i) => x - N * (lone[i] as number));
    const spread = Math.sqrt(errors.reduce((sum, x) => sum + x * x, 0) / length);
    // Rounding adds up to a quarter of a unit a client to the noise: a per cent.
    expect(Math.abs(spread / deviation - 1)).toBeLessThan(0.08);
    expect(Math.abs(errors[1_234] as number)).toBeLessThan(6 * deviation);
  });

  test('keeps its names for what is wrong with an input', async () => {
    const plan = noisyPlanFor(people, { fields: { update }, trust, noise });
    const bad = lone.slice();
    bad[77] = Number.NaN;
    const { left } = await play(people, plan, {
      receipt: ledgers(plan as unknown as AnyPlan),
      inputs: (id) => ({ update: id === 'client-1' ? bad : id === 'client-2' ? [1] : lone }),
    });
    expect(left.get('client-1')).toMatchObject({
      code: 'not-finite',
      details: { index: 77, field: 'update' },
    });
    expect(left.get('client-2')).toMatchObject({
      code: 'wrong-length',
      details: { field: 'update' },
    });
  });
});

describe('a noisy plan', () => {
  const fields = { update: real({ length: 100, clip: { norm: 'l2', bound: 1 } }) };
  const noise = skellam({ epsilon: 1, delta: 1e-6, rounds: 10 });

  test('costs what it says over all of its rounds, and no more', () => {
    const one = noisyPlanFor(people, {
      fields,
      trust,
      noise: skellam({ epsilon: 1, delta: 1e-6 }),
    });
    const ten = noisyPlanFor(people, { fields, trust, noise });
    const ratio = Number(ten.privacy?.multiplier) / Number(one.privacy?.multiplier);
    expect(ratio).toBeGreaterThan(Math.sqrt(10) * 0.9);
    expect(ratio).toBeLessThan(Math.sqrt(10) * 1.1);
  });

  test('lasts for its rounds under a ledger of the same price, and for no more', async () => {
    const plan = noisyPlanFor(people, { fields, trust, noise });
    const { event, neighbours, rounds } = plan.privacy as PlannedPrivacy;
    const ledger = await openLedger(inMemoryStorage(), {
      budget: { epsilon: noise.epsilon, delta: noise.delta },
      neighbours,
      expecting: { event, count: rounds },
    });
    const admitted: boolean[] = [];
    for (let i = 0; i <= rounds; i++) {
      const answer = await ledger.admit({ round: `round ${i}`, plan: plan.hash, event });
      admitted.push(answer.admitted);
    }
    expect(admitted).toEqual([...new Array(rounds).fill(true), false]);
  });

  test('is read by the client, who works the price out again', () => {
    const plan = noisyPlanFor(people, { fields, trust, noise });
    const policy = {
      voucher: people.voucher.publicKey,
      coordinator: 'semi-honest',
      fields,
      privacy: { epsilon: 1, delta: 1e-6 },
    } as const;
    const read = readPlan(planBytes(plan as never), policy);
    expect(read.hash).toEqual(plan.hash);
    expect(read.privacy).toEqual(plan.privacy);
    const { privacy: _, ...silent } = policy;
    expect(caught(() => readPlan(planBytes(plan as never), silent))).toMatchObject({
      code: 'plan-refused',
    });
    expect(
      caught(() =>
        readPlan(planBytes(plan as never), { ...policy, privacy: { epsilon: 0.9, delta: 1e-6 } }),
      ),
    ).toMatchObject({ code: 'plan-refused' });
  });

  test('is read by the client whatever way its vectors take', () => {
    // Short vectors with few bits: what spreading them would cost is another price.
    for (const law of [skellam, discreteGaussian]) {
      for (const length of [3, 5, 100, 1_025, 4_000]) {
        for (const bits of [3, 6, undefined]) {
          for (const epsilon of [2, 8, 10]) {
            const clip = { norm: 'l2', bound: 1 } as const;
            const update = real({ length, clip, ...(bits === undefined ? {} : { bits }) });
            const noise = law({ epsilon, delta: 1e-5 });
            const plan = noisyPlanFor(people, { fields: { update }, trust, noise });
            const read = readPlan(planBytes(plan as never), {
              voucher: people.voucher.publicKey,
              coordinator: 'semi-honest',
              fields: { update },
              privacy: { epsilon, delta: 1e-5 },
            });
            expect(read.hash).toEqual(plan.hash);
            expect(read.fields).toEqual(plan.fields);
          }
        }
      }
    }
  });

  test('takes no word for which vectors are spread', () => {
    const plan = noisyPlanFor(people, { fields, trust, noise });
    expect(
      caught(() =>
        noisyPlanFor(people, { fields, trust, noise: { ...plan.noise, rotated: ['votes'] } }),
      ),
    ).toMatchObject({ code: 'out-of-range' });
    expect(
      caught(() =>
        noisyPlanFor(people, { fields, trust, noise: { ...noise, rotated: ['b', 'a'] } }),
      ),
    ).toMatchObject({ code: 'wrong-type' });
    const forged = { update: { ...fields.update, rotated: true } as const };
    expect(planFor(people, { fields: forged, trust }).fields.update).not.toHaveProperty('rotated');
  });

  test('with a field that is public all of a sudden is refused by whoever named a price', () => {
    const open = {
      update: publicField(fields.update),
      dummy: integer({ length: 1, min: 0, max: 1 }),
    };
    const plan = noisyPlanFor(people, { fields: open, trust, noise });
    const policy = {
      voucher: people.voucher.publicKey,
      coordinator: 'semi-honest',
      privacy: { epsilon: 1, delta: 1e-6 },
    } as const;
    const bytes = planBytes(plan as never);
    const error = caught(() => readPlan(bytes, policy));
    expect(error).toMatchObject({ code: 'plan-refused' });
    expect((error as Error).message).toContain('field "update"');
    expect(readPlan(bytes, { ...policy, fields: open }).hash).toEqual(plan.hash);
  });

  test('does not run on a client that could forget that it ran', async () => {
    const plan = noisyPlanFor(people, { fields, trust, noise });
    const read = readPlan(planBytes(plan as never), {
      voucher: people.voucher.publicKey,
      coordinator: 'semi-honest',
      fields,
      privacy: { epsilon: 1, delta: 1e-6 },
    });
    const signer = people.signers.get('client-0') as Signer;
    const entering = advertise(read, signer, { context: CONTEXT } as never);
    await expect(entering).rejects.toMatchObject({ code: 'claim-required' });
  });

  test('says nothing of replaced contributions where the draws alone would use up δ', () => {
    const wide = noisyPlanFor(people, {
      fields: { update: real({ length: 1_000, clip: { norm: 'l2', bound: 1 } }) },
      trust,
      noise: skellam({ epsilon: 25, delta: 1e-6, rounds: 10 }),
    });
    expect(wide.privacy.replaceOneEpsilon).toBe(Number.POSITIVE_INFINITY);
  });

  test('with more widths of noise than tables is refused; with many, tables are made once', () => {
    const layers = (n: number) =>
      Object.fromEntries(
        Array.from({ length: n }, (_, i) => [
          `layer${i}`,
          integer({ length: 1, min: 0, max: 1 + i }),
        ]),
      );
    expect(caught(() => noisyPlanFor(people, { fields: layers(65), trust, noise }))).toMatchObject({
      code: 'noise-too-large',
      details: { laws: 65, most: 64 },
    });
    const many = noisyPlanFor(people, {
      fields: layers(20),
      trust,
      noise: skellam({ epsilon: 20, delta: 1e-5 }),
    });
    const inputs = Object.fromEntries(Object.keys(many.fields).map((name) => [name, [0]]));
    encodeInputs(many as unknown as AnyPlan, inputs as never);
    const before = builds();
    encodeInputs(many as unknown as AnyPlan, inputs as never);
    expect(builds()).toBe(before);
  });

  test('leaves nothing encoded behind where an input is refused', () => {
    const two = {
      votes: integer({ length: 4, min: 0, max: 20 }),
      more: integer({ length: 1, min: 0, max: 1 }),
    };
    const plan = planFor(people, { fields: two, trust });
    const made: Uint32Array[] = [];
    const { fill } = Uint32Array.prototype;
    Uint32Array.prototype.fill = function recorded(...given) {
      made.push(this as Uint32Array);
      return fill.apply(this, given);
    };
    try {
      caught(() =>
        encodeInputs(plan as unknown as AnyPlan, { votes: [1, 7, 3, 9], more: [5] } as never),
      );
    } finally {
      Uint32Array.prototype.fill = fill;
    }
    expect(made.some((words) => words.length === 4 && words.every((word) => word === 0))).toBe(
      true,
    );
  });

  test('names integers whose sums are beyond numbers as without noise', () => {
    const huge = { huge: integer({ length: 1, min: 2 ** 52, max: 2 ** 52 + 1 }) };
    expect(caught(() => noisyPlanFor(people, { fields: huge, trust, noise }))).toMatchObject({
      code: 'ring-overflow',
      details: { field: 'huge' },
    });
  });

  test('with too small a multiplier for its price is refused, naming one that would do', () => {
    const { multiplier } = noisyPlanFor(people, { fields, trust, noise }).privacy as PlannedPrivacy;
    const less = String(Number((Number(multiplier) * 0.999).toPrecision(6)));
    const error = caught(() =>
      noisyPlanFor(people, { fields, trust, noise: { ...noise, multiplier: less } }),
    );
    expect(error).toBeInstanceOf(PrivacyError);
    expect((error as Error).message).toContain(`${multiplier} would do`);
  });

  test.each([
    { epsilon: 0, delta: 1e-6 },
    { epsilon: -1, delta: 1e-6 },
    { epsilon: 1, delta: 0 },
    { epsilon: 1, delta: 1 },
    { epsilon: 1, delta: -1e-6 },
  ])('is not made for $epsilon, $delta', (target) => {
    expect(caught(() => skellam(target))).toMatchObject({ code: 'unsound-parameters' });
  });

  test.each([Number.POSITIVE_INFINITY, Number.NaN])('is not made for ε = %d', (epsilon) => {
    expect(caught(() => skellam({ epsilon, delta: 1e-6 }))).toMatchObject({ code: 'not-finite' });
  });

  test('refuses a field whose range calls for no noise, unless it is public', () => {
    const still = { ...fields, still: integer({ length: 1, min: 0, max: 0 }) };
    expect(caught(() => noisyPlanFor(people, { fields: still, trust, noise }))).toMatchObject({
      code: 'unsound-parameters',
      details: { field: 'still' },
    });
    const open = { ...fields, still: publicField(still.still) };
    expect(noisyPlanFor(people, { fields: open, trust, noise }).privacy).toBeDefined();
    const all = { update: publicField(fields.update) };
    expect(caught(() => noisyPlanFor(people, { fields: all, trust, noise }))).toMatchObject({
      code: 'unsound-parameters',
    });
  });

  test('refuses noise that does not fit the ring, naming bits that do', () => {
    const clip = { norm: 'l2', bound: 1 } as const;
    const noise = skellam({ epsilon: 0.01, delta: 1e-6 });
    const withBits = (bits: number) =>
      noisyPlanFor(people, { fields: { update: real({ length: 100, clip, bits }) }, trust, noise });
    const error = caught(() => withBits(24));
    expect(error).toBeInstanceOf(CapacityError);
    expect(error).toMatchObject({ details: { field: 'update', bits: 24 } });
    expect((error as CapacityError).code).toMatch(/^(noise-too-large|ring-overflow)$/);
    const { maxBits } = (error as CapacityError).details as { maxBits: number };
    expect((error as Error).message).toContain(`${maxBits} bits would fit`);
    expect(withBits(maxBits).privacy.epsilon).toBeLessThanOrEqual(0.01);
    expect(caught(() => withBits(maxBits + 1))).toMatchObject({ details: { maxBits } });
  });

  test.each(['skellam', 'discrete-gaussian'] as const)(
    'gives more %s noise than it needs where so little could not be drawn',
    (kind) => {
      const parts = [{ length: 1, squaredL2: 1, l1: 1 }];
      const { localVariances } = sharesOf({ kind, parts, multiplier: 1e-3, parties: 10_000 });
      expect(localVariances).toEqual([DRAWABLE[kind].least]);
      const law =
        kind === 'skellam'
          ? ({ kind, variance: DRAWABLE[kind].least } as const)
          : ({ kind, sigma: Math.sqrt(DRAWABLE[kind].least) } as const);
      expect(noiseTable(law).distanceBits).toBeGreaterThanOrEqual(120);
    },
  );

  test('refuses a floor that leaves fewer than two honest survivors', () => {
    const most = { corrupt: 0.4, absent: 0.5, coordinator: 'semi-honest' } as const;
    const error = caught(() => noisyPlanFor(people, { fields, trust: most, noise, floor: 5 }));
    expect(error).toBeInstanceOf(Error);
  });

  test('does not run without a receipt of its own, on either side', async () => {
    const plan = noisyPlanFor(people, { fields, trust, noise });
    const other = noisyPlanFor(people, { fields, trust, noise });
    const receipt = await ledgers(other as unknown as AnyPlan)('coordinator');
    const begin = (receipt: unknown) =>
      caught(() => coordinator.begin(plan, { context: CONTEXT, receipt: receipt as Receipt }));
    expect(begin(undefined)).toMatchObject({ code: 'receipt-required' });
    expect(begin(receipt)).toMatchObject({ code: 'unsound-parameters' });
    const own = await ledgers(plan as unknown as AnyPlan)('coordinator');
    expect(begin({ ...own })).toMatchObject({ code: 'unsound-parameters' });
    expect(begin(own)).toBeUndefined();

    const { left } = await play(people, plan, {
      receipt: async (who) => (who === 'coordinator' ? own : (undefined as never)),
      inputs: () => ({ update: new Float64Array(100) }),
    }).catch((error: unknown) => ({ left: new Map([['coordinator', error]]) }));
    expect(left.get('coordinator')).toMatchObject({ code: 'below-floor' });
  });
});
