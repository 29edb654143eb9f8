/**
 * Many multiples of the two generators of BN254, from tables: with windows of w bits a multiple is at
 * most 254/w additions and no doubling.
 *
 * The additions are those of the WebAssembly module that snarkjs's curve is made of, run in a memory of
 * its own. The curve object is handed in: this file imports no peer.
 */
import { DependencyError } from '../../errors.ts';

/** The part of snarkjs's curve object that is used: the module's code and where its generators are. */
export type CurveModule = {
  readonly tm: {
    /** Only a curve that was opened with `singleThread` keeps it. */
    readonly code?: Uint8Array;
    readonly pG1gen: number;
    readonly pG2gen: number;
  };
};

/** Multiples of a generator: affine points in the curve's own form, one after the other. */
export type Multiply = (scalars: readonly bigint[]) => Uint8Array;

type Call = (...pointers: number[]) => void;

/** One group's functions in the module, and the sizes of its points. */
type Group = {
  readonly addMixed: Call;
  readonly zero: Call;
  readonly batchToAffine: Call;
  readonly affine: number;
  readonly generator: number;
};

const SCALAR_BITS = 254;
/** Points that are made affine together. */
const CHUNK = 2_048;
const PAGE = 65_536;

/**
 * Prepares both groups.
 *
 * @param curve - snarkjs's curve `bn128`, opened with `singleThread`
 * @param counts - how many multiples will be asked for: sets the width of the windows
 * @throws DependencyError `runtime-unsupported` if the curve does not keep its code
 *
 * **Security**: the time depends on the scalars, and the memory that held them is not wiped.
 * **Cost**: tables of up to 11 MB for G1 and 21 MB for G2; then 254/w additions for each multiple, w ≤ 13.
 */
export async function fixedBases(
  curve: CurveModule,
  counts: { readonly g1: number; readonly g2: number },
): Promise<{ readonly g1: Multiply; readonly g2: Multiply }> {
  const { code, pG1gen, pG2gen } = curve.tm;
  if (code === undefined) {
    throw new DependencyError(
      'runtime-unsupported',
      'setup: got a curve with threads, expected one opened with singleThread',
    );
  }
  const module = await WebAssembly.compile(code as Uint8Array<ArrayBuffer>);
  const open = async (prefix: string, affine: number, generator: number): Promise<Opened> => {
    const memory = new WebAssembly.Memory({ initial: 25 });
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    const call = (name: string): Call => exports[`${prefix}_${name}`] as unknown as Call;
    return {
      memory,
      group: {
        addMixed: call('addMixed'),
        zero: call('zero'),
        batchToAffine: call('batchToAffine'),
        affine,
        generator,
      },
    };
  };
  const [g1, g2] = await Promise.all([open('g1m', 64, pG1gen), open('g2m', 128, pG2gen)]);
  return { g1: multiples(g1, counts.g1), g2: multiples(g2, counts.g2) };
}

type Opened = { readonly memory: WebAssembly.Memory; readonly group: Group };

/** The window for which the table and the additions together are the least work. */
function windowFor(count: number): number {
  const work = (bits: number): number => Math.ceil(SCALAR_BITS / bits) * (count + 2 ** bits);
  let best = 4;
  for (let bits = 5; bits <= 13; bits++) if (work(bits) < work(best)) best = bits;
  return best;
}

function multiples(opened: Opened, count: number): Multiply {
  const { addMixed, zero, batchToAffine, affine } = opened.group;
  const window = windowFor(count);
  const windows = Math.ceil(SCALAR_BITS / window);
  const row = 2 ** window * affine;
  const jacobian = (affine / 2) * 3;
  const { heap, table, sums, points } = layout(opened, windows * row, 2 ** window + 1);
  fillTable();
  return (scalars) => {
    const out = new Uint8Array(scalars.length * affine);
    const words = new Uint32Array(9);
    for (let from = 0; from < scalars.length; from += CHUNK) {
      const size = Math.min(CHUNK, scalars.length - from);
      for (let k = 0; k < size; k++) {
        const sum = sums + k * jacobian;
        zero(sum);
        spread(scalars[from + k] as bigint, words);
        for (let i = 0; i < windows; i++) {
          const digit = digitOf(words, i * window, window);
          if (digit !== 0) addMixed(sum, table + i * row + digit * affine, sum);
        }
      }
      batchToAffine(sums, size, points);
      out.set(heap.subarray(points, points + size * affine), from * affine);
    }
    return out;
  };

  /** Row i holds j·2^(window·i)·G at place j. */
  function fillTable(): void {
    heap.copyWithin(points, opened.group.generator, opened.group.generator + affine);
    for (let i = 0; i < windows; i++) {
      const at = table + i * row;
      heap.copyWithin(at + affine, points, points + affine);
      zero(sums);
      for (let j = 0; j < 2 ** window; j++) {
        addMixed(sums + j * jacobian, at + affine, sums + (j + 1) * jacobian);
      }
      batchToAffine(sums, 2 ** window, at);
      // One more than the row holds is the base of the next row.
      batchToAffine(sums + 2 ** window * jacobian, 1, points);
    }
  }
}

/** Room behind what the module itself uses: the table, then points in both forms. */
function layout(
  { memory, group: { affine } }: Opened,
  tableBytes: number,
  atLeast: number,
): {
  readonly heap: Uint8Array;
  readonly table: number;
  readonly sums: number;
  readonly points: number;
} {
  const room = Math.max(CHUNK, atLeast);
  // Where the module takes scratch memory from.
  const [free = 0] = new Uint32Array(memory.buffer, 0, 1);
  const table = Math.ceil(free / 64) * 64;
  const sums = table + tableBytes;
  const points = sums + room * (affine / 2) * 3;
  const end = points + room * affine;
  const scratch = 2 * room * affine + PAGE;
  memory.grow(Math.max(0, Math.ceil((end + scratch - memory.buffer.byteLength) / PAGE)));
  new Uint32Array(memory.buffer, 0, 1)[0] = end;
  return { heap: new Uint8Array(memory.buffer), table, sums, points };
}

/** A scalar in 32-bit words, the least significant first; the ninth stays zero. */
function spread(scalar: bigint, words: Uint32Array): void {
  let rest = scalar;
  for (let i = 0; i < 8; i++) {
    words[i] = Number(rest & 0xffffffffn);
    rest >>= 32n;
  }
}

function digitOf(words: Uint32Array, from: number, bits: number): number {
  const word = from >>> 5;
  const shift = from & 31;
  const low = (words[word] as number) >>> shift;
  const high = shift === 0 ? 0 : (words[word + 1] as number) << (32 - shift);
  return (low | high) & (2 ** bits - 1);
}
