/** The curve that snarkjs lends: refused if it is another one, and left as it was found. */
import { describe, expect, test } from 'vitest';
import { DependencyError } from '../../../src/errors.ts';
import type { G1Point, PairingBackend } from '../../../src/zk/groth16/backend.ts';
import { verifyingKey } from '../../../src/zk/groth16/key.ts';
import { readG1 } from '../../../src/zk/groth16/points.ts';
import { verifyBatch, verifyGroth16 } from '../../../src/zk/groth16/verify.ts';
import { wasmPairing } from '../../../src/zk/groth16/wasm-backend.ts';
import type { WasmCurve } from '../../../src/zk/groth16/wasm-memory.ts';
import type { SnarkCurve } from '../../../src/zk/snark.ts';
import { G1, g1Bytes, times } from '../../reference/groth16.ts';
import { openCurve } from '../support.ts';
import { item, items, keyBytes } from './support.ts';

/** What of the curve is replaced. */
type Change = (curve: SnarkCurve & WasmCurve) => object;

describe('the curve of snarkjs', () => {
  /** The curve with some of its parts replaced. */
  const other = async (change: Change): Promise<PairingBackend> => {
    const curve = await openCurve();
    return wasmPairing({
      ...curve,
      use: (work) =>
        curve.use(async (lent: SnarkCurve & WasmCurve) =>
          work({ ...lent, ...change(lent) } as never),
        ),
    });
  };
  const withExports =
    (own: object): Change =>
    ({ tm }) => {
      const exports = { ...tm.instance.exports, ...own };
      return { tm: Object.assign(Object.create(tm), { instance: { exports } }) };
    };

  test('is taken as it is', async () => {
    expect((await other(() => ({}))).name).toBe('wasm');
    expect((await other(withExports({}))).name).toBe('wasm');
  });

  test.each<[string, Change]>([
    ['lacks a function', withExports({ ftm_square: undefined })],
    ['has one with other arguments', withExports({ f2m_mul1: (_a: number, _b: number) => 0 })],
    [
      'has a line that does something else',
      withExports({
        bn128__mulBy024: (_a: number, _b: number, _c: number, _d: number) => 0,
      }),
    ],
    ['has other lines', () => ({ preQSize: 19_777 })],
    ['has no memory', () => ({ tm: undefined })],
  ])('is refused if it %s', async (_, change) => {
    const error = await other(change).catch((caught) => caught);
    expect(error).toBeInstanceOf(DependencyError);
    expect(error.code).toBe('peer-version');
  });

  test('serves a back end after it was disposed of, and gives none', async () => {
    for (const singleThread of [true, false]) {
      const curve = await openCurve(singleThread);
      const backend = await wasmPairing(curve);
      const key = verifyingKey(keyBytes, backend);
      await curve.dispose();
      expect(verifyBatch(key, items)).toEqual({ valid: true });
      expect(verifyGroth16(key, [1n, 2n, 3n, 4n], item.proof).valid).toBe(false);
      await expect(wasmPairing(curve)).rejects.toThrow(
        expect.objectContaining({ code: 'disposed' }),
      );
    }
  });

  test('has its memory back after each step, also after one that threw', async () => {
    const curve = await openCurve();
    const backend = await wasmPairing(curve);
    const key = verifyingKey(keyBytes, backend);
    await curve.use(async ({ tm }: SnarkCurve & WasmCurve) => {
      const free = tm.alloc(0);
      expect(verifyBatch(key, items)).toEqual({ valid: true });
      expect(() => backend.negate(undefined as never)).toThrow();
      expect(verifyBatch(key, items)).toEqual({ valid: true });
      expect(tm.alloc(0)).toBe(free);
    });
  });
});

test('a sum of more points than are in memory at once is their sum', async () => {
  const backend = await wasmPairing(await openCurve());
  const point = (k: bigint): G1Point => readG1(backend, g1Bytes(times(G1.BASE, k))) as G1Point;
  const few = [1n, 2n, 3n].map(point);
  const scalars = Array.from({ length: 1_100 }, (_, i) => BigInt(i) << BigInt(i % 120));
  const points = scalars.map((_, i) => few[i % 3] as G1Point);
  const sum = scalars.reduce((all, k, i) => all + k * BigInt((i % 3) + 1), 0n);
  expect(backend.combine(points, scalars)).toEqual(point(sum));
  const opposite = points.map(backend.negate);
  const twice = [...scalars, ...scalars];
  expect(backend.combine([...points, ...opposite], twice)).toBeUndefined();
  expect(backend.combine([...points, ...opposite, ...few.slice(1, 2)], [...twice, 5n])).toEqual(
    point(10n),
  );
});
