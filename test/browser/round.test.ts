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
