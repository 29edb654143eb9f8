/** Small encrypted rounds: parties with keys, and the story of a round up to any phase. */
import {
  acceptEncrypted,
  beginCommitteeRound,
  beginEncryptedRound,
  type ChunkStore,
  type CommitteeMember,
  checkCommitted,
  chunkOf,
  closeClosing,
  closeCommits,
  closeJoins,
  closeKey,
  closeReveals,
  closeRoot,
  closeUploads,
  type EncryptedClient,
  type EncryptedCoordinator,
  type EncryptedDownlink,
  type EncryptedRound,
  type EncryptedRoundFacts,
  encryptedRound,
  encryptForRound,
  fetchHalf,
  type HolderClaim,
  joinCommittee,
  type OpenedSum,
  openedSum,
  openSum,
  receiveShares,
  revealShare,
  type Seal,
  signClose,
  signRoot,
  startKeyHolder,
} from '../../../src/he/index.ts';
import type { EncryptedHolder } from '../../../src/he/round/holder-state.ts';
import { type ClientId, type Roster, signRoster } from '../../../src/identity/roster.ts';
import { inMemorySigner, type Signer } from '../../../src/identity/signer.ts';
import { toHex } from '../../../src/internal/bytes.ts';

/** Everybody in a round. */
export type Cast = {
  readonly voucher: Signer;
  readonly clients: readonly Signer[];
  readonly holders: readonly Signer[];
  readonly clientRoster: Roster;
  readonly holderRoster: Roster;
};

export const clientName = (i: number): ClientId => `client-${i}` as ClientId;
export const holderName = (i: number): ClientId => `holder-${i}` as ClientId;

/** Fresh identities. */
export async function castOf(clients: number, holders: number = 1): Promise<Cast> {
  const voucher = inMemorySigner();
  const many = (count: number): Signer[] => Array.from({ length: count }, inMemorySigner);
  const [clientSigners, holderSigners] = [many(clients), many(holders)];
  const listed = (signers: readonly Signer[], name: (i: number) => string) =>
    signers.map(({ publicKey }, i) => ({ id: name(i), publicKey }));
  return {
    voucher,
    clients: clientSigners,
    holders: holderSigners,
    clientRoster: await signRoster(listed(clientSigners, clientName), voucher),
    holderRoster: await signRoster(listed(holderSigners, holderName), voucher),
  };
}

/** A plan for whole numbers up to 1000 under one key holder, unless told otherwise. */
export const planFor = (cast: Cast, facts: Partial<EncryptedRoundFacts> = {}): EncryptedRound =>
  encryptedRound({
    name: 'test',
    clients: cast.clientRoster,
    holders: cast.holderRoster,
    threshold: 1,
    floor: 2,
    length: 5_000,
    clip: 1_000,
    precision: 0,
    ...facts,
  });

/** A claim store that a crash does not touch. */
export function diskClaim(): HolderClaim {
  const disk = new Map<string, string>();
  return async (roundId, phase, digest) => {
    const key = `${toHex(roundId)} ${phase}`;
    const before = disk.get(key);
    if (before === undefined) disk.set(key, toHex(digest));
    await Promise.resolve();
    return before === undefined ? 'first' : before === toHex(digest) ? 'same' : 'conflict';
  };
}

/** A round whose clients have uploaded nothing yet, but may. */
export type Uploading = {
  readonly plan: EncryptedRound;
  readonly holder: EncryptedHolder<'close'>;
  readonly clients: readonly EncryptedClient<'upload'>[];
  readonly coordinator: EncryptedCoordinator<'upload'>;
};

/** Throws what `acceptEncrypted` returns: for messages that must be taken. */
export const taken: typeof acceptEncrypted = (state, message) => {
  const fault = acceptEncrypted(state, message);
  if (fault !== undefined) throw new Error(`${fault.code}: ${fault.message}`);
  return fault;
};

/** Plays a key holder's round until chunks may come; clients without a vector never commit, and some may have a plan of their own. */
export async function untilUpload(
  seal: Seal,
  cast: Cast,
  plan: EncryptedRound,
  vectors: readonly (ArrayLike<number> | undefined)[],
  claim: HolderClaim = diskClaim(),
  plans: readonly EncryptedRound[] = [],
): Promise<Uploading> {
  const keyed = await startKeyHolder(plan, seal, { signer: cast.holders[0] as Signer, claim });
  const first = beginEncryptedRound(plan);
  taken(first, keyed.message);
  const key = closeKey(first);
  const waiting: EncryptedClient<'root'>[] = [];
  for (const [i, values] of vectors.entries()) {
    if (values === undefined) continue;
    const signer = cast.clients[i] as Signer;
    const own = plans[i] ?? plan;
    const { message, next } = await encryptForRound(own, seal, signer, key.downlink, values);
    taken(key.next, message);
    waiting.push(next);
  }
  const committed = closeCommits(key.next);
  const rooted = await signRoot(keyed.next, committed.downlink);
  taken(committed.next, rooted.message);
  const { next, downlinks } = closeRoot(committed.next);
  const clients = waiting.map((state, i) =>
    checkCommitted(state, [...downlinks.values()][i] as Uint8Array),
  );
  return { plan, holder: rooted.next, clients, coordinator: next };
}

