/**
 * What an identity said in a round, remembered in memory: the default of every claim. A claim keeps one
 * who signs from saying two things in one phase; the caller's durable store does it across a crash.
 */
import { toHex } from '../internal/bytes.ts';

/** What a claim store answers: said for the first time, the same again, or something else before. */
export type ClaimVerdict = 'first' | 'same' | 'conflict';

const claimed = new Map<string, string>();

/**
 * The in-memory claim of an identity: one for all rounds and signers of the same public key, so that one
 * identity cannot take part twice in a round within one process. It grows by some short entries a round and
 * is never shortened: forgetting is what it is there to prevent.
 */
export const memoryClaim =
  (publicKey: Uint8Array) =>
  (roundId: Uint8Array, phase: string, digest: Uint8Array): ClaimVerdict => {
    const key = `${toHex(publicKey)} ${toHex(roundId)} ${phase}`;
    const before = claimed.get(key);
    if (before === undefined) claimed.set(key, toHex(digest));
    return before === undefined ? 'first' : before === toHex(digest) ? 'same' : 'conflict';
  };
