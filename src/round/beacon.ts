/**
 * The beacon: public randomness that nobody could know when the plan was published. Whoever can try
 * many plans or roster orders can try many graphs; a graph drawn from a value that came after the
 * plan cannot be chosen. The library has no clock and no network: both are the caller's port.
 */
import { ProtocolError, UsageError } from '../errors.ts';
import { assertFinite } from '../internal/assert.ts';
import { toHex } from '../internal/bytes.ts';
import type { AnyPlan, BeaconFacts } from './plan.ts';

/** How a client knows a beacon, e.g. a drand client or a block explorer it trusts. */
export type BeaconPort = {
  /** When a round's value becomes public, in milliseconds since the epoch. */
  readonly timeMs: (chain: string, round: number) => number;
  /** Whether `value` is the chain's value for that round, e.g. by its threshold signature. */
  readonly verify: (chain: string, round: number, value: Uint8Array) => boolean | Promise<boolean>;
};

/** A client's own record of having seen a plan while its beacon's round was still to come. */
export type BeaconReceipt = {
  /** Hex of the plan's hash. */
  readonly plan: string;
  /** By the client's own clock, in milliseconds since the epoch. */
  readonly seenMs: number;
};

/** What a client brings when the plan names a beacon. */
export type BeaconEvidence = {
  readonly receipt: BeaconReceipt;
  readonly value: Uint8Array;
  readonly port: BeaconPort;
};

/**
 * Records that a plan was seen in time. Keep the receipt until the round.
 *
 * **Security**: witness one plan for each round of a chain and each coordinator. Whoever gets M plans
 * witnessed before the beacon can run the one whose graph suits it best, and so wins log2 M bits.
 *
 * @param options.nowMs - the client's own clock, in milliseconds since the epoch.
 * @throws ProtocolError `beacon-too-late` if the beacon's round is less than the plan's margin away.
 * @throws UsageError `wrong-type` if the plan names no beacon.
 */
export function witness(
  plan: AnyPlan,
  options: { readonly port: BeaconPort; readonly nowMs: number },
): BeaconReceipt {
  const receipt = Object.freeze({ plan: toHex(plan.hash), seenMs: options.nowMs });
  checkInTime(factsOf(plan), receipt, options.port);
  return receipt;
}

/**
 * Checks receipt and value when the round begins.
 *
 * @throws ProtocolError `beacon-too-late`, `bad-beacon`. @throws UsageError if the receipt is of
 * another plan.
 */
export async function checkBeacon(plan: AnyPlan, evidence: BeaconEvidence): Promise<void> {
  const facts = factsOf(plan);
  if (evidence.receipt.plan !== toHex(plan.hash)) {
    throw new UsageError('wrong-type', 'beacon receipt: it was made for another plan');
  }
  checkInTime(facts, evidence.receipt, evidence.port);
  if (!(await evidence.port.verify(facts.chain, facts.round, evidence.value))) {
    throw new ProtocolError(
      'bad-beacon',
      `beacon: the value is not that of round ${facts.round} of "${facts.chain}"`,
      ['coordinator'],
    );
  }
}

function checkInTime(facts: BeaconFacts, receipt: BeaconReceipt, port: BeaconPort): void {
  const dueMs = port.timeMs(facts.chain, facts.round);
  assertFinite('beacon: timeMs', dueMs);
  assertFinite('beacon: time the plan was seen', receipt.seenMs);
  if (receipt.seenMs + facts.marginMs >= dueMs) {
    throw new ProtocolError(
      'beacon-too-late',
      `plan: first seen ${dueMs - receipt.seenMs} ms before round ${facts.round} of "${facts.chain}", ` +
        `expected more than its margin of ${facts.marginMs} ms; leave this round`,
      ['coordinator'],
    );
  }
}

function factsOf(plan: AnyPlan): BeaconFacts {
  if (plan.trust.beacon === undefined) {
    throw new UsageError('wrong-type', 'beacon: the plan names none');
  }
  return plan.trust.beacon;
}
