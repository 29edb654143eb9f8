/**
 * The hot loops by themselves, on vectors in the kernel's memory and elsewhere, each against what bounds
 * it: the platform's keystream, or copying memory with `TypedArray.set`.
 */
import { randomBytes } from 'node:crypto';
import {
  addWordsInto,
  dequantiseInto,
  measure,
  packWords,
  quantiseInto,
  residentVectors,
  unpackAddWords,
  unpackWords,
  walshHadamard,
} from '../src/kernel/index.ts';
import { drawGaussianInto } from '../src/lattice/gaussian.ts';
import type { KeystreamBackend } from '../src/prg/backend.ts';
import { nobleBackend } from '../src/prg/backend-noble.ts';
import { nodeBackend } from '../src/prg/backend-node.ts';
import { wasmBackend } from '../src/prg/backend-wasm.ts';
import { applyStreams } from '../src/prg/chacha20.ts';
import { type Book, interleave, openBook, progress, type Report, type Timing } from './harness.ts';
import { rawKeystream } from './native.ts';

const N = 1_000_000;
const SAMPLES = 31;
/** Of one vector, as often for every kernel as for the copy: all find it in the cache, or none does. */
const REPEATS = 6;

/** Measures this room: less than a minute. */
export async function kernel(): Promise<Report> {
  const book = openBook();
  progress('kernel: keystream');
  await keystream(book);
  progress('kernel: one vector');
  await oneVector(book);
  progress('kernel: a hundred vectors');
  await hundredVectors(book);
  return book.report();
}

/** Milliseconds that one of `times` runs takes: short work is run several times a sample. */
function each(times: number, work: () => unknown): () => number {
  return () => {
    const start = performance.now();
    for (let i = 0; i < times; i++) work();
    return (performance.now() - start) / times;
  };
}

type Times = Readonly<Record<string, Timing>>;

/** A time with its ratio to another, and the bound on that ratio. */
function record(
  book: Book,
  times: Times,
  name: string,
  against: string,
  bound: number | undefined,
): void {
  const [ours, theirs] = [times[name] as Timing, times[against] as Timing];
  const other = [`kernel/${against}`, theirs] as const;
  book.time(`kernel/${name}`, ours, other);
  if (bound !== undefined) book.ratio(`kernel/${name}/ratio`, ours, other, bound);
}

/** Expanding one mask over 10^6 words and adding it; and 10^6 draws of the noise of a lattice mask. */
async function keystream(book: Book): Promise<void> {
  const [resident] = residentVectors([N]) as [Uint32Array];
  const noise = new Int16Array(resident.buffer, resident.byteOffset, N);
  const plainNoise = new Int16Array(N);
  const plain = new Uint32Array(N);
  const streams = [{ key: randomBytes(32), subtract: false }];
  const expand = (backend: KeystreamBackend | undefined, vector: Uint32Array) =>
    each(1, () => applyStreams(backend as KeystreamBackend, vector, streams, 0));
  const tile = new Uint32Array(16_384);
  const ten = Array.from({ length: 10 }, () => ({ key: randomBytes(32), subtract: false }));
  const times = await interleave(
    SAMPLES,
    {
      keystream: () => rawKeystream(1, 4 * N),
      'expand-add/node': expand(nodeBackend, resident),
      'expand-add/node/plain-array': expand(nodeBackend, plain),
      'expand-add/wasm': expand(wasmBackend(), resident),
      'expand-add/wasm/plain-array': expand(wasmBackend(), plain),
      'expand-add/node/of-ten': () =>
        each(1, () => applyStreams(nodeBackend as KeystreamBackend, resident, ten, 0))() / 10,
      // A sixtieth of the vector: pure JavaScript is slow.
      'expand-add/noble': () =>
        each(1, () => applyStreams(nobleBackend, tile, streams, 0))() * (N / tile.length),
      gaussian: each(1, () => drawGaussianInto(noise)),
      'gaussian/plain-array': each(1, () => drawGaussianInto(plainNoise)),
    },
    10,
  );
  book.time('kernel/keystream', times.keystream);
  record(book, times, 'expand-add/node', 'keystream', 1.45);
  record(book, times, 'expand-add/node/plain-array', 'keystream', undefined);
  record(book, times, 'expand-add/node/of-ten', 'keystream', undefined);
  record(book, times, 'expand-add/wasm', 'keystream', 2.4);
  record(book, times, 'expand-add/wasm/plain-array', 'keystream', undefined);
  record(book, times, 'expand-add/noble', 'keystream', undefined);
  record(book, times, 'gaussian', 'keystream', 1.45);
  record(book, times, 'gaussian/plain-array', 'keystream', undefined);
}

/** Widths that the kernel packs with code of its own. */
const WIDTHS = Array.from({ length: 25 }, (_, i) => 8 + i);

