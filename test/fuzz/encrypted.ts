/**
 * Small encrypted rounds up to any phase, the same in every run: what each party said and was told, holders
 * as they were saved, and the coordinator as it stands. Committees are played for the phases that only
 * they have.
 */
import {
  acceptEncrypted,
  beginCommitteeRound,
  beginEncryptedRound,
  type CommitteeMember,
  checkCommitted,
  chunkOf,
  closeClosing,
  closeCommits,
  closeJoins,
  closeKey,
  closeRoot,
  closeUploads,
  type EncryptedClient,
  type EncryptedCoordinator,
  type EncryptedPhase,
  type EncryptedRound,
  encryptForRound,
  fetchHalf,
  joinCommittee,
  openSeal,
  openSum,
  revealShare,
  type Seal,
  saveHolder,
  signClose,
  signRoot,
  startKeyHolder,
} from '../../src/he/index.ts';
import type { Signer } from '../../src/identity/signer.ts';
import { type Cast, castOf, clientName, diskClaim, planFor } from '../he/round/support.ts';
import { seeded } from './samples.ts';

type ByPhase<T> = Partial<Record<EncryptedPhase, T>>;

/** A round that has come to some phase; nothing of that phase was taken in yet. */
export type Encrypted = {
  readonly seal: Seal;
  readonly cast: Cast;
  readonly plan: EncryptedRound;
  /** What was said in each phase, that of the phase itself too. */
  readonly uplinks: ByPhase<readonly Uint8Array[]>;
  /** What was told before each phase, to one who speaks in it. */
  readonly downlinks: ByPhase<Uint8Array>;
  /** The key holder before its step. */
  readonly saved: ByPhase<Uint8Array>;
  readonly state: EncryptedCoordinator;
  /** Clients that wait for the signed root, and members that wait for all joins. */
  readonly waiting: EncryptedClient<'root'>[];
  readonly joined: CommitteeMember<'reveal'>[];
};

const LENGTH = 10;
let opening: Promise<Seal> | undefined;

/** Plays up to a phase. */
export async function encryptedUntil(phase: EncryptedPhase): Promise<Encrypted> {
  opening ??= openSeal();
  const seal = await opening;
  const isSetup = phase === 'join' || phase === 'reveal';
  return seeded('encrypted', async () => {
    const cast = await castOf(3, isSetup ? 2 : 1);
    return isSetup ? committee(seal, cast, phase) : alone(seal, cast, phase);
  });
}

async function committee(seal: Seal, cast: Cast, phase: 'join' | 'reveal'): Promise<Encrypted> {
  const plan = planFor(cast, { length: LENGTH, threshold: 2 });
  const join = beginCommitteeRound(plan);
  const joins = [];
  for (const signer of cast.holders) {
    joins.push(await joinCommittee(plan, seal, { signer, claim: diskClaim() }));
  }
  const uplinks = { join: joins.map(({ message }) => message) };
  const rest = { seal, cast, plan, saved: {}, waiting: [] };
  if (phase === 'join') return { ...rest, uplinks, downlinks: {}, state: join, joined: [] };
  accepted(join, uplinks.join);
  const { next: state, downlink } = closeJoins(join);
  const joined = joins.map(({ next }) => next);
  const { message } = await revealShare(joined[0] as CommitteeMember<'reveal'>, downlink);
  return {
    ...rest,
    uplinks: { ...uplinks, reveal: [message] },
    downlinks: { reveal: downlink },
    state,
    joined: joined.slice(1),
  };
}

async function alone(
  seal: Seal,
  cast: Cast,
  phase: Exclude<EncryptedPhase, 'join' | 'reveal'>,
): Promise<Encrypted> {
  const plan = planFor(cast, { length: LENGTH });
  const uplinks: ByPhase<readonly Uint8Array[]> = {};
  const downlinks: ByPhase<Uint8Array> = {};
  const saved: ByPhase<Uint8Array> = {};
  const waiting: EncryptedClient<'root'>[] = [];
  const at = (state: EncryptedCoordinator): Encrypted => ({
    ...{ seal, cast, plan, uplinks, downlinks, saved, state, waiting, joined: [] },
  });
  const options = { signer: cast.holders[0] as Signer, claim: diskClaim() };
  const keyed = await startKeyHolder(plan, seal, options);
  saved.root = saveHolder(keyed.next);
  uplinks.key = [keyed.message];
  const first = beginEncryptedRound(plan);
  if (phase === 'key') return at(first);
  accepted(first, uplinks.key);
  const key = closeKey(first);
  downlinks.commit = key.downlink;
  const commits: Uint8Array[] = [];
  for (const [i, signer] of cast.clients.entries()) {
    const values = new Float64Array(LENGTH).fill(i + 1);
    const { next, message } = await encryptForRound(plan, seal, signer, key.downlink, values);
    waiting.push(next);
    commits.push(message);
  }
  uplinks.commit = commits;
  if (phase === 'commit') return at(key.next);
  accepted(key.next, commits);
  const committed = closeCommits(key.next);
  downlinks.root = committed.downlink;
  const rooted = await signRoot(keyed.next, committed.downlink);
  saved.close = saveHolder(rooted.next);
  uplinks.root = [rooted.message];
  if (phase === 'root') return at(committed.next);
  accepted(committed.next, uplinks.root);
  const { next: uploading, downlinks: all } = closeRoot(committed.next);
  // The first client is kept waiting, for whoever wants to tell it something else.
  downlinks.upload = all.get(clientName(0)) as Uint8Array;
  const ready = waiting
    .splice(1)
    .map((state, i) => checkCommitted(state, all.get(clientName(i + 1)) as never));
  uplinks.upload = ready.map((state) => chunkOf(state, 0));
  if (phase === 'upload') return at(uploading);
  accepted(uploading, uplinks.upload);
  const closing = closeUploads(uploading);
  downlinks.close = closing.downlink;
  const closed = await signClose(rooted.next, closing.downlink);
  saved.open = saveHolder(closed.next);
  uplinks.close = [closed.message];
  if (phase === 'close') return at(closing.next);
  accepted(closing.next, uplinks.close);
  const last = closeClosing(closing.next);
  downlinks.open = last.downlink;
  const answered = await openSum(closed.next, last.downlink, (...which) =>
    fetchHalf(last.next, ...which),
  );
  uplinks.open = [answered.message];
  return at(last.next);
}

function accepted(state: EncryptedCoordinator, said: readonly Uint8Array[]): void {
  for (const message of said) {
    const fault = acceptEncrypted(state, message as never);
    if (fault !== undefined) throw new Error(fault.message);
  }
}
