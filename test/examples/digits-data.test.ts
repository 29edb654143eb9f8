import { beforeAll, describe, expect, test } from 'vitest';
import {
  CLASSES,
  countDigits,
  dealShards,
  type Examples,
  loadDigits,
  PIXELS,
  pick,
  splitDigits,
} from '../../examples/digits/data.ts';
import { insecureGenerator, permutation } from '../../examples/digits/seeded.ts';

let all: Examples;
beforeAll(async () => {
  all = await loadDigits();
});

/** Examples whose first pixel is their own position, so that each can be followed. */
function numbered(labels: readonly number[]): Examples {
  const pixels = new Float32Array(labels.length * PIXELS);
  for (const i of labels.keys()) pixels[i * PIXELS] = i;
  return { pixels, labels: Uint8Array.from(labels) };
}

/** The positions that {@link numbered} wrote. */
function positions(examples: Examples): number[] {
  return Array.from(examples.labels, (_, i) => examples.pixels[i * PIXELS] as number);
}

describe('loading', () => {
  test('gives 10,000 pictures of 784 pixels between 0 and 1', () => {
    expect(all.labels.length).toBe(10_000);
    expect(all.pixels.length).toBe(10_000 * PIXELS);
    expect(all.pixels.every((pixel) => pixel >= 0 && pixel <= 1)).toBe(true);
  });

  test('gives every digit its own pictures', () => {
    const counts = countDigits(all);
    expect(counts).toEqual([1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]);
    // a zero is dark in the middle and a one is bright there
    const middle = (digit: number): number => {
      const first = counts.slice(0, digit).reduce((sum, count) => sum + count, 0);
      let sum = 0;
      for (let i = 0; i < 500; i++)
        sum += all.pixels[(first + i) * PIXELS + 14 * 28 + 14] as number;
      return sum / 500;
    };
    expect(middle(0)).toBeLessThan(0.1);
    expect(middle(1)).toBeGreaterThan(0.8);
  });
});

describe('splitting', () => {
  test('puts every example on exactly one side, with its label', () => {
    const labels = Array.from({ length: 500 }, (_, i) => (i * 7) % CLASSES);
    const { train, test: held } = splitDigits(numbered(labels), 120, 1);
    expect(held.labels.length).toBe(120);
    const seen = [...positions(train), ...positions(held)];
    expect(seen.toSorted((a, b) => a - b)).toEqual(labels.map((_, i) => i));
    expect([...train.labels, ...held.labels]).toEqual(seen.map((i) => labels[i]));
  });

  test('depends on the seed and on nothing else', () => {
    const some = numbered(Array.from({ length: 200 }, (_, i) => i % CLASSES));
    expect(splitDigits(some, 50, 3)).toEqual(splitDigits(some, 50, 3));
    expect(positions(splitDigits(some, 50, 3).test)).not.toEqual(
      positions(splitDigits(some, 50, 4).test),
    );
  });

  test('leaves all ten digits in the test set', () => {
    const { test: held } = splitDigits(all, 1_500, 1);
    expect(Math.min(...countDigits(held))).toBeGreaterThan(90);
  });
});

describe('dealing', () => {
  test('gives no example to two clients, and nearly all to someone', () => {
    const labels = Array.from({ length: 1_003 }, (_, i) => (i * 3) % CLASSES);
    const shards = dealShards(numbered(labels), 20, 4, 1);
    const dealt = shards.flatMap(positions);
    expect(new Set(dealt).size).toBe(dealt.length);
    expect(dealt.length).toBe(20 * 4 * Math.floor(1_003 / 80));
    expect(shards.flatMap((shard) => [...shard.labels])).toEqual(dealt.map((i) => labels[i]));
  });

  test('shows each client few digits, equally many pictures, and all digits to all of them', () => {
    const { train } = splitDigits(all, 1_500, 1);
    const shards = dealShards(train, 20, 4, 2);
    expect(shards.map((shard) => shard.labels.length)).toEqual(new Array(20).fill(424));
    for (const shard of shards) {
      const largest = countDigits(shard).toSorted((a, b) => b - a);
      const share = largest.slice(0, 4).reduce((sum, count) => sum + count, 0) / 424;
      expect(share).toBeGreaterThan(0.75); // shared out evenly, four digits would make up 0.4
    }
    const together = Array.from({ length: CLASSES }, (_, digit) =>
      shards.reduce((sum, shard) => sum + (countDigits(shard)[digit] as number), 0),
    );
    expect(Math.min(...together)).toBeGreaterThan(600);
  });

  test('is the same for the same seed', () => {
    const some = numbered(Array.from({ length: 800 }, (_, i) => i % CLASSES));
    expect(dealShards(some, 10, 3, 5)).toEqual(dealShards(some, 10, 3, 5));
    expect(dealShards(some, 10, 3, 5).map(positions)).not.toEqual(
      dealShards(some, 10, 3, 6).map(positions),
    );
  });
});

describe('the seeded generator', () => {
  test('tells seeds apart, by value and by order', () => {
    const first = (...seed: number[]): number => insecureGenerator(...seed)();
    const seeds = [[0], [1], [2], [1, 2], [2, 1], [1, 2, 0]];
    expect(new Set(seeds.map((seed) => first(...seed))).size).toBe(seeds.length);
  });

  test('is uniform enough to shuffle with', () => {
    const next = insecureGenerator(1);
    const buckets = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const at = Math.floor(next() * 10);
      buckets[at] = (buckets[at] as number) + 1;
    }
    // χ² with 9 degrees of freedom: above 27.9 once in a thousand
    expect(buckets.reduce((sum, n) => sum + (n - 1_000) ** 2 / 1_000, 0)).toBeLessThan(27.9);
  });

  test('permutes', () => {
    const order = permutation(100, insecureGenerator(1));
    expect([...order].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect([...order]).not.toEqual(Array.from({ length: 100 }, (_, i) => i));
  });
});

test('picking copies and keeps the order', () => {
  const from = numbered([4, 5, 6]);
  const picked = pick(from, [2, 0, 2]);
  expect([...picked.labels]).toEqual([6, 4, 6]);
  picked.pixels.fill(9);
  expect(positions(from)).toEqual([0, 1, 2]);
});
