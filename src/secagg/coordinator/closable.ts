/**
 * When a phase can be closed: who is in once it is, what is still missing, and the count of both for
 * a caller who decides how long to wait.
 */
import { ProtocolError } from '../../errors.ts';
import type { ClientId } from '../../identity/roster.ts';
import type { SignedHeader } from '../../wire/envelope.ts';
import { type Transcript, transcriptLog } from '../../wire/transcript.ts';
import { core } from '../graph.ts';
import type { Phase } from '../phases.ts';
import { headerHash } from '../signed.ts';
import { keepsWindows } from '../survivors.ts';
import { idAt, type Terms } from '../terms.ts';
import {
  type CoordinatorState,
  isAmong,
  type Ledger,
  ledgerOf,
  standingIn,
  type Taken,
  takeLedger,
} from './state.ts';

/** Who has answered in this phase, and whether it can be closed. */
export type Census = {
  /** In roster order. */
  readonly accepted: readonly ClientId[];
  /** Expected, and not heard of (or excluded). */
  readonly missing: readonly ClientId[];
  /** Least number needed to close. */
  readonly floor: number;
  /**
   * Whether enough has come in to close now. More than numbers can stand in the way: the graph's
   * cores, and the window rule. (At unmask, dealers who lied show only when closing.)
   */
  readonly canClose: boolean;
};

/** Counts a phase's messages without changing anything. **Cost**: O(n·k). */
export function census(state: CoordinatorState): Census {
  const ledger = ledgerOf(state);
  const { expected, taken } = standingIn(ledger, state.phase);
  const name = (index: number): ClientId => idAt(ledger.terms, index);
  return {
    accepted: sorted(taken).map(name),
    missing: expected.filter((index) => !taken.has(index)).map(name),
    floor: leastToClose(ledger.terms, state.phase),
    canClose: shortfall(ledger, state.phase) === undefined,
  };
}

/** Least members for a phase to be closed. */
const leastToClose = (terms: Terms, phase: Phase): number =>
  phase === 'unmask' ? terms.parameters.threshold : phase === 'mask' ? terms.floor : terms.quorum;

const sorted = (taken: Taken<object>): readonly number[] => [...taken.keys()].sort((a, b) => a - b);

/** The members of a phase once it is closed: in U1 and U2, the t-core of those who answered. */
export function membersOf(ledger: Ledger, phase: Phase): readonly number[] {
  const { graph, parameters } = ledger.terms;
  const answered = standingIn(ledger, phase).taken;
  if (phase !== 'advertise' && phase !== 'share') return sorted(answered);
  const pruned = core(graph, new Set(answered.keys()), parameters.threshold);
  return [...pruned].sort((a, b) => a - b);
}

/** Why a phase cannot be closed yet, if so. */
function shortfall(ledger: Ledger, phase: Phase): ProtocolError | undefined {
  const { terms } = ledger;
  const members = membersOf(ledger, phase);
  const needed = leastToClose(terms, phase);
  if (members.length < needed) {
    return new ProtocolError(
      phase === 'unmask' ? 'below-threshold' : phase === 'confirm' ? 'no-quorum' : 'below-floor',
      `phase "${phase}": got ${members.length} clients that can go on, expected at least ${needed}; ` +
        'wait for more messages, or give up the round',
      [],
      { phase, got: members.length, expected: needed },
    );
  }
  if (phase === 'mask' && !keepsWindows(terms, members)) {
    return new ProtocolError(
      'window-rule',
      'phase "mask": the missing clients stand too close together on the graph, and every client ' +
        'would refuse to confirm; wait for more messages, or give up the round',
      [],
      { phase },
    );
  }
  return phase === 'unmask' ? unopened(ledger) : undefined;
}

/**
 * A secret with too few shares, if there is one. Its dealer is named as the culprit where more
 * holders than may be corrupt (and more than one) report that its box did not open.
 */
function unopened(ledger: Ledger): ProtocolError | undefined {
  const { terms, u2, u3, answers } = ledger;
  const { threshold, corruptCount } = terms.parameters;
  const got = new Map<number, number>();
  const reporters = new Map<number, ClientId[]>();
  for (const [holder, { answer }] of answers) {
    if (isAmong(u3, holder)) got.set(holder, (got.get(holder) ?? 0) + 1);
    for (const { dealer, share } of answer.shares) {
      if (share !== undefined) got.set(dealer, (got.get(dealer) ?? 0) + 1);
      else reporters.set(dealer, [...(reporters.get(dealer) ?? []), idAt(terms, holder)]);
    }
  }
  const dealer = u2.find((index) => (got.get(index) ?? 0) < threshold);
  if (dealer === undefined) return undefined;
  const client = idAt(terms, dealer);
  const reportedBy = reporters.get(dealer) ?? [];
  return new ProtocolError(
    'below-threshold',
    `phase "unmask": got ${got.get(dealer) ?? 0} shares of client "${client}", expected at least the ` +
      `threshold of ${threshold} (${reportedBy.length} holders report that its box did not open); ` +
      'wait for more answers, or give up the round',
    reportedBy.length > Math.max(corruptCount, 1) ? [{ client }] : [],
    { phase: 'unmask', client, got: got.get(dealer) ?? 0, reportedBy },
  );
}

/** Throws while a phase cannot be closed; its state stays usable. */
export function checkClosable(state: CoordinatorState): void {
  const problem = shortfall(ledgerOf(state), state.phase);
  if (problem !== undefined) throw problem;
}

/** Spends the state of a phase that can be closed. */
export function takeClosable(state: CoordinatorState): Ledger {
  checkClosable(state);
  const ledger = takeLedger(state);
  ledger.transcript = withMessages(ledger, state.phase);
  return ledger;
}

/** The transcript with the phase's signed headers, in roster order. */
function withMessages(ledger: Ledger, phase: Phase): Transcript {
  const log = transcriptLog(ledger.transcript);
  const { taken } = standingIn(ledger, phase);
  for (const index of sorted(taken)) {
    log.append(
      phase,
      headerHash(ledger.terms, phase, (taken.get(index) as { readonly said: SignedHeader }).said),
    );
  }
  return log.snapshot();
}
