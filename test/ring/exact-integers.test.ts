import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { modulusBits } from '../../src/ring/capacity.ts';
import { decodeIntegerSum, encodeIntegers, exactIntegers } from '../../src/ring/exact-integers.ts';
import { addInto, reduceInto } from '../../src/ring/vector.ts';
import { caught } from './caught.ts';

describe('exact integers', () => {
  test('the decoded sum is the sum, in the least ring that modulusBits allows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 12 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (min, span, length, clients, stream) => {
          const code = exactIntegers({ length, min, max: min + span });
          expect(code.levels).toBe(span + 1);
          const bits = modulusBits({ clients, levels: code.levels });
          const sums = new Uint32Array(length);
          const expected = new Array<number>(length).fill(0);
          for (let n = 0; n < clients; n++) {
            const values = Array.from({ length }, () =>
              Math.round(min + span * (stream.next().value as number)),
            );
            values.forEach((v, i) => {
              expected[i] = (expected[i] as number) + v;
            });
            addInto(sums, sums, encodeIntegers(code, values));
          }
          reduceInto(sums, sums, bits);
          expect(decodeIntegerSum(code, sums, clients).map((v) => v + 0)).toEqual(expected);
        },
      ),
    );
  });

  test('the ends of the range, also of the widest one', () => {
    const code = exactIntegers({ length: 3, min: -(2 ** 31), max: 2 ** 31 - 1 });
    expect(code.levels).toBe(2 ** 32);
    const words = encodeIntegers(code, [-(2 ** 31), 0, 2 ** 31 - 1]);
    expect([...words]).toEqual([0, 2 ** 31, 2 ** 32 - 1]);
    expect(decodeIntegerSum(code, words, 1)).toEqual([-(2 ** 31), 0, 2 ** 31 - 1]);

    const far = exactIntegers({
      length: 1,
      min: Number.MAX_SAFE_INTEGER - 5,
      max: Number.MAX_SAFE_INTEGER,
    });
    const word = encodeIntegers(far, [Number.MAX_SAFE_INTEGER]);
    expect(decodeIntegerSum(far, word, 1)).toEqual([Number.MAX_SAFE_INTEGER]);
  });

  test('values that do not fit are refused by index, never shown', () => {
    const code = exactIntegers({ length: 3, min: 0, max: 5_000 });
    for (const bad of [5_001, -1, 1234.5, Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
      const error = caught(() => encodeIntegers(code, [1, bad, 2]));
      expect(error.code).toBe('out-of-range');
      expect(error.message).toContain('values[1]');
      expect(error.message + JSON.stringify(error.details)).not.toContain(String(bad));
    }
    expect(caught(() => encodeIntegers(code, ['1', 2, 3] as unknown as number[])).code).toBe(
      'wrong-type',
    );
    expect(caught(() => encodeIntegers(code, [1, 2])).code).toBe('wrong-length');
    expect(caught(() => encodeIntegers(code, [1, 2, 3, 4])).code).toBe('wrong-length');
  });

  test('sums beyond 2^53 are refused rather than rounded', () => {
    const high = exactIntegers({ length: 1, min: 2 ** 52, max: 2 ** 52 + 1 });
    expect(decodeIntegerSum(high, Uint32Array.of(1), 1)).toEqual([2 ** 52 + 1]);
    expect(caught(() => decodeIntegerSum(high, Uint32Array.of(1), 2)).code).toBe('out-of-range');
    const low = exactIntegers({ length: 1, min: -(2 ** 52), max: -(2 ** 52) + 9 });
    // The offset −2^53 alone is too large, though the sum itself would be exact.
    expect(caught(() => decodeIntegerSum(low, Uint32Array.of(7), 2)).code).toBe('out-of-range');
    expect(caught(() => decodeIntegerSum(low, Uint32Array.of(7), 2 ** 20)).code).toBe(
      'out-of-range',
    );
  });

  test('codes are frozen and their parameters checked', () => {
    expect(Object.isFrozen(exactIntegers({ length: 1, min: 3, max: 3 }))).toBe(true);
    for (const bad of [
      { length: 0, min: 0, max: 1 },
      { length: 1, min: 2, max: 1 },
      { length: 1, min: 0, max: 2 ** 32 },
      { length: 1, min: 0.5, max: 2 },
      { length: 1, min: 0, max: 1.5 },
      { length: 1, min: Number.NaN, max: 1 },
      { length: 1, min: 0, max: 2 ** 60 },
    ]) {
      expect(caught(() => exactIntegers(bad)).code).toBe('out-of-range');
    }
    const code = exactIntegers({ length: 2, min: 0, max: 1 });
    expect(caught(() => decodeIntegerSum(code, new Uint32Array(1), 1)).code).toBe('wrong-length');
    expect(caught(() => decodeIntegerSum(code, new Uint32Array(2), -1)).code).toBe('out-of-range');
  });
});
