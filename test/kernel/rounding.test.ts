/** Quantising and dequantising: kernel, twin and reference agree, wherever the vectors lie. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dequantiseInto,
  quantiseDrawingInto,
  quantiseInto,
  type Reals,
  type Scaling,
} from '../../src/kernel/rounding.ts';
import { quantise } from '../../src/kernel/twin/rounding.ts';
import { homeOf, residentVectors } from '../../src/kernel/wasm.ts';
import { roundedReference } from '../reference/real.ts';
import { centredResidue } from '../reference/ring.ts';
import { mersenneTwister } from '../stat/mersenne-twister.ts';
import { arenas, expectNothingLeft, TAILS } from './arena.ts';

const places = arenas(4_096);

/** Fixed words, so that a failure comes again. */
const wordsFrom = (seed: number, length: number): Uint32Array => {
  const next = mersenneTwister(seed);
  return Uint32Array.from({ length }, next);
};

const scaled = (value: number, { limit, factor }: Scaling): number =>
  Math.max(-limit, Math.min(limit, value)) * factor;

const byReference = (values: Reals, words: Uint32Array, scaling: Scaling): number[] =>
  Array.from(values, (value, i) => roundedReference(scaled(value, scaling), words[i] as number));

/** Every way to the same result. */
function expectSame(values: Reals, words: Uint32Array, scaling: Scaling): void {
  const expected = byReference(values, words, scaling);
  const twin = new Int32Array(values.length);
  quantise(twin, values, words, scaling.limit, scaling.factor);
  expect([...twin]).toEqual(expected);
  for (const { name, place, only } of places) {
    const [v, w, out] = place(values, words, new Int32Array(values.length).fill(77));
    only(out, () => quantiseInto(out, v, w, scaling));
    expect([...out], name).toEqual(expected);
  }
}

const AS_THEY_ARE: Scaling = { limit: Number.POSITIVE_INFINITY, factor: 1 };
const M = 2 ** 31 - 1;

/** Numbers at which floors, fractions and conversions could slip. */
const EDGES: readonly number[] = [
  0,
  0.5,
  1,
  1.5,
  2,
  2 ** -32,
  2 ** -33,
  1 - 2 ** -32,
  1 - 2 ** -33,
  1 - 2 ** -53,
  1 + 2 ** -52,
  Number.MIN_VALUE,
  2 ** -1022,
  2 ** -1022 - 2 ** -1074,
  2 ** -127,
  2 ** -149,
  1e-300,
  8_000_000.3,
  2 ** 23 - 0.5,
  2 ** 23 - 1,
  2 ** 30 + 0.25,
  M - 0.5,
  M - 2 ** -20,
  M,
].flatMap((x) => [x, -x]);

const WORDS: readonly number[] = [
  0,
  1,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 31 + 1,
  2 ** 32 - 2,
  2 ** 32 - 1,
];

