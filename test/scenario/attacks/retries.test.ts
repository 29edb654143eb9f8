/**
 * Two answers.
 *
 * A phone saves its state, crashes, and is restored; or a backup is, later. If a step can be taken
 * again from the saved state, the coordinator gets two answers to one question. Two unmask answers,
 * one for "the victim lives" and one for "the victim is dead", give both secrets of the victim. Two
 * uploads under the same masks give the difference of the two inputs.
 *
 * Rule (secagg.md, State, crashes, retries ⚠): every answer goes through the caller's durable, atomic
 * claim before it leaves; the same bytes may leave again, others never. Without such a store a client
 * leaves the round after a crash. The guarantee is as strong as the store: a client whose store was
 * rolled back counts towards γ, and the last test here shows why.
 */

import type { Signer } from 'veilsum';
import * as client from 'veilsum/client';
import { describe, expect, test } from 'vitest';
import { unpackInto } from '../../../src/ring/packing.ts';
import { subtractInto } from '../../../src/ring/vector.ts';
import { assumptionsOf } from '../../../src/round/assumptions.ts';
import { decodeEnvelope } from '../../../src/wire/envelope.ts';
import { CONTEXT } from '../../support/round.ts';
import {
  actAll,
  advertiseAll,
  advertsFor,
  agreeingWith,
  type HostileRound,
  hostileRound,
  nearIn,
  quorumFor,
  sharesFor,
  smallActive,
  survivorsFor,
  type Votes,
} from '../support/hostile-round.ts';
import {
  emptyBook,
  inputOf,
  naiveAnswer,
  naiveRound,
  naiveUpload,
  near,
  openSum,
  ringOf,
} from '../support/naive-sum.ts';

const victim = 8;

describe('naive clients that answer again', () => {
  const round = naiveRound(ringOf(20, 6), 4);

  test('two unmask answers open the victim', () => {
    const book = emptyBook();
    const uploads = new Map([[victim, naiveUpload(round, victim)]]);
    for (const holder of near(round.graph, victim)) naiveAnswer(round, book, holder, () => 'self');
    expect(openSum(round, book, uploads, [victim])).toBeUndefined();
    // Restored from their backups, and told otherwise.
    for (const holder of near(round.graph, victim)) {
      naiveAnswer(round, book, holder, (dealer) => (dealer === victim ? 'masking' : 'self'));
    }
    expect(openSum(round, book, uploads, [victim])).toEqual(inputOf(victim));
  });

  test('two uploads give the difference of their inputs', () => {
    const [first, second] = [
      [10, 20, 30, 40],
      [11, 19, 30, 140],
    ].map((input) => naiveUpload(round, victim, () => true, input).vector);
    const difference = new Uint32Array(4);
    subtractInto(difference, second as Uint32Array, first as Uint32Array);
    expect([...new Int32Array(difference.buffer)]).toEqual([1, -1, 0, 100]);
  });
});

/** A claim store as an application would keep it: asynchronous, atomic, and, for once, rewindable. */
function store() {
  let rows = new Map<string, string>();
  const claim: client.Claim = async (roundId, phase, digest) => {
    await Promise.resolve(); // the disk
    const key = `${roundId.join()} ${phase}`;
    const known = rows.get(key);
    if (known === undefined) rows.set(key, digest.join());
    return known === undefined ? 'first' : known === digest.join() ? 'same' : 'conflict';
  };
  const backup = () => new Map(rows);
  const rollBack = (to: Map<string, string>): void => {
    rows = to;
  };
  return { claim, backup, rollBack };
}

