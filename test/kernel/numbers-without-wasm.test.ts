/** Where there is no WebAssembly, the same functions give the same results, by their twins. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as withWasm from '../../src/kernel/index.ts';
import { mersenneTwister } from '../stat/mersenne-twister.ts';

let without: typeof withWasm;

beforeAll(async () => {
  expect(withWasm.kernelPath()).toBe('wasm');
  vi.resetModules();
  vi.stubGlobal('WebAssembly', undefined);
  without = await import('../../src/kernel/index.ts');
  expect(without.kernelPath()).toBe('twin');
});
afterAll(() => {
  vi.unstubAllGlobals();
});

const N = 50_000;
const next = mersenneTwister(1_122);
const words = Uint32Array.from({ length: N }, next);
const doubles = Float64Array.from(words, (word) => (word / 2 ** 31 - 1) * 10 ** (next() % 5));

/** What a function of the kernel makes, with and without. */
const both = <T>(work: (kernel: typeof withWasm) => T): void => {
  expect(work(without)).toEqual(work(withWasm));
};

test('rounding, with words given and with words drawn', () => {
  for (const values of [doubles, Float32Array.from(doubles)]) {
    const scaling = { limit: 5_000, factor: 333.3 };
    both((kernel) => {
      const out = new Int32Array(N);
      kernel.quantiseInto(out, values, words, scaling);
      let drawn = 0;
      const again = new Int32Array(N);
      const draw = (some: Uint32Array): void => {
        some.set(words.subarray(drawn, drawn + some.length));
        drawn += some.length;
      };
      kernel.quantiseDrawingInto(again, values, draw, scaling);
      expect(Buffer.compare(Buffer.from(out.buffer), Buffer.from(again.buffer))).toBe(0);
      return out;
    });
  }
});

test('quotients', () => {
  for (const Type of [Float64Array, Float32Array]) {
    both((kernel) => {
      const out = new Type(N);
      kernel.dequantiseInto(out, words, 23, 7.7);
      return out;
    });
  }
});

test('norms, exact and not, and scaling', () => {
  both((kernel) => kernel.measure(doubles));
  both((kernel) => kernel.measure(Float32Array.from(doubles)));
  both((kernel) => kernel.measure(Float64Array.of(1, Number.NaN, Number.POSITIVE_INFINITY)));
  both((kernel) => kernel.sumOfSquares(new Int32Array(words)));
  both((kernel) => {
    const out = new Float64Array(N);
    kernel.scaleInto(out, doubles, 0.1);
    return out;
  });
});

test('the Walsh–Hadamard transform', () => {
  both((kernel) => {
    const values = Float32Array.from(doubles.subarray(0, 32_768));
    kernel.walshHadamard(values);
    return values;
  });
});

test('residues', () => {
  const bytes = new Uint8Array(words.buffer, 0, 7 * 20_000);
  for (const prime of [
    { width: 7, high: 0xff_ffff, low: 5 },
    { width: 7, high: 0x1_0000, low: 1 },
  ]) {
    both((kernel) => kernel.checkResidues(bytes, prime));
    both((kernel) => {
      const wide = new Uint32Array(40_000);
      const found = kernel.widenResidues(wide, bytes, prime);
      const narrow = new Uint8Array(5 * 20_000);
      kernel.narrowResidues(narrow, new Uint8Array(wide.buffer), 5);
      return [found, wide, narrow];
    });
  }
  both((kernel) => {
    const sum = new Uint32Array(40_000);
    const prime = { width: 7, high: 0xff_ffff, low: 5 };
    const below = bytes.map((byte, i) => (i % 7 === 6 ? byte & 0x7f : byte));
    for (let i = 0; i < 5; i++) kernel.addResidues(sum, below, prime);
    return sum;
  });
});
