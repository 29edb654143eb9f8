/** The lattice room's noise: bit by bit what its definition says, ties forced, and distributed as it should be. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { residentVectors } from '../../src/kernel/index.ts';
import { drawGaussianFromInto, drawGaussianInto } from '../../src/lattice/gaussian.ts';
import { GAUSSIAN_BOUND, GAUSSIAN_WIDTH } from '../../src/lattice/gaussian-table.ts';
import {
  gaussianLaw,
  gaussianThresholds,
  slowGaussian,
  slowGaussians,
} from '../reference/gaussian.ts';
import { chiSquare, chiSquareLimit, count, emptyCounts } from '../stat/goodness.ts';
import { mersenneTwister } from '../stat/mersenne-twister.ts';

const thresholds = gaussianThresholds(128n);

/** Words that are the same every time. */
const feedOf = (seed: number): ((words: Uint32Array) => void) => {
  const next = mersenneTwister(seed);
  return (words) => {
    for (let i = 0; i < words.length; i++) words[i] = next();
  };
};

test('draws are those of the definition', () => {
  for (const n of [0, 1, 31, 33, 2_048, 10_001, 30_720, 70_000]) {
    const out = new Int16Array(n);
    drawGaussianFromInto(out, feedOf(n));
    const expected = Int16Array.from(slowGaussians(thresholds, n, feedOf(n)));
    expect(Buffer.compare(Buffer.from(out.buffer), Buffer.from(expected.buffer)), `${n}`).toBe(0);
  }
});

test('every tie is settled to the last bit, for either sign', () => {
  const LOW = (1n << 113n) - 1n;
  for (const threshold of thresholds) {
    const head = Number(threshold >> 113n);
    const tail = threshold & LOW;
    const tails = [tail, tail - 1n, tail + 1n, 0n, LOW, tail ^ 1n, tail ^ (1n << 112n)];
    for (const wanted of tails.filter((t) => t >= 0n && t <= LOW)) {
      // Bits above the 113 do not count.
      for (const above of [0n, 0x7fffn]) {
        const out = new Int16Array(40);
        const slot = Uint32Array.from([0n, 32n, 64n, 96n], (shift) =>
          Number((((above << 113n) | wanted) >> shift) & 0xffff_ffffn),
        );
        // Once more is asked for, since 40 ties are more than the slots of a short vector.
        drawGaussianFromInto(out, (words) => {
          words.fill(head * 0x1_0001 + 0x8000_0000);
          for (let at = 0; at < 128; at += 4) words.set(slot, at);
        });
        const [plus, minus] = [head, head + 0x8000].map((w) => slowGaussian(thresholds, w, wanted));
        expect([...out]).toEqual(Array.from(out, (_, i) => (i % 2 === 0 ? plus : minus)));
        expect(Math.abs((plus as number) + (minus as number))).toBe(0);
      }
    }
  }
});

test('words of ones and of zeros give the ends of the range', () => {
  for (const n of [5, 2_048, 31_000]) {
    const out = new Int16Array(n);
    drawGaussianFromInto(out, (words) => void words.fill(0xffff_ffff));
    expect(new Set(out)).toEqual(new Set([-GAUSSIAN_BOUND]));
    drawGaussianFromInto(out, (words) => void words.fill(0x7fff_7fff));
    // The tail is 0x17fff… then, which is below the thresholds of the last head.
    const tail = 0x17fff_7fff_7fff_7fff_7fff_7fff_7fffn;
    expect(new Set(out)).toEqual(new Set([slowGaussian(thresholds, 0x7fff, tail)]));
    drawGaussianFromInto(out, (words) => void words.fill(0));
    expect(new Set(out)).toEqual(new Set([0]));
  }
});

test('another sign and the same bits: the negative', () => {
  const out = new Int16Array(50_000);
  drawGaussianFromInto(out, feedOf(11));
  const negative = new Int16Array(50_000);
  const feed = feedOf(11);
  drawGaussianFromInto(negative, (words) => {
    feed(words);
    // The top bit of a tail does not count, so signs may be flipped everywhere.
    for (let i = 0; i < words.length; i++) words[i] = (words[i] as number) ^ 0x8000_8000;
    unflip(words);
  });
  expect(negative).toEqual(out.map((x) => -x));
});

/** Takes the flips back in the slots, which come before the words. */
function unflip(words: Uint32Array): void {
  // 30,720 draws and then 19,280: 92 and 68 slots; 4 words a slot.
  const slots = words.length === 4 * 92 + 15_360 ? 92 : 68;
  for (let i = 0; i < 4 * slots; i++) words[i] = (words[i] as number) ^ 0x8000_8000;
}

