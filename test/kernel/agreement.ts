/**
 * The kernel held against its twins and against independent code, in any runtime: the same checks run in
 * Node, on a browser's main thread and in its worker. Inputs are fixed, so that the digest of all results
 * must be the same everywhere.
 */
import { chacha20 } from '@noble/ciphers/chacha.js';
import { toHex } from '../../src/internal/bytes.ts';
import { sha256 } from '../../src/internal/sha256.ts';
import {
  type AliasTable,
  dequantiseInto,
  drawAliasInto,
  gaussianInto,
  kernelPath,
  measure,
  quantiseInto,
  residentTables,
  sumOfSquares,
  walshHadamard,
} from '../../src/kernel/index.ts';
import { gaussianTable } from '../../src/lattice/gaussian-table.ts';
import { nobleBackend } from '../../src/prg/backend-noble.ts';
import { wasmBackend } from '../../src/prg/backend-wasm.ts';
import { applyStreams } from '../../src/prg/chacha20.ts';
import {
  addInto,
  packedLength,
  packInto,
  subtractInto,
  unpackAddInto,
  unpackInto,
} from '../../src/ring/index.ts';
import { chachaStream } from '../reference/chacha.ts';
import { gaussianThresholds, slowGaussians } from '../reference/gaussian.ts';

/** What was found: which path ran, how many comparisons were made, and the digest of all results. */
export type Agreement = {
  readonly path: string;
  readonly comparisons: number;
  readonly digest: string;
};

/** Words that look random and are the same everywhere: a ChaCha20 stream of a counted key. */
function wordsOf(label: number, length: number): Uint32Array {
  const key = new Uint8Array(32).fill(label & 255).fill(label >>> 8, 16);
  const bytes = chacha20(key, new Uint8Array(12), new Uint8Array(4 * length));
  return new Uint32Array(bytes.buffer, bytes.byteOffset, length).slice();
}

/** Two tables in one memory, of columns that look random: 64 in units of 1, 8 in units of 1,000. */
function aliasTables(): readonly [AliasTable, AliasTable] {
  const [near, far] = residentTables([6 * 64, 6 * 8]) as [Uint32Array, Uint32Array];
  near.set(wordsOf(60, near.length).map((word, i) => (i % 6 < 4 ? word >>> 1 : word >> 20)));
  far.set(wordsOf(61, far.length).map((word, i) => (i % 6 < 4 ? word >>> 1 : word >>> 24)));
  return [
    { columns: near, factor: 1, sign: 'drawn' },
    { columns: far, factor: 1_000, sign: 'kept' },
  ];
}

/** What draws from {@link aliasTables} add up to, by the definition. */
function slowDraws(tables: readonly AliasTable[], words: Uint32Array, length: number): Int32Array {
  const out = new Int32Array(length);
  const number = (limbs: Uint32Array): bigint =>
    limbs.reduceRight((value, limb) => (value << 31n) | BigInt(limb & 0x7fffffff), 0n);
  tables.forEach(({ columns, factor, sign }, t) => {
    const random = words.subarray(5 * length * t, 5 * length * (t + 1));
    for (let i = 0; i < length; i++) {
      const word = random[i] as number;
      const column = columns.subarray(6 * (word & (columns.length / 6 - 1)));
      const limbs = random.subarray(length + 4 * i, length + 4 * i + 4);
      const isOwn = number(limbs) < number(column.subarray(0, 4));
      const draw = ((column[isOwn ? 4 : 5] as number) | 0) * factor;
      const before = out[i] as number;
      const isNegative = sign === 'drawn' ? word >= 2 ** 31 : before < 0;
      out[i] = before + (isNegative ? -draw : draw);
    }
  });
  return out;
}

