/**
 * A coordinator's states. Within a phase the state takes in messages; closing the phase spends it
 * and yields the next. It holds nothing that is secret from its owner, except at the very end, so it
 * may be stored and restored freely.
 */
import { vault } from '../../internal/spent.ts';
import type { SignedHeader } from '../../wire/envelope.ts';
import type { Transcript } from '../../wire/transcript.ts';
import type { Accumulator } from '../accumulator.ts';
import type { Fault } from '../fault.ts';
import type { Advert } from '../keys.ts';
import type { ShareHeader, SharePart, UnmaskHeader } from '../messages.ts';
import type { Phase } from '../phases.ts';
import type { Terms } from '../terms.ts';

/** A coordinator within phase `P`: `accept` messages into it, then `close` it. */
export type CoordinatorState<P extends Phase = Phase> = { readonly phase: P };

/** What a phase has taken in, by roster position. */
export type Taken<T> = Map<number, { readonly said: SignedHeader } & T>;

/** A dealer's share message: header and parts, by holder. */
export type Dealt = {
  readonly header: ShareHeader;
  /** As signed, in order: the leaves under the root of parts. */
  readonly parts: readonly { readonly part: SharePart; readonly encoded: Uint8Array }[];
};

/** Binary search in an ascending list. */
export function isAmong(sorted: readonly number[], value: number): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === value;
}

/** A dealer's part for one holder. Binary search: parts are ordered by holder. */
export function partFor(dealt: Dealt, holder: number): SharePart | undefined {
  let low = 0;
  let high = dealt.parts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((dealt.parts[middle] as { part: SharePart }).part.holder < holder) low = middle + 1;
    else high = middle;
  }
  const found = dealt.parts[low]?.part;
  return found?.holder === holder ? found : undefined;
}

/** Everything that a coordinator knows of a round. */
export type Ledger = {
  readonly terms: Terms;
  /** Hash of the model that the coordinator sent out. */
  readonly context: Uint8Array;
  readonly adverts: Taken<{ readonly advert: Advert }>;
  readonly shares: Taken<Dealt>;
  /** With their proofs; no bytes where the terms ask for none. */
  readonly masks: Taken<{ readonly proofs: Uint8Array }>;
  readonly confirms: Taken<object>;
  readonly answers: Taken<{ readonly answer: UnmaskHeader }>;
  /** Replaced only by an equal one with other memory. */
  accumulator: Accumulator;
  /** X25519 halves of all advertised keys, in hex, and whose they are. */
  readonly keyOwners: Map<string, number>;
  /** Everybody; then the members of U1, U2, U3 and the confirming clients; ascending. */
  readonly u0: readonly number[];
  u1: readonly number[];
  u2: readonly number[];
  u3: readonly number[];
  u4: readonly number[];
  u2Hash: Uint8Array;
  /** The header that every member of U3 must sign. */
  confirmHeader: Uint8Array;
  /** How the unmask work was cut; 0 before. */
  pieceWords: number;
  /** Signed a wrong message in the present phase. */
  readonly excluded: Set<number>;
  readonly faults: Fault[];
  /** Phase, code and culprit of those faults that a signature proves. */
  readonly provenFaults: Set<string>;
  transcript: Transcript;
};

/** The ledger in a phase. */
export type CoordinatorContents = { readonly phase: Phase; readonly ledger: Ledger };

const states = vault<CoordinatorContents>('coordinator state');

/** A fresh handle. */
export const coordinatorStateOf = <P extends Phase>(
  phase: P,
  ledger: Ledger,
): CoordinatorState<P> => states.put(Object.freeze({ phase }), { phase, ledger });

/** The ledger, without spending the state. @throws UsageError `state-spent` */
export const ledgerOf = (state: CoordinatorState): Ledger => states.peek(state).ledger;

/** Spends the state. @throws UsageError `state-spent` */
export const takeLedger = (state: CoordinatorState): Ledger => states.take(state).ledger;

/** Who may speak in a phase, and who has. */
export function standingIn(
  ledger: Ledger,
  phase: Phase,
): { readonly expected: readonly number[]; readonly taken: Taken<object> } {
  switch (phase) {
    case 'advertise':
      return { expected: ledger.u0, taken: ledger.adverts };
    case 'share':
      return { expected: ledger.u1, taken: ledger.shares };
    case 'mask':
      return { expected: ledger.u2, taken: ledger.masks };
    case 'confirm':
      return { expected: ledger.u3, taken: ledger.confirms };
    case 'unmask':
      return { expected: ledger.u4, taken: ledger.answers };
  }
}
