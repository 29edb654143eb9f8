/**
 * Exact noise: how long a million draws take, held against the random bytes that they use, and whether the time
 * says anything about what was drawn.
 */
import { randomInt } from 'node:crypto';
import type { NoiseDistribution } from '../src/dp/sampler/distributions.ts';
import { addNoiseInto, drawFromInto, drawInto } from '../src/dp/sampler/draw.ts';
import { type NoiseTable, noiseTable } from '../src/dp/sampler/noise-tables.ts';
import { fillRandom } from '../src/internal/random.ts';
import { gaussianOracle } from '../test/reference/noise-sampler.ts';
import {
  type BenchRecord,
  interleave,
  openBook,
  progress,
  type Report,
  type Side,
  stopwatch,
} from './harness.ts';

const N = 1_000_000;
const SAMPLES = 21;
/** Milliseconds for a million draws at 60 million a second, rounded down. */
const BOUND = 16.6;

const SIGMAS = [1, 10, 50, 200, 1_000] as const;

/** Rows with a bound, by name. */
const bounded: readonly (readonly [string, NoiseDistribution])[] = SIGMAS.flatMap((sigma) => [
  [`discrete-gaussian/sigma=${sigma}`, { kind: 'discrete-gaussian', sigma }],
  [`skellam/sigma=${sigma}`, { kind: 'skellam', variance: sigma * sigma }],
]);

/** Rows for information: Laplace noise of about the same widths, and what takes two tables. */
const others: readonly (readonly [string, NoiseDistribution])[] = [
  ['discrete-laplace/rate=1', { kind: 'discrete-laplace', rate: 1 }],
  ['discrete-laplace/rate=0.01', { kind: 'discrete-laplace', rate: 0.01 }],
  ['discrete-laplace/rate=0.0001', { kind: 'discrete-laplace', rate: 1e-4 }],
  ['discrete-gaussian/sigma=100000', { kind: 'discrete-gaussian', sigma: 1e5 }],
  ['discrete-gaussian/sigma=1000000', { kind: 'discrete-gaussian', sigma: 1e6 }],
  ['skellam/sigma=100000', { kind: 'skellam', variance: 1e10 }],
  ['skellam/sigma=1000000', { kind: 'skellam', variance: 1e12 }],
];

/** Measures the samplers: less than half a minute. */
export async function dpSamplers(): Promise<Report> {
  const book = openBook();
  progress('dp: samplers');
  const out = new Int32Array(N);
  const residues = new Uint32Array(N);
  const words = new Uint32Array(16_320);
  const draw =
    (table: NoiseTable): Side =>
    async () =>
      (await stopwatch(() => drawInto(out, table)))[0];
  const sides: Record<string, Side> = {
    random: async () => {
      const [ms] = await stopwatch(() => {
        for (let left = 5 * N; left > 0; left -= words.length) fillRandom(words);
      });
      return ms;
    },
  };
  for (const [name, distribution] of [...bounded, ...others]) {
    // Refused unless it is proven to be within 2^-120.
    sides[name] = draw(noiseTable(distribution, { distanceBits: 120 }));
  }
  const added = noiseTable({ kind: 'skellam', variance: 40_000 });
  sides['skellam/sigma=200/added'] = async () =>
    (await stopwatch(() => addNoiseInto(residues, added)))[0];
  const scanned = noiseTable({ kind: 'discrete-gaussian', sigma: 10 });
  const short = new Int32Array(N / 50);
  sides['discrete-gaussian/sigma=10/scan'] = async () =>
    50 * (await stopwatch(() => drawInto(short, scanned, { scan: true })))[0];
  const times = await interleave(SAMPLES, sides, 3);
  const random = times.random as NonNullable<(typeof times)[string]>;
  book.time('dp/random/20MB', random);
  for (const [name, timing] of Object.entries(times)) {
    if (name === 'random') continue;
    const bound = bounded.some(([row]) => row === name) ? BOUND : undefined;
    book.time(`dp/noise/${name}`, timing, ['dp/random/20MB', random], bound);
  }
  progress('dp: time against what is drawn');
  const report = book.report();
  const timings = [
    record('skellam/sigma=50', batchT({ kind: 'skellam', variance: 2_500 }, 512, 20_000, false)),
    record('skellam/sigma=50/scan', batchT({ kind: 'skellam', variance: 2_500 }, 16, 4_000, true)),
    record(
      'oracle/sigma=50',
      singleT(() => gaussianOracle(2_500n, 1n), 34, 30_000),
      false,
    ),
  ];
  return { ...report, records: [...report.records, ...timings] };
}

