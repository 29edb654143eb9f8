/**
 * The coordinator's side of one round, with the committee and the neighbours in the same process: the
 * story in one function, which waits for the page where it needs it, up to a deadline.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientId, clientId, inMemorySigner, type Signer, signRoster } from 'veilsum';
import {
  acceptEncrypted,
  checkCommitted,
  chunkOf,
  closeClosing,
  closeCommits,
  closeKey,
  closeRoot,
  closeUploads,
  type EncryptedClient,
  type EncryptedCoordinator,
  type EncryptedFault,
  type EncryptedRound,
  encryptedRound,
  encryptForRound,
  fetchHalf,
  type OpenedSum,
  openedSum,
  type Seal,
} from 'veilsum/he';
import {
  deliver,
  formCommittee,
  openTogether,
  signClosings,
  signRoots,
} from '../04-encrypted-mean/committee.ts';
import { BLACK, blot, LENGTH, NEIGHBOURS } from './drawing.ts';

const MEMBERS = 5;
const THRESHOLD = 3;
const PAGE = clientId('page');

/** What the page can ask for and say. What it asks for comes when it is there. */
export type HostedRound = {
  readonly plan: EncryptedRound;
  readonly key: () => Promise<Uint8Array>;
  readonly root: () => Promise<Uint8Array>;
  readonly sum: () => Promise<OpenedSum>;
  /** Takes a message in, or says why not. */
  readonly commit: (message: Uint8Array) => Promise<EncryptedFault | undefined>;
  readonly chunk: (message: Uint8Array) => Promise<EncryptedFault | undefined>;
};

/** What a round is given. */
export type Hosting = {
  readonly seal: Seal;
  /** Signs the rosters; here the server has it, elsewhere somebody who knows the people. */
  readonly voucher: Signer;
  /** How long the page may take for its commit and for its upload, in milliseconds; then the round goes on. */
  readonly patience: number;
};

/** Begins a round in which the page has this public key. */
export async function hostRound(
  pageKey: Uint8Array,
  { seal, voucher, patience }: Hosting,
): Promise<HostedRound> {
  const named = (count: number, name: string): ReadonlyMap<ClientId, Signer> =>
    new Map(Array.from({ length: count }, (_, i) => [clientId(`${name}-${i}`), inMemorySigner()]));
  const neighbours = named(NEIGHBOURS, 'neighbour');
  const members = named(MEMBERS, 'member');
  const listed = (signers: ReadonlyMap<ClientId, Signer>) =>
    [...signers].map(([id, { publicKey }]) => ({ id, publicKey }));
  const plan = encryptedRound({
    name: 'drawings',
    clients: await signRoster([...listed(neighbours), { id: PAGE, publicKey: pageKey }], voucher),
    holders: await signRoster(listed(members), voucher),
    threshold: THRESHOLD,
    floor: 3,
    length: LENGTH,
    clip: BLACK,
    precision: 0,
  });

  const key = Promise.withResolvers<Uint8Array>();
  const root = Promise.withResolvers<Uint8Array>();
  const committing = Promise.withResolvers<EncryptedCoordinator<'commit'>>();
  const uploading = Promise.withResolvers<EncryptedCoordinator<'upload'>>();
  const committed = Promise.withResolvers<void>();
  const uploaded = Promise.withResolvers<void>();
  const page = (done: Promise<void>): Promise<void> =>
    Promise.race([done, sleep(patience, undefined, { ref: false })]);

  const play = async (): Promise<OpenedSum> => {
    const formed = await formCommittee(plan, seal, members);
    const keyed = closeKey(formed.coordinator);
    key.resolve(keyed.downlink);
    committing.resolve(keyed.next);

    const waiting = new Map<ClientId, EncryptedClient<'root'>>();
    for (const [i, [id, signer]] of [...neighbours].entries()) {
      const said = await encryptForRound(plan, seal, signer, keyed.downlink, blot(i));
      deliver(keyed.next, said.message);
      waiting.set(id, said.next);
    }
    await page(committed.promise);
    const commits = closeCommits(keyed.next);
    const rooted = await signRoots(formed.members, commits.next, commits.downlink);
    const uploads = closeRoot(commits.next);
    const forPage = uploads.downlinks.get(PAGE);
    if (forPage !== undefined) root.resolve(forPage);
    else root.reject(new Error('the page has not committed in time'));
    uploading.resolve(uploads.next);

    for (const [id, state] of waiting) {
      const client = checkCommitted(state, uploads.downlinks.get(id) as Uint8Array);
      for (let index = 0; index < plan.sum.ciphertexts; index++) {
        deliver(uploads.next, chunkOf(client, index));
      }
    }
    if (forPage !== undefined) await page(uploaded.promise);
    const closing = closeUploads(uploads.next);
    const closed = await signClosings(rooted, closing.next, closing.downlink);
    const opening = closeClosing(closing.next);
    const active = new Map([...closed].filter(([id]) => opening.active.includes(id)));
    await openTogether(active, opening.next, opening.downlink, (...which) =>
      fetchHalf(opening.next, ...which),
    );
    return openedSum(opening.next, seal);
  };

  const sum = play();
  // Whoever waits for something that will not come is told why.
  for (const gate of [key, root, committing, uploading]) {
    gate.promise.catch(() => {});
    sum.catch(gate.reject);
  }

  let chunks = 0;
  return {
    plan,
    key: () => key.promise,
    root: () => root.promise,
    sum: () => sum,
    commit: async (message) => {
      const fault = acceptEncrypted(await committing.promise, message);
      if (fault === undefined) committed.resolve();
      return fault;
    },
    chunk: async (message) => {
      const fault = acceptEncrypted(await uploading.promise, message);
      if (fault === undefined && ++chunks === plan.sum.ciphertexts) uploaded.resolve();
      return fault;
    },
  };
}
