/**
 * The client's steps: `import * as client from 'veilsum/client'`.
 *
 *     readPlan → advertise → share → mask → confirm → unmask
 *
 * Each step consumes its state and yields the next one and a message for the coordinator. A step out
 * of order does not compile. All steps are asynchronous, because a signer (a WebCrypto or hardware
 * key) and a claim store may be.
 */

import { UsageError } from './errors.ts';
import type { Signer } from './identity/signer.ts';
import { type BeaconEvidence, checkBeacon } from './round/beacon.ts';
import type { Commitments } from './round/commitment-layout.ts';
import { commitInputs } from './round/commitments.ts';
import { encodeInputs } from './round/encode.ts';
import type { Fields, InputsOf } from './round/fields.ts';
import type { Noise, NoNoise } from './round/noise.ts';
import { planOf, termsOf, termsOfSaved } from './round/plan.ts';
import { assertReviewed, type ReviewedPlan } from './round/policy.ts';
import { assertAdmitted, type ReceiptOption } from './round/receipt.ts';
import type { Claim } from './secagg/claim.ts';
import { advertise as secaggAdvertise } from './secagg/client/advertise.ts';
import { confirm as secaggConfirm } from './secagg/client/confirm.ts';
import { mask as secaggMask } from './secagg/client/mask.ts';
import { share as secaggShare } from './secagg/client/share.ts';
import type { Next, Stepped as SecaggStepped } from './secagg/client/state.ts';
import {
  contentsOf,
  type ClientState as SecaggState,
  termsOfClient,
} from './secagg/client/state.ts';
import { beaconOfSaved, restore as secaggRestore } from './secagg/client/storage.ts';
import { unmask as secaggUnmask } from './secagg/client/unmask.ts';
import type { Downlink, Phase, Uplink } from './secagg/phases.ts';
import { idAt } from './secagg/terms.ts';
import type { UpdateProver } from './zk/update/prove.ts';
import type { ProvenUpdates } from './zk/update/scheme.ts';

export {
  type BeaconEvidence,
  type BeaconPort,
  type BeaconReceipt,
  witness,
} from './round/beacon.ts';
export {
  type CommittedPolicy,
  type NoisyPolicy,
  type Policy,
  type PrivacyPolicy,
  type ProvenPolicy,
  type ReviewedPlan,
  readPlan,
} from './round/policy.ts';
export type { ReceiptOption } from './round/receipt.ts';
export type { Claim, ClaimVerdict } from './secagg/claim.ts';
export { resend, save } from './secagg/client/storage.ts';
export type { Downlink, Uplink } from './secagg/phases.ts';

declare const fieldsOf: unique symbol;
declare const noiseOf: unique symbol;
declare const commitmentsOf: unique symbol;

/** A client before step `N` of a round with these fields, this noise and these commitments; usable once. */
export type ClientState<
  N extends Next = Next,
  F extends Fields = Fields,
  D extends Noise = NoNoise,
  C extends Commitments = undefined,
> = SecaggState<N> & {
  readonly [fieldsOf]?: F;
  readonly [noiseOf]?: D;
  readonly [commitmentsOf]?: C;
};

/** What a step yields: keep `next`, send `message`. */
export type Stepped<
  P extends Phase,
  N extends Next,
  F extends Fields,
  D extends Noise = NoNoise,
  C extends Commitments = undefined,
> = {
  readonly next: ClientState<N, F, D, C>;
  readonly message: Uplink<P>;
};

/**
 * A claim store where the plan has noise: a client that came back and entered the same round again would
 * give the same numbers away twice, under two draws of noise, and be charged for one.
 */
export type ClaimOption<D extends Noise> = [D] extends [NoNoise]
  ? { readonly claim?: Claim }
  : { readonly claim: Claim };

/**
 * Step 1: enters the round with fresh keys.
 *
 * @param plan - as read under this client's own policy with `readPlan`.
 * @param signer - this client's identity; its public key stands on the roster.
 * @param options - also `claim`, the caller's durable claim store: needed to survive a crash, and to keep
 * a restarted process from entering the same round twice. A plan with noise does not run without.
 * @param options.context - SHA-256 (or another 32-byte hash) of the model that this client received.
 * Clients that were sent different models do not end up in one sum.
 * @param options.beacon - where the plan names a beacon: receipt, value and port.
 * @throws UsageError `unknown-id` (not on the roster), `state-spent` (advertised already),
 * `claim-required`.
 * @throws ProtocolError `bad-beacon`, `beacon-too-late`.
 */
export async function advertise<
  F extends Fields,
  D extends Noise = NoNoise,
  C extends Commitments = undefined,
