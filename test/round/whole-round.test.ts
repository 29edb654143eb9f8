/** Whole rounds, end to end: the sum is exact, whoever vanishes when. */
import { describe, expect, test } from 'vitest';
import { integer, real, weightedMean } from '../../src/index.ts';
import { party, planFor, play } from '../support/round.ts';

const PHASES = ['advertise', 'share', 'mask', 'confirm', 'unmask'] as const;

describe.each(['x25519', 'x25519-mlkem768'] as const)('suite %s', (suite) => {
  test.each([
    { n: 6, corrupt: 0.1, absent: 0.3, coordinator: 'active' as const },
    { n: 40, corrupt: 0.05, absent: 0.1, coordinator: 'semi-honest' as const },
    { n: 60, corrupt: 0.05, absent: 0.05, coordinator: 'active' as const },
  ])('$n clients, $coordinator: the sum is exact although one vanishes', async (trust) => {
    const people = await party(trust.n);
    const plan = planFor(people, {
      fields: {
        votes: integer({ length: 40, min: -3, max: 9 }),
        update: real({ length: 10, clip: { norm: 'linf', bound: 1 } }),
        model: weightedMean({ length: 5, clip: { norm: 'l2', bound: 2 }, maxWeight: 100 }),
      },
      trust,
      suite,
    });
    const value = (id: string, i: number): number => ((Number(id.slice(7)) * 7 + i * 3) % 13) - 3;
    const inputs = (id: string) => ({
      votes: Array.from({ length: 40 }, (_, i) => value(id, i)),
      update: Array.from({ length: 10 }, (_, i) => value(id, i) / 13),
      model: { values: [0.5, -0.5, 0, 0.25, 1], weight: 1 + Number(id.slice(7)) },
    });
    const vanish = (id: string) => PHASES[Number(id.slice(7)) - 1];
    const D = plan.parameters.absentCount;
    const { result, left } = await play(people, plan, {
      inputs,
      vanish: (id) => (Number(id.slice(7)) <= D ? vanish(id) : undefined),
    });
    expect([...left]).toEqual([]);
    const { contributors, sum } = result;
    expect(contributors.length).toBeGreaterThanOrEqual(plan.floor);
    for (let i = 0; i < 40; i++) {
      expect(sum.votes[i]).toBe(contributors.reduce((total, id) => total + value(id, i), 0));
    }
    for (let i = 0; i < 10; i++) {
      const exact = contributors.reduce((total, id) => total + value(id, i) / 13, 0);
      expect(Math.abs((sum.update[i] as number) - exact)).toBeLessThan(trust.n * 2 ** -14);
    }
    const weight = contributors.reduce((total, id) => total + 1 + Number(id.slice(7)), 0);
    expect(sum.model.weight).toBe(weight);
    expect(sum.model.mean[4]).toBeCloseTo(1, 3);
  });
});
