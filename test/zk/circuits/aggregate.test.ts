/**
 * The aggregation circuit against its twin: what holds has a witness, what does not has none. Not by the
 * generator's own checks, nor by the rows when a prover leaves these checks out.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  aggregateInputs,
  aggregateStatement,
  commitmentsRoot,
  contextScalar,
  updateCommitment,
} from '../../../src/zk/aggregate.ts';
import { R } from '../../../src/zk/groth16/field.ts';
import { scalars } from '../../../src/zk/poseidon.ts';
import {
  type AggregateWitness,
  slowCommitment,
  slowStatement,
  unmet,
} from '../../reference/aggregate.ts';
import { brokenRow, holds } from './r1cs.ts';
import { CONTEXT, dishonest, honest, NORM, tinyInputs, tinyRows, UPDATES } from './support.ts';

const SALTS = [11n, 22n];
/** ι² = −1. */
const ROOT = scalars.pow(5n, (R - 1n) / 4n);

/** Inputs for the circuit and for the twin, with the statement that belongs to them. */
function witnessOf(
  x: readonly (readonly (bigint | number)[])[],
  change: Partial<AggregateWitness> = {},
): AggregateWitness {
  const inputs = {
    context: CONTEXT,
    bound: BigInt(NORM),
    salt: SALTS,
    x: x.map((update) => update.map(BigInt)),
    ...change,
  };
  return { statement: slowStatement(inputs), ...inputs };
}

const stops = async (inputs: AggregateWitness): Promise<boolean> =>
  !Array.isArray(await honest(inputs));

/** By few rows: a dishonest witness is right everywhere else. */
async function rowsReject(inputs: AggregateWitness): Promise<boolean> {
  const wires = await dishonest(inputs);
  if ('stopped' in wires) throw new Error('the generator without checks stopped');
  expect(wires).toHaveLength(tinyRows.wires);
  const broken = tinyRows.rows.filter((row) => !holds(row, wires)).length;
  expect(broken).toBeLessThan(12);
  return broken > 0;
}

describe('what holds', () => {
  test('the inputs that the library makes satisfy every row', async () => {
    const wires = await honest(tinyInputs());
    expect(Array.isArray(wires)).toBe(true);
    expect(brokenRow(tinyRows, wires as readonly bigint[])).toBeUndefined();
  });

  test('the public wire is the statement', async () => {
    const inputs = witnessOf(UPDATES);
    const wires = (await honest(inputs)) as readonly bigint[];
    expect(tinyRows.publics).toBe(1);
    expect(wires[1]).toBe(inputs.statement);
  });

  const holding: readonly (readonly [string, AggregateWitness])[] = [
    ['a norm of just the bound', witnessOf(UPDATES, { bound: 3_000n })],
    [
      'the greatest entries',
      witnessOf(
        [
          [32_767, 0, 0, 0],
          [0, 0, 0, 32_767],
        ],
        { bound: 2n ** 30n },
      ),
    ],
    [
      'the least entries',
      witnessOf(
        [
          [-32_768, 0, 0, 0],
          [0, 0, 0, -32_768],
        ],
        { bound: 2n ** 30n },
      ),
    ],
    [
      'nothing but zeros under a bound of zero',
      witnessOf(
        [
          [0, 0, 0, 0],
          [0, 0, 0, 0],
        ],
        { bound: 0n },
      ),
    ],
    ['salts of any size', witnessOf(UPDATES, { salt: [0n, R - 1n] })],
    ['the greatest bound', witnessOf(UPDATES, { bound: 2n ** 32n - 1n })],
  ];
  for (const [what, inputs] of holding) {
    test(what, async () => {
      expect(unmet(inputs)).toBeUndefined();
      expect(await stops(inputs)).toBe(false);
      expect(await rowsReject(inputs)).toBe(false);
    });
  }
});

