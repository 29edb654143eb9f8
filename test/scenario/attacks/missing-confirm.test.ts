/**
 * No confirm step.
 *
 * After the uploads the coordinator tells every client who is in the sum, and the clients give one
 * share a neighbour: of the self mask if it is in, of the masking seed if it dropped out. Naive
 * clients take that telling for true. The coordinator tells everybody that one victim lives and that
 * all the victim's neighbours are dead; each neighbour itself hears that it lives. No two shares of
 * one client leave one holder, every list is as long as the floor, and yet the victim's self mask and
 * all its pair masks open.
 *
 * Rule (secagg.md, Messages, confirm and unmask ⚠): clients first sign the one U3 they were told, and
 * answer only when a global quorum signed the same; an honest client signs once.
 */
import { describe, expect, test } from 'vitest';
import {
  actAll,
  agreeingWith,
  hostileRound,
  openable,
  quorumFor,
  resultOf,
  revealed,
  sharesFor,
  smallActive,
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

test('naive clients isolate one of them', () => {
  const [n, degree, threshold, floor, victim] = [40, 6, 4, 34, 20];
  const graph = ringOf(n, degree);
  const round = naiveRound(graph, threshold);
  const uploads = new Map(range(n).map((index) => [index, naiveUpload(round, index)]));
  const isNear = new Set(near(graph, victim));
  const book = emptyBook();
  for (const holder of range(n)) {
    const told = range(n).filter((index) => !isNear.has(index) || index === holder);
    expect(told.length).toBeGreaterThanOrEqual(floor);
    naiveAnswer(
      round,
      book,
      holder,
      (dealer): Kind => (told.includes(dealer) ? 'self' : 'masking'),
    );
  }
  expect(openSum(round, book, uploads, [victim])).toEqual(inputOf(victim));
  // Not by both secrets of anybody.
  for (const index of range(n)) {
    const both = (['self', 'masking'] as const).map((kind) => countOf(book, kind, index));
    expect(Math.min(...both)).toBeLessThan(threshold);
  }
});

describe('veilsum: the same two stories, told to 30 clients', () => {
  /** Two views of U3, both true to form: 15 clients hear that all live, 15 that two neighbours of the
   * victim are dead (as many as the window rule lets pass near each other). */
  const split = async (firstView: number) => {
    const round = await hostileRound(30, smallActive, 16);
    const { terms } = round;
    const at = (position: number): number => terms.graph.at[position] as number;
    const dead = [at(8), at(11)]; // the victim stands at 10
    await untilShared(round);
    await actAll(round, 'mask', (to) => sharesFor(round, to));
    const first = new Set([...dead, at(10)]);
    for (const index of round.everybody) if (first.size < firstView) first.add(index);
    const survivors = round.everybody.filter((index) => !dead.includes(index));
    await actAll(round, 'confirm', (to) =>
      survivorsFor(round, to, first.has(to) ? round.everybody : survivors),
    );
    expect([...round.left]).toEqual([]);
    expect(round.said.confirm.size).toBe(30);
    return { round, first, dead, survivors };
  };

  test('half and half: nobody has a quorum, and signatures of the other view do not verify', async () => {
    const { round, first, survivors } = await split(15);
    // Every other client gets the other view's signatures as a filling.
    const isFilled = (to: number): boolean => to % 2 === 0;
    await actAll(round, 'unmask', (to) =>
      quorumFor(
        round,
        to,
        isFilled(to) ? survivors : undefined,
        first.has(to) ? undefined : survivors,
      ),
    );
    expect(round.left.size).toBe(30);
    for (const [index, error] of round.left) {
      const code = isFilled(index) ? 'bad-signature' : 'no-quorum';
      expect(error).toMatchObject({ code, culprits: ['coordinator'] });
    }
    expect(round.said.unmask.size).toBe(0);
  });

  test('a quorum for one view: the other view is answered by nobody', async () => {
    const { round, first, dead, survivors } = await split(13);
    expect(agreeingWith(round, survivors.find((index) => !first.has(index)) as number).length).toBe(
      17,
    );
    await actAll(round, 'unmask', (to) =>
      quorumFor(round, to, undefined, first.has(to) ? undefined : survivors),
    );
    for (const index of first) {
      expect(round.left.get(index)).toMatchObject({ code: 'no-quorum', culprits: ['coordinator'] });
      expect(round.said.unmask.has(index)).toBe(false);
    }
    // What was answered is about one and the same U3: nobody's both secrets, no living one's seed.
    for (const { dealer, kind } of revealed(round)) {
      expect(kind).toBe(dead.includes(dealer) ? 'masking' : 'self');
    }
    const self = openable(round, 'self');
    expect(openable(round, 'masking').filter((index) => self.includes(index))).toEqual([]);
    // veilsum's own coordinator, which tells all the truth, has no quorum for it either.
    expect(() => resultOf(round)).toThrow(expect.objectContaining({ code: 'no-quorum' }));
  });
});
