/** Whether the values behind all contributors' commitments are proven to be in bounds. */
import { idAt, proofsLength, type Terms } from '../../secagg/terms.ts';
import type { AnyPlan } from '../plan.ts';
import { textOfFault, unproven } from '../proven-fields.ts';
import type { Complain } from './evidence.ts';
import type { ProvenPart } from './format.ts';

/** What is proven, and by whom. */
export type Proofs = {
  readonly proven: ProvenPart;
  /** Contributors, as roster positions. */
  readonly u3: readonly number[];
  /** One contributor's after the other's. */
  readonly commitments: readonly Uint8Array[];
};

/** Names each contributor whose proofs are missing or false. All that are there are one batch. */
export function checkProofs(
  plan: AnyPlan,
  terms: Terms,
  { proven, u3, commitments }: Proofs,
  complain: Complain,
): void {
  const all = u3.map((index, i) => ({
    client: idAt(terms, index),
    commitments: commitments[i] as Uint8Array,
    proofs: proven.proofs[i] as Uint8Array,
  }));
  const length = proofsLength(terms);
  for (const { client, proofs } of all) {
    if (proofs.length === length) continue;
    const text = `client "${client}": got ${proofs.length} bytes of proofs, expected ${length}`;
    complain('proofs', { code: 'not-proven', text, client });
  }
  const whole = all.filter(({ proofs }) => proofs.length === length);
  const bound = { roundId: terms.roundId, context: proven.context };
  for (const fault of unproven(plan, bound, whole)) {
    const { client, field } = fault;
    const text = `client "${client}": ${textOfFault(fault)}`;
    complain('proofs', { code: 'not-proven', text, client, field });
  }
}
