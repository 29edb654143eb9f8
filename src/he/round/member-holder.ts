/** A committee member as a holder: its share of the key as plain bytes, and how it opens with it. */
import { wipe } from '../../internal/bytes.ts';
import { encodeLattice } from '../codec.ts';
import { beginOpening, bytesOf, type MemberShare, partialOpen } from '../committee/index.ts';
import { memberShares } from '../committee/sharing.ts';
import type { Seal } from '../handles.ts';
import { type LatticeSum, sumOf } from '../sum/lattice-sum.ts';
import { answerLength } from './answers.ts';
import type { HolderKey } from './key-holder.ts';
import type { EncryptedRound } from './plan.ts';

/** Takes a share's words out as bytes, to be saved and wiped like any holder's secret. */
export function secretOf(share: MemberShare): Uint8Array {
  const words = memberShares.take(share);
  const secret = new Uint8Array(words.buffer, words.byteOffset, words.byteLength).slice();
  wipe(words);
  return secret;
}

/** A member's way to open: a flooded part of the decryption of each sum of masks. */
export const memberHolderKey = (
  plan: EncryptedRound,
  seal: Seal,
  self: number,
  secret: Uint8Array,
): HolderKey =>
  Object.freeze({
    secret,
    halves: Object.freeze(['mask'] as const),
    open: (sums: readonly LatticeSum[], active: readonly number[], out: Uint8Array): void => {
      const [masks] = sums as readonly [LatticeSum];
      const { sum, roundId, threshold, holders } = plan;
      const { set } = sum;
      const words = new Uint32Array(secret.slice().buffer);
      const committee = { members: holders.clients.length, threshold };
      // The opening takes the words over and wipes them.
      using share = memberShares.put({ set, member: self, ...committee }, words);
      using opening = beginOpening(seal, sum, share, active);
      const length = answerLength(plan);
      for (let index = 0; index < sum.ciphertexts; index++) {
        const part = partialOpen(opening, sumOf(masks, index));
        const head = { kind: 'decryption-share', set, roundId, index } as const;
        out.set(encodeLattice(head, bytesOf(part)), index * length);
      }
    },
  });
