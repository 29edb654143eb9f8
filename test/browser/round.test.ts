/** Whole rounds in real Chromium, where noble does what node:crypto does elsewhere. */
import { describe, expect, test } from 'vitest';
import { integer } from '../../src/index.ts';
import { nodeCrypto } from '../../src/internal/platform.ts';
import { party, planFor, play } from '../support/round.ts';

describe.each(['x25519', 'x25519-mlkem768'] as const)('suite %s', (suite) => {
  test('five clients, of whom one vanishes after its shares are out: the sum is exact', async () => {
    expect(nodeCrypto).toBeUndefined();
    const people = await party(5);
    const plan = planFor(people, {
      fields: { votes: integer({ length: 20_000, min: 0, max: 10 }) },
      trust: { corrupt: 0.1, absent: 0.2 },
      suite,
    });
    const { result, left } = await play(people, plan, {
      inputs: (id) => ({ votes: new Array(20_000).fill(Number(id.slice(7))) }),
      vanish: (id) => (id === 'client-4' ? 'mask' : undefined),
    });
    expect([...left]).toEqual([]);
    expect(result.contributors).toHaveLength(4);
    expect(new Set(result.sum.votes)).toEqual(new Set([0 + 1 + 2 + 3]));
  });
});

test('fields under lattice masks: a client vanishes with its upload, and one without', async () => {
  const people = await party(8);
  const fields = {
    votes: integer({ length: 3, min: 0, max: 9 }),
    update: integer({ length: 30_000, min: -32_768, max: 32_767, mask: 'lattice' }),
    wide: integer({ length: 2_049, min: 0, max: 2 ** 28, mask: 'lattice' }),
  };
  const plan = planFor(people, { fields, trust: { corrupt: 0.1, absent: 0.3 } });
  const places = plan.lattice?.layout.fields.map(({ shape }) => shape.wireBits > 32);
  expect(places).toEqual([false, true]);
  const of = (id: string, i: number): number => (Number(id.slice(7)) + 2) * ((i * 61) % 3_000);
  const { result, left, faults } = await play(people, plan, {
    inputs: (id) => ({
      votes: [1, 2, 3],
      update: Array.from({ length: 30_000 }, (_, i) => of(id, i) - 32_768),
      wide: Array.from({ length: 2_049 }, (_, i) => 9_000 * of(id, i)),
    }),
    vanish: (id) => (id === 'client-4' ? 'mask' : id === 'client-6' ? 'confirm' : undefined),
  });
  expect([[...left], faults]).toEqual([[], []]);
  expect(result.contributors).toHaveLength(7);
  const sum = (i: number): number => result.contributors.reduce((all, id) => all + of(id, i), 0);
  expect(result.sum.votes).toEqual([7, 14, 21]);
  expect(result.sum.update.every((x, i) => x === sum(i) - 7 * 32_768)).toBe(true);
  expect(result.sum.wide.every((x, i) => x === 9_000 * sum(i))).toBe(true);
});
