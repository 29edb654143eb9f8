/**
 * A committee that opens encrypted sums together. Each of its steps is one function here, for members
 * that live in one process; in a deployment each member does its part on a machine of its own.
 */
import type { ClientId, Signer } from 'veilsum';
import {
  acceptEncrypted,
  beginCommitteeRound,
  type CommitteeMember,
  closeJoins,
  closeReveals,
  type EncryptedCoordinator,
  type EncryptedDownlink,
  type EncryptedHolder,
  type EncryptedPhase,
  type EncryptedRound,
  type EncryptedUplink,
  type FetchHalf,
  type HolderStep,
  joinCommittee,
  openSum,
  receiveShares,
  revealShare,
  type Seal,
  type Stepped,
  signClose,
  signRoot,
} from 'veilsum/he';

/** Members about to do a step, by id. Whoever is not in it is not there. */
export type Members<Step extends HolderStep> = ReadonlyMap<ClientId, EncryptedHolder<Step>>;

/** For messages that nobody has a reason to refuse. */
export function deliver<P extends EncryptedPhase>(
  state: EncryptedCoordinator<P>,
  message: EncryptedUplink<NoInfer<P>>,
): void {
  const fault = acceptEncrypted(state, message);
  if (fault !== undefined) throw new Error(`${fault.phase}: ${fault.code}: ${fault.message}`);
}

/**
 * Makes the committee's key: all commit to their parts of it, show them, deal shares to each other and
 * sign what came out. For this everybody has to be there.
 *
 * @param signers each member's identity
 * @returns the members, and the coordinator that has all signatures under the key
 */
export async function formCommittee(
  plan: EncryptedRound,
  seal: Seal,
  signers: ReadonlyMap<ClientId, Signer>,
): Promise<{
  readonly members: Members<'root'>;
  readonly coordinator: EncryptedCoordinator<'key'>;
}> {
  const first = beginCommitteeRound(plan);
  const joined = new Map<ClientId, CommitteeMember<'reveal'>>();
  for (const [id, signer] of signers) {
    const { next, message } = await joinCommittee(plan, seal, { signer });
    deliver(first, message);
    joined.set(id, next);
  }
  const { next: revealing, downlink } = closeJoins(first);
  const revealed = new Map<ClientId, CommitteeMember<'key'>>();
  for (const [id, member] of joined) {
    const { next, message } = await revealShare(member, downlink);
    deliver(revealing, message);
    revealed.set(id, next);
  }
  const { next: coordinator, downlinks } = closeReveals(revealing);
  const members = new Map<ClientId, EncryptedHolder<'root'>>();
  for (const [id, member] of revealed) {
    const { next, message } = await receiveShares(member, downlinks.get(id) as Uint8Array);
    deliver(coordinator, message);
    members.set(id, next);
  }
  return { members, coordinator };
}

/** Each member that is there checks all commitments and signs their root. */
export const signRoots = (
  members: Members<'root'>,
  coordinator: EncryptedCoordinator<'root'>,
  downlink: EncryptedDownlink<'root'>,
): Promise<Members<'close'>> =>
  eachOf(members, coordinator, (member) => signRoot(member, downlink));

/** Each member that is there signs whose vectors are added, and who opens. */
export const signClosings = (
  members: Members<'close'>,
  coordinator: EncryptedCoordinator<'close'>,
  downlink: EncryptedDownlink<'close'>,
): Promise<Members<'open'>> =>
  eachOf(members, coordinator, (member) => signClose(member, downlink));

/** Each of the active members fetches the ciphertexts, adds them up and answers. */
export const openTogether = (
  members: Members<'open'>,
  coordinator: EncryptedCoordinator<'open'>,
  downlink: EncryptedDownlink<'open'>,
  fetch: FetchHalf,
): Promise<Members<'done'>> =>
  eachOf(members, coordinator, (member) => openSum(member, downlink, fetch));

async function eachOf<From extends HolderStep, To extends HolderStep, P extends EncryptedPhase>(
  members: Members<From>,
  coordinator: EncryptedCoordinator<P>,
  step: (member: EncryptedHolder<From>) => Promise<Stepped<To, EncryptedUplink<NoInfer<P>>>>,
): Promise<Members<To>> {
  const after = new Map<ClientId, EncryptedHolder<To>>();
  for (const [id, member] of members) {
    const { next, message } = await step(member);
    deliver(coordinator, message);
    after.set(id, next);
  }
  return after;
}
