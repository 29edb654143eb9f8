/** Norms: kernel and twin agree to the last bit, and with exact arithmetic as far as they should. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { measure, scaleInto, sumOfSquares } from '../../src/kernel/norms.ts';
import {
  measure as measureTwin,
  scale as scaleTwin,
  sumOfSquares as sumOfSquaresTwin,
} from '../../src/kernel/twin/norms.ts';
import { residentVectors, TABLES } from '../../src/kernel/wasm.ts';
import { squaredNormReference } from '../reference/ring.ts';
import { arenas, expectNothingLeft, TAILS } from './arena.ts';

const places = arenas(4_096);

type Reals = Float32Array | Float64Array;

/** The definition: element i in lane i mod 8, lanes folded in halves. */
function measuresReference(values: Reals): { largest: number; squares: number } {
  const lanes = new Array<number>(8).fill(0);
  let largest = 0;
  values.forEach((x, i) => {
    lanes[i % 8] = (lanes[i % 8] as number) + x * x;
    largest = Math.max(largest, Math.abs(x));
  });
  const [a, b, c, d, e, f, g, h] = lanes as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { largest, squares: a + e + (c + g) + (b + f + (d + h)) };
}

function expectMeasures(values: Reals): void {
  const expected = measuresReference(values);
  for (const { name, place, only } of places) {
    const [v] = place(values);
    only(v.subarray(0, 0), () => expect(measure(v), name).toEqual(expected));
  }
  const lanes = new Float64Array(16);
  measureTwin(lanes, values);
  expect(lanes.subarray(0, 8).reduce((sum, x) => sum + x, 0)).toSatisfy(
    (sum: number) =>
      Object.is(sum, expected.squares) || Math.abs(sum / expected.squares - 1) < 1e-14,
  );
  expect(Math.max(...lanes.subarray(8))).toBe(expected.largest);
}

describe('measure', () => {
  test('every tail, doubles and floats', () => {
    for (const length of TAILS) {
      const values = Float64Array.from({ length }, (_, i) => Math.sin(i * length + 1) * 10);
      expectMeasures(values);
      expectMeasures(Float32Array.from(values));
    }
  });

  test('any numbers, also those that are none', () => {
    const value = fc.oneof(
      fc.double(),
      fc.double({ min: -2, max: 2, noNaN: true }),
      fc.constantFrom(
        0,
        -0,
        Number.MIN_VALUE,
        -Number.MIN_VALUE,
        2 ** -149,
        2 ** -1022,
        1e308,
        -1e308,
      ),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 90 }), (values) => {
        expectMeasures(Float64Array.from(values));
        expectMeasures(Float32Array.from(values));
      }),
      { numRuns: 500 },
    );
  });

  test('a NaN or an infinity shows, wherever it stands and whatever follows', () => {
    for (const length of [1, 8, 63, 64, 100]) {
      for (let at = 0; at < length; at++) {
        for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          const values = new Float64Array(length).fill(1e300);
          values[at] = bad;
          for (const { place } of places) {
            const [v] = place(values);
            expect(measure(v).largest).toBe(Math.abs(bad));
          }
        }
      }
    }
    expect(measure(new Float64Array(100).fill(1e300))).toEqual({
      largest: 1e300,
      squares: Number.POSITIVE_INFINITY,
    });
  });

  test('pieces make no difference to the last bit', () => {
    for (const length of [16_383, 16_384, 16_385, 50_001]) {
      const values = Float64Array.from({ length }, (_, i) => Math.sin(i) * 10 ** ((i % 9) - 4));
      const [memory] = residentVectors([2 * length + 65_536]) as [Uint32Array];
      const resident = new Float64Array(memory.buffer, memory.byteOffset, length);
      resident.set(values);
      const expected = measuresReference(values);
      expect(measure(values)).toEqual(expected);
      expect(measure(resident)).toEqual(expected);
      const lanes = new Uint32Array(memory.buffer, TABLES, 32);
      expect(
        lanes.every((word) => word === 0),
        'wiped',
      ).toBe(true);
    }
  });
});

describe('sum of squares', () => {
  const expectExact = (integers: Int32Array): void => {
    const expected = squaredNormReference(integers);
    expect(sumOfSquaresTwin(integers)).toBe(expected);
    for (const { place, only } of places) {
      const [z] = place(integers);
      only(z.subarray(0, 0), () => expect(sumOfSquares(z)).toBe(expected));
    }
  };

  test('every tail, of the extremes too', () => {
    for (const length of TAILS) {
      expectExact(Int32Array.from({ length }, (_, i) => Math.imul(i + 1, 0x9e37_79b9)));
      expectExact(new Int32Array(length).fill(-(2 ** 31)));
      expectExact(new Int32Array(length).fill(2 ** 31 - 1));
    }
  });

  test('any integers', () => {
    const any = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    const edge = fc.constantFrom(0, 1, -1, 65_535, 65_536, -65_536, 2 ** 31 - 1, -(2 ** 31));
    fc.assert(
      fc.property(fc.array(fc.oneof(any, edge), { maxLength: 90 }), (integers) => {
        expectExact(Int32Array.from(integers));
      }),
      { numRuns: 500 },
    );
  });

  test('long vectors of the extremes, in place and in pieces', () => {
    const length = 3_000_001;
    const [memory] = residentVectors([length]) as [Uint32Array];
    const resident = new Int32Array(memory.buffer, memory.byteOffset, length);
    for (const z of [-(2 ** 31), 2 ** 31 - 1]) {
      const expected = BigInt(length) * BigInt(z) ** 2n;
      expect(sumOfSquares(resident.fill(z))).toBe(expected);
      expect(sumOfSquares(new Int32Array(length).fill(z))).toBe(expected);
    }
  });
});

test('nothing of a vector stays in the scratches or tables', () => {
  for (const length of [64, 1_001, 16_385]) {
    const values = new Float64Array(length).fill(-Math.PI);
    const integers = new Int32Array(length).fill(-1);
    measure(values);
    expectNothingLeft();
    measure(Float32Array.from(values));
    expectNothingLeft();
    sumOfSquares(integers);
    expectNothingLeft();
    scaleInto(values, values, 1.5);
    expectNothingLeft();
  }
});

describe('scale', () => {
  test('every tail, into another vector and in place', () => {
    for (const length of TAILS) {
      const values = Float64Array.from({ length }, (_, i) => Math.cos(i) * 1e-300);
      const expected = Float64Array.from(values, (x) => x * 1.7e-10);
      const twin = new Float64Array(length);
      scaleTwin(twin, values, 1.7e-10);
      expect([...twin]).toEqual([...expected]);
      for (const { place, only } of places) {
        const [v, out] = place(values, new Float64Array(length).fill(7));
        only(out, () => scaleInto(out, v, 1.7e-10));
        expect([...out]).toEqual([...expected]);
        only(v, () => scaleInto(v, v, 1.7e-10));
        expect([...v]).toEqual([...expected]);
      }
    }
  });

  test('over pieces', () => {
    const values = Float64Array.from({ length: 40_001 }, (_, i) => Math.sin(i));
    const out = new Float64Array(values.length);
    scaleInto(out, values, 3.3);
    expect(out.every((x, i) => x === (values[i] as number) * 3.3)).toBe(true);
  });
});
