/** Opening sums with keys that are theirs and with others: the right numbers, or a named refusal without any. */
import { beforeAll, describe, expect, test } from 'vitest';
import { ProtocolError } from '../../src/errors.ts';
import { hideVectors } from '../../src/lattice/hiding.ts';
import { type LatticeLayout, latticeLayout } from '../../src/lattice/layout.ts';
import { type HiddenSums, keySumOf, openVectors } from '../../src/lattice/opening.ts';
import { latticeShape } from '../../src/lattice/parameters.ts';

const CLIENTS = 3;
const LENGTH = 5_000;
const roundId = new Uint8Array(32).fill(7);
const shape = latticeShape({ clients: CLIENTS, length: LENGTH, low: -30, high: 30 });
const layout: LatticeLayout = latticeLayout([shape], CLIENTS);
const numberOf = (client: number, i: number): number => ((i * 7 + client * 3) % 21) - 10;

type Hidden = {
  readonly key: Uint32Array;
  readonly words: Uint32Array;
  readonly lows: Uint32Array;
};
let hidden: readonly Hidden[] = [];

beforeAll(() => {
  hidden = Array.from({ length: CLIENTS }, (_, client): Hidden => {
    const vector = Uint32Array.from({ length: LENGTH }, (_, i) => numberOf(client, i));
    const words = new Uint32Array(shape.coefficients);
    const lows = new Uint32Array(shape.wireBits > 32 ? shape.coefficients : 0);
    const key = hideVectors(layout, roundId, [vector], (_, some, low, from) => {
      words.set(some, from);
      if (lows.length > 0) lows.set(low, from);
    });
    return { key, words, lows };
  });
});

const added = (vectors: readonly Uint32Array[]): Uint32Array =>
  vectors.reduce((a, b) => a.map((x, i) => x + (b[i] as number)));

const sumsOf = (of: readonly Hidden[]): HiddenSums => ({
  words: added(of.map(({ words }) => words)),
  lows: added(of.map(({ lows }) => lows)),
});

/** The sum of key vectors as masks of pairs leave it: modulo 2^w. */
const keyOf = (of: readonly Hidden[], contributors = of.length): Int32Array => {
  const all = 2 ** layout.key.modulusBits - 1;
  const sum = added(of.map(({ key }) => key)).map((word) => word & all);
  return keySumOf(layout, sum, contributors);
};

function refused(work: () => unknown): ProtocolError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return error as ProtocolError;
  }
  return expect.unreachable();
}

test('the sum of the keys opens the sum of the vectors', () => {
  const [sums] = openVectors(layout, roundId, keyOf(hidden), [sumsOf(hidden)]);
  const expected = Array.from({ length: LENGTH }, (_, i) =>
    [0, 1, 2].reduce((sum, client) => sum + numberOf(client, i), 0),
  );
  expect([...(sums as Uint32Array)].map((word) => word | 0)).toEqual(expected);
});

describe('lattice-residual', () => {
  const open = (key: Int32Array, id = roundId) =>
    refused(() => openVectors(layout, id, key, [sumsOf(hidden)]));

  test('a key is missing', () => {
    expect(open(keyOf(hidden.slice(1), CLIENTS)).code).toBe('lattice-residual');
  });

  test('one coefficient of one key is off by one', () => {
    const key = keyOf(hidden);
    key[2_047] = (key[2_047] as number) + 1;
    const error = open(key);
    expect(error.code).toBe('lattice-residual');
    expect(error.details).toMatchObject({ expected: shape.residualBound });
    expect(error.culprits).toEqual([]);
  });

  test('another round’s polynomials', () => {
    expect(open(keyOf(hidden), new Uint8Array(32)).code).toBe('lattice-residual');
  });
});

test('lattice-key: a coefficient beyond 93 a contributor', () => {
  const sum = new Uint32Array(layout.key.length);
  for (const [coefficient, isKey] of [
    [93 * CLIENTS, true],
    [93 * CLIENTS + 1, false],
    [-93 * CLIENTS, true],
    [-93 * CLIENTS - 1, false],
  ] as const) {
    sum[5] = coefficient & (2 ** layout.key.modulusBits - 1);
    if (isKey) expect(keySumOf(layout, sum, CLIENTS)[5]).toBe(coefficient);
    else expect(refused(() => keySumOf(layout, sum, CLIENTS)).code).toBe('lattice-key');
  }
});
