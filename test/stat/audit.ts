/**
 * An audit of whole rounds: clients, coordinator and ledgers as they are, and only the opened sums to look at.
 * From how often a statistic of the sum passes a threshold with a client's contribution and without it follows
 * a lower bound on ε that holds whatever the noise is. It must never be above what the plan says it costs.
 */
import {
  type DiscreteGaussianNoise,
  type Fields,
  integer,
  type Plan,
  real,
  type SkellamNoise,
} from 'veilsum';
import { openLedger } from '../../src/dp/ledger/ledger.ts';
import type { Receipt } from '../../src/dp/ledger/receipt.ts';
import { inMemoryStorage } from '../../src/dp/ledger/storage.ts';
import type { PlannedPrivacy } from '../../src/round/price.ts';
import { lowerBound, upperBound } from '../reference/binomial.ts';
import { door } from '../support/noise-door.ts';
import { noisyPlanFor, type Party, party, play } from '../support/round.ts';

/** How far the whole audit may be wrong, over all of its bounds. */
const LEVEL = 1e-9;

type AnyNoise = SkellamNoise | DiscreteGaussianNoise;

/** What the plan says, and what was found. */
export type Audit = { readonly claim: number; readonly found: number };

/**
 * The largest ε that the counts rule out at δ, over all thresholds and both directions.
 *
 * @param present - the statistic with the client's contribution, which adds 1 to it; independent draws
 * @param absent - without it
 *
 * **Source**: P[T > t | present] ≤ e^ε · P[T > t | absent] + δ, and the same for T ≤ t the other way round.
 */
export function epsilonFrom(present: Float64Array, absent: Float64Array, delta: number): number {
  const thresholds = Array.from({ length: 37 }, (_, i) => -0.5 + i / 8);
  const level = LEVEL / (thresholds.length * 4);
  let most = 0;
  const above = (values: Float64Array, t: number): number =>
    values.reduce((count, x) => count + (x > t ? 1 : 0), 0);
  const [n, m] = [present.length, absent.length];
  for (const t of thresholds) {
    const [with1, without] = [above(present, t), above(absent, t)];
    const up = (lowerBound(n, with1, level) - delta) / upperBound(m, without, level);
    const down = (lowerBound(m, m - without, level) - delta) / upperBound(n, n - with1, level);
    most = Math.max(most, Math.log(Math.max(up, down, 1)));
  }
  return most;
}

/** A ledger for everybody, with room for so many rounds of a plan. */
async function purses(people: Party, privacy: PlannedPrivacy, count: number) {
  const ledgers = new Map<string, Awaited<ReturnType<typeof openLedger>>>();
  for (const who of [...people.ids, 'coordinator']) {
    const ledger = await openLedger(inMemoryStorage(), {
      budget: { epsilon: 1e6, delta: privacy.delta },
      neighbours: privacy.neighbours,
      expecting: { event: privacy.event, count },
    });
    ledgers.set(who, ledger);
  }
  return (plan: { readonly id: string; readonly hash: Uint8Array }) =>
    async (who: string): Promise<Receipt> => {
      const asked = { round: plan.id, plan: plan.hash, event: privacy.event };
      const answer = await (ledgers.get(who) as NonNullable<ReturnType<typeof ledgers.get>>).admit(
        asked,
      );
      if (!answer.admitted) throw new Error(answer.message);
      return answer;
    };
}

const planned = <F extends Fields>(plan: Plan<F, AnyNoise>): PlannedPrivacy =>
  plan.privacy as PlannedPrivacy;

/** What is audited: a law with its price, how often, and what the door divides the noise by. */
export type Audited = {
  readonly noise: AnyNoise;
  readonly rounds: number;
  readonly divideBy: number;
};

/**
 * Rounds with as few honest shares as the plan allows: a client is gone, and a corrupt one adds no noise. Each
 * honest client fills one coordinate of its own up to the clip; all others show the sum without it. Coordinates
 * are exchangeable and draws independent, if the round is what it says it is.
 */
