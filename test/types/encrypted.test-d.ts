/** The steps of an encrypted round in another order do not compile. */
import {
  acceptEncrypted,
  beginCommitteeRound,
  beginEncryptedRound,
  checkCommitted,
  chunkOf,
  closeClosing,
  closeCommits,
  closeJoins,
  closeKey,
  closeReveals,
  closeRoot,
  closeUploads,
  type EncryptedRound,
  encryptForRound,
  fetchHalf,
  joinCommittee,
  openedSum,
  openSum,
  receiveShares,
  revealShare,
  type Seal,
  signClose,
  signRoot,
  startKeyHolder,
} from '../../src/he/index.ts';
import type { Signer } from '../../src/identity/index.ts';

export async function encrypted(plan: EncryptedRound, seal: Seal, signer: Signer): Promise<void> {
  const keyed = await startKeyHolder(plan, seal, { signer });
  const first = beginEncryptedRound(plan);
  acceptEncrypted(first, keyed.message);
  // @ts-expect-error nothing to commit to before there is a key
  closeCommits(first);
  const key = closeKey(first);
  // @ts-expect-error a key does not fit where a commit is asked for
  acceptEncrypted(key.next, keyed.message);
  const { message, next } = await encryptForRound(
    plan,
    seal,
    signer,
    key.downlink,
    new Float64Array(1),
  );
  acceptEncrypted(key.next, message);
  // @ts-expect-error no ciphertext is shown before the root was checked
  chunkOf(next, 0);
  // @ts-expect-error nor is the key a signed root
  checkCommitted(next, key.downlink);
  const commits = closeCommits(key.next);
  // @ts-expect-error a closing comes after the root
  signClose(keyed.next, commits.downlink);
  const rooted = await signRoot(keyed.next, commits.downlink);
  const { next: uploading, downlinks } = closeRoot(commits.next);
  const client = checkCommitted(next, downlinks.get(plan.clients.clients[0]?.id as never) as never);
  acceptEncrypted(uploading, chunkOf(client, 0));
  // @ts-expect-error the root is not checked twice
  checkCommitted(client, new Uint8Array(0));
  const closing = closeUploads(uploading);
  // @ts-expect-error nothing is opened that was not signed
  openSum(rooted.next, closing.downlink, () => new Uint8Array(0));
  const closed = await signClose(rooted.next, closing.downlink);
  const { next: opening, downlink } = closeClosing(closing.next);
  // @ts-expect-error ciphertexts are fetched when the sum is closed
  fetchHalf(closing.next, 'mask', 0, 0);
  const opened = await openSum(closed.next, downlink, (...which) => fetchHalf(opening, ...which));
  // @ts-expect-error one answer a round
  openSum(opened.next, downlink, (...which) => fetchHalf(opening, ...which));
  acceptEncrypted(opening, opened.message);
  await openedSum(opening);
}

export async function committee(plan: EncryptedRound, seal: Seal, signer: Signer): Promise<void> {
  const state = beginCommitteeRound(plan);
  // @ts-expect-error a committee has no key before its members revealed
  closeKey(state);
  const joined = await joinCommittee(plan, seal, { signer });
  acceptEncrypted(state, joined.message);
  const joins = closeJoins(state);
  // @ts-expect-error nothing is received before one's own part is revealed
  receiveShares(joined.next, joins.downlink);
  const revealed = await revealShare(joined.next, joins.downlink);
  acceptEncrypted(joins.next, revealed.message);
  const { next, downlinks } = closeReveals(joins.next);
  // @ts-expect-error a part is revealed once
  revealShare(revealed.next, joins.downlink);
  const [downlink] = downlinks.values();
  // @ts-expect-error a member is no holder before it has its share
  signRoot(revealed.next, downlink);
  const keyed = await receiveShares(revealed.next, downlink as never);
  acceptEncrypted(next, keyed.message);
  closeKey(next);
}