describe('quantise', () => {
  test('every tail, from doubles and from floats', () => {
    for (const length of TAILS) {
      const words = wordsFrom(length + 1, length);
      const values = Float64Array.from(words, (word, i) => Math.sin(word + i) * 3);
      expectSame(values, words, { limit: 2.5, factor: 1000.7 });
      expectSame(Float32Array.from(values), words, { limit: 2.5, factor: 1000.7 });
    }
  });

  test('every edge with every word at an edge', () => {
    const pairs = EDGES.flatMap((t) => WORDS.map((word) => [t, word] as const));
    for (let at = 0; at < pairs.length; at += 64) {
      const some = pairs.slice(at, at + 64);
      const words = Uint32Array.from(some, ([, word]) => word);
      expectSame(
        Float64Array.from(some, ([t]) => t),
        words,
        AS_THEY_ARE,
      );
      // Floats next to 2^31 would pass it.
      const floats = Float32Array.from(some, ([t]) => (Math.abs(t) > 2 ** 30 ? t / 2 : t));
      expectSame(floats, words, AS_THEY_ARE);
    }
  });

  test('any number, limit, factor and word', () => {
    const value = fc.oneof(
      fc.double({ noNaN: true }),
      fc.double({ min: -10, max: 10, noNaN: true }),
      fc.constantFrom(...EDGES),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(value, fc.integer({ min: 0, max: 2 ** 32 - 1 })), { maxLength: 80 }),
        fc.double({ min: 1e-100, max: 1e100, noNaN: true }),
        fc.integer({ min: 1, max: M }),
        (pairs, limit, top) => {
          const words = Uint32Array.from(pairs, ([, word]) => word);
          let factor = top / limit;
          while (limit * factor > M) factor *= 1 - 2 ** -53;
          const values = Float64Array.from(pairs, ([x]) => x);
          expectSame(values, words, { limit, factor });
          expectSame(Float32Array.from(values), words, { limit, factor });
        },
      ),
      { numRuns: 300 },
    );
  });

  test('over pieces: resident, elsewhere, and some here and some there', () => {
    for (const length of [16_383, 16_384, 16_385, 40_000]) {
      const words = wordsFrom(7, length);
      const values = Float64Array.from(words, (word) => Math.sin(word) * 100);
      const expected = new Int32Array(length);
      quantise(expected, values, words, 90, 12.5);
      const [a, b, c] = residentVectors([2 * length, length, length + 65_536]) as [
        Uint32Array,
        Uint32Array,
        Uint32Array,
      ];
      const rv = new Float64Array(a.buffer, a.byteOffset, length);
      rv.set(values);
      b.set(words);
      const ro = new Int32Array(c.buffer, c.byteOffset, length);
      for (const v of [rv, values, Float32Array.from(values)]) {
        for (const w of [b, words]) {
          for (const out of [ro, new Int32Array(length)]) {
            quantiseInto(out, v, w, { limit: 90, factor: 12.5 });
            if (v instanceof Float64Array) {
              expect(
                Buffer.compare(
                  Buffer.from(out.buffer, out.byteOffset, 4 * length),
                  Buffer.from(expected.buffer),
                ),
              ).toBe(0);
            } else {
              const single = new Int32Array(length);
              quantise(single, v, words, 90, 12.5);
              expect(out.every((z, i) => z === single[i])).toBe(true);
            }
          }
        }
      }
    }
  });

  test('words drawn on the way: 64 KiB at a time, each used once, none left behind', () => {
    for (const length of [0, 1, 63, 64, 16_384, 16_385, 40_000]) {
      const all = wordsFrom(11, length);
      const values = Float64Array.from(all, (word) => Math.cos(word) * 50);
      const expected = new Int32Array(length);
      quantise(expected, values, all, 40, 3.3);
      let drawn = 0;
      let last: Uint32Array = new Uint32Array(0);
      const draw = (words: Uint32Array): void => {
        expect(words.byteLength).toBeLessThanOrEqual(65_536);
        words.set(all.subarray(drawn, drawn + words.length));
        drawn += words.length;
        last = words;
      };
      const out = new Int32Array(length);
      quantiseDrawingInto(out, values, draw, { limit: 40, factor: 3.3 });
      expect(drawn).toBe(length);
      expect(out.every((z, i) => z === expected[i])).toBe(true);
      expect(last.every((word) => word === 0)).toBe(true);
      // Neither words nor values nor results stay in the scratches.
      expectNothingLeft();
      expect(homeOf(last) === undefined).toBe(length < 64);
    }
  });

  test('what fails to draw leaves nothing behind', () => {
    let seen: Uint32Array = new Uint32Array(0);
    const draw = (words: Uint32Array): void => {
      words.fill(5);
      seen = words;
      throw new Error('no randomness');
    };
    const values = new Float64Array(1_000).fill(3);
    expect(() => quantiseDrawingInto(new Int32Array(1_000), values, draw, AS_THEY_ARE)).toThrow();
    expect(seen.every((word) => word === 0)).toBe(true);
    expectNothingLeft();
    for (const Type of [Float64Array, Float32Array]) {
      const out = new Int32Array(20_000);
      quantiseInto(out, new Type(20_000).fill(1.5), wordsFrom(1, 20_000), AS_THEY_ARE);
      expectNothingLeft();
      dequantiseInto(new Type(20_000), out, 32, 3);
      expectNothingLeft();
    }
  });

  test('the mean error is within four standard errors of none, near zero and far from it', () => {
    const N = 200_000;
    // Seeds are arbitrary and fixed: the sample is always the same.
    for (const [seed, whole] of [
      [1, 1],
      [2, 1_000],
      [3, 8_000_000],
    ] as const) {
      const words = wordsFrom(20_261_122 + seed, N);
      for (const fraction of [0.001, 0.25, 0.5, 0.75, 0.999]) {
        for (const t of [whole + fraction, -whole - fraction]) {
          for (const values of [new Float64Array(N).fill(t), new Float32Array(N).fill(t)]) {
            const out = new Int32Array(N);
            quantiseInto(out, values, words, AS_THEY_ARE);
            const exact = values[0] as number;
            const f = exact - Math.floor(exact);
            const mean = out.reduce((sum, z) => sum + (z - exact), 0) / N;
            const error = Math.sqrt((f * (1 - f)) / N);
            expect(Math.abs(mean), `t = ${exact}`).toBeLessThanOrEqual(4 * error);
          }
        }
      }
    }
  });
});