export async function auditSlots(audited: Audited & { readonly length: number }): Promise<Audit> {
  const { noise, rounds, divideBy, length } = audited;
  const people = await party(6);
  const fields = { update: real({ length, clip: { norm: 'l2', bound: 1 } }) };
  const trust = { corrupt: 0.2, absent: 0.2, coordinator: 'semi-honest' } as const;
  const first = noisyPlanFor(people, { fields, trust, noise });
  const privacy = planned(first);
  const pay = await purses(people, privacy, rounds);
  const honest = people.ids.slice(1, 5);
  if (honest.length !== privacy.honestSurvivorsMin) throw new Error('another plan than was meant');
  const present: number[] = [];
  const absent = new Float64Array(rounds * (length - honest.length));
  for (let i = 0; i < rounds; i++) {
    const again = { ...noise, multiplier: privacy.multiplier };
    const plan = noisyPlanFor(people, { fields, trust, noise: again });
    const { result, left } = await play(people, plan, {
      receipt: pay(plan),
      vanish: (id) => (id === people.ids[5] ? 'mask' : undefined),
      inputs: (id) => {
        Object.assign(door, { divideBy, isQuiet: id === people.ids[0] });
        const update = new Float64Array(length);
        if (honest.includes(id)) update[honest.indexOf(id)] = 1;
        return { update };
      },
    });
    if (left.size > 0 || result.contributors.length !== plan.floor) throw new Error('not played');
    present.push(...result.sum.update.slice(0, honest.length));
    absent.set(result.sum.update.subarray(honest.length), i * (length - honest.length));
  }
  const found = epsilonFrom(Float64Array.from(present), absent, privacy.delta);
  return { claim: privacy.epsilon, found };
}

/**
 * Rounds in two arms: one client gives all that it may to two fields, or zero. The statistic weighs the fields
 * as a likelihood ratio of Gaussians would, so that it sees the joint price of all coordinates at once.
 */
export async function auditArms(audited: Audited): Promise<Audit> {
  const { noise, rounds, divideBy } = audited;
  const people = await party(3);
  const fields = {
    votes: integer({ length: 12, min: 0, max: 3 }),
    update: real({ length: 8, clip: { norm: 'l2', bound: 1 } }),
  };
  const trust = { corrupt: 0, absent: 0.2, coordinator: 'semi-honest' } as const;
  const first = noisyPlanFor(people, { fields, trust, noise });
  const privacy = planned(first);
  const pay = await purses(people, privacy, 2 * rounds);
  const each = 1 / Math.sqrt(8);
  const full = { votes: new Array<number>(12).fill(3), update: new Float64Array(8).fill(each) };
  const zero = { votes: new Array<number>(12).fill(0), update: new Float64Array(8) };
  const arms = [new Float64Array(rounds), new Float64Array(rounds)] as const;
  for (let i = 0; i < 2 * rounds; i++) {
    const again = { ...noise, multiplier: privacy.multiplier };
    const plan = noisyPlanFor(people, { fields, trust, noise: again });
    const isPresent = i % 2 === 0;
    const { result, left } = await play(people, plan, {
      receipt: pay(plan),
      inputs: (id) => {
        Object.assign(door, { divideBy, isQuiet: false });
        return isPresent && id === people.ids[1] ? full : zero;
      },
    });
    if (left.size > 0) throw new Error('not played');
    const { votes, update } = result.sum;
    // Each field's own share of the shift is 1, so together it is 2.
    const ofVotes = votes.reduce((sum, x) => sum + x / 36, 0);
    const ofUpdate = update.reduce((sum, x) => sum + x * each, 0);
    (arms[isPresent ? 0 : 1] as Float64Array)[i >> 1] = (ofVotes + ofUpdate) / 2;
  }
  return { claim: privacy.epsilon, found: epsilonFrom(arms[0], arms[1], privacy.delta) };
}
