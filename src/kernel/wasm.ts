/**
 * The WebAssembly side of the kernel: the module, compiled once; instances of it, each on a memory of
 * its own; and vectors that live in such a memory, so that kernels work on them where they are.
 *
 * An instance's memory never grows, so views of it stay valid. It is laid out as
 *
 *     [ tables | scratch | scratch | heap … ]
 *
 * where `tables` holds parameters of one call, the scratches hold pieces of vectors that live elsewhere,
 * and the heap holds the vectors of {@link residentVectors}.
 */
import { MODULE_BASE64 } from './module.ts';

/** What the module exports. Pointers are byte addresses in the instance's memory. */
type Exports = {
  readonly add: (a: number, b: number, n: number) => void;
  readonly subtract: (a: number, b: number, n: number) => void;
  readonly addKeystream: (acc: number, state: number, groups: number) => void;
  readonly subtractKeystream: (acc: number, state: number, groups: number) => void;
  readonly quantiseDoubles: Quantising;
  readonly quantiseFloats: Quantising;
  readonly dequantiseDoubles: Dequantising;
  readonly dequantiseFloats: Dequantising;
  readonly measureDoubles: (lanes: number, from: number, n: number) => void;
  readonly measureFloats: (lanes: number, from: number, n: number) => void;
  readonly addSquares: (sums: number, from: number, n: number) => void;
  readonly scale: (out: number, from: number, n: number, factor: number) => void;
  readonly walshHadamard: (p: number, n: number, h: number) => void;
  readonly drawAlias: Drawing;
  readonly scanAlias: Drawing;
  readonly drawGaussian: (
    out: number,
    words: number,
    n: number,
    table: number,
    heads: number,
    slots: number,
    groups: number,
    ties: number,
  ) => number;
  readonly settleGaussian: (
    out: number,
    words: number,
    ties: number,
    first: number,
    found: number,
    slots: number,
    tails: number,
    from: number,
    end: number,
  ) => void;
  readonly checkResidues: (
    from: number,
    n: number,
    width: number,
    high: number,
    low: number,
  ) => number;
  readonly widenResidues: OnResidues<number>;
  readonly addResidues: OnResidues<void>;
  readonly narrowResidues: (out: number, from: number, n: number, width: number) => void;
  readonly ringForward: (out: number, from: number, work: number, tables: number) => void;
  readonly ringUniform: (out: number, from: number, length: number, tables: number) => number;
  readonly latticeHide: OnBlock<[low: number, work: number], [e: number, m: number]>;
  readonly latticeOpen: OnBlock<[sums: number, lows: number, work: number], []>;
};

/** `size` is that of one prime's tables in bytes, `k` the bits of a word. */
type OnBlock<Into extends number[], From extends number[]> = (
  out: number,
  ...rest: [
    ...Into,
    a: number,
    s: number,
    ...From,
    code: number,
    tables: number,
    size: number,
    k: number,
  ]
) => void;

/** `high` and `low` are the halves of the prime. */
type OnResidues<Result> = (
  to: number,
  from: number,
  n: number,
  width: number,
  high: number,
  low: number,
) => Result;

/** `mask` is one less than the number of columns. */
type Drawing = (
  out: number,
  words: number,
  n: number,
  table: number,
  mask: number,
  factor: number,
  signs: number,
  kept: number,
) => void;

/** Kernels for a width have it in their name: see assembly/packing.ts. */
type PackingExports = {
  readonly [name in `${'pack' | 'unpack' | 'unpackAdd'}${number | 'Narrow' | 'Rest'}`]: Packing;
};
export type Packing = (out: number, from: number, n: number, bits: number, table?: number) => void;

type Quantising = (
  out: number,
  from: number,
  words: number,
  n: number,
  limit: number,
  factor: number,
  unitBase: number,
  wholeBase: number,
) => void;

/** `mask` is 2^bits − 1, `sign` 2^(bits − 1). */
type Dequantising = (
  out: number,
  from: number,
  n: number,
  mask: number,
  sign: number,
  high: number,
  low: number,
) => void;

/** One instance of the kernel and its memory. */
export type Instance = {
  readonly exports: Exports & PackingExports;
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
};

/** Any view of memory that holds a vector. */
export type View = Uint8Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

