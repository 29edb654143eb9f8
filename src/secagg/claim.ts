/**
 * The claim: what keeps a client from answering one phase twice.
 *
 * A saved state can be restored twice, and answering twice opens a vector: two unmask answers give
 * both shares of a neighbour, two masked inputs give their difference. So every answer is claimed
 * before it leaves. A durable claim store makes restoring safe; without one, a client that crashed
 * leaves the round.
 */
import type { ClaimVerdict } from '../identity/memory-claim.ts';
import type { Phase } from './phases.ts';

export type { ClaimVerdict } from '../identity/memory-claim.ts';

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
