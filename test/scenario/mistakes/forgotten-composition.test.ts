/**
 * Seen elsewhere: the price of one round is shown for a run of a thousand, because the accountant drops a count on
 * its way through wrappers.
 */
import { real, skellam } from 'veilsum';
import { composed, epsilon, gaussian, inMemoryStorage, openLedger, repeated } from 'veilsum/dp';
import { expect, test } from 'vitest';
import type { PlannedPrivacy } from '../../../src/round/price.ts';
import { gaussianDelta } from '../../reference/renyi-filter.ts';
import { noisyPlanFor, party } from '../../support/round.ts';

const COUNT = 1_000;
const step = gaussian({ noiseMultiplier: 40 });
const at = { delta: 1e-6, neighbours: 'zero-out' } as const;

test('the naive price: of one step; after a thousand its δ is nearly one', () => {
  const shown = epsilon(step, at).epsilon;
  // A thousand steps are one with a thousandth of the variance.
  const multiplier = 40 / Math.sqrt(COUNT);
  expect(gaussianDelta(multiplier, shown)).toBeGreaterThan(0.1);
});

test.each(['best', 'rdp', 'pld'] as const)(
  'ours: %s counts every step, however it is wrapped',
  (accountant) => {
    const runs = [
      repeated({ event: step, count: COUNT }),
      repeated({ event: repeated({ event: step, count: COUNT / 10 }), count: 10 }),
      composed({
        events: [repeated({ event: composed({ events: [step, step] }), count: COUNT / 2 })],
      }),
      Array.from({ length: 10 }, () => repeated({ event: step, count: COUNT / 10 })),
    ];
    for (const run of runs) {
      const { epsilon: found } = epsilon(run, { ...at, accountant });
      expect(gaussianDelta(40 / Math.sqrt(COUNT), found)).toBeLessThanOrEqual(at.delta * 1.000001);
    }
  },
);

test('ours: a ledger counts every step, and a plan every round', async () => {
  const budget = { epsilon: 2, delta: 1e-6 };
  const ledger = await openLedger(inMemoryStorage(), { budget, neighbours: 'zero-out' });
  const plan = new Uint8Array(32);
  const all = repeated({ event: repeated({ event: step, count: COUNT }), count: 1 });
  expect((await ledger.admit({ round: 'all', plan, event: all })).admitted).toBe(false);
  expect((await ledger.admit({ round: 'one', plan, event: step })).admitted).toBe(true);

  const people = await party(4);
  const fields = { update: real({ length: 3, clip: { norm: 'l2', bound: 1 } }) };
  const trust = { corrupt: 0, absent: 0.3, coordinator: 'semi-honest' } as const;
  const multiplier = (rounds: number): number => {
    const noise = skellam({ ...budget, rounds });
    return Number(
      (noisyPlanFor(people, { fields, trust, noise }).privacy as PlannedPrivacy).multiplier,
    );
  };
  expect(multiplier(100) / multiplier(1)).toBeGreaterThan(9);
});
