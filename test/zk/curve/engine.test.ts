/** Two engines, one result: sums of multiples against the slow sum, with the cases of an attacker. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CurveEngine, everyOf, headOf, joinTables } from '../../../src/zk/curve/engine.ts';
import { hashToCurve } from '../../../src/zk/curve/hash-to-curve.ts';
import { INFINITY, negated, type Point } from '../../../src/zk/curve/points.ts';
import { wasmEngine } from '../../../src/zk/curve/wasm-engine.ts';
import { engines, openCurve, slowSum } from '../support.ts';

let both: readonly CurveEngine[];
let points: readonly Point[];
beforeAll(async () => {
  both = await engines();
  points = await hashToCurve(
    Array.from({ length: 40 }, (_, i) => Uint8Array.of(i)),
    'tests',
  );
});

const numberAt = (bytes: Uint8Array, i: number, size: number): bigint =>
  bytes
    .slice(i * size, (i + 1) * size)
    .reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);

describe('multiply', () => {
  test('is the slow sum for every width', async () => {
    const input = fc
      .tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom(1, 2, 3, 4, 7, 21, 32))
      .chain(([count, size]) =>
        fc.tuple(
          fc.constant(count),
          fc.constant(size),
          fc.uint8Array({ minLength: count * size, maxLength: count * size }),
        ),
      );
    await fc.assert(
      fc.asyncProperty(input, async ([count, size, scalars]) => {
        const some = points.slice(0, count);
        const expected = slowSum(
          some,
          some.map((_, i) => numberAt(scalars, i, size)),
        );
        for (const engine of both) {
          expect(await engine.multiply(await engine.prepare(some), scalars, size)).toEqual(
            expected,
          );
        }
      }),
      { numRuns: 15 },
    );
  });

  test('adds equal and opposite points that meet in one bucket', async () => {
    const [a, b] = points as [Point, Point];
    const lists = [
      [a, negated(a)],
      [a, a],
      [a, a, a, negated(a)],
      [a, b, negated(a), negated(b)],
      [a, b, negated(b), a, a],
    ];
    for (const list of lists) {
      const scalars = new Uint8Array(list.length).fill(9);
      const expected = slowSum(
        list,
        list.map(() => 9n),
      );
      for (const engine of both) {
        expect(await engine.multiply(await engine.prepare(list), scalars, 1)).toEqual(expected);
      }
    }
  });

  test('gives infinity for zeros', async () => {
    for (const engine of both) {
      const table = await engine.prepare(points);
      expect(await engine.multiply(table, new Uint8Array(80), 2)).toEqual(INFINITY);
    }
  });

  test('leaves the scalars as they were', async () => {
    const scalars = Uint8Array.of(1, 2, 3);
    for (const engine of both) {
      await engine.multiply(await engine.prepare(points.slice(0, 3)), scalars, 1);
      expect(scalars).toEqual(Uint8Array.of(1, 2, 3));
    }
  });
});

test('tables are cut and joined together with their bytes', async () => {
  for (const engine of both) {
    const table = await engine.prepare(points);
    const cut = joinTables(headOf(table, 3), everyOf(table, 16));
    const picked = [0, 1, 2, 0, 16, 32].map((i) => points[i] as Point);
    expect(cut.points).toEqual(picked);
    expect(cut.bytes).toEqual((await engine.prepare(picked)).bytes);
  }
});

test('the curve’s memory keeps neither scalars nor buckets', async () => {
  const curve = await openCurve();
  const engine = wasmEngine(curve);
  const scalars = Uint8Array.from({ length: 80 }, (_, i) => (37 * i + 11) % 251);
  // Memory is a stack: what is allocated first lies where the last task began.
  const left = async (): Promise<Buffer> => {
    const length = 80 + 40 * 64 + 2 * 96 + 256 * 96;
    const [bytes] = await curve.run([
      { cmd: 'ALLOC', var: 0, len: length },
      { cmd: 'GET', out: 0, var: 0, len: length },
    ]);
    return Buffer.from(bytes as Uint8Array);
  };
  await curve.run([{ cmd: 'ALLOCSET', var: 0, buff: scalars }]);
  expect((await left()).includes(Buffer.from(scalars))).toBe(true);
  const sum = await engine.multiply(await engine.prepare(points), scalars, 2);
  expect(sum).not.toEqual(INFINITY);
  const after = await left();
  expect(after.includes(Buffer.from(scalars))).toBe(false);
  expect(after.subarray(0, 80).every((byte) => byte === 0)).toBe(true);
  expect(after.subarray(80, 80 + 64)).toEqual(
    Buffer.from((await engine.prepare(points.slice(0, 1))).bytes),
  );
  expect(after.subarray(80 + 40 * 64 + 96).every((byte) => byte === 0)).toBe(true);
});
