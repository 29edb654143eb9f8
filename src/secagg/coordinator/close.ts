/** Closing a phase: fix who is in, and begin the next. */
import { toBitmap } from '../../wire/bitmap.ts';
import { neighbours } from '../graph.ts';
import { encodeConfirmHeader } from '../messages.ts';
import type { Downlinks, Phase } from '../phases.ts';
import { hashOfU2, hashOfU3 } from '../survivors.ts';
import { reachesThreshold, sizeOf } from '../terms.ts';
import { type Announced, announce, treeOfHeaders, treeOfU2 } from './announce.ts';
import { membersOf, takeClosable } from './closable.ts';
import { type CoordinatorState, coordinatorStateOf, type Ledger } from './state.ts';

/** The next state, and each remaining client's own downlink. */
export type Closed<P extends Phase> = {
  readonly next: CoordinatorState<P>;
  readonly downlinks: Downlinks<P>;
};

function begun<P extends Announced>(phase: P, ledger: Ledger): Closed<P> {
  ledger.excluded.clear();
  return { next: coordinatorStateOf(phase, ledger), downlinks: announce(ledger, phase) };
}

/** U1 is fixed; everybody in it gets its neighbours' adverts. */
export function closeAdvertise(state: CoordinatorState<'advertise'>): Closed<'share'> {
  const ledger = takeClosable(state);
  ledger.u1 = membersOf(ledger, 'advertise');
  return begun('share', ledger);
}

/** U2 is fixed; everybody in it gets its neighbours' share parts. */
export function closeShare(state: CoordinatorState<'share'>): Closed<'mask'> {
  const ledger = takeClosable(state);
  const { terms } = ledger;
  ledger.u2 = membersOf(ledger, 'share');
  ledger.u2Hash = hashOfU2(terms, toBitmap(ledger.u2, sizeOf(terms)), treeOfU2(ledger).root);
  return begun('mask', ledger);
}

/** U3 is fixed; everybody in it is asked to confirm it. */
export function closeMask(state: CoordinatorState<'mask'>): Closed<'confirm'> {
  const ledger = takeClosable(state);
  const { terms } = ledger;
  ledger.u3 = membersOf(ledger, 'mask');
  ledger.confirmHeader = encodeConfirmHeader({
    u2Hash: ledger.u2Hash,
    u3Hash: hashOfU3(terms, toBitmap(ledger.u3, sizeOf(terms))),
    headersRoot: treeOfHeaders(ledger).root,
  });
  return begun('confirm', ledger);
}

/** The quorum stands; everybody who confirmed, and whose neighbours did, is asked for its shares. */
export function closeConfirm(state: CoordinatorState<'confirm'>): Closed<'unmask'> {
  const ledger = takeClosable(state);
  ledger.u4 = membersOf(ledger, 'confirm').filter((index) => {
    const near = neighbours(ledger.terms.graph, index);
    const confirmed = near.filter((neighbour) => ledger.confirms.has(neighbour.index));
    return reachesThreshold(ledger.terms, confirmed.length);
  });
  return begun('unmask', ledger);
}
