/** What a round gives its coordinator: the sums as numbers, and all that must be known about them. */
import { ProtocolError } from '../errors.ts';
import type { ClientId } from '../identity/roster.ts';
import type { Outcome } from '../secagg/coordinator/unmask.ts';
import type { Fault } from '../secagg/fault.ts';
import type { Phase } from '../secagg/phases.ts';
import type { TranscriptHead } from '../wire/transcript.ts';
import { type Assumption, assumptionsOf } from './assumptions.ts';
import { bundleBytes } from './bundle/write.ts';
import type { Commitments } from './commitment-layout.ts';
import { decodeSums } from './encode.ts';
import type { Fields, SumsOf } from './fields.ts';
import type { Noise } from './noise.ts';
import type { AnyPlan, Plan } from './plan.ts';
import { type ChargedPrivacy, chargedPrivacy } from './privacy.ts';

/** The result of a round. Frozen. */
export type Result<F extends Fields = Fields> = {
  /** The contributors' sum (or weighted mean), under the names of the plan's fields. */
  readonly sum: SumsOf<F>;
  /** Whose vectors are in the sum, in roster order. */
  readonly contributors: readonly ClientId[];
  /** Who did not complete which phase. From `confirm` on, the vector is in the sum all the same. */
  readonly dropped: readonly { readonly id: ClientId; readonly phase: Phase }[];
  /** Every refused message, with the culprit where a signature proves one. */
  readonly refused: readonly Fault[];
  /** What the noise in the sum costs; nothing where the plan has none. */
  readonly privacy: ChargedPrivacy | undefined;
  /** What the privacy of this sum rests on. */
  readonly assumptions: readonly Assumption[];
  /** Head of the Merkle log of all accepted messages. */
  readonly transcript: TranscriptHead;
  /**
   * Where the plan asks for commitments: what proves the sum to others, for `verifyBundle` of
   * `veilsum/verify`. Verify it before you publish: nothing else has held the sum against the
   * commitments yet.
   */
  readonly bundle: Uint8Array | undefined;
};

/**
 * Turns ring sums into the plan's fields.
 *
 * @throws ProtocolError `poisoned-sum` where a sum is one that clients who keep to the plan cannot add
 * up to. Its `details` hold everything else: the other fields' sums, contributors, faults.
 */
export function resultOf<F extends Fields>(
  plan: Plan<F, Noise, Commitments>,
  outcome: Outcome,
): Result<F> {
  const { sums, contributors, dropped, refused, transcript, record } = outcome;
  const { sum, poisoned } = decodeSums<F>(plan as AnyPlan, sums, contributors.length);
  const privacy = chargedPrivacy(plan, contributors.length);
  const assumptions = assumptionsOf(plan as AnyPlan);
  const bundle = record === undefined ? undefined : bundleBytes(plan as AnyPlan, sums, record);
  const rest = { contributors, dropped, refused, privacy, assumptions, transcript, bundle };
  if (poisoned.length > 0) {
    throw new ProtocolError(
      'poisoned-sum',
      `fields ${poisoned.map((name) => `"${name}"`).join(', ')}: the sums lie outside of what the ` +
        'contributors could have put in within the plan; some contributor did not keep to it (masks ' +
        'hide which one). The other fields are in details.sum',
      [],
      { fields: poisoned, sum, ...rest },
    );
  }
  return Object.freeze({ sum: sum as SumsOf<F>, ...rest });
}
