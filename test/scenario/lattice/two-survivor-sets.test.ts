/**
 * Two survivor sets of one round.
 *
 * Under lattice masks the sum of the survivors' secrets opens the sum of their words. A coordinator that
 * gets it for two sets has, by taking one from the other, the secret of whoever is in one of them only;
 * and the words of that client are there already. Naive clients answer whatever set they are told, and
 * so the whole vector opens, however long.
 *
 * Rule (secagg.md, Messages, confirm and unmask ⚠): the secrets travel under the round's pairwise masks; a
 * client confirms one set of survivors, once, also after a crash, and answers for what a quorum
 * confirmed, once.
 */
import type { Signer } from 'veilsum';
import { integer } from 'veilsum';
import * as client from 'veilsum/client';
import { expect, test } from 'vitest';
import { randomBytes } from '../../../src/internal/random.ts';
import { type Disk, durableClaim, emptyDisk } from '../../support/durable-claim.ts';
import {
  actAll,
  advertiseAll,
  advertsFor,
  hostileRound,
  openable,
  quorumFor,
  resultOf,
  sharesFor,
  survivorsFor,
  tinyActive,
} from '../support/hostile-round.ts';
import * as naive from '../support/naive-sum.ts';
import { openWith, ownUpload, SIX, sumOf, sumOfHidden, valuesOf } from './naive-lattice.ts';

test('naive clients answer for two sets, and a vector of three blocks opens', () => {
  const [n, victim] = [6, 4];
  const everybody = naive.range(n);
  const roundId = randomBytes(32);
  const sent = everybody.map((index) => ownUpload(SIX, roundId, valuesOf(index)));
  // The secrets go under pairwise masks, in the same message.
  const round = naive.naiveRound(naive.ringOf(n, 4), 3);
  const uploads = new Map(
    sent.map(({ key }, index) => [index, naive.naiveUpload(round, index, undefined, [...key])]),
  );
  const book = naive.emptyBook();
  const open = (members: readonly number[]): Int32Array =>
    Int32Array.from(naive.openSum(round, book, uploads, members) as number[]);

  // First all of them live: an honest sum.
  for (const holder of everybody) naive.naiveAnswer(round, book, holder, () => 'self');
  const all = open(everybody);
  const words = sumOfHidden(sent.map(({ hidden }) => hidden));
  expect(openWith(SIX, roundId, all, words)).toEqual(sumOf(everybody.map(valuesOf)));

  // Then the victim is said to have dropped out.
  const others = everybody.filter((index) => index !== victim);
  for (const holder of others) {
    naive.naiveAnswer(round, book, holder, (dealer) => (dealer === victim ? 'masking' : 'self'));
  }
  const rest = open(others);
  const secret = all.map((x, i) => x - (rest[i] as number));
  const mine = sent[victim] as (typeof sent)[0];
  expect(secret).toEqual(mine.key);
  expect(openWith(SIX, roundId, secret, mine.hidden)).toEqual(valuesOf(victim));
});

test('ours: a client that confirmed one set confirms no other, restored or not, and answers once', async () => {
  const fields = { votes: integer({ length: 4, min: 0, max: 1_000, mask: 'lattice' }) };
  const round = await hostileRound(12, tinyActive, undefined, fields);
  expect(round.terms.lattice?.fields).toEqual([0]);
  const disks = round.everybody.map(emptyDisk);
  const claimOf = (index: number) => durableClaim(disks[index] as Disk);
  await advertiseAll(round, (index) => ({ claim: claimOf(index) }));
  await actAll(round, 'share', (to) => advertsFor(round, to));
  await actAll(round, 'mask', (to) => sharesFor(round, to));
  const unconfirmed = new Map(round.states);
  const saved = round.everybody.map((index) => client.save(round.states.get(index) as never));
  await actAll(round, 'confirm', (to) => survivorsFor(round, to));
  const unanswered = new Map(round.states);
  await actAll(round, 'unmask', (to) => quorumFor(round, to));
  expect([...round.left]).toEqual([]);
  expect(resultOf(round).sum.votes).toEqual(naive.sumOf(round.everybody));
  // What came out: self masks only. Another set needs the masking seed of somebody in this one.
  expect(openable(round, 'self')).toEqual(round.everybody);
  expect(openable(round, 'masking')).toEqual([]);

  const victim = 4;
  const others = round.everybody.filter((index) => index !== victim);
  const spent = expect.objectContaining({ code: 'state-spent' });
  for (const index of others) {
    const told = survivorsFor(round, index, others) as never;
    await expect(client.confirm(unconfirmed.get(index) as never, told)).rejects.toEqual(spent);
    const signer = round.signers[index] as Signer;
    const restored = (claim: client.Claim) =>
      client.restore(round.reviewed, saved[index] as Uint8Array, { signer, claim });
    const again = restored(claimOf(index)) as never;
    await expect(client.confirm(again, told)).rejects.toEqual(spent);
    // It is the claim that does it: a client that lost its disk would believe the second set.
    const forgetful = restored(durableClaim(emptyDisk())) as never;
    await expect(client.confirm(forgetful, told)).resolves.toHaveProperty('message');
    const quorum = quorumFor(round, index) as never;
    await expect(client.unmask(unanswered.get(index) as never, quorum)).rejects.toEqual(spent);
  }
});