describe('what does not', () => {
  const right = witnessOf(UPDATES);
  const [first, second] = right.x as [readonly bigint[], readonly bigint[]];
  const broken: readonly (readonly [string, AggregateWitness, string])[] = [
    [
      'an entry above the range by one',
      witnessOf(
        [
          [32_768, 0, 0, 0],
          [0, 0, 0, 0],
        ],
        { bound: 2n ** 31n },
      ),
      'range',
    ],
    [
      'an entry below the range by one',
      witnessOf(
        [
          [0, 0, 0, 0],
          [0, 0, -32_769, 0],
        ],
        { bound: 2n ** 31n },
      ),
      'range',
    ],
    [
      'an entry of half the field',
      witnessOf([
        [(R + 1n) / 2n, 0, 0, 0],
        [0, 0, 0, 0],
      ]),
      'range',
    ],
    [
      'squares that cancel in the field: 1 and a root of −1',
      witnessOf([
        [1, ROOT, 0, 0],
        [0, 0, 0, 0],
      ]),
      'range',
    ],
    ['a norm above the bound by one', witnessOf(UPDATES, { bound: 2_999n }), 'norm'],
    [
      'a norm above the bound by one in the first update',
      witnessOf([...UPDATES].reverse(), { bound: 2_999n }),
      'norm',
    ],
    [
      'a bound below zero',
      witnessOf(
        [
          [0, 0, 0, 0],
          [0, 0, 0, 0],
        ],
        { bound: R - 1n },
      ),
      'norm',
    ],
    [
      'a bound beyond the bits of its slack',
      witnessOf(
        [
          [0, 0, 0, 0],
          [0, 0, 0, 0],
        ],
        { bound: 2n ** 32n },
      ),
      'norm',
    ],
    ['another statement', { ...right, statement: right.statement + 1n }, 'statement'],
    [
      'a sum that is off by one in one entry',
      { ...right, statement: statementOfSum([11, -22, 33, -43]) },
      'statement',
    ],
    ['another salt', { ...right, salt: [12n, 22n] }, 'statement'],
    ['another context', { ...right, context: contextScalar(new Uint8Array()) }, 'statement'],
    ['a bound that is not the claimed one', { ...right, bound: 3_001n }, 'statement'],
    ['updates in another order', { ...right, x: [second, first] }, 'statement'],
    [
      'updates and salts in another order',
      { ...right, x: [second, first], salt: [22n, 11n] },
      'statement',
    ],
    [
      'the same sum of other updates',
      {
        ...right,
        x: [
          [2n, -2n, 3n, -4n],
          [9n, -20n, 30n, -40n],
        ],
      },
      'statement',
    ],
  ];
  for (const [what, inputs, why] of broken) {
    test(`${what}: no witness`, async () => {
      expect(unmet(right)).toBeUndefined();
      expect(await stops(right)).toBe(false);
      expect(unmet(inputs)).toBe(why);
      expect(await stops(inputs)).toBe(true);
      expect(await rowsReject(inputs)).toBe(true);
    });
  }

  test('a witness of another round has another statement', async () => {
    const other = witnessOf(UPDATES, { context: contextScalar(new Uint8Array(1)) });
    expect(other.statement).not.toBe(right.statement);
    const wires = (await honest(other)) as readonly bigint[];
    expect(brokenRow(tinyRows, wires.with(1, right.statement))).toBeDefined();
  });
});

test('circuit and twin agree on inputs near every edge', async () => {
  const near = fc.oneof(
    fc.constantFrom(0n, 1n, -1n, 32_767n, 32_768n, -32_768n, -32_769n, 65_536n, R - 1n, R / 2n),
    fc.bigInt(-40_000n, 40_000n),
    fc.bigInt(0n, R - 1n),
  );
  const small = fc.bigInt(-40n, 40n);
  const update = fc.oneof(
    { weight: 3, arbitrary: fc.array(small, { minLength: 4, maxLength: 4 }) },
    { weight: 1, arbitrary: fc.array(near, { minLength: 4, maxLength: 4 }) },
  );
  const norm = (x: readonly bigint[]): bigint => x.reduce((sum, v) => sum + v * v, 0n);
  let held = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(update, update),
      fc.bigInt(-2n, 2n),
      fc.bigInt(0n, R - 1n),
      async (x, off, salt) => {
        const greatest = x.map(norm).sort((a, b) => (a < b ? -1 : 1))[1] as bigint;
        const inputs = witnessOf(x, { bound: (((greatest + off) % R) + R) % R, salt: [salt, 5n] });
        const why = unmet(inputs);
        if (why === undefined) held++;
        expect(await stops(inputs)).toBe(why !== undefined);
        expect(await rowsReject(inputs)).toBe(why !== undefined);
      },
    ),
    { numRuns: 40 },
  );
  expect(held).toBeGreaterThan(5);
}, 120_000);

