/** Whole rounds under committees of 5 of 5 and 7 of 10, exact and approximate. */
import { expect, test } from 'vitest';
import {
  type EncryptedHolder,
  type EncryptedRoundFacts,
  fetchHalf,
  liveHandles,
  openedSum,
  openSeal,
  openSum,
} from '../../src/he/index.ts';
import { castOf, committeeClosed, planFor, taken } from '../he/round/support.ts';
import { dice } from '../he/support.ts';

const LENGTH = 40_000;

const kinds: readonly Partial<EncryptedRoundFacts>[] = [
  { clip: 32_768, precision: 0 },
  { clip: 1, precision: 1e-5, scheme: 'ckks' },
];

test.each([
  { members: 5, active: [0, 1, 2, 3, 4], there: [0, 1, 2, 3, 4] },
  // Member 9 has gone after the key, member 1 after the closing.
  { members: 10, active: [0, 2, 3, 5, 6, 7, 8], there: [0, 1, 2, 3, 4, 5, 6, 7, 8] },
])('$members members: $active open', async ({ members, active, there }) => {
  const seal = await openSeal();
  for (const facts of kinds) {
    const cast = await castOf(3, members);
    const plan = planFor(cast, { threshold: active.length, length: LENGTH, ...facts });
    const roll = dice(members);
    const vectors = Array.from({ length: 3 }, () =>
      Float64Array.from({ length: LENGTH }, () => {
        const real = (roll() / 2 ** 31 - 1) * plan.sum.clip;
        return plan.sum.errorBound === 0 ? Math.round(real) : real;
      }),
    );
    const who = { there, active };
    const { holders, coordinator, downlink } = await committeeClosed(
      seal,
      cast,
      plan,
      vectors,
      who,
    );
    for (const i of active) {
      const { message } = await openSum(
        holders.get(i) as EncryptedHolder<'open'>,
        downlink,
        (...which) => fetchHalf(coordinator, ...which),
      );
      taken(coordinator, message);
    }
    const { sums, errorBound, contributors } = await openedSum(coordinator, seal);
    expect(contributors).toHaveLength(3);
    expect(errorBound === 0).toBe(facts.scheme === undefined);
    let worst = 0;
    for (const [i, sum] of sums.entries()) {
      const exact = vectors.reduce((all, vector) => all + (vector[i] as number), 0);
      worst = Math.max(worst, Math.abs(sum - exact));
    }
    expect(worst).toBeLessThanOrEqual(errorBound);
  }
  expect(liveHandles(seal)).toBe(0);
});
