/** Hashing to the curve: published vectors, and the map against its slow twin. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { DependencyError } from '../../../src/errors.ts';
import { type CurveEngine, nobleEngine } from '../../../src/zk/curve/engine.ts';
import { hashToCurve, mapToCurve } from '../../../src/zk/curve/hash-to-curve.ts';
import { FIELD_PRIME, type Point } from '../../../src/zk/curve/points.ts';
import { findZ, power, svdw } from '../../reference/svdw.ts';
import { engines } from '../support.ts';

type Case = { msg: string; u: string[]; q: [string, string][]; p: [string, string] };
type Suite = { dst: string; cases: Case[] };
const vectors = JSON.parse(
  readFileSync(new URL('../../vectors/bn254-g1-svdw.json', import.meta.url), 'utf8'),
) as { hash: Suite; encode: Suite };

const pointOf = ([x, y]: [string, string]): Point => ({ x: BigInt(x), y: BigInt(y) });

let both: readonly CurveEngine[];
beforeAll(async () => {
  both = await engines();
});

describe('hashToCurve', () => {
  test('gives the published points, on both engines', async () => {
    const { dst, cases } = vectors.hash;
    const messages = cases.map(({ msg }) => new TextEncoder().encode(msg));
    expect(cases).toHaveLength(5);
    for (const engine of both) {
      const points = await hashToCurve(messages, dst, engine);
      expect(points).toEqual(cases.map(({ p }) => pointOf(p)));
    }
  });

  test('separates domains and messages', async () => {
    const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)];
    const points = [
      ...(await hashToCurve([a, b], 'one')),
      ...(await hashToCurve([a, Uint8Array.of()], 'two')),
    ];
    expect(new Set(points.map(({ x }) => x)).size).toBe(4);
  });
});

describe('mapToCurve', () => {
  test('gives the published points of single elements, on both engines', async () => {
    const cases = [...vectors.hash.cases, ...vectors.encode.cases];
    const elements = cases.flatMap(({ u }) => u).map(BigInt);
    for (const engine of both) {
      expect(await mapToCurve(elements, engine)).toEqual(cases.flatMap(({ q }) => q).map(pointOf));
    }
  });

  test('is the twin, whose search finds Z = 1', async () => {
    expect(findZ()).toBe(1n);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.bigInt(0n, FIELD_PRIME - 1n), { maxLength: 6 }), async (us) => {
        const expected = us.map(svdw);
        for (const engine of both) expect(await mapToCurve(us, engine)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  test('takes the elements that have no inverse: zero, and those with 4u² = 1', async () => {
    const half = power(2n, FIELD_PRIME - 2n);
    const us = [0n, half, FIELD_PRIME - half, 1n, FIELD_PRIME - 1n];
    expect((4n * half * half) % FIELD_PRIME).toBe(1n);
    for (const engine of both) expect(await mapToCurve(us, engine)).toEqual(us.map(svdw));
  });

  test('never believes an engine its roots', async () => {
    const lying: CurveEngine = { ...nobleEngine, rootCandidates: async (v) => v.map(() => 5n) };
    await expect(mapToCurve([7n], lying)).rejects.toBeInstanceOf(DependencyError);
  });
});
