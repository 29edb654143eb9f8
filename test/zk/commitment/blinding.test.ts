/** Blinding scalars: uniform, below the order, and the same again after limbs were summed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CodecError, UsageError } from '../../../src/errors.ts';
import { isBlinding } from '../../../src/zk/commitment/blinding.ts';
import {
  addBlindings,
  BLINDING_BYTES,
  blindingLimbCount,
  blindingLimbs,
  freshBlinding,
  joinLimbs,
} from '../../../src/zk/commitment/index.ts';
import { GROUP_ORDER, readBigEndian, writeBigEndian } from '../../../src/zk/curve/points.ts';

const bytesOf = (value: bigint): Uint8Array => {
  const out = new Uint8Array(BLINDING_BYTES);
  writeBigEndian(value, out);
  return out;
};

const scalar = fc.oneof(
  fc.bigInt(0n, GROUP_ORDER - 1n),
  fc.constantFrom(0n, 1n, GROUP_ORDER - 1n, (GROUP_ORDER - 1n) / 2n),
);

describe('freshBlinding', () => {
  test('is below the order, differs, and reaches every bit', () => {
    const drawn = Array.from({ length: 400 }, freshBlinding);
    expect(drawn.every(isBlinding)).toBe(true);
    expect(new Set(drawn.map((bytes) => readBigEndian(bytes))).size).toBe(400);
    const seen = drawn.reduce((bits, bytes) => bits | readBigEndian(bytes), 0n);
    expect(seen).toBe(2n ** 254n - 1n);
  });

  test('isBlinding tells the order from what is one below', () => {
    expect(isBlinding(bytesOf(GROUP_ORDER - 1n))).toBe(true);
    for (const value of [GROUP_ORDER, GROUP_ORDER + 1n, 2n ** 255n, 2n ** 256n - 1n]) {
      expect(isBlinding(bytesOf(value))).toBe(false);
    }
    expect(isBlinding(new Uint8Array(31))).toBe(false);
  });
});

describe('addBlindings', () => {
  test('adds modulo the order', () => {
    fc.assert(
      fc.property(fc.array(scalar, { maxLength: 6 }), (values) => {
        const sum = values.reduce((a, b) => a + b, 0n) % GROUP_ORDER;
        expect(addBlindings(...values.map(bytesOf))).toEqual(bytesOf(sum));
      }),
    );
  });

  test('refuses what is no scalar, without its value', () => {
    expect(addBlindings(bytesOf(1n))).toEqual(bytesOf(1n));
    expect(() => addBlindings(bytesOf(GROUP_ORDER))).toThrow(UsageError);
    expect(() => addBlindings(bytesOf(GROUP_ORDER))).not.toThrow(/4891460686036598785/);
    expect(() => addBlindings(new Uint8Array(31))).toThrow(UsageError);
  });
});

describe('limbs', () => {
  test('summed as integers and joined, they are the sum of the scalars', () => {
    const input = fc.tuple(
      fc.integer({ min: 1, max: 32 }),
      fc.array(scalar, { minLength: 1, maxLength: 9 }),
    );
    fc.assert(
      fc.property(input, ([bits, values]) => {
        const limbs = values.map((value) => blindingLimbs(bytesOf(value), bits));
        const sums = Array.from({ length: blindingLimbCount(bits) }, (_, k) =>
          limbs.reduce((sum, one) => sum + (one[k] as number), 0),
        );
        expect(joinLimbs(sums, bits)).toEqual(addBlindings(...values.map(bytesOf)));
      }),
    );
  });

  test('are narrow enough to be summed without wrapping around', () => {
    for (const bits of [1, 7, 12, 31, 32]) {
      const limbs = blindingLimbs(bytesOf(GROUP_ORDER - 1n), bits);
      expect(limbs).toHaveLength(Math.ceil(254 / bits));
      expect(Math.max(...limbs)).toBeLessThan(2 ** bits);
      const value = limbs.reduceRight((sum, limb) => (sum << BigInt(bits)) + BigInt(limb), 0n);
      expect(value).toBe(GROUP_ORDER - 1n);
    }
  });

  test('reducing each limb first would be another number', () => {
    const sums = [2 ** 32 + 5, 0, 0, 0, 0, 0, 0, 0];
    expect(joinLimbs(sums, 32)).toEqual(bytesOf(2n ** 32n + 5n));
  });

  test('refuse other widths, other numbers of sums, and what is no sum', () => {
    const sums = new Array(22).fill(0);
    expect(joinLimbs(sums, 12)).toEqual(bytesOf(0n));
    for (const bits of [0, 33, 1.5, Number.NaN]) {
      expect(() => blindingLimbs(bytesOf(1n), bits)).toThrow(UsageError);
      expect(() => joinLimbs(sums, bits)).toThrow(UsageError);
    }
    const bad = [-1, 0.5, 2 ** 53, Number.NaN, '1', 1n].map((value) => [value, ...sums.slice(1)]);
    for (const other of [...bad, sums.slice(1), [...sums, 0], null]) {
      expect(() => joinLimbs(other as number[], 12)).toThrow(CodecError);
    }
  });
});
