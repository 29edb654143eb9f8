/**
 * The coordinator's steps: `import * as coordinator from 'veilsum/coordinator'`.
 *
 *     begin → (accept … accept, close) for each of the five phases → result
 *
 * Synchronous, without clock or socket: the caller carries the messages and decides how long to wait.
 */
import type { Commitments } from './round/commitment-layout.ts';
import type { Fields } from './round/fields.ts';
import type { Noise, NoNoise } from './round/noise.ts';
import { type AnyPlan, type Plan, planOf, termsOf, termsOfSaved } from './round/plan.ts';
import { assertAdmitted, type ReceiptOption } from './round/receipt.ts';
import { type Result, resultOf } from './round/result.ts';
import type { Accumulator } from './secagg/accumulator.ts';
import { accept as secaggAccept } from './secagg/coordinator/accept.ts';
import { begin as secaggBegin, close as secaggClose } from './secagg/coordinator/begin.ts';
import { ledgerOf, type CoordinatorState as SecaggState } from './secagg/coordinator/state.ts';
import { beaconOfSavedCoordinator, restoreCoordinator } from './secagg/coordinator/storage.ts';
import type { Outcome } from './secagg/coordinator/unmask.ts';
import type { Fault } from './secagg/fault.ts';
import type { Downlinks, Phase, Uplink } from './secagg/phases.ts';

export type { Result } from './round/result.ts';
export {
  type Accumulator,
  accumulatorBytes,
  createAccumulator,
  mergeInto,
  portableCopy,
  readAccumulator,
} from './secagg/accumulator.ts';
export { downlinks } from './secagg/coordinator/announce.ts';
export { type Census, census } from './secagg/coordinator/closable.ts';
export { saveCoordinator as save } from './secagg/coordinator/storage.ts';
export { type UnmaskWork, unmaskWork } from './secagg/coordinator/unmask.ts';
export {
  abandonUpload,
  beginUpload,
  feedUpload,
  finishUpload,
  openStaging,
  type Staging,
  type Upload,
} from './secagg/coordinator/uploads.ts';
export type { Fault, FaultCode } from './secagg/fault.ts';
export type { Downlink, Downlinks, Phase, Uplink } from './secagg/phases.ts';
export { type Piece, runPieceInto } from './secagg/pieces.ts';

declare const fieldsOf: unique symbol;

/** A coordinator within phase `P` of a round with these fields. */
export type CoordinatorState<
  P extends Phase = Phase,
  F extends Fields = Fields,
> = SecaggState<P> & {
  readonly [fieldsOf]?: F;
};

/** What closing a phase yields: the next state and everybody's downlink, or at last the result. */
export type CloseOf<P extends Phase, F extends Fields> = {
  readonly advertise: Opened<'share', F>;
  readonly share: Opened<'mask', F>;
  readonly mask: Opened<'confirm', F>;
  readonly confirm: Opened<'unmask', F>;
  readonly unmask: { readonly next: Result<F> };
}[P];

/** The next phase's state, and each remaining client's own downlink. */
export type Opened<P extends Phase, F extends Fields> = {
  readonly next: CoordinatorState<P, F>;
  readonly downlinks: Downlinks<P>;
};

/**
 * Begins a round.
 *
 * @param options - also `receipt`, where the plan has noise: what the coordinator's ledger gave for
 * `admit({ round: plan.id, plan: plan.hash, event: plan.privacy.event })`.
 * @param options.context - hash of the model that was sent out, 32 bytes; who names another is refused.
 * @param options.beacon - the value of the plan's beacon round, where it names one.
 * @throws UsageError `wrong-length`. @throws PrivacyError `receipt-required`
 */
export function begin<
  F extends Fields,
  D extends Noise = NoNoise,
  C extends Commitments = undefined,
>(
  plan: Plan<F, D, C>,
  options: {
    readonly context: Uint8Array;
    readonly beacon?: Uint8Array;
  } & ReceiptOption<D>,
): CoordinatorState<'advertise', F> {
  assertAdmitted('begin', plan as AnyPlan, options.receipt);
  const { context, beacon } = options;
  return secaggBegin(termsOf(plan as AnyPlan, beacon), { context });
}

/**
 * Takes in a client's message. Never throws for what a client sent.
 *
 * @returns nothing if the message was taken (or had been already), else the fault. A `culprit` is
 * named only where a signature proves it; a message that does not verify leaves the standing of the
 * client whose name it bears untouched.
 * @throws UsageError `state-spent`
 */
export const accept: <P extends Phase>(
  state: CoordinatorState<P>,
  message: Uplink<NoInfer<P>>,
) => Fault | undefined = secaggAccept;

/**
 * Closes a phase.
 *
 * @param accumulators - for unmask, where its work (see `unmaskWork`) was done elsewhere.
 * @throws ProtocolError while too little has come in: no partial result, the state stays usable and
 * the caller may wait for more; `bad-share` where dealers lied, naming them; `lattice-key` or `lattice-residual`
 * where a contributor's lattice mask does not open, and masks hide whose: nothing that may still come in mends it.
 * @throws ProtocolError `poisoned-sum` after unmask, when the state is spent: `details` hold the rest of
 * the result. @throws UsageError `state-spent`
 */
export function close<P extends Phase, F extends Fields = Fields>(
  state: CoordinatorState<P, F>,
  accumulators?: P extends 'unmask' ? readonly Accumulator[] : never,
): CloseOf<P, F> {
  const plan = planOf(ledgerOf(state).terms) as Plan<F, Noise, Commitments>;
  const closed = secaggClose(state as SecaggState<P>, accumulators);
  if (state.phase !== 'unmask') return closed as unknown as CloseOf<P, F>;
  return { next: resultOf(plan, closed.next as Outcome) } as unknown as CloseOf<P, F>;
}

/** Restores a coordinator that `save` gave; it may simply go on. Narrow it by its `phase`. @throws CodecError */
export function restore<
  F extends Fields,
  D extends Noise = NoNoise,
  C extends Commitments = undefined,
>(
  plan: Plan<F, D, C>,
  saved: Uint8Array,
): { readonly [P in Phase]: CoordinatorState<P, F> }[Phase] {
  const terms = termsOfSaved(plan as AnyPlan, beaconOfSavedCoordinator(saved));
  const state = restoreCoordinator(terms, saved);
  return state as { readonly [P in Phase]: CoordinatorState<P, F> }[Phase];
}
