/**
 * The claim: what keeps a client from answering one phase twice.
 *
 * A saved state can be restored twice, and answering twice opens a vector: two unmask answers give
 * both shares of a neighbour, two masked inputs give their difference. So every answer is claimed
 * before it leaves. A durable claim store makes restoring safe; without one, a client that crashed
 * leaves the round.
 */

import { toHex } from '../internal/bytes.ts';
import type { Phase } from './phases.ts';

/**
 * Records, atomically and durably, that this client answers `phase` of round `roundId` with the
 * message that this digest of 32 bytes stands for, and tells whether that is the first answer, the same one again, or
 * a different one.
 *
 * **Security**: one store a client identity. The guarantee is as strong as the store: if it forgets
 * (a restored backup, a rolled-back disk), the client counts towards the corrupt ones.
 */
export type Claim = (
  roundId: Uint8Array,
  phase: Phase,
  digestOfAnswer: Uint8Array,
) => ClaimVerdict | Promise<ClaimVerdict>;

/** What a claim store answers. */
export type ClaimVerdict = 'first' | 'same' | 'conflict';

/** A claim store in memory: it forgets when the process ends. Not for callers: see {@link claimOf}. */
function inMemoryClaim(): Claim {
  const claimed = new Map<string, string>();
  return (roundId, phase, digest) => {
    const key = `${toHex(roundId)} ${phase}`;
    const before = claimed.get(key);
    if (before === undefined) {
      claimed.set(key, toHex(digest));
      return 'first';
    }
    return before === toHex(digest) ? 'same' : 'conflict';
  };
}

const byIdentity = new Map<string, Claim>();

/**
 * The in-memory claim of an identity: the default, one for all rounds and signers of the same public
 * key, so that one identity cannot take part twice in a round within one process. It grows by five
 * short entries a round and is never shortened: forgetting is what it is there to prevent.
 */
export function claimOf(publicKey: Uint8Array): Claim {
  const key = toHex(publicKey);
  let claim = byIdentity.get(key);
  if (claim === undefined) {
    claim = inMemoryClaim();
    byIdentity.set(key, claim);
  }
  return claim;
}