describe('veilsum', () => {
  const spent = { code: 'state-spent' };
  const start = async () => {
    const round = await hostileRound(24, smallActive, 13);
    const kept = store();
    await advertiseAll(round, (index) => (index === victim ? { claim: kept.claim } : {}));
    const signer = round.signers[victim] as Signer;
    const restored = <N extends 'share' | 'mask' | 'confirm' | 'unmask'>(
      saved: Uint8Array,
      _: N,
    ): client.ClientState<N, Votes> =>
      client.restore(round.reviewed, saved, { signer, claim: kept.claim }) as never;
    const saved = (): Uint8Array => client.save(round.states.get(victim) as never);
    return { round, kept, signer, restored, saved };
  };
  const shareAll = (round: HostileRound): Promise<void> =>
    actAll(round, 'share', (to) => advertsFor(round, to));

  test('shares are never sealed anew', async () => {
    const { round, restored, saved } = await start();
    const at = saved();
    const told = advertsFor(round, victim);
    const { message, next } = await client.share(restored(at, 'share'), told);
    // Other randomness, other plaintexts, the same keys: this must not leave.
    await expect(client.share(restored(at, 'share'), told)).rejects.toMatchObject(spent);
    expect(await client.resend(next)).toEqual(message);
  });

  test('one upload: other inputs are refused, one after the other and at the same time', async () => {
    const { round, restored, saved } = await start();
    await shareAll(round);
    const at = saved();
    const told = sharesFor(round, victim);
    const upload = (votes: number[]) => client.mask<Votes>(restored(at, 'mask'), told, { votes });
    const both = await Promise.allSettled([upload([1, 2, 3, 4]), upload([1, 2, 3, 5])]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [first] = both.filter((one) => one.status === 'fulfilled');
    const [second] = both.filter((one) => one.status === 'rejected');
    expect(second?.reason).toMatchObject(spent);
    // The same input gives the same bytes, so it may leave again.
    const votes = both[0]?.status === 'fulfilled' ? [1, 2, 3, 4] : [1, 2, 3, 5];
    expect((await upload(votes)).message).toEqual(first?.value.message);
    await expect(upload([9, 9, 9, 9])).rejects.toMatchObject(spent);
    // So does another U2: it would leave other edges out.
    const less = round.everybody.filter(
      (index) => index !== nearIn(round, victim, round.everybody)[0],
    );
    const lied = sharesFor(round, victim, less);
    await expect(client.mask<Votes>(restored(at, 'mask'), lied, { votes })).rejects.toMatchObject(
      spent,
    );
  });

  test('one confirmation, one unmask answer', async () => {
    const { round, restored, saved } = await start();
    await shareAll(round);
    await actAll(round, 'mask', (to) => sharesFor(round, to));
    const at = saved();
    const [one] = nearIn(round, victim, round.everybody) as [number];
    const without = round.everybody.filter((index) => index !== one);
    await actAll(round, 'confirm', (to) => survivorsFor(round, to));
    // Told that a neighbour is dead after it signed that it lives, it does not sign again, and so
    // never gets to the point where it would give away the neighbour's other share.
    await expect(
      client.confirm(restored(at, 'confirm'), survivorsFor(round, victim, without)),
    ).rejects.toMatchObject(spent);
    const again = await client.confirm(restored(at, 'confirm'), survivorsFor(round, victim));
    expect(again.message).toEqual(round.messages.confirm.get(victim));

    const before = saved();
    const all = agreeingWith(round, victim);
    const answers = await Promise.all(
      // Different quorums, the same U3: the same answer.
      [all, all.filter((index) => index !== 23), all.filter((index) => index !== 22)].map(
        (signers) => client.unmask(restored(before, 'unmask'), quorumFor(round, victim, signers)),
      ),
    );
    for (const { message } of answers) expect(message).toEqual(answers[0]?.message);
  });

  test('one advert: an identity does not enter a round twice', async () => {
    const { round, kept, signer } = await start();
    const enter = (claim?: client.Claim) =>
      client.advertise(round.reviewed, signer, {
        context: CONTEXT,
        ...(claim === undefined ? {} : { claim }),
      });
    await expect(enter(kept.claim)).rejects.toMatchObject(spent);
    // Nor does one without a store of its own, as long as the process lives.
    const fresh = await hostileRound(24);
    await advertiseAll(fresh);
    await advertiseAll(fresh);
    expect([...fresh.left.values()]).toMatchObject(fresh.everybody.map(() => spent));
  });

  test('without a store of the caller nothing can be saved', async () => {
    const round = await hostileRound(24);
    await advertiseAll(round);
    expect(() => client.save(round.states.get(victim) as never)).toThrow(
      expect.objectContaining({ code: 'claim-required' }),
    );
  });

  test('a store that fails lets nothing leave, and the step can be taken again', async () => {
    const round = await hostileRound(24);
    let isBroken = true;
    const { claim } = store();
    const flaky: client.Claim = (...asked) => {
      if (isBroken && asked[1] === 'share') throw new Error('disk full');
      return claim(...asked);
    };
    await advertiseAll(round, (index) => (index === victim ? { claim: flaky } : {}));
    const state = round.states.get(victim) as client.ClientState<'share', Votes>;
    const told = advertsFor(round, victim);
    await expect(client.share(state, told)).rejects.toThrow('disk full');
    isBroken = false;
    expect((await client.share(state, told)).next.next).toBe('mask');
  });

  test('a store that was rolled back forgets, and that client counts as corrupt', async () => {
    const { round, kept, restored, saved } = await start();
    await shareAll(round);
    const [at, rows] = [saved(), kept.backup()];
    const told = sharesFor(round, victim);
    const [bits] = round.plan.shapes.map(({ modulusBits }) => modulusBits) as [number];
    const upload = async (votes: number[]): Promise<Uint32Array> => {
      const { message } = await client.mask<Votes>(restored(at, 'mask'), told, { votes });
      const { payload } = decodeEnvelope(message, { header: 1_000, payload: 1_000 });
      const words = new Uint32Array(4);
      unpackInto(words, payload, bits);
      return words;
    };
    const first = await upload([10, 20, 30, 40]);
    kept.rollBack(rows);
    const second = await upload([11, 19, 30, 140]);
    // What no protocol can prevent: the difference is in the open.
    const difference = second.map((word, i) => (word - (first[i] as number)) & (2 ** bits - 1));
    expect([...difference]).toEqual([1, 2 ** bits - 1, 0, 100]);
    const stated = assumptionsOf(round.plan).find(({ code }) => code === 'corrupt-clients');
    expect(stated?.text).toMatch(/rolled-back claim stores/);
  });
});