describe('dequantise', () => {
  /** The distance to the next double away from zero. */
  const ulp = (x: number): number => {
    const bits = new BigInt64Array(Float64Array.of(Math.abs(x)).buffer);
    bits[0] = (bits[0] as bigint) + 1n;
    return (new Float64Array(bits.buffer)[0] as number) - Math.abs(x);
  };

  /** All paths alike, and next to the quotient; how many are not the very quotient. */
  const expectQuotients = (words: Uint32Array, bits: number, divisor: number): number => {
    const centred = Array.from(words, (w) => Number(centredResidue(BigInt(w), bits)));
    const quotients = centred.map((z) => z / divisor);
    const doubles = new Float64Array(words.length);
    dequantiseInto(doubles, words, bits, divisor);
    let others = 0;
    for (const [i, x] of doubles.entries()) {
      const quotient = quotients[i] as number;
      if (x === quotient) continue;
      others++;
      expect(Math.abs(x - quotient)).toBeLessThanOrEqual(ulp(quotient));
    }
    for (const Type of [Float64Array, Float32Array]) {
      const rounded =
        Type === Float64Array
          ? [...doubles]
          : [...Float32Array.from(centred, (z) => z * (1 / divisor))];
      for (const { name, place, only } of places) {
        const [w, out] = place(words, new Type(words.length).fill(77));
        only(out, () => dequantiseInto(out, w, bits, divisor));
        expect([...out], name).toEqual(rounded);
        const [z, again] = place(new Int32Array(words), new Type(words.length).fill(77));
        only(again, () => dequantiseInto(again, z, bits, divisor));
        expect([...again], name).toEqual(rounded);
      }
    }
    return others;
  };

  test('a quotient that is a double is found exactly', () => {
    for (let divisor = 1; divisor < 3_000; divisor++) {
      const most = Math.floor((2 ** 31 - 1) / divisor);
      const quotients = [0, 1, -1, 2, 3, 7, -13, 1_001, most, -most].filter(
        (q) => Math.abs(q) <= most,
      );
      for (const scale of [1, 2 ** -20, 2 ** 40]) {
        const z = Int32Array.from(quotients, (q) => q * divisor);
        const out = new Float64Array(z.length);
        dequantiseInto(out, z, 32, divisor * scale);
        expect([...out]).toEqual(quotients.map((q) => q / scale));
      }
    }
  });

  test('nearly all quotients are those of a division', () => {
    const words = wordsFrom(9, 1_000_000);
    const out = new Float64Array(words.length);
    let others = 0;
    for (const divisor of [3, 7.7, 32_767.3, 65_535 / 1.1, 1e-30]) {
      dequantiseInto(out, words, 32, divisor);
      for (const [i, x] of out.entries()) if (x !== ((words[i] as number) | 0) / divisor) others++;
    }
    expect(others).toBeLessThan(100); // of five million
  });

  test('every tail and every width', () => {
    for (const length of TAILS) expectQuotients(wordsFrom(length, length), 20, 32_767.3);
    for (let bits = 1; bits <= 32; bits++) {
      const edges = [0, 1, 2 ** (bits - 1) - 1, 2 ** (bits - 1), 2 ** bits - 1, 2 ** 32 - 1];
      expectQuotients(Uint32Array.from([...edges, ...wordsFrom(bits, 70)]), bits, 1 / 3);
    }
  });

  test('any divisor: the quotient is the one of a division, or the next double', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: 80 }),
        fc.integer({ min: 1, max: 32 }),
        fc.double({ min: -(2 ** 900), max: 2 ** 900, noNaN: true }),
        (words, bits, divisor) => {
          fc.pre(Math.abs(divisor) >= 2 ** -900);
          expectQuotients(Uint32Array.from(words), bits, divisor);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('over pieces', () => {
    const words = wordsFrom(5, 40_001);
    const expected = new Float64Array(words.length);
    for (let from = 0; from < words.length; from += 50) {
      dequantiseInto(expected.subarray(from, from + 50), words.subarray(from, from + 50), 19, 7.7);
    }
    const [a, b] = residentVectors([words.length, 2 * words.length]) as [Uint32Array, Uint32Array];
    a.set(words);
    const ro = new Float64Array(b.buffer, b.byteOffset, words.length);
    for (const w of [a, words]) {
      for (const out of [ro, new Float64Array(words.length)]) {
        dequantiseInto(out.fill(1), w, 19, 7.7);
        expect(out.every((x, i) => x === expected[i])).toBe(true);
      }
    }
  });
});