/** Closes the uploads and opens the sum. */
export async function toTheEnd(
  { holder, coordinator }: Uploading,
  seal?: Seal,
): Promise<OpenedSum> {
  const closing = closeUploads(coordinator);
  const closed = await signClose(holder, closing.downlink);
  taken(closing.next, closed.message);
  const { next, downlink } = closeClosing(closing.next);
  const opened = await openSum(closed.next, downlink, (...which) => fetchHalf(next, ...which));
  taken(next, opened.message);
  return openedSum(next, seal);
}

/** A committee with its key: every member's state, and the coordinator that may close the key. */
export type Keyed = {
  readonly holders: readonly EncryptedHolder<'root'>[];
  readonly coordinator: EncryptedCoordinator<'key'>;
};

/** Plays a committee's setup to the signed key. */
export async function keyedCommittee(
  seal: Seal,
  cast: Cast,
  plan: EncryptedRound,
  claims: readonly HolderClaim[] = cast.holders.map(() => diskClaim()),
  store?: ChunkStore,
): Promise<Keyed> {
  const first = beginCommitteeRound(plan, store);
  const joined: CommitteeMember<'reveal'>[] = [];
  for (const [i, signer] of cast.holders.entries()) {
    const claim = claims[i] as HolderClaim;
    const { next, message } = await joinCommittee(plan, seal, { signer, claim });
    taken(first, message);
    joined.push(next);
  }
  const joins = closeJoins(first);
  const revealed: CommitteeMember<'key'>[] = [];
  for (const state of joined) {
    const { next, message } = await revealShare(state, joins.downlink);
    taken(joins.next, message);
    revealed.push(next);
  }
  const { next: coordinator, downlinks } = closeReveals(joins.next);
  const holders: EncryptedHolder<'root'>[] = [];
  for (const [i, state] of revealed.entries()) {
    const downlink = downlinks.get(holderName(i)) as Uint8Array;
    const { next, message } = await receiveShares(state, downlink);
    taken(coordinator, message);
    holders.push(next);
  }
  return { holders, coordinator };
}

/** A committee's round up to a signed closing: clients upload all, these members are there. */
export async function committeeClosed(
  seal: Seal,
  cast: Cast,
  plan: EncryptedRound,
  vectors: readonly ArrayLike<number>[],
  { there, active }: { readonly there: readonly number[]; readonly active: readonly number[] },
  claims?: readonly HolderClaim[],
  store?: ChunkStore,
): Promise<{
  readonly holders: ReadonlyMap<number, EncryptedHolder<'open'>>;
  readonly coordinator: EncryptedCoordinator<'open'>;
  readonly downlink: EncryptedDownlink<'open'>;
}> {
  const keyed = await keyedCommittee(seal, cast, plan, claims, store);
  const key = closeKey(keyed.coordinator);
  const waiting: EncryptedClient<'root'>[] = [];
  for (const [i, values] of vectors.entries()) {
    const signer = cast.clients[i] as Signer;
    const { message, next } = await encryptForRound(plan, seal, signer, key.downlink, values);
    taken(key.next, message);
    waiting.push(next);
  }
  const committed = closeCommits(key.next);
  const rooted = new Map<number, EncryptedHolder<'close'>>();
  for (const i of there) {
    const state = keyed.holders[i] as EncryptedHolder<'root'>;
    const { next, message } = await signRoot(state, committed.downlink);
    taken(committed.next, message);
    rooted.set(i, next);
  }
  const { next: uploading, downlinks } = closeRoot(committed.next);
  for (const [i, state] of waiting.entries()) {
    const client = checkCommitted(state, downlinks.get(clientName(i)) as Uint8Array);
    for (let k = 0; k < plan.sum.ciphertexts; k++) taken(uploading, chunkOf(client, k));
  }
  const closing = closeUploads(uploading, active.map(holderName));
  const holders = new Map<number, EncryptedHolder<'open'>>();
  for (const [i, state] of rooted) {
    const { next, message } = await signClose(state, closing.downlink);
    taken(closing.next, message);
    holders.set(i, next);
  }
  const { next, downlink } = closeClosing(closing.next);
  return { holders, coordinator: next, downlink };
}
