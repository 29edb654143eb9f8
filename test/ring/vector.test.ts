import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { addInto, centre, reduceInto, subtractInto } from '../../src/ring/vector.ts';
import { centredResidue, residue } from '../reference/ring.ts';
import { caught } from './caught.ts';

const words = fc.array(
  fc.oneof(fc.nat(0xffffffff), fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff)),
  { maxLength: 40 },
);
const pair = words.chain((a) =>
  fc.tuple(
    fc.constant(a),
    fc.array(fc.nat(0xffffffff), { minLength: a.length, maxLength: a.length }),
  ),
);
const widths = fc.integer({ min: 1, max: 32 });

describe('vectors modulo 2^32', () => {
  test('sums and differences are those of bigint', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const x = Uint32Array.from(a);
        const y = Uint32Array.from(b);
        const out = new Uint32Array(a.length);
        addInto(out, x, y);
        expect([...out].map(BigInt)).toEqual(
          a.map((v, i) => residue(BigInt(v) + BigInt(b[i] as number), 32)),
        );
        subtractInto(out, x, y);
        expect([...out].map(BigInt)).toEqual(
          a.map((v, i) => residue(BigInt(v) - BigInt(b[i] as number), 32)),
        );
        expect([...x]).toEqual(a);
        expect([...y]).toEqual(b);
      }),
    );
  });

  test('the output may be either input, or both', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        for (const operation of [addInto, subtractInto]) {
          const expected = new Uint32Array(a.length);
          operation(expected, Uint32Array.from(a), Uint32Array.from(b));
          const first = Uint32Array.from(a);
          operation(first, first, Uint32Array.from(b));
          expect(first).toEqual(expected);
          const second = Uint32Array.from(b);
          operation(second, Uint32Array.from(a), second);
          expect(second).toEqual(expected);
        }
        const same = Uint32Array.from(a);
        addInto(same, same, same);
        expect([...same]).toEqual(a.map((v) => (v * 2) % 2 ** 32));
        subtractInto(same, same, same);
        expect([...same]).toEqual(a.map(() => 0));
      }),
    );
  });

  test('reduction and centring agree with bigint for every width', () => {
    fc.assert(
      fc.property(words, widths, (a, bits) => {
        const x = Uint32Array.from(a);
        const out = new Uint32Array(a.length);
        reduceInto(out, x, bits);
        expect([...out].map(BigInt)).toEqual(a.map((v) => residue(BigInt(v), bits)));
        expect([...centre(x, bits)].map(BigInt)).toEqual(
          a.map((v) => centredResidue(BigInt(v), bits)),
        );
        reduceInto(x, x, bits);
        expect(x).toEqual(out);
      }),
    );
  });

  test('the ends of the centred interval, for every width', () => {
    for (let bits = 1; bits <= 32; bits++) {
      const half = 2 ** (bits - 1);
      const [zero, top, bottom, minusOne] = centre(
        Uint32Array.of(0, half - 1, half, 2 ** bits - 1),
        bits,
      );
      expect([zero, top, bottom, minusOne]).toEqual([0, half - 1, -half, -1]);
    }
  });

  test('reducing late is reducing early', () => {
    fc.assert(
      fc.property(pair, widths, ([a, b], bits) => {
        const late = Uint32Array.from(a);
        addInto(late, late, Uint32Array.from(b));
        reduceInto(late, late, bits);
        const x = Uint32Array.from(a);
        const y = Uint32Array.from(b);
        reduceInto(x, x, bits);
        reduceInto(y, y, bits);
        addInto(x, x, y);
        reduceInto(x, x, bits);
        expect(x).toEqual(late);
      }),
    );
  });

  test('lengths that differ and widths out of range are refused', () => {
    const two = new Uint32Array(2);
    const three = new Uint32Array(3);
    for (const operation of [addInto, subtractInto]) {
      for (const [out, a, b] of [
        [two, two, three],
        [two, three, two],
        [three, two, two],
      ] as const) {
        const error = caught(() => operation(out, a, b));
        expect(error).toBeInstanceOf(UsageError);
        expect(error.code).toBe('wrong-length');
      }
    }
    expect(caught(() => reduceInto(two, three, 8)).code).toBe('wrong-length');
    for (const bits of [0, 33, 1.5, Number.NaN]) {
      expect(caught(() => reduceInto(two, two, bits)).code).toBe('out-of-range');
      expect(caught(() => centre(two, bits)).code).toBe('out-of-range');
    }
  });
});
