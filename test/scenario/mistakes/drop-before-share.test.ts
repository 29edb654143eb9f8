/**
 * Seen elsewhere: the set of peers is fixed when keys are collected. A client that vanishes before it
 * has dealt its shares leaves masks behind that nobody can take away, and the round is lost.
 */

import { integer } from 'veilsum';
import { expect, test } from 'vitest';
import { fillRandom } from '../../../src/internal/random.ts';
import { party, planFor, play } from '../../support/round.ts';
import { smallTrust } from '../bad-input/fixture.ts';

test('the naive round: the mask with a client that never shared stays in the sum', () => {
  const values = [3, 1, 4, 1, 5];
  const n = values.length;
  const pair = new Uint32Array(n * n);
  fillRandom(pair);
  const mask = (i: number, j: number): number =>
    i < j ? (pair[i * n + j] as number) : -(pair[j * n + i] as number);
  const masked = values.map((value, i) =>
    values.reduce((sum, _, j) => (i === j ? sum : (sum + mask(i, j)) | 0), value),
  );
  const everybody = masked.reduce((sum, x) => (sum + x) | 0, 0);
  expect(everybody).toBe(14);
  // Client 4 advertised and vanished: no shares, so nobody can say what mask(i, 4) was.
  const withoutLast = masked.slice(0, -1).reduce((sum, x) => (sum + x) | 0, 0);
  expect(withoutLast).not.toBe(9);
});

test.each(['x25519', 'x25519-mlkem768'] as const)(
  'ours, %s: who vanishes before share was never in',
  async (suite) => {
    const people = await party(5);
    const plan = planFor(people, {
      fields: { x: integer({ length: 2, min: 0, max: 99 }) },
      trust: smallTrust,
      suite,
    });
    for (const gone of [['client-0'], ['client-4'], ['client-1', 'client-3']]) {
      const fresh = planFor(people, { fields: plan.fields, trust: smallTrust, suite });
      const { result, left } = await play(people, fresh, {
        inputs: (id) => ({ x: [Number(id.slice(7)), 10] }),
        vanish: (id) => (gone.includes(id) ? 'share' : undefined),
      });
      const contributors = people.ids.filter((id) => !gone.includes(id));
      expect([...left]).toEqual([]);
      expect(result.contributors).toEqual(contributors);
      expect(result.dropped).toEqual(gone.map((id) => ({ id, phase: 'share' })));
      const ids = contributors.map((id) => Number(id.slice(7)));
      expect(result.sum.x).toEqual([ids.reduce((a, b) => a + b, 0), 10 * ids.length]);
    }
  },
);
