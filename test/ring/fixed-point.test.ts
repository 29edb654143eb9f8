import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { modulusBits } from '../../src/ring/capacity.ts';
import {
  type Clip,
  decodeReal,
  encodeReal,
  exactSquaredNorm,
  type FixedPoint,
  fixedPoint,
} from '../../src/ring/fixed-point.ts';
import { addInto, centre, reduceInto } from '../../src/ring/vector.ts';
import { isSquaredNormBound, squaredNormReference } from '../reference/ring.ts';
import { caught } from './caught.ts';

const l2 = (length: number, bits: number, bound = 1): FixedPoint =>
  fixedPoint({ length, bits, clip: { norm: 'l2', bound } });
const linf = (length: number, bits: number, bound = 1): FixedPoint =>
  fixedPoint({ length, bits, clip: { norm: 'linf', bound } });

/** What every encoding promises, checked with the bigint twin. */
const expectWithin = (code: FixedPoint, integers: Int32Array): void => {
  expect(integers.length).toBe(code.length);
  expect(squaredNormReference(integers) <= code.squaredNormBound).toBe(true);
  expect(integers.every((z) => Math.abs(z) <= code.maxMagnitude)).toBe(true);
};

describe('fixedPoint', () => {
  test('the squared norm bound is the one of the paper, cut to whole numbers', () => {
    for (const d of [1, 2, 3, 4, 5, 15, 16, 17, 999, 25_450, 1_000_000, 2 ** 28]) {
      for (let bits = 2; bits <= 24; bits++) {
        const { squaredNormBound, maxMagnitude } = l2(d, bits);
        expect(isSquaredNormBound(squaredNormBound, BigInt(maxMagnitude), BigInt(d))).toBe(true);
        expect(linf(d, bits).squaredNormBound).toBe(BigInt(d) * BigInt(maxMagnitude) ** 2n);
      }
    }
    // d·2^(2b) passes 2^53 here; a double would have lost the last digits.
    expect(linf(2 ** 28, 24).squaredNormBound).toBe(2n ** 28n * (2n ** 23n - 1n) ** 2n);
  });

  test('the bound times the scale never passes M, and is next to it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 24 }),
        fc.double({ min: 1e-100, max: 1e100, noNaN: true }),
        (bits, bound) => {
          const code = linf(1, bits, bound);
          expect(code.maxMagnitude).toBe(2 ** (bits - 1) - 1);
          expect(bound * code.scale).toBeLessThanOrEqual(code.maxMagnitude);
          expect(bound * code.scale).toBeGreaterThan(code.maxMagnitude * (1 - 2 ** -50));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("frozen, and a later change of the caller's clip changes nothing", () => {
    const clip = { norm: 'l2' as Clip['norm'], bound: 1 };
    const code = fixedPoint({ length: 3, bits: 8, clip });
    clip.bound = 5;
    expect(code.clip).toEqual({ norm: 'l2', bound: 1 });
    expect(Object.isFrozen(code) && Object.isFrozen(code.clip)).toBe(true);
  });

  test('parameters out of range', () => {
    for (const [length, bits] of [
      [0, 8],
      [1.5, 8],
      [2 ** 28 + 1, 8],
      [3, 1],
      [3, 25],
      [3, 8.5],
      [3, Number.NaN],
    ] as const) {
      expect(caught(() => l2(length, bits)).code).toBe('out-of-range');
    }
    for (const bound of [0, -1, 1e-101, 1e101]) {
      expect(caught(() => l2(3, 8, bound)).code).toBe('out-of-range');
    }
    for (const bound of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(caught(() => l2(3, 8, bound)).code).toBe('not-finite');
    }
    expect(
      caught(() => fixedPoint({ length: 1, bits: 8, clip: { norm: 'l1' as 'l2', bound: 1 } })).code,
    ).toBe('out-of-range');
  });
});

describe('encodeReal refuses', () => {
  test('what is not finite, naming the index and not the value', () => {
    for (const code of [l2(4, 8), linf(4, 8)]) {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        for (let at = 0; at < 4; at++) {
          const values = [0.25, 0.5, 0.125, 0.0625];
          values[at] = bad;
          const error = caught(() => encodeReal(code, values));
          expect(error.code).toBe('not-finite');
          expect(error.details).toEqual({ index: at });
          expect(error.message).toContain(`values[${at}]`);
          for (const value of values.filter(Number.isFinite)) {
            expect(error.message).not.toContain(String(value));
          }
        }
      }
      expect(caught(() => encodeReal(code, [1, undefined, 2, 3] as number[])).code).toBe(
        'wrong-type',
      );
    }
  });

  test('another length', () => {
    for (const values of [[], [1, 2, 3], [1, 2, 3, 4, 5], new Float32Array(3)]) {
      expect(caught(() => encodeReal(l2(4, 8), values)).code).toBe('wrong-length');
    }
    expect(caught(() => encodeReal(l2(4, 8), undefined as unknown as number[])).code).toBe(
      'wrong-type',
    );
  });
});

describe('the norm after rounding', () => {
  const anyDouble = fc.double({ noNaN: true, noDefaultInfinity: true });

  test('holds for any finite input whatever', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(anyDouble, fc.double({ min: -3, max: 3, noNaN: true })), {
          minLength: 1,
          maxLength: 50,
        }),
        fc.integer({ min: 2, max: 24 }),
        fc.constantFrom(1e-100, 1e-3, 1, 0.1, 7.3, 1e100),
        fc.constantFrom('l2' as const, 'linf' as const),
        (values, bits, bound, norm) => {
          const code = fixedPoint({ length: values.length, bits, clip: { norm, bound } });
          const copy = [...values];
          const { integers } = encodeReal(code, values);
          expectWithin(code, integers);
          expect(values).toEqual(copy);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('holds for inputs made to break it', () => {
    for (const bits of [2, 3, 8, 16, 24]) {
      for (const length of [1, 2, 3, 4, 100, 10_000]) {
        const code = l2(length, bits);
        const { scale, maxMagnitude: m } = code;
        const half = (k: number) => (k + 0.5) / scale;
        const lone = new Float64Array(length);
        lone[length - 1] = 1.7e308;
        const loneNegative = lone.map((v) => -v);
        const adversarial: [string, Float64Array][] = [
          ['zero', new Float64Array(length)],
          ['minus zero', new Float64Array(length).fill(-0)],
          ['half-integers', new Float64Array(length).fill(half(0))],
          ['half-integers below zero', new Float64Array(length).fill(-half(0))],
          ['exactly the bound, spread', new Float64Array(length).fill(1 / Math.sqrt(length))],
          ['M − 1/2 everywhere', new Float64Array(length).fill(half(m - 1))],
          ['one huge', lone],
          ['one huge below zero', loneNegative],
          ['all huge', new Float64Array(length).fill(Number.MAX_VALUE)],
          ['denormals', new Float64Array(length).fill(Number.MIN_VALUE)],
          [
            'huge among denormals',
            new Float64Array(length).fill(-Number.MIN_VALUE).fill(1e300, 0, 1),
          ],
          ['one at the bound, halves beside', new Float64Array(length).fill(half(0)).fill(1, 0, 1)],
        ];
        for (const [name, values] of adversarial) {
          const { integers } = encodeReal(code, values);
          expectWithin(code, integers);
          if (name === 'zero' || name === 'minus zero') {
            expect(integers.every((z) => z === 0)).toBe(true);
          }
          if (name === 'one huge') {
            // Cut to the bound in its own direction: within one of M, nothing beside it.
            expect(integers[length - 1]).toBeGreaterThanOrEqual(m - 1);
            expect(integers.subarray(0, length - 1).every((z) => z === 0)).toBe(true);
          }
          if (name === 'all huge') {
            const each = m / Math.sqrt(length);
            expect(integers.every((z) => z >= Math.floor(each * 0.999) && z <= each + 1)).toBe(
              true,
            );
          }
        }
      }
    }
  });

  test('plain rounding does pass the bound now and then, so the check has work to do', () => {
    // With d = 4 and M = 1 the bound is min(1 + 1 + 1 + 1, 4) = 4 and never binds; with M = 3 and a
    // vector near (1.5, 1.5, 1.5, 1.5) rounding gives Σz² up to 16 > 9 + 3 + 2 = 14.
    const code = l2(4, 3);
    expect(code.squaredNormBound).toBe(14n);
    const values = new Float64Array(4).fill(0.5);
    let nearTop = 0;
    for (let i = 0; i < 4_000; i++) {
      const { integers } = encodeReal(code, values);
      expect(exactSquaredNorm(integers) <= 14n).toBe(true);
      if (exactSquaredNorm(integers) === 13n) nearTop++;
    }
    // (2,2,2,1) in some order: 4 of the 15 outcomes left; the one with four twos, Σz² = 16, is refused.
    expect(Math.abs(nearTop / 4_000 - 4 / 15)).toBeLessThan(
      7 * Math.sqrt(((4 / 15) * (11 / 15)) / 4_000),
    );
  });
});

describe('inputs of every kind and size', () => {
  test('an index that is not finite is found in long vectors of any type', () => {
    const length = 40_000;
    for (const code of [l2(length, 8), linf(length, 8)]) {
      for (const at of [0, 63, 16_383, 16_384, 32_767, length - 1]) {
        for (const Type of [Float64Array, Float32Array, Array<number>]) {
          const values = new Type(length).fill(1e30);
          values[at] = at % 2 === 0 ? Number.NaN : Number.NEGATIVE_INFINITY;
          expect(caught(() => encodeReal(code, values)).details).toEqual({ index: at });
        }
      }
    }
  });

  test('one result for the same numbers in an array of any type, memory shared or not', () => {
    // Whole units, so that nothing is left to chance.
    const code = linf(1_000, 12, 2_047);
    expect(code.scale).toBe(1);
    const numbers = Array.from({ length: 1_000 }, (_, i) => ((i * 7_919) % 6_001) - 3_000);
    const expected = numbers.map((x) => Math.max(-2_047, Math.min(2_047, x)));
    const shared = new Float64Array(new SharedArrayBuffer(8_000));
    shared.set(numbers);
    const inputs = [
      numbers,
      Float64Array.from(numbers),
      Float32Array.from(numbers),
      Int16Array.from(numbers),
      shared,
      { ...numbers, length: 1_000 },
    ];
    for (const values of inputs) {
      const { integers, clipped } = encodeReal(code, values);
      expect([...integers]).toEqual(expected);
      expect(clipped).toBe(true);
      expect(Array.from(values)).toEqual(numbers);
    }
  });

  test('magnitudes on both sides of where squares overflow or vanish', () => {
    for (const bound of [1e-100, 1, 1e100]) {
      for (const exponent of [-1_074, -540, -480, 0, 400, 479, 480, 481, 511, 512, 1_000, 1_023]) {
        for (const length of [1, 3, 100]) {
          const code = l2(length, 16, bound);
          const values = new Float64Array(length).fill(2 ** exponent);
          const { integers, clipped } = encodeReal(code, values);
          expectWithin(code, integers);
          // Whether it was cut is clear unless the norm is near the bound.
          const norm = 2 ** exponent * Math.sqrt(length);
          expect(clipped).toBe(norm > bound);
          const each = (Math.min(norm, bound) * code.scale) / Math.sqrt(length);
          for (const z of integers) expect(Math.abs(z - each)).toBeLessThanOrEqual(1 + 1e-6);
        }
      }
    }
  });

  test('a direction is kept even of numbers that are as large as numbers get', () => {
    const code = l2(100, 20, 5);
    const values = new Float64Array(100);
    values[3] = 3 * 2 ** 1_020;
    values[96] = -4 * 2 ** 1_020;
    const { integers } = encodeReal(code, values);
    const m = code.maxMagnitude;
    expect(Math.abs((integers[3] as number) - 0.6 * m)).toBeLessThan(2);
    expect(Math.abs((integers[96] as number) + 0.8 * m)).toBeLessThan(2);
    expect(integers.filter((z) => z !== 0).length).toBe(2);
  });
});

describe('clipping', () => {
  test('l2 keeps the direction and says whether it cut', () => {
    const code = l2(3, 24, 5);
    const inside = encodeReal(code, [3, 0, 4 - 1e-9]);
    expect(inside.clipped).toBe(false);
    const outside = encodeReal(code, [30, 0, 40]);
    expect(outside.clipped).toBe(true);
    const [x, y, z] = decodeReal(code, outside.integers);
    const unit = 1 / code.scale;
    expect(Math.abs((x as number) - 3)).toBeLessThan(1.01 * unit);
    expect(y).toBe(0);
    expect(Math.abs((z as number) - 4)).toBeLessThan(1.01 * unit);
    expect(encodeReal(code, [1e-300, 0, 0]).clipped).toBe(false);
    expect(encodeReal(code, [1e200, -1e200, 0]).clipped).toBe(true);
    expect(encodeReal(code, [0, 0, 0]).clipped).toBe(false);
    // At the bound itself nothing is reported, whatever the float error of the norm.
    expect(encodeReal(code, [3, 0, 4]).clipped).toBe(false);
  });

  test('linf clamps each coordinate by itself', () => {
    const code = linf(5, 16, 2);
    const m = code.maxMagnitude;
    const { integers, clipped } = encodeReal(code, [-9, -2, 0, 2, 1e308]);
    expect(clipped).toBe(true);
    // ±2 is ±M up to an ulp of the scale.
    expect([...integers].map((z) => (Math.abs(z) >= m - 1 ? Math.sign(z) * m : z))).toEqual([
      -m,
      -m,
      0,
      m,
      m,
    ]);
    expect(encodeReal(code, [-2, 2, 1, 0, 0]).clipped).toBe(false);
  });

  test('inside the bound, every coordinate is off by less than a unit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -0.1, max: 0.1, noNaN: true }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 2, max: 24 }),
        fc.constantFrom('l2' as const, 'linf' as const),
        (values, bits, norm) => {
          const code = fixedPoint({ length: values.length, bits, clip: { norm, bound: 1 } });
          const { integers, clipped } = encodeReal(code, values);
          expect(clipped).toBe(false);
          decodeReal(code, integers).forEach((value, i) => {
            expect(Math.abs(value - (values[i] as number)) * code.scale).toBeLessThan(1 + 1e-6);
          });
        },
      ),
    );
  });
});

