/**
 * Cutting the graph by withholding.
 *
 * What should a client do about a neighbour whose box does not arrive or does not open? The naive
 * answer is to leave that neighbour out: no share from it, no mask with it. That hands the coordinator
 * a pair of scissors. It lets one client drop out at each of two places of the ring and withholds the
 * few boxes that cross there, in both directions. Everybody agrees on one U2 and one U3; threshold,
 * floor, quorum and window rule all hold, at the very parameters of the active model, with no corrupt
 * client. The two halves share no mask, and two sums open instead of one.
 *
 * Rule (secagg.md, Messages, mask ⚠): mask edges are all graph neighbours in U2, no exceptions. A
 * withheld part is a reason to leave; a signed box that does not open keeps its edge.
 */
import { describe, expect, test } from 'vitest';
import { windowHolds } from '../../../src/secagg/graph.ts';
import { graphParameters } from '../../../src/secagg/graph-parameters.ts';
import {
  actAll,
  advertiseAll,
  advertsFor,
  hostileRound,
  nameOf,
  nearIn,
  quorumFor,
  redeal,
  resultOf,
  sharesFor,
  survivorsFor,
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

/** The plan of this story: k = 6, t = 4, w = 0, floor and quorum 18. */
const trust = { corrupt: '0', absent: '0.1', coordinator: 'active' } as const;
const parameters = graphParameters({ clients: 20, ...trust });

/** By ring position: 0 and 10 drop out after share, and the ring falls in two there. */
const side = (position: number): 'gap' | 'left' | 'right' =>
  position % 10 === 0 ? 'gap' : position < 10 ? 'left' : 'right';
const isCut = (a: number, b: number): boolean =>
  side(a) !== 'gap' && side(b) !== 'gap' && side(a) !== side(b);

test('naive clients that let edges go give the sum of each half', () => {
  const { degree, threshold, window, defaultFloor, quorumBase } = parameters;
  expect({ degree, threshold, window, defaultFloor, quorumBase }).toEqual({
    degree: 6,
    threshold: 4,
    window: 0,
    defaultFloor: 18,
    quorumBase: 11,
  });
  const graph = ringOf(20, degree);
  const round = naiveRound(graph, threshold);
  const survivors = range(20).filter((index) => side(index) !== 'gap');

  // All that the other rules ask for is there.
  for (const index of survivors) {
    const opened = near(graph, index).filter((peer) => !isCut(index, peer));
    expect(opened.length).toBeGreaterThanOrEqual(threshold);
    const signers = near(graph, index).filter((peer) => side(peer) !== 'gap');
    expect(signers.length).toBeGreaterThanOrEqual(threshold);
  }
  expect(survivors.length).toBeGreaterThanOrEqual(Math.max(defaultFloor, quorumBase));
  expect(windowHolds(graph, survivors, window)).toBe(true);

  const uploads = new Map(
    survivors.map((index) => [index, naiveUpload(round, index, (peer) => !isCut(index, peer))]),
  );
  const book = emptyBook();
  for (const holder of survivors) {
    naiveAnswer(round, book, holder, (dealer): Kind | undefined => {
      if (isCut(holder, dealer)) return undefined;
      return side(dealer) === 'gap' ? 'masking' : 'self';
    });
  }
  for (const half of ['left', 'right'] as const) {
    const members = survivors.filter((index) => side(index) === half);
    expect(members.length).toBe(9);
    expect(openSum(round, book, uploads, members)).toEqual(sumOf(members));
  }
});

describe('veilsum', () => {
  const shared = async () => {
    const round = await hostileRound(20, trust);
    await advertiseAll(round);
    await actAll(round, 'share', (to) => advertsFor(round, to));
    const place = (index: number): number => round.terms.graph.positionOf[index] as number;
    const beside = round.everybody.filter((index) =>
      nearIn(round, index, round.everybody).some((peer) => isCut(place(index), place(peer))),
    );
    return { round, place, beside };
  };

  test('parts withheld across the cut: whoever stands beside it leaves, with no upload', async () => {
    const { round, place, beside } = await shared();
    expect(beside.length).toBe(8);
    await actAll(round, 'mask', (to) =>
      sharesFor(round, to, undefined, (content) => ({
        ...content,
        neighbours: content.neighbours.filter(
          ({ header }) => !isCut(place(to), place(header.sender)),
        ),
      })),
    );
    expect([...round.left.keys()]).toEqual(beside);
    for (const error of round.left.values()) {
      expect(error).toMatchObject({ code: 'missing-neighbour', culprits: ['coordinator'] });
    }
    for (const index of beside) expect(round.said.mask.has(index)).toBe(false);
  });

  test('boxes spoilt on the way across the cut: they leave too, since nobody signed that', async () => {
    const { round, place, beside } = await shared();
    await actAll(
      round,
      'mask',
      (to) =>
        sharesFor(round, to, undefined, (content) => ({
          ...content,
          neighbours: content.neighbours.map((neighbour) => {
            if (!isCut(place(to), place(neighbour.header.sender))) return neighbour;
            const part = neighbour.part.slice();
            part[20] = (part[20] as number) ^ 1; // within the box
            return { ...neighbour, part };
          }),
        })),
      beside,
    );
    expect([...round.left.keys()]).toEqual(beside);
    for (const error of round.left.values()) {
      expect(error).toMatchObject({ code: 'bad-downlink', culprits: ['coordinator'] });
    }
    expect(round.said.mask.size).toBe(0);
  });

  test('boxes that their dealer signed and that do not open keep their edges', async () => {
    const { round, place } = await shared();
    const at = (position: number): number => round.terms.graph.at[position] as number;
    // The corrupt client at position 1 spoils its boxes to the two beyond the gap, and stays in.
    const dealer = at(1);
    const beyond = [at(18), at(19)].sort((a, b) => a - b);
    await redeal(round, dealer, (parts) => ({
      parts: parts.map((part) =>
        beyond.includes(part.holder) ? { ...part, box: part.box.map((byte) => byte ^ 1) } : part,
      ),
    }));
    const stay = round.everybody.filter((index) => side(place(index)) !== 'gap');
    await actAll(round, 'mask', (to) => sharesFor(round, to), stay);
    await actAll(round, 'confirm', (to) => survivorsFor(round, to));
    await actAll(round, 'unmask', (to) => quorumFor(round, to));
    expect([...round.left]).toEqual([]);
    // Were an edge gone on one side, the sum would be noise.
    const result = resultOf(round);
    expect(result.sum.votes).toEqual(sumOf(stay));
    expect(result.contributors.length).toBe(18);
    expect(result.refused.map(({ code, claimed }) => ({ code, claimed }))).toEqual(
      beyond.map(() => ({ code: 'bad-share', claimed: nameOf(round, dealer) })),
    );
  });
});
