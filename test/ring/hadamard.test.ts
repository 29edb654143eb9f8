import { describe, expect, test } from 'vitest';
import { walshHadamardInto } from '../../src/ring/hadamard.ts';
import { hadamardReference } from '../reference/real.ts';
import { caught } from './caught.ts';

describe('walshHadamardInto', () => {
  test('gives the transform and leaves the input, or works in place', () => {
    for (let k = 0; k <= 8; k++) {
      const values = Float32Array.from({ length: 2 ** k }, (_, i) => (i * 37) % 101);
      const copy = [...values];
      const out = new Float32Array(2 ** k);
      walshHadamardInto(out, values);
      expect([...values]).toEqual(copy);
      expect([...out]).toEqual(hadamardReference(copy));
      walshHadamardInto(out, out);
      expect([...out]).toEqual(copy.map((x) => x * 2 ** k));
    }
  });

  test('one lone coordinate is spread over all of them', () => {
    const values = new Float32Array(4_096);
    values[1_234] = 64;
    const out = new Float32Array(4_096);
    walshHadamardInto(out, values);
    expect(out.every((x) => Math.abs(x) === 64)).toBe(true);
  });

  test('lengths that are no power of two, other lengths, other types', () => {
    for (const length of [0, 3, 5, 6, 7, 12, 100, 2 ** 20 - 1]) {
      const values = new Float32Array(length);
      expect(caught(() => walshHadamardInto(values, values)).code).toBe('wrong-length');
    }
    const large = new Float32Array(2 ** 25);
    expect(caught(() => walshHadamardInto(large, large)).code).toBe('wrong-length');
    const eight = new Float32Array(8);
    expect(caught(() => walshHadamardInto(new Float32Array(16), eight)).code).toBe('wrong-length');
    expect(caught(() => walshHadamardInto(new Float32Array(4), eight)).code).toBe('wrong-length');
    for (const other of [new Float64Array(8), new Array(8).fill(1), undefined, null]) {
      expect(caught(() => walshHadamardInto(eight, other as unknown as Float32Array)).code).toBe(
        'wrong-type',
      );
      expect(caught(() => walshHadamardInto(other as unknown as Float32Array, eight)).code).toBe(
        'wrong-type',
      );
    }
  });
});
