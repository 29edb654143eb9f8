/** The audit of whole rounds on counts that show a good part of what a round is said to cost: five minutes. */
import { discreteGaussian, skellam } from 'veilsum';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { auditArms, auditSlots } from '../stat/audit.ts';
import { shutDoor } from '../support/noise-door.ts';

vi.mock('../../src/dp/sampler/noise-tables.ts', async (original) =>
  (await import('../support/noise-door.ts')).throughDoor(original),
);
vi.mock('../../src/dp/sampler/draw.ts', async (original) =>
  (await import('../support/noise-door.ts')).throughDoor(original),
);
afterEach(shutDoor);

describe.each([
  ['Skellam', skellam],
  ['discrete Gaussian', discreteGaussian],
] as const)('%s noise', (_, law) => {
  test('shows a third of what it is said to cost, and never more than all', async () => {
    const noise = law({ epsilon: 6, delta: 1e-5 });
    const { claim, found } = await auditSlots({ noise, rounds: 1_000, divideBy: 1, length: 4_000 });
    expect(found).toBeLessThanOrEqual(claim);
    expect(found).toBeGreaterThan(claim / 3);
  });

  test('shows no more than its joint price, with a client in two fields and without it', async () => {
    const noise = law({ epsilon: 6, delta: 1e-5 });
    const { claim, found } = await auditArms({ noise, rounds: 900, divideBy: 1 });
    expect(found).toBeLessThanOrEqual(claim);
    expect(found).toBeGreaterThan(0.1);
  });

  test('shows more than its joint price if it is a quarter as wide', async () => {
    const noise = law({ epsilon: 1, delta: 0.3 });
    const { claim, found } = await auditArms({ noise, rounds: 450, divideBy: 4 });
    expect(found).toBeGreaterThan(claim);
  });
});
