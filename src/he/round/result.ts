/** What comes out of an encrypted round, and what it rests on. */
import type { ClientId } from '../../identity/roster.ts';
import type { EncryptedFault } from './phases.ts';
import { type EncryptedRound, isKeyHolder } from './plan.ts';

/** One assumption; `code` is stable, `text` is for people. */
export type EncryptedAssumption = { readonly code: string; readonly text: string };

/** A sum that was opened. Frozen. */
export type OpenedSum = {
  /** Each coordinate's sum over the contributors. */
  readonly sums: Float64Array;
  /** How far each may be from the sum of what was put in, for rounding; 0 where the plan is exact. */
  readonly errorBound: number;
  /** Whose vectors were added, in the order of the roster. */
  readonly contributors: readonly ClientId[];
  /** Everybody else on the roster. */
  readonly missing: readonly ClientId[];
  /** Messages that were refused, and why. */
  readonly refused: readonly EncryptedFault[];
  readonly assumptions: readonly EncryptedAssumption[];
};

/**
 * What the privacy of a round rests on.
 *
 * @param plan from `encryptedRound` or `readEncryptedRound`
 */
export function encryptedAssumptions(plan: EncryptedRound): readonly EncryptedAssumption[] {
  const { threshold, corrupt } = plan;
  const members = plan.holders.clients.length;
  const list: EncryptedAssumption[] = [
    {
      code: 'no-colluding-uploader',
      text: 'No client that uploads colludes with the coordinator, or with anybody else who gets ciphertexts of others: nothing proves that what it uploads is a well-formed encryption, and a malformed one can make the opened sum tell about the key.',
    },
    isKeyHolder(plan)
      ? {
          code: 'key-holder',
          text: 'The key holder is neither a client nor the coordinator, and colludes with neither: with the key it can read every single vector whose ciphertext it gets.',
        }
      : {
          code: 'committee',
          text: `Fewer than ${threshold} of the ${members} holders collude with the coordinator or each other; copies of a holder with rolled-back claim stores count among them. All made their parts of the key as the scheme says: nothing proves it, and flooding is sized for that. An active member that answers falsely falsifies the sum, mostly unnoticed.`,
        },
    {
      code: 'roster-voucher',
      text: 'Whoever signed the rosters vouches that each key belongs to a different participant, and that no holder is the coordinator.',
    },
    {
      code: 'honest-inputs',
      text: 'The sum is of what contributors put in: who encrypts values beyond the clip falsifies it and is rarely noticed.',
    },
    {
      code: 'no-noise',
      text: 'The sum is revealed without noise for privacy: it may itself say something about a person.',
    },
    {
      code: 'lattice',
      text: 'Ring learning with errors is hard at 128 bits for the parameter set, with SEAL 4.1.2 and its randomness as they should be.',
    },
    { code: 'symmetric', text: 'SHA-256 and Ed25519 are secure.' },
    {
      code: 'no-constant-time',
      text: 'Nobody times the parties: the WebAssembly of SEAL promises no constant time, and leaves secrets in its memory.',
    },
  ];
  if (corrupt < threshold - 1) {
    list.push({
      code: 'corrupt-holders',
      text: `At most ${corrupt} holders sign two roots or two closings, fewer than the ${threshold - 1} that the threshold stands: with more, two different sums could be opened.`,
    });
  }
  return Object.freeze(list.map((assumption) => Object.freeze(assumption)));
}
