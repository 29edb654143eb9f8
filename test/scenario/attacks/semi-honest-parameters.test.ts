/**
 * Semi-honest parameters under a lying coordinator.
 *
 * Degree and threshold of the semi-honest model are made against corrupt neighbours and random
 * dropouts. Here naive clients do confirm, each asking for t of its neighbours' signatures on the U3
 * it was told. The coordinator cuts the ring in two views at the victim and once more far away: on the
 * left the victim lives, on the right it is dead. Every client sees t neighbours of its own view; the
 * left half gives the victim's self mask, the right half its masking seed. There is no corrupt client,
 * and any victim will do.
 *
 * Rule (secagg.md, Messages ⚠): the active model's (k, t), by the semi-malicious search, and the
 * quorum; a client's policy refuses a semi-honest plan unless it says otherwise.
 */

import { planBytes } from 'veilsum';
import { readPlan } from 'veilsum/client';
import { describe, expect, test } from 'vitest';
import { graphParameters } from '../../../src/secagg/graph-parameters.ts';
import {
  actAll,
  hostileRound,
  nearIn,
  quorumFor,
  sharesFor,
  survivorsFor,
  untilShared,
} from '../support/hostile-round.ts';
import {
  countOf,
  emptyBook,
  inputOf,
  type Kind,
  naiveAnswer,
  naiveRound,
  naiveUpload,
  near,
  openSum,
  range,
  ringOf,
} from '../support/naive-sum.ts';

const n = 100;

/** Whether a client is told that `victim` lives: those on its left, and itself. */
const toldAlive = (victim: number, index: number): boolean => (victim - index + n) % n < n / 2;

/** What naive clients answer; only those who find t signatures of neighbours for their view do. */
function attack(degree: number, threshold: number, victim: number) {
  const round = naiveRound(ringOf(n, degree), threshold);
  const alive = (index: number): boolean => toldAlive(victim, index);
  const willing = range(n).filter((index) => {
    const same = near(round.graph, index).filter((peer) => alive(peer) === alive(index));
    return same.length >= threshold;
  });
  const book = emptyBook();
  for (const holder of willing) {
    naiveAnswer(
      round,
      book,
      holder,
      (dealer): Kind => (dealer === victim && !alive(holder) ? 'masking' : 'self'),
    );
  }
  const uploads = new Map([[victim, naiveUpload(round, victim)]]);
  return { round, book, willing, opened: openSum(round, book, uploads, [victim]) };
}

describe('naive clients with neighbourhood signatures', () => {
  const facts = { clients: n, corrupt: '0.05', absent: '0.05' } as const;
  const listening = graphParameters({ ...facts, coordinator: 'semi-honest' });
  const lying = graphParameters({ ...facts, coordinator: 'active' });

  test.each([0, 33, 99])('at the semi-honest (12, 6) victim %i is opened', (victim) => {
    expect([listening.degree, listening.threshold]).toEqual([12, 6]);
    // Each view misses at most one client: far above any floor.
    const { opened, willing } = attack(listening.degree, listening.threshold, victim);
    expect(willing.length).toBe(n);
    expect(opened).toEqual(inputOf(victim));
  });

  test('at the active (22, 14) those beside a cut say nothing, and no victim is opened', () => {
    expect([lying.degree, lying.threshold]).toEqual([22, 14]);
    const { book, willing, opened } = attack(lying.degree, lying.threshold, 33);
    expect(willing.length).toBe(n - 4 * 3);
    expect(opened).toBeUndefined();
    expect(countOf(book, 'self', 33)).toBeLessThan(lying.threshold);
    expect(countOf(book, 'masking', 33)).toBeLessThan(lying.threshold);
  });
});

describe('veilsum', () => {
  test('a client refuses a semi-honest plan by default', async () => {
    const { people, plan } = await hostileRound(30, {
      corrupt: '0.05',
      absent: '0.05',
      coordinator: 'semi-honest',
    });
    expect(() => readPlan(planBytes(plan), { voucher: people.voucher.publicKey })).toThrow(
      expect.objectContaining({ code: 'plan-refused', culprits: ['coordinator'] }),
    );
  });

  test.each(['active', 'semi-honest'] as const)(
    '%s model: the two views have no quorum, and nobody answers',
    async (coordinator) => {
      const round = await hostileRound(24, { corrupt: '0.05', absent: '0.05', coordinator });
      const { terms } = round;
      const place = (index: number): number => terms.graph.positionOf[index] as number;
      const victim = terms.graph.at[9] as number;
      await untilShared(round);
      await actAll(round, 'mask', (to) => sharesFor(round, to));
      const without = round.everybody.filter((index) => index !== victim);
      const seesAlive = (index: number): boolean => (9 - place(index) + 24) % 24 < 12;
      const u3For = (to: number): readonly number[] => (seesAlive(to) ? round.everybody : without);
      await actAll(round, 'confirm', (to) => survivorsFor(round, to, u3For(to)));
      expect([...round.left]).toEqual([]); // each view by itself is plausible
      expect(round.said.confirm.size).toBe(24);
      // Where the neighbourhood is all of one view, its signatures alone would do for a naive client.
      const content = nearIn(round, victim, round.everybody).filter((index) => seesAlive(index));
      expect(content.length).toBe(terms.parameters.degree / 2);
      await actAll(round, 'unmask', (to) => quorumFor(round, to, undefined, u3For(to)));
      expect(round.left.size).toBe(24);
      for (const error of round.left.values()) {
        expect(error).toMatchObject({ code: 'no-quorum', culprits: ['coordinator'] });
      }
      expect(round.said.unmask.size).toBe(0);
    },
  );
});