/** An upper bound of log2 P(at least k of n events of chance p), for k above n · p. */
function logTail(n: number, p: number, k: number): number {
  let log = n * Math.log1p(-p);
  for (let i = 0; i < k; i++) log += Math.log((n - i) / (i + 1)) + Math.log(p / (1 - p));
  // Each further term is smaller by at least this ratio.
  const ratio = ((n - k) / (k + 1)) * (p / (1 - p));
  return (log - Math.log(1 - ratio)) / Math.LN2;
}

test('how many words are asked for does not depend on what is drawn', () => {
  const askedFor = (n: number, fill: (words: Uint32Array) => void): number[] => {
    const lengths: number[] = [];
    drawGaussianFromInto(new Int16Array(n), (words) => {
      lengths.push(words.length);
      fill(words);
    });
    return lengths;
  };
  const none = (words: Uint32Array): void => void words.fill(0);
  for (const n of [40, 2_048, 30_720]) {
    const lengths = askedFor(n, none);
    expect(lengths).toHaveLength(1);
    for (let seed = 0; seed < 50; seed++) expect(askedFor(n, feedOf(seed))).toEqual(lengths);
    // It could: with ties only, the slots do not suffice.
    expect(askedFor(n, (words) => void words.fill(0x7fff_7fff)).length).toBeGreaterThan(1);
  }
  // Heads and the last one, which stands for all thresholds beyond.
  const chance = 28 / 2 ** 15;
  for (let n = 40; n <= 30_720; n += 40) {
    const [words] = askedFor(n, none) as [number];
    const slots = (words - n / 2) / 4;
    expect(logTail(n, chance, slots + 1)).toBeLessThan(-70);
    expect(4 * words).toBeLessThanOrEqual(65_536);
  }
});

test('a million draws fit the law, and no draw goes beyond the bound', () => {
  const law = gaussianLaw().map(({ lower }) => Number(lower >> 256n) / 2 ** 64);
  const [resident] = residentVectors([500_000]) as [Uint32Array];
  const out = new Int16Array(resident.buffer, resident.byteOffset, 1_000_000);
  drawGaussianInto(out);
  const counts = emptyCounts(GAUSSIAN_BOUND + 1);
  count(counts, Int32Array.from(out));
  const { statistic, freedom } = chiSquare(
    counts,
    (x) => (law[Math.abs(x)] ?? 0) / (x === 0 ? 1 : 2),
  );
  expect(freedom).toBeGreaterThan(50);
  expect(statistic).toBeLessThan(chiSquareLimit(freedom));
  expect([counts.cells[0], counts.cells.at(-1)]).toEqual([0, 0]);
  // 6.5 standard errors: 8e-11 each.
  const mean = out.reduce((sum, x) => sum + x, 0) / out.length;
  expect(Math.abs(mean)).toBeLessThan((6.5 * GAUSSIAN_WIDTH) / 1_000);
  const variance = out.reduce((sum, x) => sum + x * x, 0) / out.length;
  const spread = Math.SQRT2 * GAUSSIAN_WIDTH ** 2;
  expect(Math.abs(variance - GAUSSIAN_WIDTH ** 2)).toBeLessThan((6.5 * spread) / 1_000);
});

test('draws are fresh, and nothing of them is left in the scratches', () => {
  const [resident] = residentVectors([100_000]) as [Uint32Array];
  const out = new Int16Array(resident.buffer, resident.byteOffset, 4_000);
  drawGaussianInto(out);
  const again = new Int16Array(4_000);
  drawGaussianInto(again);
  expect(again).not.toEqual(out);
  // Where out lies, below it: parameters and scratches.
  expect(new Uint8Array(resident.buffer, 0, 390_000).every((byte) => byte === 0)).toBe(true);
});

describe('without WebAssembly', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  test('draws are the same', async () => {
    vi.resetModules();
    vi.stubGlobal('WebAssembly', undefined);
    const { drawGaussianFromInto: drawTwin } = await import('../../src/lattice/gaussian.ts');
    const { kernelPath } = await import('../../src/kernel/index.ts');
    expect(kernelPath()).toBe('twin');
    for (const n of [0, 1, 31, 2_048, 40_001]) {
      const [one, other] = [new Int16Array(n), new Int16Array(n)];
      drawTwin(one, feedOf(n));
      drawGaussianFromInto(other, feedOf(n));
      expect(one).toEqual(other);
      // All of them ties: more slots are asked for, many times.
      const ties = (words: Uint32Array): void => void feedOf(words.length)(words.fill(0));
      const forced = (words: Uint32Array): void => {
        ties(words);
        for (let i = 0; i < words.length; i++) words[i] = (words[i] as number) | 0x7fff_7fff;
      };
      drawTwin(one.subarray(0, 3_000), forced);
      drawGaussianFromInto(other.subarray(0, 3_000), forced);
      expect(one).toEqual(other);
    }
  });
});
