/** Example 07: the count is right and checked, and what a tally gives away is what trying all ballots finds. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { vote } from '../../examples/07-weighted-vote/assembly.ts';
import { givenAway } from '../../examples/07-weighted-vote/given-away.ts';
import {
  type Ballot,
  CHOICES,
  type Choice,
  MOTIONS,
} from '../../examples/07-weighted-vote/register.ts';

test('the program as it stands', () => {
  const said = execFileSync(
    process.execPath,
    ['--conditions=@veilsum/source', 'examples/07-weighted-vote/main.ts'],
    { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
  );
  expect(said).toMatch(/^10 of 11 share holders voted, with 1500 shares$/m);
  expect(said.match(/gives away: nobody/g)).toHaveLength(3);
  expect(said).toContain('checked by everybody');
  expect(said).not.toContain('⚠');
}, 60_000);

test('tallies and mean are those of the ballots, for a register of its own', async () => {
  const register = new Map([
    ['a', 7],
    ['b', 2],
    ['c', 2],
    ['d', 1],
    ['e', 1],
  ]);
  const pick = (text: string, mark: number): Ballot => ({
    choices: [...text].map((c) => ({ f: 'for', a: 'against', x: 'abstain' })[c] as Choice),
    mark,
  });
  const ballots = new Map([
    ['a', pick('fax', 10)],
    ['b', pick('ffa', 4)],
    ['d', pick('axf', 1)],
    ['e', pick('fff', 0)],
  ]);
  const { tallies, mark, voted, verdict } = await vote(register, ballots);
  expect(voted).toEqual(['a', 'b', 'd', 'e']);
  expect(tallies).toEqual([
    [10, 1, 0],
    [3, 7, 1],
    [2, 2, 7],
  ]);
  expect(mark).toBeCloseTo((7 * 10 + 2 * 4 + 1 * 1) / 11, 3);
  expect(verdict.valid).toBe(true);
  expect(verdict.notChecked.map(({ code }) => code)).toContain('inputs-in-bounds');
  expect(MOTIONS).toHaveLength(3);
});

describe('givenAway', () => {
  /** All that the voters could have chosen, tried one by one. */
  function trial(shares: readonly number[], tally: readonly number[]) {
    const fits: number[][] = [];
    for (let n = 0; n < 3 ** shares.length; n++) {
      const choice = shares.map((_, i) => Math.floor(n / 3 ** i) % 3);
      const sums = [0, 0, 0];
      for (const [i, c] of choice.entries()) sums[c] = (sums[c] as number) + (shares[i] as number);
      if (sums.join() === tally.join()) fits.push(choice);
    }
    const known = shares.map((_, i) => new Set(fits.map((choice) => choice[i])).size === 1);
    return { ways: BigInt(fits.length), known };
  }

  test('is what trying all ballots finds', () => {
    const voters = fc.array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.nat(2)), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(voters, (chosen) => {
        const tally = [0, 0, 0];
        for (const [held, c] of chosen) tally[c] = (tally[c] as number) + held;
        const shares = new Map(chosen.map(([held], i) => [`v${i}`, held]));
        const expected = trial([...shares.values()], tally);
        const { ways, known } = givenAway(shares, tally);
        expect(ways).toBe(expected.ways);
        expect(known).toEqual([...shares.keys()].filter((_, i) => expected.known[i]));
      }),
      { numRuns: 60 },
    );
  });

  test('powers of two give everybody away; a unanimous tally does, too', () => {
    const powers = new Map([1, 2, 4, 8].map((held) => [`v${held}`, held]));
    expect(givenAway(powers, [5, 2, 8])).toEqual({ ways: 1n, known: ['v1', 'v2', 'v4', 'v8'] });
    const equal = new Map(['a', 'b', 'c'].map((name) => [name, 10]));
    expect(givenAway(equal, [30, 0, 0])).toEqual({ ways: 1n, known: ['a', 'b', 'c'] });
    expect(givenAway(equal, [20, 10, 0])).toEqual({ ways: 3n, known: [] });
  });

  test('a tally that no ballots give comes about in no way', () => {
    expect(givenAway(new Map([['a', 3]]), [2, 1, 0])).toEqual({ ways: 0n, known: [] });
    expect(CHOICES).toHaveLength(3);
  });
});