>(
  plan: ReviewedPlan<F, D, C>,
  signer: Signer,
  options: {
    readonly context: Uint8Array;
    readonly beacon?: BeaconEvidence;
  } & ClaimOption<D>,
): Promise<Stepped<'advertise', 'share', F, D, C>> {
  assertReviewed(plan);
  if (plan.privacy !== undefined && options.claim === undefined) {
    throw new UsageError(
      'claim-required',
      'advertise: the plan has noise, and no claim store was given; without one a restart could enter the ' +
        'round again and give a second noisy answer for the price of one',
    );
  }
  if (plan.trust.beacon !== undefined) {
    if (options.beacon === undefined) {
      throw new UsageError(
        'wrong-type',
        'beacon: the plan names one, so advertise needs its evidence',
      );
    }
    await checkBeacon(plan, options.beacon);
  }
  const terms = termsOf(plan, options.beacon?.value);
  return secaggAdvertise(terms, signer, { context: options.context, claim: options.claim });
}

/** Inputs, and a receipt where the plan has noise. */
export type GivenInputs<F extends Fields, D extends Noise> = [D] extends [NoNoise]
  ? [inputs: NoInfer<InputsOf<F>>, options?: ReceiptOption<D>]
  : [inputs: NoInfer<InputsOf<F>>, options: ReceiptOption<D>];

/** Proves the update circuit, where the plan asks for proofs of bounds. */
export type ProverOption = { readonly prover: UpdateProver };

/** What `share` is given: the inputs, where the plan asks for commitments to them; and what proves them. */
export type GivenAtShare<F extends Fields, D extends Noise, C extends Commitments> = [C] extends [
  undefined,
]
  ? []
  : [C] extends [ProvenUpdates]
    ? [inputs: NoInfer<InputsOf<F>>, options: ReceiptOption<D> & ProverOption]
    : GivenInputs<F, D>;

/** What `mask` is given: the inputs, unless `share` took them. */
export type GivenAtMask<F extends Fields, D extends Noise, C extends Commitments> = [C] extends [
  undefined,
]
  ? GivenInputs<F, D>
  : [];

/** The names of fields that were clipped, from the step that takes the inputs: for this client's own eyes. */
export type Clipped = { readonly clipped: readonly string[] };

/** What `share` yields: with commitments also what was clipped. */
export type SteppedAtShare<F extends Fields, D extends Noise, C extends Commitments> = Stepped<
  'share',
  'mask',
  F,
  D,
  C
> &
  ([C] extends [undefined] ? unknown : Clipped);

/** What `mask` yields: unless `share` did, also what was clipped. */
export type SteppedAtMask<F extends Fields, D extends Noise, C extends Commitments> = Stepped<
  'mask',
  'confirm',
  F,
  D,
  C
> &
  ([C] extends [undefined] ? Clipped : unknown);

/**
 * Step 2: checks the neighbours' adverts and gives each of them sealed shares of this client's seeds.
 * Where the plan asks for commitments, it also encodes the inputs, adds the plan's noise, and commits to
 * both: their hash leaves with the shares, and what was encoded is what `mask` masks. Where the plan asks
 * for proofs of bounds, they are made here, too, and leave with the upload: whoever cannot prove has
 * promised nothing yet.
 *
 * @param given - with commitments: inputs, options and what comes back as for {@link mask}; else nothing.
 * With proofs the options also have `{ prover }`.
 * @throws ProtocolError (blaming the coordinator): the client has left the round.
 * @throws CodecError if the bytes are no downlink of this step: the state stays usable.
 * @throws UsageError, PrivacyError with commitments, as {@link mask}: the state stays usable. With proofs
 * whatever the prover throws: the same.
 *
 * **Cost**: with commitments, see `commitVector` of `veilsum/zk`; the first also makes the bases. With
 * proofs, see `proveUpdate`: seconds for thousands of values.
 */
export async function share<
  F extends Fields,
  D extends Noise = NoNoise,
  C extends Commitments = undefined,