const PAGE = 65_536;

/** 1 KB for parameters and tables of a call. */
export const TABLES = 64;

/** Bytes that a scratch can hold; 64 more lie behind it, so that kernels may read on a little. */
export const SCRATCH_BYTES = 131_072;

/** Where the scratches begin, and after them the heap. */
export const SCRATCHES: readonly [number, number, number] = [
  1024,
  1024 + SCRATCH_BYTES + 64,
  1024 + 2 * (SCRATCH_BYTES + 64),
];
const HEAP = Math.ceil((1024 + 3 * (SCRATCH_BYTES + 64)) / PAGE) * PAGE;

/** Below this, a vector does not get a memory of its own: an instance reserves address space. */
const LEAST_RESIDENT_BYTES = 262_144;

/** The most that one memory can hold: 4 GiB less a page. */
const MOST_BYTES = 2 ** 32 - PAGE;

const homes = new WeakMap<ArrayBufferLike, Instance>();

/** Compiled when first needed, so that an import costs nothing; `null` where it cannot be. */
let compiled: WebAssembly.Module | null | undefined;

/** For vectors that live elsewhere; made when first needed. */
let shared: Instance | null | undefined;

/** Which code runs here: the WebAssembly module, or its twins in TypeScript. Chosen once. */
export const kernelPath = (): 'wasm' | 'twin' => (moduleOrNull() === null ? 'twin' : 'wasm');

/** The instance in whose memory a view lies. */
export const homeOf = (view: View): Instance | undefined => homes.get(view.buffer);

/** An instance for views that live elsewhere; nothing where there is no WebAssembly. */
export function sharedInstance(): Instance | undefined {
  if (shared === undefined) shared = instantiate(HEAP) ?? null;
  return shared ?? undefined;
}

/**
 * Zeroed vectors in one memory of their own, where kernels reach them without a copy; plain arrays
 * where they are short, where there is no WebAssembly, or where it has no memory left to give.
 *
 * @param lengths in words
 *
 * **Cost**: 4 bytes a word; address space is reserved generously by the engine.
 */
export function residentVectors(lengths: readonly number[]): readonly Uint32Array[] {
  const total = lengths.reduce((sum, length) => sum + aligned(4 * length), 0);
  return total < LEAST_RESIDENT_BYTES
    ? lengths.map((length) => new Uint32Array(length))
    : residentTables(lengths);
}

/** As {@link residentVectors}, but short ones too: for tables that are read many times. */
export function residentTables(lengths: readonly number[]): readonly Uint32Array[] {
  const sizes = lengths.map((length) => aligned(4 * length));
  const instance = instantiate(HEAP + sizes.reduce((sum, size) => sum + size, 0));
  if (instance === undefined) return lengths.map((length) => new Uint32Array(length));
  let at = HEAP;
  return sizes.map((size, i) => {
    const vector = new Uint32Array(instance.words.buffer, at, lengths[i] as number);
    at += size;
    return vector;
  });
}

/** Starts of vectors lie on cache lines, with at least 64 bytes between the end of one and the next. */
const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64 + 64;

function instantiate(bytes: number): Instance | undefined {
  const module = moduleOrNull();
  if (module === null || bytes > MOST_BYTES) return undefined;
  const pages = Math.ceil(bytes / PAGE);
  try {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const instance: Instance = Object.freeze({
      exports: exports as Instance['exports'],
      bytes: new Uint8Array(memory.buffer),
      words: new Uint32Array(memory.buffer),
    });
    homes.set(memory.buffer, instance);
    return instance;
  } catch {
    // Out of memory for WebAssembly is not out of memory: the twin works on plain arrays.
    return undefined;
  }
}

function moduleOrNull(): WebAssembly.Module | null {
  if (compiled === undefined) compiled = compile();
  return compiled;
}

/** `null` where WebAssembly or its SIMD is missing or forbidden (a strict CSP, some isolates). */
function compile(): WebAssembly.Module | null {
  const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
  if (typeof WebAssembly !== 'object' || !littleEndian) return null;
  try {
    const bytes = Uint8Array.from(atob(MODULE_BASE64), (c) => c.charCodeAt(0));
    return new WebAssembly.Module(bytes);
  } catch {
    return null;
  }
}
