/**
 * What a ledger answers: a receipt, without which no noisy round runs, or a refusal. Receipts are
 * known by identity: a copy, or an object of the same shape, is none.
 */
import { PrivacyError } from '../../errors.ts';
import { assertBytes } from '../../internal/assert.ts';
import type { Brand } from '../../internal/brand.ts';
import { toHex } from '../../internal/bytes.ts';
import { assertEvent, type DpEvent, type Neighbours } from '../events.ts';
import { canonicalJson } from './lines.ts';

/** How far a ledger has come: enough to recognise it, or a later state of it. */
export type LedgerHead = {
  /** Entries. */
  readonly count: number;
  /** SHA-256 of the last line, which depends on all lines; 64 hexadecimal digits. */
  readonly hash: string;
};

/** What a receipt says. */
export type Admission = {
  readonly admitted: true;
  /** The ledger's random id; 32 hexadecimal digits. */
  readonly ledger: string;
  /** The entry, from 1. */
  readonly index: number;
  readonly round: string;
  /** The plan's hash; 64 hexadecimal digits. */
  readonly plan: string;
  readonly event: DpEvent;
  /** The relation under which the event was priced. */
  readonly neighbours: Neighbours;
  /** The ledger up to this entry. Remember it where the ledger's storage cannot reach. */
  readonly head: LedgerHead;
};

/** Proof, within this process, that a round is paid for. Frozen. */
export type Receipt = Brand<Admission, 'Receipt'>;

/** Why a round is not paid for. Nothing was spent, and the ledger stays usable. Frozen. */
export type Refusal = {
  readonly admitted: false;
  readonly code: 'budget-exceeded';
  /** What was asked, what is left and what would fit, for people. */
  readonly message: string;
  readonly round: string;
  /** The Rényi order at which the following are divergences. */
  readonly order: number;
  /** What the event would cost. */
  readonly cost: number;
  /** What all entries cost. */
  readonly spent: number;
  /** What all entries may cost. */
  readonly limit: number;
  readonly wouldFit: {
    /** Of a `repeated` event, how many repeats; of any other 0. */
    readonly repeats: number;
    /** The largest ρ whose ρ-zCDP fits: Gaussian noise of multiplier √(1 / 2ρ) or more. */
    readonly rho: number;
  };
};

const issued = new WeakSet<object>();

/** Freezes a receipt and makes it known. Only a ledger with a durable entry may call this. */
export function issueReceipt(of: Omit<Admission, 'admitted'>): Receipt {
  const receipt = Object.freeze({ admitted: true, ...of }) as Receipt;
  issued.add(receipt);
  return receipt;
}

/**
 * Refuses anything but a ledger's own receipt for this plan.
 *
 * @param receipt what the caller handed in
 * @param expected.plan the hash of the plan that is about to run; 32 bytes
 * @param expected.event what the plan does, if it is known here
 * @param expected.neighbours the relation that the plan states its price in, if it is known here
 * @throws PrivacyError `unsound-parameters` (a refusal, a copy, a forgery, or another plan's receipt)
 *
 * **Security**: a receipt says that the round was paid for, not that it has not run: running it twice
 * is what a claim keeps from happening.
 */
export function assertReceipt(
  receipt: unknown,
  expected: {
    readonly plan: Uint8Array;
    readonly event?: DpEvent;
    readonly neighbours?: Neighbours;
  },
): asserts receipt is Receipt {
  assertBytes('assertReceipt: plan', expected.plan, 32);
  if (typeof receipt !== 'object' || receipt === null || !issued.has(receipt)) {
    throw refused(
      'an object that no ledger of this process gave (a refusal, a copy or something else)',
      "the receipt that the ledger's admit() gave",
    );
  }
  const { round, plan, event, neighbours } = receipt as Receipt;
  if (plan !== toHex(expected.plan)) {
    throw refused(`one for another plan (round ${JSON.stringify(round)})`, "this plan's own");
  }
  if (
    expected.event !== undefined &&
    canonicalJson(assertEvent(expected.event)) !== canonicalJson(event)
  ) {
    throw refused(`one for another event (${event.kind})`, 'one for what the plan does');
  }
  if (expected.neighbours !== undefined && expected.neighbours !== neighbours) {
    throw refused(`one under ${neighbours}`, `one under ${expected.neighbours}`);
  }
}

const refused = (got: string, expected: string): PrivacyError =>
  new PrivacyError('unsound-parameters', `receipt: got ${got}, expected ${expected}`);