/** Runs all checks; throws where two disagree. */
export function checkKernel(): Agreement {
  const results: Uint8Array[] = [];
  let comparisons = 0;
  const same = (what: string, a: ArrayLike<number>, b: ArrayLike<number>): void => {
    comparisons++;
    if (a.length !== b.length) throw new Error(`${what}: lengths ${a.length} and ${b.length}`);
    for (let i = 0; i < a.length; i++) {
      if (!Object.is(a[i], b[i])) throw new Error(`${what}: element ${i}: ${a[i]}, not ${b[i]}`);
    }
  };
  const keep = (words: Uint32Array): void => {
    results.push(sha256(new Uint8Array(words.buffer, words.byteOffset, words.byteLength)));
  };

  const lengths = [...Array.from({ length: 70 }, (_, i) => i), 1_000, 16_384, 40_001];
  for (const length of lengths) {
    const [a, b] = [wordsOf(1, length), wordsOf(2, length)];
    const sum = new Uint32Array(length);
    addInto(sum, a, b);
    const slow = a.map((word, i) => Number((BigInt(word) + BigInt(b[i] as number)) & 0xffffffffn));
    same(`add ${length}`, sum, slow);
    subtractInto(sum, sum, b);
    same(`subtract ${length}`, sum, a);

    const key = new Uint8Array(32).fill(length & 255);
    const streams = [{ key, subtract: length % 2 === 1 }];
    const fused = a.slice();
    applyStreams(wasmBackend() ?? nobleBackend, fused, streams, 32);
    const library = a.slice();
    applyStreams(nobleBackend, library, streams, 32);
    same(`keystream ${length}`, fused, library);
    if (length <= 70) {
      const twin = chachaStream(key, 2, length).map(Number);
      const sign = length % 2 === 1 ? -1 : 1;
      same(
        `keystream twin ${length}`,
        fused,
        a.map((word, i) => word + sign * (twin[i] as number)),
      );
    }
    keep(fused);
  }

  for (let bits = 1; bits <= 32; bits++) {
    for (const length of [0, 1, 7, 8, 9, 63, 64, 65, 1_003, 20_011]) {
      const words = wordsOf(bits, length);
      const mask = 0xffffffff >>> (32 - bits);
      const packed = new Uint8Array(packedLength(length, bits));
      packInto(packed, words, bits);
      const back = new Uint32Array(length);
      unpackInto(back, packed, bits);
      same(
        `unpack ${bits} ${length}`,
        back,
        words.map((word) => word & mask),
      );
      const sum = wordsOf(3, length);
      const slow = sum.map((word, i) => word + (back[i] as number));
      unpackAddInto(sum, packed, bits);
      same(`unpack-add ${bits} ${length}`, sum, slow);
      results.push(sha256(packed));
    }
  }
  for (const length of [0, 1, 5, 63, 64, 67, 1_000, 16_385, 33_000]) {
    const words = wordsOf(5, length);
    // Signed integers over 2^16: magnitudes up to 2^15, with fractions.
    const doubles = Float64Array.from(wordsOf(6, length), (word) => (word | 0) * 2 ** -16);
    for (const values of [doubles, Float32Array.from(doubles)]) {
      const integers = new Int32Array(length);
      quantiseInto(integers, values, words, { limit: 20_000, factor: 3 });
      const slow = Array.from(values as Float64Array, (value, i) => {
        const t = Math.max(-20_000, Math.min(20_000, value)) * 3;
        const floor = Math.floor(t);
        return floor + ((words[i] as number) / 2 ** 32 < t - floor ? 1 : 0);
      });
      same(`quantise ${length}`, integers, slow);
      const back = new Float64Array(length);
      dequantiseInto(back, integers, 20, 48);
      same(
        `dequantise ${length}`,
        back,
        slow.map((z) => z / 48),
      );
      const squares = slow.reduce((sum, z) => sum + BigInt(z) * BigInt(z), 0n);
      if (sumOfSquares(integers) !== squares) throw new Error(`sum of squares ${length}`);
      const { largest, squares: norm } = measure(values);
      results.push(new Uint8Array(Float64Array.of(largest, norm).buffer));
      keep(new Uint32Array(integers.buffer));
    }
  }

  for (const power of [0, 1, 2, 3, 4, 5, 6, 9, 12, 15, 17]) {
    const n = 2 ** power;
    // Small integers: nothing rounds, so the transform twice is 2^k times the input.
    const values = Float32Array.from(wordsOf(power, n), (word) => (word & 15) - 8);
    const twice = values.slice();
    walshHadamard(twice);
    keep(new Uint32Array(twice.slice().buffer));
    walshHadamard(twice);
    same(
      `Walsh–Hadamard ${n}`,
      twice,
      values.map((value) => value * n + 0),
    );
    const rounded = Float32Array.from(wordsOf(power + 40, n), (word) => word / 3);
    walshHadamard(rounded);
    keep(new Uint32Array(rounded.buffer));
  }

  const tables = aliasTables();
  for (const length of [0, 1, 5, 64, 1_000, 3_264]) {
    const words = wordsOf(length & 63, 10 * length);
    const slow = slowDraws(tables, words, length);
    for (const scan of [false, true]) {
      let at = 0;
      const draw = (out: Uint32Array): void => {
        out.set(words.subarray(at, at + out.length));
        at += out.length;
      };
      const out = new Int32Array(length);
      drawAliasInto(out, tables, draw, { add: false, scan });
      same(`alias ${length}`, out, slow);
      const sum = wordsOf(62, length);
      at = 0;
      const added = sum.map((word, i) => word + (slow[i] as number));
      drawAliasInto(sum, tables, draw, { add: true, scan });
      same(`alias, added ${length}`, sum, added);
    }
    keep(new Uint32Array(slow.buffer));
  }

  const thresholds = gaussianThresholds(128n);
  for (const length of [0, 1, 31, 33, 2_048, 30_723]) {
    const feed = (words: Uint32Array): void => void words.set(wordsOf(63, words.length));
    const out = new Int16Array(length);
    gaussianInto(out, gaussianTable(), feed);
    same(`Gaussian ${length}`, out, slowGaussians(thresholds, length, feed));
    keep(Uint32Array.from(out));
  }
  return { path: kernelPath(), comparisons, digest: toHex(sha256(...results)) };
}
