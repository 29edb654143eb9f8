/** Points: their bytes have one form only, and sums are right where formulas have exceptions. */
import { bn254 } from '@noble/curves/bn254.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CodecError } from '../../../src/errors.ts';
import {
  addPairs,
  affine,
  decodePoint,
  encodePoint,
  FIELD_PRIME,
  INFINITY,
  invertAll,
  negated,
  type Point,
  projective,
  readBigEndian,
  readPoint,
  sumPoints,
  writeBigEndian,
} from '../../../src/zk/curve/points.ts';
import { slowSum } from '../support.ts';

const multiple = (k: number): Point =>
  k === 0 ? INFINITY : affine(bn254.G1.Point.BASE.multiplyUnsafe(BigInt(k)));

describe('bytes of a point', () => {
  test('go there and back', () => {
    for (const k of [1, 2, 3, 1000]) {
      const bytes = encodePoint(multiple(k));
      expect(bytes).toHaveLength(64);
      expect(readPoint(bytes)).toEqual(multiple(k));
    }
  });

  test('have one form: others that a lenient reader takes are refused', () => {
    const point = multiple(1);
    const lenient = (bytes: Uint8Array): Point => ({
      x: readBigEndian(bytes.subarray(0, 32)) % FIELD_PRIME,
      y: readBigEndian(bytes.subarray(32)) % FIELD_PRIME,
    });
    expect(readPoint(encodePoint(point))).toEqual(point);
    for (const [x, y] of [
      [point.x + FIELD_PRIME, point.y],
      [point.x, point.y + FIELD_PRIME],
    ] as const) {
      const bytes = new Uint8Array(64);
      writeBigEndian(x, bytes.subarray(0, 32));
      writeBigEndian(y, bytes.subarray(32));
      expect(lenient(bytes)).toEqual(point);
      expect(readPoint(bytes)).toBeUndefined();
    }
  });

  test('off the curve, infinity and other lengths are refused by name', () => {
    const bytes = encodePoint(multiple(5));
    expect(decodePoint('here', bytes)).toEqual(multiple(5));
    const off = Uint8Array.from(bytes);
    off[63] = (off[63] as number) ^ 1;
    const wrong = [
      off,
      new Uint8Array(64),
      bytes.subarray(1),
      new Uint8Array(65),
      new Uint8Array(0),
    ];
    for (const other of wrong) {
      expect(() => decodePoint('here', other)).toThrow(CodecError);
      expect(() => decodePoint('here', other)).toThrow(/^here: got \d+ bytes/);
    }
  });
});

describe('sums', () => {
  const small = fc.integer({ min: -6, max: 6 });
  const pointOf = (k: number): Point => (k < 0 ? negated(multiple(-k)) : multiple(k));

  test('of pairs are right, also equal, opposite and infinite ones', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(small, small), { maxLength: 20 }), (pairs) => {
        const sums = addPairs(
          pairs.map(([a]) => pointOf(a)),
          pairs.map(([, b]) => pointOf(b)),
        );
        expect(sums).toEqual(pairs.map(([a, b]) => pointOf(a + b)));
      }),
    );
  });

  test('of many are right, also of the same point again and again', () => {
    fc.assert(
      fc.property(fc.array(small, { maxLength: 40 }), (ks) => {
        const total = ks.reduce((sum, k) => sum + k, 0);
        expect(sumPoints(ks.map(pointOf))).toEqual(pointOf(total));
      }),
    );
    const same = Array.from({ length: 300 }, () => multiple(1));
    expect(sumPoints(same)).toEqual(slowSum([multiple(1)], [300n]));
  });

  test('noble has the same kinds of point', () => {
    expect(affine(projective(INFINITY))).toEqual(INFINITY);
    expect(negated(INFINITY)).toEqual(INFINITY);
  });
});

test('invertAll inverts and leaves zeros', () => {
  const values = [3n, 0n, FIELD_PRIME - 1n, 0n];
  const inverses = [...values];
  invertAll(inverses);
  expect(values.map((v, i) => (v * (inverses[i] as bigint)) % FIELD_PRIME)).toEqual([
    1n,
    0n,
    1n,
    0n,
  ]);
  expect(inverses[1]).toBe(0n);
});