>(
  state: ClientState<'share', F, D, C>,
  downlink: Downlink<'share'>,
  ...given: GivenAtShare<F, D, C>
): Promise<SteppedAtShare<F, D, C>> {
  const [inputs, options] = given as Partial<GivenAtShare<F, Noise, ProvenUpdates>>;
  const { terms, self, context } = contentsOf(state);
  const plan = planOf(terms);
  if (plan.commitments === undefined) {
    if (given.length > 0)
      throw notNow('share', 'the plan asks for no commitments, so mask takes them');
    const stepped: SecaggStepped<'share', 'mask'> = await secaggShare(state, downlink);
    return stepped as unknown as SteppedAtShare<F, D, C>;
  }
  assertAdmitted('share', plan, options?.receipt);
  const { clipped, ...committed } = await commitInputs<F>(plan, inputs as InputsOf<F>, {
    roundId: terms.roundId,
    context,
    client: idAt(terms, self),
    prover: options?.prover,
  });
  try {
    const stepped: SecaggStepped<'share', 'mask'> = await secaggShare(state, downlink, committed);
    return { ...stepped, clipped } as unknown as SteppedAtShare<F, D, C>;
  } finally {
    for (const vector of committed.vectors) vector.fill(0);
  }
}

const notNow = (step: string, why: string): UsageError =>
  new UsageError('wrong-type', `${step}: got inputs, expected none: ${why}`);

/**
 * Step 3: encodes the inputs, adds the plan's noise, and uploads the sum of them and all masks. Where the
 * plan asks for commitments, `share` has done the first two, and the commitments leave with the upload.
 *
 * @param given - one input for each field of the plan, under its name; and `{ receipt }` where the plan has
 * noise: what this client's own ledger gave for
 * `admit({ round: plan.id, plan: plan.hash, event: plan.privacy.event })`. Nothing with commitments.
 * @returns also `clipped`, the names of fields that were clipped: for this client's own eyes.
 * @throws UsageError for inputs that do not fit: wrong length, not finite, out of range; the state
 * stays usable. @throws PrivacyError `receipt-required` (the state stays usable).
 * @throws ProtocolError (blaming the coordinator). @throws CodecError.
 */
export async function mask<
  F extends Fields,
  D extends Noise = NoNoise,
  C extends Commitments = undefined,
>(
  state: ClientState<'mask', F, D, C>,
  downlink: Downlink<'mask'>,
  ...given: GivenAtMask<F, D, C>
): Promise<SteppedAtMask<F, D, C>> {
  const [inputs, options] = given as Partial<GivenInputs<F, Noise>>;
  const plan = planOf(termsOfClient(state));
  if (plan.commitments !== undefined) {
    if (given.length > 0)
      throw notNow('mask', 'share took them, and what it committed to is masked');
    const stepped: SecaggStepped<'mask', 'confirm'> = await secaggMask(state, downlink);
    return stepped as unknown as SteppedAtMask<F, D, C>;
  }
  assertAdmitted('mask', plan, options?.receipt);
  const { vectors, clipped } = encodeInputs<F>(plan, inputs as InputsOf<F>);
  try {
    const stepped: SecaggStepped<'mask', 'confirm'> = await secaggMask(state, downlink, vectors);
    return { ...stepped, clipped } as unknown as SteppedAtMask<F, D, C>;
  } finally {
    for (const vector of vectors) vector.fill(0);
  }
}

/** Step 4: checks who is in the sum, and signs it once. @throws ProtocolError, CodecError */
export const confirm: <
  F extends Fields,
  D extends Noise = NoNoise,
  C extends Commitments = undefined,
>(
  state: ClientState<'confirm', F, D, C>,
  downlink: Downlink<'confirm'>,
) => Promise<Stepped<'confirm', 'unmask', F, D, C>> = secaggConfirm;

/**
 * Step 5: checks that a quorum confirmed the same, and reveals one share a neighbour.
 *
 * @throws ProtocolError, CodecError
 */
export const unmask: <
  F extends Fields,
  D extends Noise = NoNoise,
  C extends Commitments = undefined,
>(
  state: ClientState<'unmask', F, D, C>,
  downlink: Downlink<'unmask'>,
) => Promise<Stepped<'unmask', 'done', F, D, C>> = secaggUnmask;

/**
 * Restores a state that `save` gave. Narrow it by its `next` to go on.
 *
 * @param options.claim - the same durable claim store as before the crash.
 * @throws CodecError if the bytes are no state of this plan's round; UsageError `unknown-id` if the
 * signer is another client.
 */
export function restore<
  F extends Fields,
  D extends Noise = NoNoise,
  C extends Commitments = undefined,
>(
  plan: ReviewedPlan<F, D, C>,
  saved: Uint8Array,
  options: { readonly signer: Signer; readonly claim: Claim },
): { readonly [N in Next]: ClientState<N, F, D, C> }[Next] {
  assertReviewed(plan);
  const terms = termsOfSaved(plan, beaconOfSaved(saved));
  return secaggRestore(terms, saved, options) as {
    readonly [N in Next]: ClientState<N, F, D, C>;
  }[Next];
}
