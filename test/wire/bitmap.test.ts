import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CodecError, UsageError } from '../../src/errors.ts';
import { fromBitmap, toBitmap } from '../../src/wire/bitmap.ts';

test('bits count from the least significant of the first byte', () => {
  expect([...toBitmap([0], 9)]).toEqual([1, 0]);
  expect([...toBitmap([8, 1, 7, 1], 9)]).toEqual([0b1000_0010, 1]);
  expect(fromBitmap(Uint8Array.of(0b1000_0010, 1), 9, 'U3')).toEqual([1, 7, 8]);
  expect([...toBitmap([], 0)]).toEqual([]);
  expect(fromBitmap(new Uint8Array(0), 0, 'U3')).toEqual([]);
});

test('round trip, sorted and without repeats', () => {
  const sets = fc
    .integer({ min: 1, max: 300 })
    .chain((size) => fc.record({ size: fc.constant(size), indices: fc.array(fc.nat(size - 1)) }));
  fc.assert(
    fc.property(sets, ({ size, indices }) => {
      const bytes = toBitmap(indices, size);
      expect(bytes).toHaveLength(Math.ceil(size / 8));
      const sorted = [...new Set(indices)].sort((a, b) => a - b);
      expect(fromBitmap(bytes, size, 'U3')).toEqual(sorted);
      expect(toBitmap(new Set(indices), size)).toEqual(bytes);
    }),
  );
});

describe('refusals', () => {
  test('of bytes from outside', () => {
    for (const bytes of [new Uint8Array(1), new Uint8Array(3), undefined, [0, 0], 'ab']) {
      expect(() => fromBitmap(bytes as never, 9, 'U3')).toThrow(CodecError);
    }
    for (let bit = 1; bit < 8; bit++) {
      const padded = Uint8Array.of(0, 1 << bit);
      expect(() => fromBitmap(padded, 9, 'U3')).toThrow(/^U3: got position \d+, expected below 9/);
    }
    expect(fromBitmap(Uint8Array.of(255, 255), 16, 'U3')).toHaveLength(16);
  });

  test('of positions that are not on the roster', () => {
    for (const index of [-1, 9, 1.5, Number.NaN]) {
      expect(() => toBitmap([index], 9)).toThrow(UsageError);
    }
    expect(() => toBitmap([0], 0)).toThrow(UsageError);
    expect(() => toBitmap([], -1)).toThrow(UsageError);
  });
});