describe('encoding as a whole', () => {
  test('is unbiased: the mean of many encodings is the vector', () => {
    const N = 100_000;
    // Hoeffding as in rounding.test.ts: false alarm below 10^−9 a coordinate.
    const tolerance = Math.sqrt(Math.log(2e9) / (2 * N));
    for (const bits of [2, 12, 24]) {
      const code = linf(N, bits);
      for (const x of [0.3, -0.3, 1 / 3, 0.999, -0.001]) {
        const { integers } = encodeReal(code, new Float64Array(N).fill(x));
        let sum = 0;
        for (const z of integers) sum += z - x * code.scale;
        expect(Math.abs(sum / N), `bits ${bits}, x ${x}`).toBeLessThan(tolerance);
      }
    }
    // The same with l2, where the conditioning could show: half the norm leaves it idle.
    const code = l2(N, 24);
    const x = 0.5 / Math.sqrt(N);
    const { integers } = encodeReal(code, new Float64Array(N).fill(-x));
    let sum = 0;
    for (const z of integers) sum += z + x * code.scale;
    expect(Math.abs(sum / N)).toBeLessThan(tolerance);
  });

  test('a sum through the ring decodes to the sum of the reals', () => {
    const clients = 50;
    const code = l2(40, 18, 2);
    const bits = modulusBits({ clients, levels: 2 ** code.bits });
    const total = new Uint32Array(40);
    const expected = new Float64Array(40);
    for (let n = 0; n < clients; n++) {
      const values = Float64Array.from({ length: 40 }, (_, i) => Math.sin(n * 40 + i) / 4);
      values.forEach((v, i) => {
        expected[i] = (expected[i] as number) + v;
      });
      addInto(total, total, new Uint32Array(encodeReal(code, values).integers));
    }
    reduceInto(total, total, bits);
    const sum = decodeReal(code, centre(total, bits));
    const mean = decodeReal(code, centre(total, bits), clients);
    for (let i = 0; i < 40; i++) {
      expect(Math.abs((sum[i] as number) - (expected[i] as number))).toBeLessThan(
        clients / code.scale,
      );
      expect(mean[i]).toBeCloseTo((sum[i] as number) / clients, 12);
    }
  });

  test('all clients at the extremes still do not wrap', () => {
    for (const [clients, bits] of [
      [1, 2],
      [3, 2],
      [100, 18],
      [256, 24],
    ] as const) {
      const code = linf(2, bits);
      const modulus = modulusBits({ clients, levels: 2 ** bits });
      const total = new Uint32Array(2);
      const extreme = Int32Array.of(code.maxMagnitude, -code.maxMagnitude);
      for (let n = 0; n < clients; n++) addInto(total, total, new Uint32Array(extreme));
      reduceInto(total, total, modulus);
      expect([...centre(total, modulus)]).toEqual([
        clients * code.maxMagnitude,
        -clients * code.maxMagnitude,
      ]);
    }
  });

  test('decodeReal divides: the same from an Int32Array as from an array', () => {
    const code = l2(1_000, 16, 3);
    const integers = Int32Array.from({ length: 1_000 }, (_, i) => Math.imul(i, 0x9e37_79b9));
    for (const divisor of [1, 7, 0.3, 1e-100, 1e100]) {
      const expected = Array.from(integers, (z) => z / (code.scale * divisor));
      expect([...decodeReal(code, integers, divisor)]).toEqual(expected);
      expect([...decodeReal(code, [...integers], divisor)]).toEqual(expected);
    }
  });

  test('decodeReal checks length and divisor', () => {
    const code = l2(2, 8);
    expect(caught(() => decodeReal(code, [1])).code).toBe('wrong-length');
    expect(caught(() => decodeReal(code, [1, 2], 0)).code).toBe('out-of-range');
    expect(caught(() => decodeReal(code, [1, 2], -1)).code).toBe('out-of-range');
    expect(caught(() => decodeReal(code, [1, 2], Number.NaN)).code).toBe('not-finite');
  });
});