/** |t| of two classes of times; above 4.5 a difference is taken as shown (Reparaz et al. 2017, eprint 2016/1123). */
const record = (name: string, t: number, isHeld = true): BenchRecord => ({
  name: `dp/timing/${name}/welch-t`,
  value: Number(Math.abs(t).toPrecision(3)),
  unit: 'x',
  against: null,
  ratio: null,
  bound: isHeld ? 4.5 : null,
  holds: isHeld ? Math.abs(t) <= 4.5 : null,
});

/**
 * Batches of draws that are all nearer to 0 than most, or all further away, timed in random order. What they
 * become is settled beforehand by the random words that they are made from.
 */
function batchT(
  distribution: NoiseDistribution,
  size: number,
  runs: number,
  scan: boolean,
): number {
  const table = noiseTable(distribution);
  const mode = { add: false, scan };
  const median = 34;
  const pools: [Uint32Array[], Uint32Array[]] = [[], []];
  const found: [number[][], number[][]] = [[], []];
  const out = new Int32Array(1);
  const BATCHES = 32;
  while (pools[0].length < BATCHES || pools[1].length < BATCHES) {
    const words = new Uint32Array(5);
    fillRandom(words);
    drawFromInto(out, table, (to) => to.set(words), { add: false, scan: false });
    const side = Math.abs(out[0] as number) < median ? 0 : 1;
    found[side].push([...words]);
    if (found[side].length === size) {
      const batch = new Uint32Array(5 * size);
      found[side].forEach(([first, ...limbs], i) => {
        batch[i] = first as number;
        batch.set(limbs, size + 4 * i);
      });
      pools[side].push(batch);
      found[side].length = 0;
    }
  }
  const draws = new Int32Array(size);
  const times: [number[], number[]] = [[], []];
  for (let run = -500; run < runs; run++) {
    const side = randomInt(2) as 0 | 1;
    const batch = pools[side][randomInt(BATCHES)] as Uint32Array;
    const start = performance.now();
    drawFromInto(draws, table, (to) => to.set(batch), mode);
    const ms = performance.now() - start;
    if (run >= 0) times[side].push(ms);
  }
  return welch(times);
}

/** One draw at a time, sorted afterwards by what came out. */
function singleT(draw: () => number, median: number, runs: number): number {
  const times: [number[], number[]] = [[], []];
  for (let run = -500; run < runs; run++) {
    const start = performance.now();
    const x = draw();
    const ms = performance.now() - start;
    if (run >= 0) times[Math.abs(x) < median ? 0 : 1].push(ms);
  }
  return welch(times);
}

/** Welch's t, without the slowest tenth of all: those were interrupted. */
function welch(times: readonly [readonly number[], readonly number[]]): number {
  const all = [...times[0], ...times[1]].sort((a, b) => a - b);
  const limit = all[Math.floor(0.9 * all.length)] as number;
  const [a, b] = times.map((list) => {
    const kept = list.filter((ms) => ms <= limit);
    const mean = kept.reduce((sum, ms) => sum + ms, 0) / kept.length;
    const variance = kept.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / (kept.length - 1);
    return { mean, error: variance / kept.length };
  }) as [{ mean: number; error: number }, { mean: number; error: number }];
  return (b.mean - a.mean) / Math.sqrt(a.error + b.error);
}
