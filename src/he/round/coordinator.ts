/**
 * The coordinator's steps once there is a key. It passes on what others signed, keeps ciphertexts, and adds; it can stop a
 * round, but it cannot make holders open anything than the sum of enough committed vectors.
 *
 *     closeKey → closeCommits → closeRoot → closeUploads → closeClosing → openedSum
 *
 * Between two of them `acceptEncrypted` takes in messages.
 */
import { UsageError } from '../../errors.ts';
import { type ClientId, rosterIndex } from '../../identity/roster.ts';
import { assertInteger } from '../../internal/assert.ts';
import { sha256 } from '../../internal/sha256.ts';
import { encode } from '../../wire/cbor.ts';
import { encodeEnvelope } from '../../wire/envelope.ts';
import { inclusionPath, type MerkleTree, merkleTree } from '../../wire/merkle.ts';
import {
  advance,
  type Committed,
  type CoordinatorLedger,
  type EncryptedCoordinator,
  idIn,
  ledgerOf,
  requireEnough,
  signedBy,
} from './coordinator-state.ts';
import type { Half } from './key-holder.ts';
import {
  chunkLength,
  commitLeaf,
  encodeClose,
  encodeQuorum,
  encodeRoot,
  halfLength,
} from './messages.ts';
import { type EncryptedDownlink, phaseNumber } from './phases.ts';
import { type EncryptedRound, isKeyHolder } from './plan.ts';

/**
 * Ends the phase `commit`: who has not committed is not in the sum.
 *
 * @param state consumed unless this throws
 * @returns the state that takes signed roots, and the same downlink for every holder
 * @throws ProtocolError `below-floor`
 * @throws UsageError `state-spent`
 */
export function closeCommits(state: EncryptedCoordinator<'commit'>): {
  readonly next: EncryptedCoordinator<'root'>;
  readonly downlink: EncryptedDownlink<'root'>;
} {
  const ledger = ledgerOf(state);
  const { plan, keyHash, commits } = ledger;
  requireEnough('below-floor', 'clients that committed', commits.size, plan.floor);
  const order = [...commits.keys()].sort((a, b) => a - b);
  const all = order.map((sender) => committedIn(ledger, sender));
  const tree = merkleTree(all.map(({ said }) => commitLeaf(plan, said)));
  const { roundId } = plan;
  const phase = phaseNumber('commit');
  const downlink = encode(
    all.map(({ said, hashes }) => encodeEnvelope({ ...said, phase, roundId, payload: hashes })),
  );
  ledger.order = order;
  ledger.tree = tree;
  ledger.rootHeader = encodeRoot({ keyHash, root: tree.root, size: tree.size });
  return { next: advance(state, 'root'), downlink };
}

/**
 * Ends the phase `root`.
 *
 * @param state consumed unless this throws
 * @returns the state that takes chunks, and a downlink for each client that committed
 * @throws ProtocolError `no-quorum`
 * @throws UsageError `state-spent`
 */
export function closeRoot(state: EncryptedCoordinator<'root'>): {
  readonly next: EncryptedCoordinator<'upload'>;
  readonly downlinks: ReadonlyMap<ClientId, EncryptedDownlink<'upload'>>;
} {
  const { plan, roots, rootHeader, order, tree } = ledgerOf(state);
  requireEnough('no-quorum', 'holders that signed the root', roots.size, plan.quorum);
  const quorum = encodeQuorum(plan, { header: rootHeader, ...signedBy(roots) });
  const downlinks = new Map(
    order.map((sender, index) => [
      idIn(plan.clients, sender),
      encode([quorum, index, inclusionPath(tree as MerkleTree, index)]),
    ]),
  );
  return { next: advance(state, 'upload'), downlinks };
}

/**
 * Ends the phase `upload`: who is not complete is not in the sum.
 *
 * @param state consumed unless this throws
 * @param active who shall open, exactly as many as the threshold; default: the first that signed the
 *   root. It cannot be changed later, so choose holders that are there
 * @returns the state that takes signed closings, and the same downlink for every holder
 * @throws ProtocolError `below-floor`, `below-threshold`
 * @throws UsageError `unknown-id`, `duplicate-id`, `state-spent`
 */
