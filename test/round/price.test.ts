/** Plans with noise at random: never above their price, with room in the ring, and the same for everybody. */
import fc from 'fast-check';
import {
  discreteGaussian,
  type Field,
  type Fields,
  integer,
  plan as makePlan,
  type PlanFacts,
  planBytes,
  publicField,
  real,
  skellam,
  VeilsumError,
  weightedMean,
} from 'veilsum';
import { readPlan } from 'veilsum/client';
import { epsilon, repeated } from 'veilsum/dp';
import { beforeAll, describe, expect, test } from 'vitest';
import { type DistributedKind, logTail, tailFor } from '../../src/dp/mechanisms/distributed.ts';
import type { DistributedNoise } from '../../src/round/noise.ts';
import type { PlannedPrivacy } from '../../src/round/price.ts';
import { lawOf } from '../stat/noise-counts.ts';
import { type Party, party } from '../support/round.ts';

const parties = new Map<number, Party>();
beforeAll(async () => {
  for (const n of [4, 9, 25]) parties.set(n, await party(n));
});

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const clip = fc.record({
  norm: fc.constantFrom('l2' as const, 'linf' as const),
  bound: number(-3, 3).map((x) => 10 ** x),
});
const length = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1_000, max: 5_000 }));
const field: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ length, clip }).map((of) => real(of)),
  fc
    .record({ length, min: fc.integer({ min: -50, max: 0 }), max: fc.integer({ min: 1, max: 50 }) })
    .map((of) => integer(of)),
  fc
    .record({ length, clip, maxWeight: fc.integer({ min: 1, max: 20 }) })
    .map((of) => weightedMean(of)),
);
const fields: fc.Arbitrary<Fields> = fc
  .tuple(field, fc.array(fc.tuple(field, fc.boolean()), { maxLength: 2 }))
  .map(([first, more]) => {
    const others = more.map(([of, isPublic], i) => [`f${i}`, isPublic ? publicField(of) : of]);
    return { first, ...Object.fromEntries(others) };
  });
const trust = fc.record({
  corrupt: fc.constantFrom(0, 0.1, 0.25),
  absent: fc.constantFrom(0, 0.2, 0.3),
  coordinator: fc.constantFrom('semi-honest' as const, 'active' as const),
});
const request = fc.record({
  clients: fc.constantFrom(4, 9, 25),
  fields,
  trust,
  law: fc.constantFrom(skellam, discreteGaussian),
  epsilon: number(-1, 1).map((x) => 10 ** x),
  delta: number(-9, -3).map((x) => 10 ** x),
  rounds: fc.constantFrom<number>(1, 1, 10, 500),
});
type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

/** A plan, or nothing where it is refused by name for its size or its price. */
function planOf(of: Request, change: Partial<Request> = {}) {
  const { clients, law, epsilon, delta, rounds, ...facts } = { ...of, ...change };
  const { roster } = parties.get(clients) as Party;
  const noise: DistributedNoise = law({ epsilon, delta, rounds });
  try {
    const all = { id: 'a-plan', roster, noise, ...facts } as PlanFacts<Fields, DistributedNoise>;
    const plan = makePlan(all);
    return { plan, privacy: plan.privacy as PlannedPrivacy };
  } catch (error) {
    expect(error).toBeInstanceOf(VeilsumError);
    expect(['PrivacyError', 'CapacityError']).toContain((error as VeilsumError).name);
    return undefined;
  }
}

test('a plan costs at most its target, has room, and reads back as the same plan', () => {
  let made = 0;
  fc.assert(
    fc.property(request, (of) => {
      const found = planOf(of);
      if (found === undefined) return;
      made++;
      const { plan, privacy } = found;
      expect(privacy.epsilon).toBeLessThanOrEqual(of.epsilon);
      expect(privacy.epsilon).toBeGreaterThan(0);
      expect(privacy.wrapProbability).toBeLessThanOrEqual(2 ** -40);
      expect(privacy.replaceOneEpsilon).toBeGreaterThanOrEqual(privacy.epsilon);
      expect(privacy.honestSurvivorsMin).toBe(plan.floor - plan.parameters.corruptCount);
      expect(privacy.honestSurvivorsMin).toBeGreaterThanOrEqual(2);
      // Priced anew from its event alone.
      const run = repeated({ event: privacy.event, count: of.rounds });
      const again = epsilon(run, { delta: of.delta, neighbours: 'zero-out', accountant: 'rdp' });
      expect(again.epsilon).toBeLessThanOrEqual(privacy.epsilon);
      // Every field but the public ones has noise on all of its coordinates in the ring.
      for (const [i, [name, { public: isPublic }]] of Object.entries(plan.fields).entries()) {
        const stretches = privacy.stretches.filter((stretch) => stretch.field === name);
        const covered = stretches.reduce((sum, stretch) => sum + stretch.length, 0);
        expect(covered).toBe(isPublic ? 0 : plan.shapes[i]?.length);
        for (const { localVariance } of stretches) expect(localVariance).toBeGreaterThan(0);
      }
      // The same facts give the same bytes, and the bytes the same plan.
      const bytes = planBytes(plan as never);
      expect(planBytes(planOf(of)?.plan as never)).toEqual(bytes);
      const read = readPlan(bytes, {
        voucher: (parties.get(of.clients) as Party).voucher.publicKey,
        coordinator: of.trust.coordinator,
        corrupt: 0,
        fields: plan.fields,
        privacy: { epsilon: of.epsilon, delta: of.delta },
      });
      expect(read.hash).toEqual(plan.hash);
      expect(read.privacy).toEqual(privacy);
      expect(planBytes(read as never)).toEqual(bytes);
    }),
    { numRuns: 60 },
  );
  expect(made).toBeGreaterThan(30);
});

