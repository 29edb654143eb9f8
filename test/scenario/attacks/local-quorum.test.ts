/**
 * Distant arcs, different sets.
 *
 * Naive clients confirm U3 and ask for the signatures of t neighbours. So each neighbourhood agrees
 * with itself, and a coordinator that tells distant arcs of the ring different sets is believed
 * everywhere: each arc hears that a few of its own number dropped out, as many as the floor allows, and
 * that all others live. Every view holds the floor; the sum that opens holds far fewer.
 *
 * Rule (secagg.md, Messages, unmask ⚠): at least max(floor, Q0) distinct members of U3, wherever they
 * stand, signed the same content. Two such quorums share an honest client, and that one signs once.
 */
import { describe, expect, test } from 'vitest';
import {
  actAll,
  agreeingWith,
  hostileRound,
  quorumFor,
  sharesFor,
  smallActive,
  survivorsFor,
  untilShared,
} from '../support/hostile-round.ts';
import {
  emptyBook,
  type Kind,
  naiveAnswer,
  naiveRound,
  naiveUpload,
  near,
  openSum,
  range,
  ringOf,
  sumOf,
} from '../support/naive-sum.ts';
import { flipsOf, sharesOfKind, shuffled } from '../support/views.ts';

describe('naive clients with neighbourhood signatures', () => {
  /** Hand-sized: k = 6, t = 3, four arcs of ten, and a floor of 38 of 40. */
  test('every client sees 38 contributors, and the sum that opens holds 32', () => {
    const [n, threshold, floor] = [40, 3, 38];
    const graph = ringOf(n, 6);
    const round = naiveRound(graph, threshold);
    const arc = (index: number): number => Math.floor(index / 10);
    const isDead = (index: number): boolean => [4, 5].includes(index % 10);
    // A client hears of the dead of its own arc only.
    const toldDead = (to: number, index: number): boolean =>
      isDead(index) && arc(index) === arc(to);
    const alive = range(n).filter((index) => !isDead(index));
    for (const to of alive) {
      const view = range(n).filter((index) => !toldDead(to, index));
      expect(view.length).toBeGreaterThanOrEqual(floor);
      const signers = near(graph, to).filter((peer) => !isDead(peer) && arc(peer) === arc(to));
      expect(signers.length).toBeGreaterThanOrEqual(threshold);
    }
    const uploads = new Map(range(n).map((index) => [index, naiveUpload(round, index)]));
    const book = emptyBook();
    for (const holder of alive) {
      naiveAnswer(
        round,
        book,
        holder,
        (dealer): Kind => (toldDead(holder, dealer) ? 'masking' : 'self'),
      );
    }
    expect(alive.length).toBe(32);
    expect(openSum(round, book, uploads, alive)).toEqual(sumOf(alive));
  });

  /** Sets only: n = 1000 at the published active (52, 37), γ = δ = 0.05, a random corrupt set. */
  test('at (52, 37), n = 1000, every view holds 950 and far fewer are in the sum', () => {
    const [n, degree, threshold, mostDead] = [1_000, 52, 37, 50];
    const graph = ringOf(n, degree);
    const corrupt = new Set(shuffled(n, 'local quorum').slice(0, 50));
    const flips = flipsOf(graph, threshold, corrupt, 4);
    expect(flips.length).toBeGreaterThanOrEqual(2);
    // Positions just behind a flip belong to the next view.
    const viewOf = (position: number): number => {
      const after = flips.findIndex((flip) => position <= flip);
      return Math.max(after, 0);
    };
    const dead = new Set<number>();
    flips.forEach((_, view) => {
      const arc = range(n).filter((position) => viewOf(position) === view);
      const inner = arc.filter((position) =>
        range(2 * degree).every(
          (j) => viewOf((position + j) % n) === view && viewOf((position - j + n) % n) === view,
        ),
      );
      let told = 0;
      for (const position of inner) {
        if (told === mostDead || corrupt.has(position)) continue;
        const around = range(degree + 1).filter((j) => dead.has((position - j + n) % n)).length;
        if (around >= degree - threshold) continue;
        dead.add(position);
        told++;
      }
    });
    const isHonest = (index: number): boolean => !corrupt.has(index);
    const agrees = (a: number, b: number): boolean => corrupt.has(b) || viewOf(a) === viewOf(b);
    const answers = (index: number): boolean =>
      isHonest(index) &&
      !dead.has(index) &&
      near(graph, index).filter((peer) => !dead.has(peer) && agrees(index, peer)).length >=
        threshold;
    const told = (holder: number, dealer: number): Kind =>
      dead.has(dealer) && viewOf(dealer) === viewOf(holder) ? 'masking' : 'self';
    const shares = sharesOfKind(graph, corrupt, answers, told);
    const honest = range(n).filter(isHonest);
    for (const index of honest) {
      expect(shares(dead.has(index) ? 'masking' : 'self', index)).toBeGreaterThanOrEqual(threshold);
    }
    const views = flips.map(
      (_, view) => n - [...dead].filter((position) => viewOf(position) === view).length,
    );
    expect(Math.min(...views)).toBeGreaterThanOrEqual(950);
    const inSum = honest.filter((index) => !dead.has(index)).length;
    expect(inSum).toBeLessThan(950 - 50); // fewer honest contributors than floor − A
  });
});

describe('veilsum', () => {
  test('two arcs told different sets have no quorum, and nobody answers', async () => {
    const round = await hostileRound(30, smallActive, 16);
    const { terms } = round;
    const place = (index: number): number => terms.graph.positionOf[index] as number;
    await untilShared(round);
    await actAll(round, 'mask', (to) => sharesFor(round, to));
    const arc = (index: number): number => Math.floor(place(index) / 15);
    const isDead = (index: number): boolean => [4, 7, 10].includes(place(index) % 15);
    const u3For = (to: number): number[] =>
      round.everybody.filter((index) => !(isDead(index) && arc(index) === arc(to)));
    const alive = round.everybody.filter((index) => !isDead(index));
    await actAll(round, 'confirm', (to) => survivorsFor(round, to, u3For(to)), alive);
    expect([...round.left]).toEqual([]);
    expect(agreeingWith(round, alive[0] as number).length).toBe(12);
    await actAll(round, 'unmask', (to) => quorumFor(round, to, undefined, u3For(to)), alive);
    expect(round.left.size).toBe(24);
    for (const error of round.left.values()) {
      expect(error).toMatchObject({ code: 'no-quorum', culprits: ['coordinator'] });
    }
    expect(round.said.unmask.size).toBe(0);
  });

  test('a client is not asked twice: a second set of survivors is never signed', async () => {
    const round = await hostileRound(24);
    await untilShared(round);
    await actAll(round, 'mask', (to) => sharesFor(round, to));
    const [first] = round.everybody as [number];
    const state = round.states.get(first);
    await actAll(round, 'confirm', (to) => survivorsFor(round, to), [first]);
    round.states.set(first, state as never);
    const others = round.everybody.filter((index) => index !== first + 1);
    await actAll(round, 'confirm', (to) => survivorsFor(round, to, others), [first]);
    expect(round.left.get(first)).toMatchObject({ code: 'state-spent' });
  });
});