export function closeUploads(
  state: EncryptedCoordinator<'upload'>,
  active?: readonly ClientId[],
): {
  readonly next: EncryptedCoordinator<'close'>;
  readonly downlink: EncryptedDownlink<'close'>;
} {
  const ledger = ledgerOf(state);
  const { plan, order, roots, rootHeader } = ledger;
  const isComplete = (sender: number): boolean =>
    committedIn(ledger, sender).count === plan.sum.ciphertexts && !ledger.excluded.has(sender);
  const contributors = order.filter(isComplete);
  requireEnough('below-floor', 'complete uploads', contributors.length, plan.floor);
  const chosen =
    active?.map((id) => holderAt(plan, id)) ?? [...roots.keys()].slice(0, plan.threshold);
  const members = [...new Set(chosen)].sort((a, b) => a - b);
  if (members.length !== chosen.length || chosen.length > plan.threshold) {
    throw new UsageError(
      'duplicate-id',
      `closeUploads: active: got ${chosen.length} holders, expected ${plan.threshold} different ones`,
    );
  }
  requireEnough('below-threshold', 'active holders', members.length, plan.threshold);
  ledger.contributors = contributors;
  ledger.active = members;
  const close = { rootHash: sha256(rootHeader), contributors, active: ledger.active };
  ledger.closeHeader = encodeClose(plan, close);
  return { next: advance(state, 'close'), downlink: ledger.closeHeader.slice() };
}

/**
 * Ends the phase `close`.
 *
 * @param state consumed unless this throws
 * @returns the state that takes answers, the same downlink for every active holder, and who they are
 * @throws ProtocolError `no-quorum`
 * @throws UsageError `state-spent`
 */
export function closeClosing(state: EncryptedCoordinator<'close'>): {
  readonly next: EncryptedCoordinator<'open'>;
  readonly downlink: EncryptedDownlink<'open'>;
  readonly active: readonly ClientId[];
} {
  const { plan, closes, closeHeader, active } = ledgerOf(state);
  requireEnough('no-quorum', 'holders that signed the closing', closes.size, plan.quorum);
  const downlink = encodeQuorum(plan, { header: closeHeader, ...signedBy(closes) });
  const ids = active.map((holder) => idIn(plan.holders, holder));
  return { next: advance(state, 'open'), downlink, active: ids };
}

/**
 * What an active holder fetches: one half of a contributor's ciphertext.
 *
 * @param state of the phase `open`
 * @param half `mask`, or with a lone key holder `body`
 * @param sender position on the roster of clients
 * @param index 0 to `plan.sum.ciphertexts − 1`
 * @throws UsageError `out-of-range` for who does not contribute, or for another half than a holder needs;
 *   `state-spent`; `wrong-type` if the store gives no chunk back
 *
 * **Security**: members of a committee get masks only. With bodies too, one that has an uploading client on
 * its side would need nobody else.
 */
export async function fetchHalf(
  state: EncryptedCoordinator<'open'>,
  half: Half,
  sender: number,
  index: number,
): Promise<Uint8Array> {
  const { plan, store, contributors } = ledgerOf(state);
  if (half !== 'mask' && !(half === 'body' && isKeyHolder(plan))) {
    throw new UsageError('out-of-range', 'fetchHalf: got another half than a holder needs');
  }
  if (!contributors.includes(sender)) {
    throw new UsageError('out-of-range', `fetchHalf: got sender ${sender}, expected a contributor`);
  }
  assertInteger('fetchHalf: index', index, 0, plan.sum.ciphertexts - 1);
  return halfOf(plan, half, await store.get(sender, index));
}

/** A view of a half of what the store gave back. @throws UsageError `wrong-type` if that is no chunk */
export function halfOf(plan: EncryptedRound, half: Half, chunk: Uint8Array): Uint8Array {
  const length = halfLength(plan);
  const at = half === 'mask' ? 4 + length : 4;
  if (chunk instanceof Uint8Array && chunk.length === chunkLength(plan)) {
    return chunk.subarray(at, at + length);
  }
  throw new UsageError('wrong-type', 'store: got no chunk back, expected the one put into it');
}

const committedIn = ({ commits }: CoordinatorLedger, sender: number): Committed =>
  commits.get(sender) as Committed;

function holderAt({ holders }: EncryptedRound, id: ClientId): number {
  const at = rosterIndex(holders, id);
  if (at !== undefined) return at;
  throw new UsageError('unknown-id', `closeUploads: active: got "${id}", expected a holder`);
}
