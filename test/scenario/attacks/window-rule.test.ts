/**
 * Chosen dropouts.
 *
 * Who dropped out is the coordinator's word. It calls two blocks of neighbouring ring positions
 * dropped, everybody agrees, floor and quorum hold, and the clients between the two blocks are left
 * with nobody but each other: their few vectors open as a sum of their own. At the parameters of the
 * semi-honest model, which assume that dropouts do not look at the graph, no corrupt client is needed.
 * At those of the active model a corrupt set that happens to lie in the blocks is: those clients stay,
 * sign, and are no obstacle.
 *
 * Rule (secagg.md, Messages, confirm ⚠): every k/2 consecutive ring positions hold at least w + 1
 * members of U3, so at least one honest one.
 */

import { census, close } from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { graphParameters } from '../../../src/secagg/graph-parameters.ts';
import {
  actAll,
  honestUntil,
  hostileRound,
  quorumFor,
  resultOf,
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
import { arcsOf, sharesOfKind } from '../support/views.ts';

describe('naive clients that confirm whatever is large enough', () => {
  test('semi-honest parameters, no corrupt client: the sum of seven opens', () => {
    const { degree, threshold, defaultFloor } = graphParameters({
      clients: 100,
      corrupt: '0.05',
      absent: '0.33',
      coordinator: 'semi-honest',
    });
    expect([degree, threshold, defaultFloor]).toEqual([28, 6, 67]);
    const graph = ringOf(100, degree);
    const round = naiveRound(graph, threshold);
    // Two blocks of k/2 = 14, and seven clients between them.
    const isDead = (index: number): boolean => index < 14 || (index >= 21 && index < 35);
    const survivors = range(100).filter((index) => !isDead(index));
    const between = range(21).slice(14);
    expect(survivors.length).toBeGreaterThanOrEqual(defaultFloor);
    for (const index of survivors) {
      const alive = near(graph, index).filter((peer) => !isDead(peer)).length;
      expect(alive).toBeGreaterThanOrEqual(threshold);
    }
    const uploads = new Map(survivors.map((index) => [index, naiveUpload(round, index)]));
    const book = emptyBook();
    for (const holder of survivors) {
      naiveAnswer(round, book, holder, (dealer): Kind => (isDead(dealer) ? 'masking' : 'self'));
    }
    expect(openSum(round, book, uploads, between)).toEqual(sumOf(between));
    expect(openSum(round, book, uploads, [17])).toBeUndefined(); // seven, not one
  });

  /** Sets only: n = 1000 with the planned k = 58, t = 40, and who holds shares of whom. */
  test('active parameters, 22 of 50 corrupt clients in the blocks: the sum of fifty opens', () => {
    const { degree, threshold, window, corruptCount, absentCount } = graphParameters({
      clients: 1_000,
      corrupt: '0.05',
      absent: '0.05',
      coordinator: 'active',
    });
    expect([degree, threshold, window, corruptCount, absentCount]).toEqual([58, 40, 16, 50, 50]);
    const half = degree / 2;
    const [first, second] = [range(half), range(half).map((i) => i + half + 50)];
    const corrupt = new Set([...first.slice(0, 11), ...second.slice(0, 11)]);
    const dead = new Set([...first, ...second].filter((index) => !corrupt.has(index)));
    expect(dead.size).toBeLessThanOrEqual(absentCount);
    const graph = ringOf(1_000, degree);
    const told = (_: number, dealer: number): Kind => (dead.has(dealer) ? 'masking' : 'self');
    const signs = (index: number): boolean => !dead.has(index);
    const book = sharesOfKind(graph, corrupt, (holder) => signs(holder), told);
    for (const index of range(1_000)) {
      if (corrupt.has(index)) continue;
      if (signs(index)) {
        expect(near(graph, index).filter(signs).length).toBeGreaterThanOrEqual(threshold);
      }
      expect(book(dead.has(index) ? 'masking' : 'self', index)).toBeGreaterThanOrEqual(threshold);
    }
    const arcs = arcsOf(graph, (index) => !corrupt.has(index) && !dead.has(index));
    expect(arcs.map((arc) => arc.length).sort((a, b) => a - b)).toEqual([50, 892]);
  });
});

describe('veilsum', async () => {
  const round = await hostileRound(30, smallActive, 16);
  const { terms } = round;
  await untilShared(round);
  await actAll(round, 'mask', (to) => sharesFor(round, to));
  const at = (position: number): number => terms.graph.at[position % 30] as number;
  const without = (positions: readonly number[]): number[] =>
    round.everybody.filter((index) => !positions.map(at).includes(index));

  test.each([
    ['two blocks of k/2 around an arc', [0, 1, 2, 10, 11, 12], 5],
    ['one block of k/2', [0, 1, 2], 15],
    ['two positions side by side (a window with w = 1 member)', [0, 1], 16],
    ['two positions with one between them', [0, 2], 17],
    ['two positions side by side, across the end of the ring', [29, 30], 18],
  ] as const)('refuses to confirm without %s', async (_, positions, position) => {
    const to = at(position);
    expect(without(positions).length).toBeGreaterThanOrEqual(terms.floor);
    await actAll(round, 'confirm', () => survivorsFor(round, to, without(positions)), [to]);
    expect(round.left.get(to)).toMatchObject({
      code: 'window-rule',
      culprits: ['coordinator'],
    });
    expect(round.said.confirm.size).toBe(0);
  });

  test('refuses fewer than the floor, itself missing, and strangers to U2', async () => {
    const lies = [
      [at(19), 'below-floor', round.everybody.filter((_, i) => i < 15 || i === at(19)).slice(-15)],
      [at(20), 'inconsistent-survivors', round.everybody.filter((index) => index !== at(20))],
    ] as const;
    for (const [to, code, u3] of lies) {
      await actAll(round, 'confirm', () => survivorsFor(round, to, u3), [to]);
      expect(round.left.get(to)).toMatchObject({ code, culprits: ['coordinator'] });
    }
    expect(round.said.confirm.size).toBe(0);
  });

  test('an honest coordinator does not even ask', () => {
    for (const position of [0, 1]) round.messages.mask.delete(at(position));
    const { state } = honestUntil(round, 'mask');
    expect(census(state)).toMatchObject({ canClose: false });
    expect(() => close(state)).toThrow(expect.objectContaining({ code: 'window-rule' }));
  });

  test('dropouts that keep apart are no reason to stop', async () => {
    const fresh = await hostileRound(30, smallActive, 16);
    await untilShared(fresh);
    const apart = range(30).filter((position) => position % 3 !== 0);
    const stay = apart.map((position) => fresh.terms.graph.at[position] as number);
    stay.sort((a, b) => a - b);
    await actAll(fresh, 'mask', (to) => sharesFor(fresh, to), stay);
    await actAll(fresh, 'confirm', (to) => survivorsFor(fresh, to));
    await actAll(fresh, 'unmask', (to) => quorumFor(fresh, to));
    expect([...fresh.left]).toEqual([]);
    expect(resultOf(fresh).sum.votes).toEqual(sumOf(stay));
  });
});
