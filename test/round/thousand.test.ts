/** A thousand clients in one process, with the degree and threshold that the plan derives. */
import { expect, test } from 'vitest';
import { integer } from '../../src/index.ts';
import { party, planFor, play } from '../support/round.ts';

const PHASES = ['advertise', 'share', 'mask', 'confirm', 'unmask'] as const;

test('a thousand clients, fifty of whom vanish: the sum is exact', {
  timeout: 900_000,
}, async () => {
  const people = await party(1_000);
  const plan = planFor(people, {
    fields: { update: integer({ length: 1_000, min: -100, max: 100 }) },
    trust: { corrupt: 0.05, absent: 0.05 },
  });
  expect(plan.parameters).toMatchObject({ degree: 58, complete: false });
  const number = (id: string): number => Number(id.slice(7));
  const value = (id: string, i: number): number => ((number(id) * 31 + i * 17) % 201) - 100;
  const { result, faults, left } = await play(people, plan, {
    inputs: (id) => ({ update: Array.from({ length: 1_000 }, (_, i) => value(id, i)) }),
    vanish: (id) => (number(id) % 20 === 3 ? PHASES[((number(id) - 3) / 20) % 5] : undefined),
  });
  expect([...left]).toEqual([]);
  expect(faults).toEqual([]);
  expect(result.contributors).toHaveLength(970);
  for (let i = 0; i < 1_000; i++) {
    const expected = result.contributors.reduce((total, id) => total + value(id, i), 0);
    expect(result.sum.update[i]).toBe(expected);
  }
});