describe('the library', () => {
  test('gives the twin’s commitments and statements, at any sizes', () => {
    for (const [n, d] of [
      [2, 1],
      [3, 15],
      [5, 16],
      [17, 31],
    ] as const) {
      const x = Array.from({ length: n }, (_, i) =>
        Array.from({ length: d }, (_, j) => ((i * 7919 + j * 104_729) % 65_536) - 32_768),
      );
      const salt = x.map((_, i) => BigInt(i) ** 40n);
      const wide = x.map((update) => update.map(BigInt));
      expect(x.map((update, i) => updateCommitment(update, salt[i] as bigint))).toEqual(
        wide.map((update, i) => slowCommitment(update, salt[i] as bigint)),
      );
      const bound = d * 2 ** 30 - 1;
      const { claim, inputs } = aggregateInputs(
        5n,
        Math.min(bound, 2 ** 30 * d),
        x.map((u) => u.map((v) => v >> 1)),
        salt,
      );
      const halves = x.map((update) => update.map((v) => BigInt(v >> 1)));
      expect(BigInt(inputs.statement)).toBe(
        slowStatement({ context: 5n, bound: BigInt(bound), salt, x: halves }),
      );
      expect(aggregateStatement(claim)).toBe(BigInt(inputs.statement));
    }
  });

  test('tells shapes, purposes and orders apart', () => {
    expect(updateCommitment([1, 2], 3n)).not.toBe(updateCommitment([1, 2, 0], 3n));
    // Without the length in the tag these two would meet: an entry of −2^15 packs to nothing.
    expect(updateCommitment([1, -32_768], 3n)).not.toBe(updateCommitment([1], 3n));
    expect(commitmentsRoot([1n, 2n])).not.toBe(commitmentsRoot([2n, 1n]));
    expect(contextScalar(new Uint8Array(1))).not.toBe(contextScalar(new Uint8Array(2)));
  });

  test('refuses what no proof can be of', () => {
    const claim = { context: 1n, commitments: [1n, 2n], bound: 9, sum: [0, 1] };
    expect(aggregateStatement(claim)).toBeTypeOf('bigint');
    const refused: readonly Partial<typeof claim>[] = [
      { sum: [65_535, 0] },
      { sum: [-65_537, 0] },
      { sum: [0.5, 0] },
      { bound: -1 },
      { bound: 2 ** 31 },
      { context: R },
      { commitments: [1n, R] },
      { commitments: [-1n, 2n] },
    ];
    for (const change of refused) {
      expect(() => aggregateStatement({ ...claim, ...change })).toThrow(
        expect.objectContaining({ code: 'out-of-range' }),
      );
    }
    expect(() => updateCommitment([32_768], 1n)).toThrow(/entry 0/);
    expect(() => updateCommitment([-32_769], 1n)).toThrow(/entry 0/);
    expect(() => updateCommitment([1], R)).toThrow(/bigints from 0 to r − 1/);
    expect(() =>
      aggregateInputs(
        1n,
        4,
        [
          [1, 2],
          [0, 0],
        ],
        [1n, 2n],
      ),
    ).toThrow(/update 0: its squared/);
    expect(() =>
      aggregateInputs(
        1n,
        5,
        [
          [1, 2],
          [0, 0],
        ],
        [1n],
      ),
    ).toThrow(/got 1 salts/);
    expect(() => aggregateInputs(1n, 5, [[1, 2], [0]], [1n, 2n])).toThrow(/update 1/);
  });
});

/** The right statement but for the sum. */
function statementOfSum(sum: readonly number[]): bigint {
  const commitments = UPDATES.map((update, i) => updateCommitment(update, SALTS[i] as bigint));
  return aggregateStatement({ context: CONTEXT, commitments, bound: NORM, sum });
}
