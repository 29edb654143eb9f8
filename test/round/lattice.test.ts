/** Rounds whose long fields travel under lattice masks: what goes in comes out, whoever vanishes. */
import {
  CapacityError,
  integer,
  plan as makePlan,
  noNoise,
  ProtocolError,
  planBytes,
  real,
  skellam,
  UsageError,
  weightedMean,
} from 'veilsum';
import { readPlan } from 'veilsum/client';
import { pedersen } from 'veilsum/zk';
import { beforeAll, describe, expect, test } from 'vitest';
import { openLedger } from '../../src/dp/ledger/ledger.ts';
import type { Receipt } from '../../src/dp/ledger/receipt.ts';
import { inMemoryStorage } from '../../src/dp/ledger/storage.ts';
import type { LatticeShape } from '../../src/lattice/parameters.ts';
import type { AnyPlan } from '../../src/round/plan.ts';
import type { PlannedPrivacy } from '../../src/round/price.ts';
import type { LatticeForm } from '../../src/secagg/terms.ts';
import { noisyPlanFor, type Party, party, planFor, play } from '../support/round.ts';

const trust = { corrupt: 0.1, absent: 0.3, coordinator: 'semi-honest' } as const;
let people: Party;
beforeAll(async () => {
  people = await party(10);
});

const indexOf = (id: string): number => Number(id.slice(7));
/** Any whole numbers of a client, the same each time. */
const numbers = (id: string, length: number, min: number, max: number): number[] =>
  Array.from({ length }, (_, i) => min + ((i * 7_919 + indexOf(id) * 104_729) % (max - min + 1)));

const vanishing = new Map([
  ['client-2', 'share'],
  ['client-5', 'mask'],
  ['client-7', 'unmask'],
] as const);

const sumOf = (ids: readonly string[], vector: (id: string) => readonly number[]): number[] =>
  ids.map(vector).reduce<number[]>((a, b) => b.map((x, i) => x + (a[i] ?? 0)), []);

test('integers of every sign, with dropouts, are summed exactly; other fields beside them too', async () => {
  const fields = {
    votes: integer({ length: 5_000, min: 0, max: 1, mask: 'lattice' }),
    small: integer({ length: 3, min: -5, max: 5 }),
    gradients: integer({ length: 4_097, min: -32_768, max: 32_767, mask: 'lattice' }),
    wide: integer({ length: 2_048, min: -(2 ** 27), max: 2 ** 27 - 1, mask: 'lattice' }),
  };
  const plan = planFor(people, { fields, trust });
  // Packed, plain and in two planes.
  expect(plan.lattice?.layout.fields.map(({ shape }) => shape.packing)).toEqual([9, 1, 1]);
  expect(plan.lattice?.layout.fields[2]?.shape.wireBits).toBeGreaterThan(32);
  const inputs = (id: string) => ({
    votes: numbers(id, 5_000, 0, 1),
    small: numbers(id, 3, -5, 5),
    gradients: numbers(id, 4_097, -32_768, 32_767),
    wide: numbers(id, 2_048, -(2 ** 27), 2 ** 27 - 1),
  });
  const { result, faults, left } = await play(people, plan, {
    inputs,
    vanish: (id) => vanishing.get(id as never),
  });
  expect(faults).toEqual([]);
  expect([...left]).toEqual([]);
  expect(result.contributors).toHaveLength(8);
  for (const name of Object.keys(fields) as (keyof typeof fields)[]) {
    expect(result.sum[name], name).toEqual(sumOf(result.contributors, (id) => inputs(id)[name]));
  }
  expect(result.assumptions.map(({ code }) => code)).toEqual(
    expect.arrayContaining(['lattice-rlwe', 'lattice-hint', 'lattice-survivors']),
  );
});

test('reals and weighted means are what they are under masks of pairs', async () => {
  const clip = { norm: 'linf', bound: 1 } as const;
  const inputs = (id: string) => ({
    model: { values: numbers(id, 3_000, -99, 99).map((x) => x / 100), weight: indexOf(id) + 1 },
    loss: numbers(id, 2_100, -50, 50).map((x) => x / 50),
  });
  const results = [];
  for (const mask of ['pairwise', 'lattice'] as const) {
    const fields = {
      model: weightedMean({ length: 3_000, clip, maxWeight: 100, mask }),
      loss: real({ length: 2_100, clip, mask }),
    };
    const plan = planFor(people, { fields, trust });
    expect(plan.lattice === undefined).toBe(mask === 'pairwise');
    results.push((await play(people, plan, { inputs })).result.sum);
  }
  const [pairs, lattice] = results as [(typeof results)[0], (typeof results)[0]];
  expect(lattice.model.weight).toBe(pairs.model.weight);
  // Rounding is drawn anew: two units of 2^-15 a client at most.
  const near = (a: Float64Array, b: Float64Array, most: number): void => {
    a.forEach((x, i) => {
      expect(Math.abs(x - (b[i] as number))).toBeLessThan(most);
    });
  };
  near(lattice.loss, pairs.loss, 20 / 2 ** 14);
  near(lattice.model.mean, pairs.model.mean, 2 / 2 ** 14);
});

/** Ledgers of everybody, each with a budget for one round. */
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

