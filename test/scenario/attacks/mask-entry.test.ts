/**
 * Alone in U2.
 *
 * Before mask, the coordinator says whose shares are in (U2), and a client masks against its
 * neighbours in that set. The coordinator tells one victim that U2 is the victim alone. A naive
 * client uploads its vector under its self mask only. Everybody else was told the truth, sees the
 * victim among the survivors, and gives its self-mask shares away. The vector is opened without a
 * single corrupt client, and the parameters of the active model do not help.
 *
 * Rule (secagg.md, Messages, mask ⚠): |U2| ≥ quorum, the own entry and every neighbour's entry under
 * H(U2), and at least t graph neighbours in U2, all with their share parts.
 */
import { describe, expect, test } from 'vitest';
import {
  actAll,
  hostileRound,
  nearIn,
  sharesFor,
  smallActive,
  untilShared,
} from '../support/hostile-round.ts';
import {
  emptyBook,
  inputOf,
  naiveAnswer,
  naiveRound,
  naiveUpload,
  openSum,
  range,
  ringOf,
} from '../support/naive-sum.ts';

const victim = 17;

test('a naive client is opened by its honest neighbours', () => {
  const round = naiveRound(ringOf(200, 52), 37);
  const uploads = new Map([[victim, naiveUpload(round, victim, () => false)]]);
  const book = emptyBook();
  // Everybody else confirms that all 200 are in the sum, which is true, and answers accordingly.
  for (const holder of range(200)) {
    if (holder !== victim) naiveAnswer(round, book, holder, () => 'self');
  }
  expect(openSum(round, book, uploads, [victim])).toEqual(inputOf(victim));
});

describe('veilsum: the client leaves without having uploaded, and blames the coordinator', async () => {
  // One round, and one victim for each lie.
  const round = await hostileRound(30, smallActive, 16);
  await untilShared(round);
  const { threshold } = round.terms.parameters;
  const without = (left: readonly number[]): number[] =>
    round.everybody.filter((index) => !left.includes(index));

  type Lie = {
    readonly told: string;
    readonly code: string;
    readonly u2?: (victim: number, near: readonly number[]) => number[];
    readonly parts?: (near: readonly number[]) => readonly number[];
  };
  const lies: readonly Lie[] = [
    { told: 'U2 = {itself}', code: 'no-quorum', u2: (victim) => [victim] },
    {
      told: 'U2 = itself and its neighbours',
      code: 'no-quorum',
      u2: (victim, near) => [victim, ...near].sort((a, b) => a - b),
    },
    {
      told: 'a quorum without its neighbours',
      code: 'missing-neighbour',
      u2: (_, near) => without(near),
    },
    {
      told: 'a quorum with t − 1 of its neighbours',
      code: 'missing-neighbour',
      u2: (_, near) => without(near.slice(threshold - 1)),
    },
    {
      told: 'a U2 without itself',
      code: 'inconsistent-survivors',
      u2: (victim) => without([victim]),
    },
    { told: 'the true U2 and no share parts', code: 'missing-neighbour', parts: () => [] },
    {
      told: 'the true U2 and all share parts but one',
      code: 'missing-neighbour',
      parts: (near) => near.slice(1),
    },
  ];

  test.each(lies.map((lie, i) => ({ ...lie, victim: 3 * i })))(
    'told $told: $code',
    async ({ code, u2, parts, victim: index }) => {
      const near = nearIn(round, index, round.everybody);
      const set = u2?.(index, near) ?? round.everybody;
      const kept = parts?.(near) ?? near;
      const downlink = sharesFor(round, index, set, (content) => ({
        ...content,
        neighbours: content.neighbours.filter(({ header }) => kept.includes(header.sender)),
      }));
      await actAll(round, 'mask', () => downlink, [index]);
      expect(round.left.get(index)).toMatchObject({ code, culprits: ['coordinator'] });
      expect(round.said.mask.size).toBe(0);
    },
  );

  test('told of entries that are not those of the messages it holds: inconsistent-survivors', async () => {
    const index = 29;
    const swapped = { ...round, said: { ...round.said, advertise: new Map(round.said.advertise) } };
    const [near] = nearIn(round, index, round.everybody) as [number];
    swapped.said.advertise.set(near, round.said.advertise.get((near + 1) % 29) as never);
    await actAll(round, 'mask', (to) => sharesFor(swapped, to), [index]);
    expect(round.left.get(index)).toMatchObject({
      code: 'inconsistent-survivors',
      culprits: ['coordinator'],
    });
    expect(round.said.mask.size).toBe(0);
  });

  test('told the truth, it uploads', async () => {
    await actAll(round, 'mask', (to) => sharesFor(round, to), [28]);
    expect([...round.said.mask.keys()]).toEqual([28]);
  });
});
