/** A coordinator that plans a round itself, and a holder that signs twice: two sums that differ by one vector. */
import { beforeAll, expect, test } from 'vitest';
import { ProtocolError } from '../../../src/errors.ts';
import {
  beginCommitteeRound,
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
  type EncryptedHolder,
  encryptForRound,
  fetchHalf,
  type HolderClaim,
  joinCommittee,
  openedSum,
  openSeal,
  openSum,
  readEncryptedRound,
  receiveShares,
  restoreHolder,
  revealShare,
  type Seal,
  saveHolder,
  signClose,
  signRoot,
} from '../../../src/he/index.ts';
import type { Signer } from '../../../src/identity/signer.ts';
import { castOf, clientName, diskClaim, holderName, planFor, taken } from './support.ts';

let seal: Seal;
beforeAll(async () => {
  seal = await openSeal();
});

test('a plan of the coordinator’s with too small a quorum opens two sums, and is refused by default', async () => {
  const cast = await castOf(3, 3);
  // One holder of three is corrupt, as a threshold of 2 allows; two signatures close.
  const plan = planFor(cast, { threshold: 2, corrupt: 0, length: 10 });
  expect(plan.quorum).toBe(2);
  const forgetful: HolderClaim = () => 'first';
  const claims = [forgetful, diskClaim(), diskClaim()];
  // The coordinator keeps two books of one round.
  const books = [beginCommitteeRound(plan), beginCommitteeRound(plan)] as const;
  const both = <T>(make: (i: 0 | 1) => T): readonly [T, T] => [make(0), make(1)];
  const joined: CommitteeMember<'reveal'>[] = [];
  for (const [i, signer] of cast.holders.entries()) {
    const step = await joinCommittee(plan, seal, { signer, claim: claims[i] as HolderClaim });
    both((at) => taken(books[at], step.message));
    joined.push(step.next);
  }
  const joins = both((at) => closeJoins(books[at]));
  const members: CommitteeMember<'key'>[] = [];
  for (const state of joined) {
    const step = await revealShare(state, joins[0].downlink);
    both((at) => taken(joins[at].next, step.message));
    members.push(step.next);
  }
  const reveals = both((at) => closeReveals(joins[at].next));
  const keyed: EncryptedHolder<'root'>[] = [];
  for (const [i, state] of members.entries()) {
    const shares = reveals[0].downlinks.get(holderName(i)) as Uint8Array;
    const step = await receiveShares(state, shares);
    both((at) => taken(reveals[at].next, step.message));
    keyed.push(step.next);
  }
  const keys = both((at) => closeKey(reveals[at].next));
  const waiting = [];
  for (const [i, signer] of cast.clients.entries()) {
    const vector = new Float64Array(10).fill(10 ** i);
    const step = await encryptForRound(plan, seal, signer, keys[0].downlink, vector);
    both((at) => taken(keys[at].next, step.message));
    waiting.push(step.next);
  }
  const commits = both((at) => closeCommits(keys[at].next));
  const rooted: EncryptedHolder<'close'>[] = [];
  for (const state of keyed) {
    const step = await signRoot(state, commits[0].downlink);
    both((at) => taken(commits[at].next, step.message));
    rooted.push(step.next);
  }
  const roots = both((at) => closeRoot(commits[at].next));
  for (const [i, state] of waiting.entries()) {
    const client = checkCommitted(state, roots[0].downlinks.get(clientName(i)) as Uint8Array);
    taken(roots[0].next, chunkOf(client, 0));
    if (i !== 2) taken(roots[1].next, chunkOf(client, 0));
  }
  // Holder 0 is there twice; 1 and 2 sign and open but once.
  const [corrupt, one, two] = rooted as [
    (typeof rooted)[0],
    (typeof rooted)[0],
    (typeof rooted)[0],
  ];
  const options = { signer: cast.holders[0] as Signer, claim: forgetful };
  const copy = restoreHolder(plan, seal, saveHolder(corrupt), options) as EncryptedHolder<'close'>;
  const opened = async (at: 0 | 1, active: number[], states: EncryptedHolder<'close'>[]) => {
    const closing = closeUploads(roots[at].next, active.map(holderName));
    const closed = [];
    for (const state of states) {
      const step = await signClose(state, closing.downlink);
      taken(closing.next, step.message);
      closed.push(step.next);
    }
    const { next, downlink } = closeClosing(closing.next);
    for (const state of closed) {
      const step = await openSum(state, downlink, (...which) => fetchHalf(next, ...which));
      taken(next, step.message);
    }
    return (await openedSum(next, seal)).sums[0];
  };
  expect(await opened(0, [0, 1], [corrupt, one])).toBe(111);
  // The vector of client 2 is the difference.
  expect(await opened(1, [0, 2], [copy, two])).toBe(11);

  const voucher = cast.voucher.publicKey;
  const policy = { clientVoucher: voucher, holderVoucher: voucher, floor: 2, threshold: 2 };
  const refused = (() => {
    try {
      readEncryptedRound(plan.bytes, policy);
    } catch (error) {
      return error as ProtocolError;
    }
    return undefined;
  })();
  expect(refused).toBeInstanceOf(ProtocolError);
  expect(refused).toMatchObject({ code: 'plan-refused', culprits: ['coordinator'] });
  // Who trusts the holders more says so.
  expect(readEncryptedRound(plan.bytes, { ...policy, corrupt: 0 }).quorum).toBe(2);
  expect(readEncryptedRound(planFor(cast, { threshold: 2 }).bytes, policy).quorum).toBe(3);
});