/** Kernels that go over one vector once, against copying 4 MB. */
async function oneVector(book: Book): Promise<void> {
  const [words, other, packed, random, wide, signal] = residentVectors([
    N,
    N,
    N,
    N,
    2 * N,
    2 ** 20,
  ]) as [Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array];
  for (let i = 0; i < N; i++) random[i] = Math.imul(i, 0x9e3779b1);
  words.set(random);
  const doubles = new Float64Array(wide.buffer, wide.byteOffset, N);
  const floats = new Float32Array(other.buffer, other.byteOffset, N);
  const integers = new Int32Array(words.buffer, words.byteOffset, N);
  const waves = new Float32Array(signal.buffer, signal.byteOffset, 2 ** 20);
  const scaling = { limit: 1, factor: 1_000 };
  const fill = (values: Float32Array | Float64Array): void => {
    for (let i = 0; i < values.length; i++) values[i] = Math.sin(i);
  };
  const bytes = (bits: number) =>
    new Uint8Array(packed.buffer, packed.byteOffset, Math.ceil((N * bits) / 8));
  const plain = { words: new Uint32Array(N), bytes: new Uint8Array((N * 24) / 8) };
  const [from, to] = [new Uint32Array(N).fill(1), new Uint32Array(N).fill(1)];
  fill(doubles);
  fill(floats);
  fill(waves);
  const sides = {
    copy: each(REPEATS, () => to.set(from)),
    add: each(REPEATS, () => addWordsInto(words, random)),
    ...Object.fromEntries(
      WIDTHS.flatMap((bits) => [
        [`pack/b=${bits}`, each(REPEATS, () => packWords(bytes(bits), words, bits))],
        [`unpack/b=${bits}`, each(REPEATS, () => unpackWords(words, bytes(bits), bits))],
        [`unpack-add/b=${bits}`, each(REPEATS, () => unpackAddWords(words, bytes(bits), bits))],
      ]),
    ),
    'pack/b=24/plain-array': each(REPEATS, () => packWords(plain.bytes, plain.words, 24)),
    'unpack/b=24/plain-array': each(REPEATS, () => unpackWords(plain.words, plain.bytes, 24)),
    'quantise/f32': each(REPEATS, () => quantiseInto(integers, floats, random, scaling)),
    'quantise/f64': each(REPEATS, () => quantiseInto(integers, doubles, random, scaling)),
    'dequantise/f32': each(REPEATS, () => dequantiseInto(floats, integers, 32, 1_000)),
    'dequantise/f64': each(REPEATS, () => dequantiseInto(doubles, integers, 32, 1_000)),
    'norm/f32': each(REPEATS, () => measure(floats)),
    'norm/f64': each(REPEATS, () => measure(doubles)),
    'walsh-hadamard/2^20': () => {
      fill(waves); // It grows with every transform.
      return each(REPEATS, () => walshHadamard(waves))();
    },
  };
  const times: Times = await interleave(SAMPLES, sides, 8);
  book.time('kernel/copy', times.copy as Timing);
  record(book, times, 'add', 'copy', undefined);
  for (const kind of ['pack', 'unpack', 'unpack-add'] as const) {
    // The slowest width stands for all.
    const slowest = WIDTHS.map((bits) => `${kind}/b=${bits}`).reduce((a, b) =>
      (times[a] as Timing).median > (times[b] as Timing).median ? a : b,
    );
    const bound = kind === 'unpack-add' ? undefined : 2;
    for (const bits of [8, 16, 20, 24]) record(book, times, `${kind}/b=${bits}`, 'copy', bound);
    const all = { ...times, [`${kind}/slowest-of-8-to-32`]: times[slowest] as Timing };
    record(book, all, `${kind}/slowest-of-8-to-32`, 'copy', bound);
  }
  record(book, times, 'pack/b=24/plain-array', 'copy', undefined);
  record(book, times, 'unpack/b=24/plain-array', 'copy', undefined);
  record(book, times, 'quantise/f32', 'copy', 7);
  record(book, times, 'quantise/f64', 'copy', 7);
  record(book, times, 'dequantise/f32', 'copy', 2.5);
  record(book, times, 'dequantise/f64', 'copy', 2.5);
  record(book, times, 'norm/f32', 'copy', undefined);
  record(book, times, 'norm/f64', 'copy', undefined);
  record(book, times, 'walsh-hadamard/2^20', 'copy', 12);
}

/** Summing 100 vectors of 10^6 words, against copying the same 400 MB to 400 MB elsewhere. */
async function hundredVectors(book: Book): Promise<void> {
  const vectors = residentVectors(Array.from({ length: 101 }, () => N));
  const total = vectors[0] as Uint32Array;
  const inside = vectors.slice(1);
  for (const [i, vector] of inside.entries()) vector.fill(i * 77);
  const outside = inside.map((vector) => vector.slice());
  const elsewhere = inside.map(() => new Uint32Array(N).fill(1));
  const one = new Uint32Array(N).fill(1);
  const sum = (rows: readonly Uint32Array[]) => () => {
    total.fill(0);
    for (const row of rows) addWordsInto(total, row);
  };
  const times = await interleave(
    9,
    {
      'copy-100': each(1, () => {
        for (const [i, row] of outside.entries()) (elsewhere[i] as Uint32Array).set(row);
      }),
      'copy-100/to-one-place': each(1, () => {
        for (const row of outside) one.set(row);
      }),
      'sum-100': each(1, sum(inside)),
      'sum-100/external': each(1, sum(outside)),
    },
    2,
  );
  book.time('kernel/copy-100', times['copy-100']);
  record(book, times, 'copy-100/to-one-place', 'copy-100', undefined);
  record(book, times, 'sum-100', 'copy-100', 0.75);
  record(book, times, 'sum-100/external', 'copy-100', 1.5);
}
