/**
 * What was signed on the way to a sum, for whoever must prove to others that the sum is right: the
 * headers, without the masked vectors. Nothing of it is secret from those whom the sum is shown to:
 * hashes of seeds, commitments and signatures.
 */
import type { SignedHeader } from '../../wire/envelope.ts';
import { headerHash } from '../signed.ts';
import type { Terms } from '../terms.ts';
import type { Ledger, Taken } from './state.ts';

/** The signed part of a round. Lists are in roster order. */
export type SignedRecord = {
  readonly terms: Terms;
  /** Roster positions. */
  readonly u2: readonly number[];
  readonly u3: readonly number[];
  /** H(signed advert) of each member of U2. */
  readonly adverts: readonly Uint8Array[];
  /** Of each member of U2. */
  readonly shares: readonly SignedHeader[];
  /** Of each member of U3. */
  readonly masks: readonly SignedHeader[];
  /** Of each member of U3; no bytes where the terms ask for none. */
  readonly proofs: readonly Uint8Array[];
  /** Hash of the model that all of them received: what proofs are bound to. */
  readonly context: Uint8Array;
  /** Of whoever confirmed: all signed the same header. */
  readonly confirms: readonly SignedHeader[];
};

/** The record of a round in which everybody who confirms has confirmed. */
export function recordOf({
  terms,
  context,
  u2,
  u3,
  adverts,
  shares,
  masks,
  confirms,
}: Ledger): SignedRecord {
  const said = (taken: Taken<object>, of: readonly number[]): readonly SignedHeader[] =>
    of.map((index) => (taken.get(index) as { readonly said: SignedHeader }).said);
  return {
    terms,
    u2,
    u3,
    adverts: said(adverts, u2).map((header) => headerHash(terms, 'advertise', header)),
    shares: said(shares, u2),
    masks: said(masks, u3),
    proofs: u3.map((index) => (masks.get(index) as { readonly proofs: Uint8Array }).proofs),
    context,
    confirms: said(
      confirms,
      [...confirms.keys()].sort((a, b) => a - b),
    ),
  };
}
