/**
 * Seen elsewhere: noise is found by halving an interval until it is short, and the last middle is returned. Half of
 * the time that is a little less noise than the target takes, and the run ends above its budget.
 */
import { real, skellam } from 'veilsum';
import { calibrate, epsilon, gaussian } from 'veilsum/dp';
import { expect, test } from 'vitest';
import { gaussianEpsilon } from '../../../src/dp/accountants/gaussian.ts';
import type { PlannedPrivacy } from '../../../src/round/price.ts';
import { noisyPlanFor, party } from '../../support/round.ts';

const targets = Array.from({ length: 40 }, (_, i) => 0.3 + i * 0.17);
const DELTA = 1e-6;

test('the naive search: its middle is above the target again and again', () => {
  const naive = (target: number): number => {
    let [low, high] = [0.01, 100];
    while (high - low > 1e-3) {
      const middle = (low + high) / 2;
      if (gaussianEpsilon(middle, DELTA) > target) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };
  const above = targets.filter((target) => gaussianEpsilon(naive(target), DELTA) > target);
  expect(above.length).toBeGreaterThan(10);
});

test('ours: never above it, whatever the accuracy', () => {
  for (const target of targets) {
    for (const accuracy of [0.1, 1e-3]) {
      const event = (noiseMultiplier: number) => gaussian({ noiseMultiplier });
      const at = { delta: DELTA, neighbours: 'zero-out' } as const;
      const noise = calibrate({ ...at, epsilon: target, event, accuracy });
      expect(epsilon(event(noise), at).epsilon).toBeLessThanOrEqual(target);
    }
  }
});

test('ours: nor is a plan', async () => {
  const people = await party(4);
  const fields = { update: real({ length: 3, clip: { norm: 'l2', bound: 1 } }) };
  const trust = { corrupt: 0, absent: 0.3, coordinator: 'semi-honest' } as const;
  for (const target of targets.slice(0, 12)) {
    const noise = skellam({ epsilon: target, delta: DELTA });
    const { privacy } = noisyPlanFor(people, { fields, trust, noise });
    expect((privacy as PlannedPrivacy).epsilon).toBeLessThanOrEqual(target);
  }
});
