/** The start of a round, and the one `close` that serves all phases. */
import { assertBytes } from '../../internal/assert.ts';
import { emptyTranscript } from '../../wire/transcript.ts';
import { type Accumulator, createAccumulator } from '../accumulator.ts';
import type { Phase } from '../phases.ts';
import type { Terms } from '../terms.ts';
import { type Closed, closeAdvertise, closeConfirm, closeMask, closeShare } from './close.ts';
import { type CoordinatorState, coordinatorStateOf, type Ledger } from './state.ts';
import { closeUnmask, type Outcome } from './unmask.ts';

const none = new Uint8Array(0);

/** A ledger in which nothing has happened. */
export const emptyLedger = (terms: Terms, context: Uint8Array): Ledger => ({
  terms,
  context,
  adverts: new Map(),
  shares: new Map(),
  masks: new Map(),
  confirms: new Map(),
  answers: new Map(),
  accumulator: createAccumulator(terms.wire),
  keyOwners: new Map(),
  u0: terms.roster.clients.map((_, index) => index),
  u1: [],
  u2: [],
  u3: [],
  u4: [],
  u2Hash: none,
  confirmHeader: none,
  pieceWords: 0,
  excluded: new Set(),
  faults: [],
  provenFaults: new Set(),
  transcript: emptyTranscript(terms.roundId),
});

/**
 * Begins a round: adverts may come in.
 *
 * @param options.context - hash of the model that this coordinator sent out, 32 bytes; adverts that
 * name another are refused.
 */
export function begin(
  terms: Terms,
  options: { readonly context: Uint8Array },
): CoordinatorState<'advertise'> {
  assertBytes('context', options.context, 32);
  return coordinatorStateOf('advertise', emptyLedger(terms, options.context.slice()));
}

/** What closing a phase yields. */
export type CloseOf<P extends Phase> = {
  readonly advertise: Closed<'share'>;
  readonly share: Closed<'mask'>;
  readonly mask: Closed<'confirm'>;
  readonly confirm: Closed<'unmask'>;
  readonly unmask: { readonly next: Outcome };
}[P];

/**
 * Closes a phase: spends its state, and yields the next one with every client's downlink; after
 * unmask, the outcome.
 *
 * @param accumulators - for unmask only, where the work was done elsewhere.
 * @throws ProtocolError while too little has come in; the state stays usable and the caller may wait.
 * @throws UsageError `state-spent`
 */
export function close<P extends Phase>(
  state: CoordinatorState<P>,
  accumulators?: P extends 'unmask' ? readonly Accumulator[] : never,
): CloseOf<P> {
  const closed = closers[state.phase](state as never, accumulators);
  return closed as CloseOf<P>;
}

const closers = {
  advertise: closeAdvertise,
  share: closeShare,
  mask: closeMask,
  confirm: closeConfirm,
  unmask: (state: CoordinatorState<'unmask'>, accumulators?: readonly Accumulator[]) => ({
    next: closeUnmask(state, accumulators),
  }),
} as const;
