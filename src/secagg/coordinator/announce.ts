/**
 * What the coordinator tells every client at the start of a phase. It depends on what came in and
 * nothing else, so it can be worked out again at any time: after a crash, or for a lost message.
 */
import { concat } from '../../internal/bytes.ts';
import { toBitmap } from '../../wire/bitmap.ts';
import type { SignedHeader } from '../../wire/envelope.ts';
import { inclusionPath, type MerkleTree, merkleTree } from '../../wire/merkle.ts';
import {
  encodeAdvertsDownlink,
  encodeQuorumDownlink,
  encodeSharesDownlink,
  encodeSurvivorsDownlink,
} from '../downlinks.ts';
import { neighbours } from '../graph.ts';
import type { Downlink, Downlinks, Phase } from '../phases.ts';
import { headerHash } from '../signed.ts';
import { u2Leaf } from '../survivors.ts';
import { idAt, sizeOf, type Terms } from '../terms.ts';
import {
  type CoordinatorState,
  type Dealt,
  isAmong,
  type Ledger,
  ledgerOf,
  standingIn,
  type Taken,
} from './state.ts';

/** The phases that begin with a downlink. */
export type Announced = Exclude<Phase, 'advertise'>;

/**
 * Every client's own downlink of the state's phase, as `close` gave them. The state stays usable.
 *
 * @throws UsageError `state-spent`
 * **Cost**: about n·k entries of encoding; hybrid ones of 2 kB.
 */
export function downlinks<P extends Announced>(state: CoordinatorState<P>): Downlinks<P> {
  return announce(ledgerOf(state), state.phase);
}

/** Every member's own downlink. */
export function announce<P extends Announced>(ledger: Ledger, phase: P): Downlinks<P> {
  const one = announcers[phase](ledger);
  const { expected } = standingIn(ledger, phase);
  return new Map(expected.map((index) => [idAt(ledger.terms, index), one(index) as Downlink<P>]));
}

const announcers: {
  readonly [P in Announced]: (ledger: Ledger) => (index: number) => Downlink<P>;
} = {
  /** The neighbours' adverts. */
  share: (ledger) => {
    const { terms, u1 } = ledger;
    const saidBy = saidIn(ledger.adverts);
    return (index) =>
      encodeAdvertsDownlink(terms, index, { adverts: nearOf(terms, index, u1).map(saidBy) });
  },

  /** U2, and the neighbours' share parts, with the proofs that they hold. */
  mask: (ledger) => {
    const { terms, u2 } = ledger;
    const shareBy = saidIn(ledger.shares);
    const tree = treeOfU2(ledger);
    const rank = new Map(u2.map((index, i) => [index, i]));
    const pathOf = (index: number) => inclusionPath(tree, rank.get(index) as number);
    const parts = new Map(
      u2.map((dealer) => [dealer, partsOf(ledger.shares.get(dealer) as Dealt)]),
    );
    const bitmap = toBitmap(u2, sizeOf(terms));
    return (index) =>
      encodeSharesDownlink(terms, index, {
        u2: bitmap,
        u2Root: tree.root,
        ownPath: pathOf(index),
        neighbours: nearOf(terms, index, u2).map((dealer) => ({
          header: shareBy(dealer),
          ...(parts.get(dealer)?.get(index) as PlacedPart),
          u2Path: pathOf(dealer),
        })),
      });
  },

  /** U3. */
  confirm: (ledger) => {
    const { terms, u3 } = ledger;
    const tree = treeOfHeaders(ledger);
    const rank = new Map(u3.map((index, i) => [index, i]));
    const bitmap = toBitmap(u3, sizeOf(terms));
    return (index) =>
      encodeSurvivorsDownlink(terms, index, {
        u3: bitmap,
        headersRoot: tree.root,
        ownPath: inclusionPath(tree, rank.get(index) as number),
      });
  },

  /** A quorum's signatures, and the neighbours' mask headers. */
  unmask: (ledger) => {
    const { terms, u3 } = ledger;
    const confirmed = [...ledger.confirms.keys()].sort((a, b) => a - b);
    const maskBy = saidIn(ledger.masks);
    const confirmBy = saidIn(ledger.confirms);
    return (index) => {
      const signers = quorumFor(terms, index, confirmed);
      return encodeQuorumDownlink(terms, index, {
        signers: toBitmap(signers, sizeOf(terms)),
        signatures: concat(...signers.map((signer) => confirmBy(signer).signature)),
        maskHeaders: nearOf(terms, index, u3).map(maskBy),
      });
    };
  },
};

/** The Merkle tree over U2's leaves in roster order. */
export const treeOfU2 = ({ terms, u2, adverts, shares }: Ledger): MerkleTree =>
  merkleTree(
    u2.map((index) =>
      u2Leaf(
        index,
        headerHash(terms, 'advertise', saidIn(adverts)(index)),
        headerHash(terms, 'share', saidIn(shares)(index)),
      ),
    ),
  );

/** The Merkle tree over U3's signed mask headers in roster order. */
export const treeOfHeaders = ({ terms, u3, masks }: Ledger): MerkleTree =>
  merkleTree(u3.map((index) => headerHash(terms, 'mask', saidIn(masks)(index))));

/** A part with its place and path under its dealer's signed root. */
type PlacedPart = {
  readonly partIndex: number;
  readonly part: Uint8Array;
  readonly partPath: readonly Uint8Array[];
};

/** A dealer's parts by holder. */
function partsOf(dealt: Dealt): ReadonlyMap<number, PlacedPart> {
  const tree = merkleTree(dealt.parts.map(({ encoded }) => encoded));
  return new Map(
    dealt.parts.map(({ part, encoded }, i) => [
      part.holder,
      { partIndex: i, part: encoded, partPath: inclusionPath(tree, i) },
    ]),
  );
}

/** All confirming neighbours of a client, and as many others as the quorum still needs. */
function quorumFor(terms: Terms, index: number, confirmed: readonly number[]): readonly number[] {
  const near = nearOf(terms, index, confirmed);
  const isNear = new Set(near);
  const others = confirmed.filter((other) => !isNear.has(other));
  const fill = others.slice(0, Math.max(0, terms.quorum - near.length));
  return [...near, ...fill].sort((a, b) => a - b);
}

const nearOf = (terms: Terms, index: number, members: readonly number[]): readonly number[] =>
  neighbours(terms.graph, index)
    .map((neighbour) => neighbour.index)
    .filter((other) => isAmong(members, other))
    .sort((a, b) => a - b);

const saidIn =
  (taken: Taken<object>) =>
  (index: number): SignedHeader =>
    (taken.get(index) as { readonly said: SignedHeader }).said;
