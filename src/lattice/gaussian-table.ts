/**
 * The thresholds of the discrete Gaussian with σ = 6.6, computed in whole numbers when they are first used.
 * Threshold i, for i = 1 … 93, is the largest multiple of 2^−128 that is not above P(|X| < i): a uniform number
 * of 128 bits that is not below exactly i of them has drawn ±i. Being rounded down, the last few all are
 * 1 − 2^−128, and what lies beyond ±93 is drawn as ±93.
 *
 * One draw is within 2^−124 of the exact distribution, in total variation, rounding and tail included;
 * test/lattice/gaussian-table.test.ts proves it from the words that the kernel reads.
 */
import type { GaussianTable } from '../kernel/index.ts';

/** The standard deviation: P(x) ∝ e^(−x² / 2σ²) = e^(−25x² / 2178). */
export const GAUSSIAN_WIDTH = 6.6;

/** The largest magnitude of a draw; the exact distribution exceeds it with a chance below 2^−149. */
export const GAUSSIAN_BOUND = 93;

/** Bits behind the point; what is lost to rounding stays below 2^−240. */
const PRECISION = 256n;
const THRESHOLD_BITS = 128n;
const HEAD_BITS = 15n;

let table: GaussianTable | undefined;

/**
 * The table, as the kernel reads it.
 *
 * **Cost**: 2 KB, kept; a tenth of a millisecond at the first call.
 */
export function gaussianTable(): GaussianTable {
  table ??= tableOf(thresholds());
  return table;
}

/** e^(−25/2178), by its series; the terms alternate and end within 2^−256. */
function ratioOfFirst(): bigint {
  let sum = 0n;
  let term = 1n << PRECISION;
  for (let k = 1n; term !== 0n; k++) {
    sum += term;
    term = (-term * 25n) / (2178n * k);
  }
  return sum;
}

/** P(|X| < i) for i = 1 … 93, rounded down to 128 bits. */
function thresholds(): bigint[] {
  const first = ratioOfFirst();
  const step = (first * first) >> PRECISION;
  // P(0), P(±1), P(±2), … over P(0): neighbours differ by e^(−25(2x + 1)/2178).
  const masses: bigint[] = [1n << PRECISION];
  let weight = 1n << PRECISION;
  for (let ratio = first; weight > 0n; ratio = (ratio * step) >> PRECISION) {
    weight = (weight * ratio) >> PRECISION;
    masses.push(2n * weight);
  }
  const total = masses.reduce((sum, mass) => sum + mass);
  let below = 0n;
  return masses.slice(0, GAUSSIAN_BOUND).map((mass) => {
    below += mass;
    return (below << THRESHOLD_BITS) / total;
  });
}

/** Rows for the kernel: see `GaussianTable`. */
function tableOf(limits: readonly bigint[]): GaussianTable {
  const heads = [...new Set(limits.map((c) => Number(c >> (THRESHOLD_BITS - HEAD_BITS))))];
  if (heads.length % 2 === 1) heads.push(heads.at(-1) as number);
  const rows: number[] = heads.flatMap((head) => new Array<number>(4).fill(head * 0x1_0001));
  for (const shift of [0, 8]) {
    const bytes = Uint8Array.from({ length: 32 }, (_, i) => (heads[i] ?? 0) >> shift);
    for (let at = 0; at < 32; at += 4) rows.push(new DataView(bytes.buffer).getUint32(at, true));
  }
  for (const limit of limits) {
    for (let shift = 0n; shift < THRESHOLD_BITS; shift += 32n) {
      rows.push(Number((limit >> shift) & 0xffff_ffffn));
    }
  }
  return { words: Uint32Array.from(rows), heads: heads.length };
}
