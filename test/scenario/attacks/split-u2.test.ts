/**
 * Two views of U2.
 *
 * The cut of the graph once more, by another way: nobody's box is withheld. Instead the few clients
 * beside two gaps of the ring are told, before mask, that their neighbours across the gap are not in
 * U2, and mask without them. Each such U2 is large enough and passes every check of the mask phase.
 * Naive clients then agree on who is in the sum (U3) and never compare what each took for U2: two
 * sums open.
 *
 * Rule (secagg.md, Messages, mask, confirm and unmask ⚠): every upload names H(U2), every signature
 * covers it, U3 ⊆ U2, and a client answers only if every graph neighbour in U3 has a mask header with
 * the same H(U2); one missing or different means no answer to anybody.
 */
import { describe, expect, test } from 'vitest';
import {
  actAll,
  agreeingWith,
  type HostileRound,
  hostileRound,
  nearIn,
  quorumFor,
  revealed,
  sharesFor,
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

const trust = { corrupt: '0', absent: '0.1', coordinator: 'active' } as const;
const [clients, degree, threshold, floor] = [20, 6, 4, 18];

/** By ring position: 0 and 10 drop out after share. */
const side = (position: number): 'gap' | 'left' | 'right' =>
  position % 10 === 0 ? 'gap' : position < 10 ? 'left' : 'right';
const isCut = (a: number, b: number): boolean =>
  side(a) !== 'gap' && side(b) !== 'gap' && side(a) !== side(b);

test('naive clients that compare U3 only give the sum of each half', () => {
  const graph = ringOf(clients, degree);
  const round = naiveRound(graph, threshold);
  const survivors = range(clients).filter((index) => side(index) !== 'gap');
  const uploads = new Map(
    survivors.map((index) => {
      const u2 = range(clients).filter(
        (peer) => !(near(graph, index).includes(peer) && isCut(index, peer)),
      );
      expect(u2.length).toBeGreaterThanOrEqual(floor);
      expect(near(graph, index).filter((peer) => u2.includes(peer)).length).toBeGreaterThanOrEqual(
        threshold,
      );
      return [index, naiveUpload(round, index, (peer) => u2.includes(peer))];
    }),
  );
  // One U3, told to all and signed by all. A share that one never took in, one cannot give.
  const book = emptyBook();
  for (const holder of survivors) {
    naiveAnswer(round, book, holder, (dealer): Kind | undefined => {
      if (isCut(holder, dealer)) return undefined;
      return side(dealer) === 'gap' ? 'masking' : 'self';
    });
  }
  for (const half of ['left', 'right'] as const) {
    const members = survivors.filter((index) => side(index) === half);
    expect(openSum(round, book, uploads, members)).toEqual(sumOf(members));
  }
});

describe('veilsum', () => {
  const place = (round: HostileRound, index: number): number =>
    round.terms.graph.positionOf[index] as number;

  test('the same cut: whoever stands beside it sees that U3 is not within its U2', async () => {
    const round = await hostileRound(clients, trust);
    await untilShared(round);
    const cutFrom = (index: number): number[] =>
      nearIn(round, index, round.everybody).filter((peer) =>
        isCut(place(round, index), place(round, peer)),
      );
    const stay = round.everybody.filter((index) => side(place(round, index)) !== 'gap');
    const beside = stay.filter((index) => cutFrom(index).length > 0);
    const u2For = (index: number): number[] =>
      round.everybody.filter((peer) => !cutFrom(index).includes(peer));
    await actAll(round, 'mask', (to) => sharesFor(round, to, u2For(to)), stay);
    expect([...round.left]).toEqual([]); // each view by itself is plausible
    await actAll(round, 'confirm', (to) => survivorsFor(round, to));
    expect([...round.left.keys()]).toEqual(beside);
    for (const error of round.left.values()) {
      expect(error).toMatchObject({ code: 'inconsistent-survivors', culprits: ['coordinator'] });
    }
    // Ten confirmations are left, and the quorum is 18.
    await actAll(round, 'unmask', (to) => quorumFor(round, to));
    for (const index of stay.filter((one) => !beside.includes(one))) {
      expect(round.left.get(index)).toMatchObject({ code: 'no-quorum' });
    }
    expect(round.said.unmask.size).toBe(0);
  });

  /** One client is told another U2, by a member that then drops out: U3 is within both. */
  const oneApart = async () => {
    const round = await hostileRound(clients, trust);
    await untilShared(round);
    const at = (position: number): number => round.terms.graph.at[position] as number;
    const [victim, gone] = [at(5), at(7)];
    const stay = round.everybody.filter((index) => index !== gone);
    await actAll(
      round,
      'mask',
      (to) => sharesFor(round, to, to === victim ? stay : round.everybody),
      stay,
    );
    await actAll(round, 'confirm', (to) => survivorsFor(round, to));
    expect([...round.left]).toEqual([]);
    expect(round.said.confirm.size).toBe(19);
    return { round, victim, gone, stay };
  };

  test('one client with another U2, all others with a quorum: no neighbour of its answers', async () => {
    const { round, victim, stay } = await oneApart();
    const near = nearIn(round, victim, stay);
    expect(agreeingWith(round, near[0] as number).length).toBe(18); // a quorum without it
    await actAll(round, 'unmask', (to) => quorumFor(round, to));
    for (const index of near) {
      expect(round.left.get(index)).toMatchObject({
        code: 'inconsistent-survivors',
        culprits: ['coordinator'],
      });
    }
    expect(round.left.get(victim)).toMatchObject({ code: 'no-quorum', culprits: ['coordinator'] });
    expect(revealed(round).filter(({ dealer }) => dealer === victim)).toEqual([]);
    expect([...round.said.unmask.keys()].some((index) => near.includes(index))).toBe(false);
  });

  test('its header withheld, or its place taken by another: no neighbour of its answers', async () => {
    const { round, victim, gone, stay } = await oneApart();
    const near = nearIn(round, victim, stay);
    const [first, ...rest] = near as [number, ...number[]];
    await actAll(
      round,
      'unmask',
      (to) =>
        quorumFor(
          round,
          to,
          agreeingWith(round, to),
          stay.filter((index) => index !== victim),
        ),
      [first],
    );
    expect(round.left.get(first)).toMatchObject({ code: 'missing-neighbour' });
    // Somebody else's header under the victim's name does not verify.
    const said = { ...round.said, mask: new Map(round.said.mask) };
    const other = stay.find((index) => index !== victim && index !== gone) as number;
    said.mask.set(victim, {
      ...(round.said.mask.get(other) as never as object),
      sender: victim,
    } as never);
    await actAll({ ...round, said }, 'unmask', (to) => quorumFor({ ...round, said }, to), rest);
    for (const index of rest) {
      expect(round.left.get(index)).toMatchObject({
        code: 'bad-signature',
        culprits: ['coordinator'],
      });
    }
    expect(round.said.unmask.size).toBe(0);
  });
});
