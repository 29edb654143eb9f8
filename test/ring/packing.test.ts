import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CodecError } from '../../src/errors.ts';
import {
  assertCanonicalPacking,
  packedLength,
  packInto,
  unpackAddInto,
  unpackInto,
} from '../../src/ring/packing.ts';
import { packedReference, residue, unpackedReference } from '../reference/ring.ts';
import { caught } from './caught.ts';

const widths = Array.from({ length: 32 }, (_, i) => i + 1);
const lengths = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 129];

const randomWords = (length: number): Uint32Array =>
  crypto.getRandomValues(new Uint32Array(length));
const pack = (vector: Uint32Array, bits: number): Uint8Array => {
  // Dirty memory: packing has to write every byte.
  const out = new Uint8Array(packedLength(vector.length, bits)).fill(0xaa);
  packInto(out, vector, bits);
  return out;
};
const bigints = (vector: Uint32Array): bigint[] => [...vector].map(BigInt);

describe('packing', () => {
  test('bytes are those of the bigint twin, for every width and awkward lengths', () => {
    for (const bits of widths) {
      for (const length of lengths) {
        for (const vector of [randomWords(length), new Uint32Array(length).fill(0xffffffff)]) {
          const bytes = pack(vector, bits);
          expect(bytes).toEqual(packedReference(bigints(vector), bits));
          expect(() => assertCanonicalPacking(bytes, length, bits)).not.toThrow();

          const back = randomWords(length);
          unpackInto(back, bytes, bits);
          expect(bigints(back)).toEqual(unpackedReference(bytes, length, bits));

          const before = randomWords(length);
          const sum = before.slice();
          unpackAddInto(sum, bytes, bits);
          expect(bigints(sum)).toEqual(
            bigints(before).map((v, i) => residue(v + BigInt(back[i] as number), 32)),
          );
        }
      }
    }
  });

  test('a word alone lands where the bit order says', () => {
    expect([...pack(Uint32Array.of(0b101, 0b011, 0b110), 3)]).toEqual([0b10_011_101, 0b1]);
    expect([...pack(Uint32Array.of(0x12345678), 32)]).toEqual([0x78, 0x56, 0x34, 0x12]);
    expect([...pack(Uint32Array.of(0xabc, 0xdef), 12)]).toEqual([0xbc, 0xfa, 0xde]);
  });

  test('works on unaligned slices of larger memory and touches nothing beside', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 32 }),
        fc.array(fc.nat(0xffffffff), { maxLength: 50 }),
        fc.integer({ min: 0, max: 7 }),
        (bits, words, offset) => {
          const vector = Uint32Array.from(words);
          const size = packedLength(words.length, bits);
          const memory = new Uint8Array(size + 16).fill(0x5a);
          packInto(memory.subarray(offset, offset + size), vector, bits);
          expect(memory.subarray(0, offset).every((byte) => byte === 0x5a)).toBe(true);
          expect(memory.subarray(offset + size).every((byte) => byte === 0x5a)).toBe(true);
          // What lies beyond the end must not leak into the last elements either.
          memory.fill(0xff, offset + size);
          const back = new Uint32Array(words.length);
          unpackInto(back, memory.subarray(offset, offset + size), bits);
          expect(bigints(back)).toEqual(words.map((v) => residue(BigInt(v), bits)));
        },
      ),
    );
  });

  test('a long vector, so that the optimised code is the tested one', () => {
    const length = 100_003;
    for (const bits of [1, 7, 18, 25, 26, 31, 32]) {
      const vector = new Uint32Array(length);
      for (let i = 0; i < length; i++) vector[i] = Math.imul(i + 1, 0x9e3779b1);
      const bytes = pack(vector, bits);
      const sum = new Uint32Array(length);
      unpackAddInto(sum, bytes, bits);
      unpackAddInto(sum, bytes, bits);
      const mask = 0xffffffff >>> (32 - bits);
      let wrong = 0;
      for (let i = 0; i < length; i++) {
        const value = ((vector[i] as number) & mask) >>> 0;
        if (sum[i] !== (value * 2) % 2 ** 32) wrong++;
      }
      expect(wrong).toBe(0);
    }
  });

  test('lengths: exact, and refused when out of range', () => {
    expect(packedLength(0, 17)).toBe(0);
    expect(packedLength(25_450, 18)).toBe(57_263);
    expect(packedLength(2 ** 32 - 1, 32)).toBe((2 ** 32 - 1) * 4);
    for (const [length, bits] of [
      [-1, 8],
      [1.5, 8],
      [2 ** 32, 8],
      [8, 0],
      [8, 33],
      [8, Number.NaN],
    ] as const) {
      expect(caught(() => packedLength(length, bits)).code).toBe('out-of-range');
    }
    const vector = new Uint32Array(10);
    for (const size of [22, 24]) {
      const bytes = new Uint8Array(size);
      expect(caught(() => packInto(bytes, vector, 18)).code).toBe('wrong-length');
      expect(caught(() => unpackInto(vector, bytes, 18)).code).toBe('wrong-length');
      expect(caught(() => unpackAddInto(vector, bytes, 18)).code).toBe('wrong-length');
    }
  });
});

describe('bytes from outside', () => {
  test('too short, too long', () => {
    for (const [size, code] of [
      [0, 'truncated'],
      [22, 'truncated'],
      [24, 'trailing-bytes'],
      [1000, 'trailing-bytes'],
    ] as const) {
      const error = caught(() => assertCanonicalPacking(new Uint8Array(size), 10, 18));
      expect(error).toBeInstanceOf(CodecError);
      expect(error.code).toBe(code);
    }
    expect(() => assertCanonicalPacking(new Uint8Array(0), 0, 5)).not.toThrow();
    expect(caught(() => assertCanonicalPacking(new Uint8Array(1), 0, 5)).code).toBe(
      'trailing-bytes',
    );
  });

  test('exactly the padding bits are refused, each alone, for every width', () => {
    for (const bits of widths) {
      for (const length of lengths.slice(1)) {
        const bytes = pack(randomWords(length), bits);
        const last = bytes.length - 1;
        const used = length * bits - 8 * last;
        for (let bit = 0; bit < 8; bit++) {
          const hostile = bytes.slice();
          hostile[last] = (hostile[last] as number) ^ (1 << bit);
          if (bit < used) {
            expect(() => assertCanonicalPacking(hostile, length, bits)).not.toThrow();
          } else {
            const error = caught(() => assertCanonicalPacking(hostile, length, bits));
            expect(error).toBeInstanceOf(CodecError);
            expect(error.code).toBe('non-canonical');
          }
        }
      }
    }
  });

  test('what is accepted packs back to the same bytes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 32 }),
        fc.uint8Array({ maxLength: 40 }),
        (bits, bytes) => {
          const length = Math.floor((bytes.length * 8) / bits);
          let canonical = true;
          try {
            assertCanonicalPacking(bytes, length, bits);
          } catch {
            canonical = false;
          }
          if (packedLength(length, bits) !== bytes.length) {
            expect(canonical).toBe(false);
            return;
          }
          const vector = new Uint32Array(length);
          unpackInto(vector, bytes, bits);
          expect(Buffer.compare(pack(vector, bits), bytes) === 0).toBe(canonical);
        },
      ),
      { numRuns: 500 },
    );
  });
});