test('a lower price takes no less noise', () => {
  fc.assert(
    fc.property(request, number(1.1, 4), (of, factor) => {
      const plain = planOf(of);
      if (plain === undefined) return;
      const base = Number(plain.privacy.multiplier);
      for (const change of [
        { epsilon: of.epsilon / factor },
        { delta: of.delta / factor ** 4 },
        { rounds: of.rounds * 3 },
      ]) {
        const more = planOf(of, change);
        if (more === undefined) continue;
        // Six digits of a multiplier, rounded up.
        expect(Number(more.privacy.multiplier)).toBeGreaterThanOrEqual(base * (1 - 1e-5));
      }
    }),
    { numRuns: 20 },
  );
});

/** P(|x| ≥ t) of a sum of shares, for t = 0, 1, …; from probabilities, one convolution after the other. */
function exactTails(kind: DistributedKind, variance: number, clients: number): number[] {
  const one = lawOf(kind === 'skellam' ? { kind, variance } : { kind, sigma: Math.sqrt(variance) });
  const reach = one.reach + 3;
  const share = Array.from({ length: 2 * reach + 1 }, (_, i) => one.probabilityOf(i - reach));
  let sum = [1];
  for (let client = 0; client < clients; client++) {
    const next = new Array<number>(sum.length + 2 * reach).fill(0);
    for (const [i, a] of sum.entries()) {
      for (const [j, b] of share.entries()) next[i + j] = (next[i + j] as number) + a * b;
    }
    sum = next;
  }
  const middle = (sum.length - 1) / 2;
  const tails: number[] = new Array<number>(middle + 1);
  let tail = 0;
  for (let t = middle; t >= 0; t--) {
    tail += (sum[middle + t] as number) + (t === 0 ? 0 : (sum[middle - t] as number));
    tails[t] = tail;
  }
  return tails;
}

describe.each(['skellam', 'discrete-gaussian'] as const)('tails of %s noise', (kind) => {
  test.each([
    [0.01, 2],
    [0.1, 3],
    [0.7, 2],
    [1, 5],
    [4, 3],
    [30, 4],
  ])(
    'variance %d, %d clients: the bound is above the exact tail, and near it',
    (variance, clients) => {
      const tails = exactTails(kind, variance, clients);
      for (const [t, tail] of tails.entries()) {
        // Doubles, and probabilities cut at 2^−64.
        if (tail < 1e-12) break;
        const bound = Math.exp(logTail(kind, variance, clients, t));
        expect(bound).toBeGreaterThanOrEqual(tail * (1 - 1e-6));
        expect(bound).toBeLessThanOrEqual(1);
      }
      for (const logProbability of [-1, -5, -20, -40]) {
        const t = tailFor(kind, variance, clients, logProbability);
        expect(logTail(kind, variance, clients, t)).toBeLessThanOrEqual(logProbability);
        if (t > 1) expect(logTail(kind, variance, clients, t - 1)).toBeGreaterThan(logProbability);
      }
      // Chernoff's bound is no wild guess: a tail of 10^−9 is not taken for one above 10^−7.
      const rare = tails.findIndex((tail) => tail < 1e-9);
      if (variance >= 1)
        expect(logTail(kind, variance, clients, rare)).toBeLessThan(Math.log(1e-7));
    },
  );

  test('falls with the distance and rises with the noise', () => {
    fc.assert(
      fc.property(
        number(-4, 6).map((x) => 10 ** x),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 0, max: 100_000 }),
        (variance, clients, tail) => {
          const here = logTail(kind, variance, clients, tail);
          expect(here).toBeLessThanOrEqual(0);
          expect(logTail(kind, variance, clients, tail + 1)).toBeLessThanOrEqual(here);
          expect(logTail(kind, variance * 1.5, clients, tail)).toBeGreaterThanOrEqual(here);
          expect(logTail(kind, variance, clients + 1, tail)).toBeGreaterThanOrEqual(here);
        },
      ),
    );
  });
});
