/** No kernel allocates: on vectors in its memory, a call leaves next to nothing behind. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import {
  addResidues,
  addWordsInto,
  checkResidues,
  dequantiseInto,
  gaussianInto,
  measure,
  narrowResidues,
  packWords,
  quantiseInto,
  residentVectors,
  scaleInto,
  subtractWordsInto,
  sumOfSquares,
  unpackAddWords,
  unpackWords,
  walshHadamard,
  widenResidues,
} from '../../src/kernel/index.ts';
import { gaussianTable } from '../../src/lattice/gaussian-table.ts';
import { wasmBackend } from '../../src/prg/backend-wasm.ts';
import { applyStreams } from '../../src/prg/chacha20.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const N = 131_072;
const [a, b, c, doubles] = residentVectors([N, N, N, 2 * N]) as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
];
const floats = new Float32Array(a.buffer, a.byteOffset, N);
const reals = new Float64Array(doubles.buffer, doubles.byteOffset, N);
const integers = new Int32Array(b.buffer, b.byteOffset, N);
const shorts = new Int16Array(b.buffer, b.byteOffset, 2 * N);
const packed = new Uint8Array(c.buffer, c.byteOffset, (N * 20) / 8);
const residues = { width: 4, high: 0, low: 0xffff_fff1 };
const few = new Uint8Array(c.buffer, c.byteOffset, 2 * N);
const wide = new Uint8Array(a.buffer, a.byteOffset, 4 * N);
const wasm = wasmBackend() as NonNullable<ReturnType<typeof wasmBackend>>;
const streams = [{ key: new Uint8Array(32), subtract: false }];

const kernels: readonly (readonly [string, () => unknown])[] = [
  ['add', () => addWordsInto(a, b)],
  ['subtract', () => subtractWordsInto(a, b)],
  ['fused keystream', () => applyStreams(wasm, a, streams, 0)],
  ['pack', () => packWords(packed, a, 20)],
  ['unpack', () => unpackWords(a, packed, 20)],
  ['unpack-add', () => unpackAddWords(a, packed, 20)],
  ['quantise', () => quantiseInto(integers, floats, c, { limit: 1, factor: 100 })],
  ['dequantise', () => dequantiseInto(reals, integers, 32, 100)],
  ['measure', () => measure(reals)],
  ['sum of squares', () => sumOfSquares(integers)],
  ['scale', () => scaleInto(reals, reals, 0.5)],
  ['Walsh–Hadamard', () => walshHadamard(floats)],
  ['Gaussian', () => gaussianInto(shorts, gaussianTable(), () => {})],
  ['check residues', () => checkResidues(few, residues)],
  ['add residues', () => addResidues(a, few, residues)],
  ['widen residues', () => widenResidues(a, few, residues)],
  ['narrow residues', () => narrowResidues(few, wide, 4)],
];

const used = (): number => {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

test.each(kernels)('%s', (_, run) => {
  a.fill(0);
  for (let i = 0; i < 20; i++) run();
  // The least of several tries: what else the process does may allocate in one of them, not in all.
  const least = Math.min(
    ...Array.from({ length: 5 }, () => {
      collect();
      const before = used();
      for (let i = 0; i < 16; i++) run();
      return used() - before;
    }),
  );
  // 16 calls on half a megabyte each: views and small records only, below a hundredth of the vectors.
  expect(least / 16).toBeLessThan(N * 4 * 0.01);
});

test('the module never grows its memory', () => {
  const before = a.buffer.byteLength;
  for (const [, run] of kernels) run();
  expect(a.buffer.byteLength).toBe(before);
  expect(a.length).toBe(N);
});
