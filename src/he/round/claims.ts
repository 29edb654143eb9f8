/**
 * The claim: what keeps a holder from signing two roots or two closings of a round, and from answering
 * twice. A saved state can be restored twice; the caller's durable store is what both copies share.
 */
import { UsageError } from '../../errors.ts';
import type { ClaimVerdict } from '../../identity/memory-claim.ts';

/**
 * Records, atomically and durably, that this holder says `digest` (32 bytes) in a phase of a round, and
 * tells whether that is the first time, the same again, or a conflict with what it said before. A store
 * of masked rounds does if its phase is any string.
 *
 * **Security**: one store a holder identity, written before anything leaves. A store that forgets (a
 * restored backup) makes its holder one of the corrupt.
 */
export type HolderClaim = (
  roundId: Uint8Array,
  phase: 'key' | 'root' | 'close' | 'open',
  digest: Uint8Array,
) => ClaimVerdict | Promise<ClaimVerdict>;

/** Refusals of the claim, as opposed to what a caller's own functions throw. */
const refusals = new WeakSet<object>();

/** Whether a claim was refused: another copy of the holder has gone on. */
export const isRefusal = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && refusals.has(error);

/**
 * Claims what is about to leave.
 *
 * ⚠ The same answer to `open` is refused too: a second share of one ciphertext has other flooding, and
 * the mean of both less of it.
 *
 * @throws UsageError `state-spent`
 */
export async function requireClaim(
  claim: HolderClaim,
  roundId: Uint8Array,
  phase: Parameters<HolderClaim>[1],
  digest: Uint8Array,
): Promise<void> {
  const verdict = await claim(roundId, phase, digest);
  if (verdict === 'first' || (verdict === 'same' && phase !== 'open')) return;
  const refusal = new UsageError(
    'state-spent',
    `holder: this identity has done "${phase}" in the round already${phase === 'open' ? '' : ', with another statement'}; leave the round`,
    { phase },
  );
  refusals.add(refusal);
  throw refusal;
}
