/** The plan of a round of the private demo: facts only, from which every client's share of noise follows. */
import { type Plan, plan, type Roster, type SkellamNoise, skellam, type Trust } from 'veilsum';
import { FIELDS, TRUST, type UpdateFields } from './learning.ts';

/** What a run may cost, and how long it is. */
export type Run = { readonly epsilon: number; readonly delta: number; readonly rounds: number };

/** A plan of the demo. */
export type PrivatePlan = Plan<UpdateFields, SkellamNoise>;

/**
 * The plan of a round.
 *
 * @param round its number, from 1
 * @param run the price of all rounds together; each gets the noise that this takes
 * @param trust fewer clients than in the demo need room for a larger share that vanishes
 */
export function planOf(
  round: number,
  roster: Roster,
  { epsilon, delta, rounds }: Run,
  trust: Trust = TRUST,
): PrivatePlan {
  return plan({
    id: `private-digits/${round}`,
    fields: FIELDS,
    roster,
    trust,
    noise: skellam({ epsilon, delta, rounds }),
  });
}
