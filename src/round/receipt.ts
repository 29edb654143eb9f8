/** The proof that a ledger has charged a noisy plan: without it neither side of a round begins. */
import { assertReceipt, type Receipt } from '../dp/ledger/receipt.ts';
import { PrivacyError } from '../errors.ts';
import type { Noise, NoNoise } from './noise.ts';
import type { AnyPlan } from './plan.ts';

/** A receipt where the plan has noise, and none where it has not. */
export type ReceiptOption<D extends Noise> = [D] extends [NoNoise]
  ? { readonly receipt?: undefined }
  : { readonly receipt: Receipt };

/**
 * The run-time half of {@link ReceiptOption}.
 *
 * @throws PrivacyError `receipt-required` where there is none; `unsound-parameters` for one of another plan,
 * event or relation, or one that no ledger of this process gave
 */
export function assertAdmitted(step: string, plan: AnyPlan, receipt: unknown): void {
  const { privacy } = plan;
  if (privacy === undefined) return;
  if (receipt === undefined) {
    throw new PrivacyError(
      'receipt-required',
      `${step}: the plan has noise, and no receipt was given; have your own ledger admit ` +
        '{ round: plan.id, plan: plan.hash, event: plan.privacy.event } and pass what it answers',
    );
  }
  assertReceipt(receipt, {
    plan: plan.hash,
    event: privacy.event,
    neighbours: privacy.neighbours,
  });
}