test('noise is inside the sum as it is under masks of pairs, whatever the sign of what comes out', async () => {
  const fields = {
    update: real({ length: 2_500, clip: { norm: 'l2', bound: 1 }, mask: 'lattice' }),
    counts: integer({ length: 2_300, min: 0, max: 1, mask: 'lattice' }),
  };
  const noise = skellam({ epsilon: 8, delta: 1e-5 });
  const plan = noisyPlanFor(people, { fields, trust, noise });
  const { result } = await play(people, plan, {
    inputs: () => ({ update: new Float64Array(2_500), counts: new Array(2_300).fill(0) }),
    receipt: ledgers(plan as unknown as AnyPlan),
  });
  const { counts } = result.sum;
  const [mean, deviation] = [
    counts.reduce((a, b) => a + b) / counts.length,
    Math.sqrt(counts.reduce((a, b) => a + b * b, 0) / counts.length),
  ];
  expect(counts.some((x) => x < 0)).toBe(true);
  expect(counts.some((x) => x > 0)).toBe(true);
  expect(Math.abs(mean)).toBeLessThan((6 * deviation) / Math.sqrt(counts.length));
  // What the plan promises, from the clients that took part.
  const stretch = plan.privacy.stretches.find(({ field }) => field === 'counts');
  const expected = Math.sqrt((stretch?.localVariance as number) * result.contributors.length);
  expect(deviation / expected).toBeGreaterThan(0.85);
  expect(deviation / expected).toBeLessThan(1.15);
});

/** The shape of the only field under lattice masks. */
function shapeIn(form: LatticeForm | undefined): LatticeShape {
  const [field] = form?.layout.fields ?? [];
  if (field === undefined) throw new Error('a plan without lattice masks');
  return field.shape;
}

describe('what a plan settles', () => {
  const clip = { norm: 'linf', bound: 1 } as const;

  test('auto takes lattice masks for long vectors among many neighbours only', async () => {
    const many = await party(40);
    const fields = {
      long: real({ length: 20_000, clip, mask: 'auto' }),
      short: real({ length: 19_999, clip, mask: 'auto' }),
    };
    const large = planFor(many, { fields, trust });
    expect(large.parameters.degree).toBeGreaterThanOrEqual(12);
    expect(large.fields.long.mask).toBe('lattice');
    expect(large.fields.short.mask).toBeUndefined();
    const small = planFor(people, { fields, trust });
    expect(small.parameters.degree).toBeLessThan(12);
    expect(small.lattice).toBeUndefined();
    const committed = makePlan({
      id: 'committed',
      roster: many.roster,
      noise: noNoise(),
      commitments: pedersen(),
      fields,
      trust,
    });
    expect(committed.lattice).toBeUndefined();
  });

  test('commitments and lattice masks do not go together', () => {
    const fields = { x: real({ length: 100, clip, mask: 'lattice' }) };
    const facts = { id: 'both', roster: people.roster, noise: noNoise(), fields, trust };
    const refused = (): unknown => makePlan({ ...facts, commitments: pedersen() });
    expect(refused).toThrow(UsageError);
    expect(refused).toThrow(/commitment says nothing of what a lattice mask hides/);
  });

  test('sums that do not fit are refused with what would', () => {
    const fields = { x: integer({ length: 10, min: 0, max: 2 ** 32 - 1, mask: 'lattice' }) };
    expect(() => planFor(people, { fields, trust })).toThrow(CapacityError);
    const nearly = { x: integer({ length: 10, min: 0, max: 2 ** 29, mask: 'lattice' }) };
    expect(() => planFor(people, { fields: nearly, trust })).toThrow(/field "x": .*clients/s);
  });

  test('its bytes name the masks, and a reader that finds other numbers refuses', () => {
    const fields = { x: integer({ length: 3_000, min: 0, max: 255, mask: 'lattice' }) };
    const plan = planFor(people, { fields, trust });
    const policy = {
      voucher: people.voucher.publicKey,
      corrupt: 0,
      coordinator: 'semi-honest',
    } as const;
    const read = readPlan(planBytes(plan), policy);
    expect(read.fields.x?.mask).toBe('lattice');
    // A client that wants masks of pairs does not take others, and one that leaves it open takes both.
    const wanted = (mask: 'pairwise' | 'lattice' | 'auto') => ({
      ...policy,
      fields: { x: integer({ length: 3_000, min: 0, max: 255, mask }) },
    });
    expect(() => readPlan(planBytes(plan), wanted('pairwise'))).toThrow(ProtocolError);
    expect(() => readPlan(planBytes(plan), wanted('lattice'))).not.toThrow();
    expect(() => readPlan(planBytes(plan), wanted('auto'))).not.toThrow();
    // One number of what is derived, changed where it stands: k of the only field.
    const bytes = planBytes(plan);
    const { packing, wireBits, modulus } = shapeIn(plan.lattice);
    expect([packing, modulus]).toEqual([2, 2_551]);
    const at = bytes.findIndex(
      (b, i) => b === packing && bytes[i + 1] === 24 && bytes[i + 2] === wireBits,
    );
    expect(at).toBeGreaterThan(0);
    bytes[at + 2] = wireBits + 1;
    expect(() => readPlan(bytes, policy)).toThrow(/derived numbers/);
  });
});
