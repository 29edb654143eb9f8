/** Runs to report on: plans, real ledgers, and results that look like those of rounds without playing any. */
import {
  type Field,
  type Fields,
  integer,
  plan as makePlan,
  type Noise,
  noNoise,
  type Result,
  real,
  skellam,
} from 'veilsum';
import { inMemoryStorage, type Ledger, openLedger } from 'veilsum/dp';
import { assumptionsOf } from '../../src/round/assumptions.ts';
import type { AnyPlan } from '../../src/round/plan.ts';
import { chargedPrivacy } from '../../src/round/privacy.ts';
import { type Party, party } from '../support/round.ts';

/** The clients of these rounds; their names are to be found nowhere. */
export const people: Party = await party(20);

export const DELTA = 1e-5;
export const ROUNDS = 5;
const trust = { corrupt: 0.1, absent: 0.25, coordinator: 'semi-honest' } as const;
const NOISE = skellam({ epsilon: 1, delta: DELTA, rounds: ROUNDS });
const FIELDS: Fields = { update: real({ length: 8, clip: { norm: 'l2', bound: 1 } }) };

/** A plan with noise unless said otherwise. */
export const planned = (
  id: string,
  facts: { readonly noise?: Noise; readonly fields?: Readonly<Record<string, Field>> } = {},
): AnyPlan =>
  makePlan({
    id,
    roster: people.roster,
    trust,
    fields: facts.fields ?? FIELDS,
    noise: facts.noise ?? NOISE,
  }) as unknown as AnyPlan;

/** The same without noise. */
export const exact = (id: string): AnyPlan =>
  planned(id, { noise: noNoise(), fields: { votes: integer({ length: 2, min: 0, max: 9 }) } });

/** What a round under this plan could have given. */
export function resultOf(plan: AnyPlan, facts: Partial<Result> = {}): Result {
  const contributors = plan.roster.clients.slice(0, 17).map(({ id }) => id);
  return {
    sum: {},
    contributors,
    dropped: plan.roster.clients.slice(17).map(({ id }) => ({ id, phase: 'mask' as const })),
    refused: [],
    privacy: chargedPrivacy(plan, contributors.length),
    assumptions: assumptionsOf(plan),
    transcript: { size: 77, root: new Uint8Array(32).fill(9) },
    bundle: undefined,
    ...facts,
  };
}

/** A ledger for the run. */
export const runLedger = async (epsilon: number = 1, delta: number = DELTA): Promise<Ledger> =>
  openLedger(inMemoryStorage(), { budget: { epsilon, delta }, neighbours: 'zero-out' });

/** Has a ledger pay for a plan; it must. */
export async function charge(ledger: Ledger, plan: AnyPlan): Promise<void> {
  if (plan.privacy === undefined) throw new Error('expected a plan with noise');
  const { event } = plan.privacy;
  const answer = await ledger.admit({ round: plan.id, plan: plan.hash, event });
  if (!answer.admitted) throw new Error(answer.message);
}
