/**
 * Closing a phase: fix who is in, and tell every client what it needs for its next step. What is
 * sent depends on what came in and nothing else, so a restored coordinator sends the same.
 */
import { ProtocolError } from '../../errors.ts';
import type { ClientId } from '../../identity/roster.ts';
import { concat } from '../../internal/bytes.ts';
import { toBitmap } from '../../wire/bitmap.ts';
import { inclusionPath, merkleTree } from '../../wire/merkle.ts';
import { type Transcript, transcriptLog } from '../../wire/transcript.ts';
import {
  encodeAdvertsDownlink,
  encodeQuorumDownlink,
  encodeSharesDownlink,
  encodeSurvivorsDownlink,
} from '../downlinks.ts';
import { core, neighbours } from '../graph.ts';
import { encodeConfirmHeader } from '../messages.ts';
import type { Downlink, Downlinks, Phase } from '../phases.ts';
import { headerHash } from '../signed.ts';
import { hashOfU2, hashOfU3, keepsWindows, u2Leaf } from '../survivors.ts';
import { idAt, sizeOf, type Terms } from '../terms.ts';
import { isAmong } from './accept.ts';
import {
  type CoordinatorState,
  coordinatorStateOf,
  type Dealt,
  type Ledger,
  ledgerOf,
  standingIn,
  type Taken,
  takeLedger,
} from './state.ts';

/** The next state, and each remaining client's own downlink. */
export type Closed<P extends Phase> = {
  readonly next: CoordinatorState<P>;
  readonly downlinks: Downlinks<P>;
};

/** Who has answered in this phase, and whether it can be closed. */
export type Census = {
  /** In roster order. */
  readonly accepted: readonly ClientId[];
  /** Expected, and not heard of (or excluded). */
  readonly missing: readonly ClientId[];
  /** Least number needed to close. */
  readonly floor: number;
  /** Whether closing now would succeed. More than numbers can stand in the way: the graph's cores,
   * and the window rule. */
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
function membersOf(ledger: Ledger, phase: Phase): readonly number[] {
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

/** A secret with too few shares, if there is one. */
function unopened(ledger: Ledger): ProtocolError | undefined {
  const { terms, u2, u3 } = ledger;
  const answered = new Set<number>();
  const count = new Map<number, number>();
  for (const [holder, { answer }] of ledger.answers) {
    answered.add(holder);
    for (const { dealer, share } of answer.shares) {
      if (share !== undefined) count.set(dealer, (count.get(dealer) ?? 0) + 1);
    }
  }
  for (const dealer of u2) {
    const own = isAmong(u3, dealer) && answered.has(dealer) ? 1 : 0;
    const got = (count.get(dealer) ?? 0) + own;
    if (got < terms.parameters.threshold) {
      return new ProtocolError(
        'below-threshold',
        `phase "unmask": got ${got} shares of client "${idAt(terms, dealer)}", expected at least ` +
          `the threshold of ${terms.parameters.threshold}; wait for more answers, or give up the round`,
        [],
        { phase: 'unmask', client: idAt(terms, dealer), got },
      );
    }
  }
  return undefined;
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
    log.append(phase, headerHash(ledger.terms, phase, (taken.get(index) as { said: never }).said));
  }
  return log.snapshot();
}

function begun<P extends Phase>(
  phase: P,
  ledger: Ledger,
  members: readonly number[],
  downlink: (index: number) => Downlink<P>,
): Closed<P> {
  ledger.excluded.clear();
  const downlinks = new Map(members.map((index) => [idAt(ledger.terms, index), downlink(index)]));
  return { next: coordinatorStateOf(phase, ledger), downlinks };
}

const nearOf = (terms: Terms, index: number, members: readonly number[]): readonly number[] =>
  neighbours(terms.graph, index)
    .map((neighbour) => neighbour.index)
    .filter((other) => isAmong(members, other))
    .sort((a, b) => a - b);

/** U1 is fixed; everybody in it gets its neighbours' adverts. */
export function closeAdvertise(state: CoordinatorState<'advertise'>): Closed<'share'> {
  const ledger = takeClosable(state);
  const { terms } = ledger;
  ledger.u1 = membersOf(ledger, 'advertise');
  const saidBy = saidIn(ledger.adverts);
  return begun('share', ledger, ledger.u1, (index) =>
    encodeAdvertsDownlink(terms, index, { adverts: nearOf(terms, index, ledger.u1).map(saidBy) }),
  );
}

/** U2 is fixed; everybody in it gets its neighbours' share parts, with the proofs that they hold. */
export function closeShare(state: CoordinatorState<'share'>): Closed<'mask'> {
  const ledger = takeClosable(state);
  const { terms } = ledger;
  ledger.u2 = membersOf(ledger, 'share');
  const advertBy = saidIn(ledger.adverts);
  const shareBy = saidIn(ledger.shares);
  const tree = merkleTree(
    ledger.u2.map((index) =>
      u2Leaf(
        index,
        headerHash(terms, 'advertise', advertBy(index)),
        headerHash(terms, 'share', shareBy(index)),
      ),
    ),
  );
  const paths = new Map(ledger.u2.map((index, rank) => [index, inclusionPath(tree, rank)]));
  const pathOf = (index: number) => paths.get(index) as readonly Uint8Array[];
  const parts = new Map(
    ledger.u2.map((dealer) => [dealer, partsOf(ledger.shares.get(dealer) as Dealt)]),
  );
  const u2 = toBitmap(ledger.u2, sizeOf(terms));
  ledger.u2Hash = hashOfU2(terms, u2, tree.root);
  return begun('mask', ledger, ledger.u2, (index) =>
    encodeSharesDownlink(terms, index, {
      u2,
      u2Root: tree.root,
      ownPath: pathOf(index),
      neighbours: nearOf(terms, index, ledger.u2).map((dealer) => ({
        header: shareBy(dealer),
        ...(parts.get(dealer)?.get(index) as NonNullable<
          ReturnType<ReturnType<typeof partsOf>['get']>
        >),
        u2Path: pathOf(dealer),
      })),
    }),
  );
}

/** A dealer's parts by holder, each with its place and path under the signed root. */
function partsOf(dealt: Dealt) {
  const tree = merkleTree(dealt.parts.map(({ encoded }) => encoded));
  return new Map(
    dealt.parts.map(({ part, encoded }, i) => [
      part.holder,
      { partIndex: i, part: encoded, partPath: inclusionPath(tree, i) },
    ]),
  );
}

/** U3 is fixed; everybody in it is asked to confirm it. */
export function closeMask(state: CoordinatorState<'mask'>): Closed<'confirm'> {
  const ledger = takeClosable(state);
  const { terms } = ledger;
  ledger.u3 = membersOf(ledger, 'mask');
  const maskBy = saidIn(ledger.masks);
  const tree = merkleTree(ledger.u3.map((index) => headerHash(terms, 'mask', maskBy(index))));
  const rank = new Map(ledger.u3.map((index, i) => [index, i]));
  const u3 = toBitmap(ledger.u3, sizeOf(terms));
  ledger.confirmHeader = encodeConfirmHeader({
    u2Hash: ledger.u2Hash,
    u3Hash: hashOfU3(terms, u3),
    headersRoot: tree.root,
    commitmentsRoot: new Uint8Array(0),
  });
  return begun('confirm', ledger, ledger.u3, (index) =>
    encodeSurvivorsDownlink(terms, index, {
      u3,
      headersRoot: tree.root,
      ownPath: inclusionPath(tree, rank.get(index) as number),
    }),
  );
}

/** The quorum stands; everybody who confirmed is asked for its shares. */
export function closeConfirm(state: CoordinatorState<'confirm'>): Closed<'unmask'> {
  const ledger = takeClosable(state);
  const { terms } = ledger;
  ledger.u4 = membersOf(ledger, 'confirm');
  const maskBy = saidIn(ledger.masks);
  const confirmBy = saidIn(ledger.confirms);
  return begun('unmask', ledger, ledger.u4, (index) => {
    const signers = quorumFor(terms, index, ledger.u4);
    return encodeQuorumDownlink(terms, index, {
      signers: toBitmap(signers, sizeOf(terms)),
      signatures: concat(...signers.map((signer) => confirmBy(signer).signature)),
      maskHeaders: nearOf(terms, index, ledger.u3).map(maskBy),
    });
  });
}

/** All confirming neighbours of a client, and as many others as the quorum still needs. */
function quorumFor(terms: Terms, index: number, confirmed: readonly number[]): readonly number[] {
  const near = nearOf(terms, index, confirmed);
  const isNear = new Set(near);
  const others = confirmed.filter((other) => !isNear.has(other));
  const fill = others.slice(0, Math.max(0, terms.quorum - near.length));
  return [...near, ...fill].sort((a, b) => a - b);
}

const saidIn = (taken: Taken<object>) => (index: number) =>
  (taken.get(index) as { readonly said: Parameters<typeof headerHash>[2] }).said;
