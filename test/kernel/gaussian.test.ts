/**
 * Draws from thresholds: the kernel is its twin, and both are the definition in bigint, for every tail, in
 * kernel memory and outside of it; they write nothing beside their output and leave nothing behind.
 */
import { describe, expect, test } from 'vitest';
import { type GaussianTable, gaussianInto } from '../../src/kernel/index.ts';
import { drawGaussian, settleGaussian } from '../../src/kernel/twin/gaussian.ts';
import { slowGaussians } from '../reference/gaussian.ts';
import { mersenneTwister } from '../stat/mersenne-twister.ts';
import { arenas, expectNothingLeft, TAILS } from './arena.ts';

/** A table as the kernel reads it, and its thresholds. */
type Case = {
  readonly name: string;
  readonly table: GaussianTable;
  readonly thresholds: readonly bigint[];
};

/** Thresholds with these heads, once each, and `last` more that share the last head. */
function caseOf(name: string, heads: readonly number[], last: number, next: () => number): Case {
  const all = [...heads, ...new Array<number>(last).fill(0x7fff)];
  const tail = (): bigint =>
    [next(), next(), next(), next()].reduce((sum, word) => (sum << 32n) | BigInt(word), 0n) >> 15n;
  const thresholds = all
    .map((head) => (BigInt(head) << 113n) | tail())
    .sort((a, b) => (a < b ? -1 : 1));
  const rows = [...heads, 0x7fff];
  if (rows.length % 2 === 1) rows.push(0x7fff);
  const bytes = new Uint8Array(64);
  rows.forEach((head, i) => {
    bytes[i] = head & 0xff;
    bytes[32 + i] = head >> 8;
  });
  const words = [
    ...rows.flatMap((head) => new Array<number>(4).fill(head * 0x1_0001)),
    ...new Uint32Array(bytes.buffer),
    ...thresholds.flatMap((c) =>
      [0n, 32n, 64n, 96n].map((shift) => Number((c >> shift) & 0xffff_ffffn)),
    ),
  ];
  return { name, thresholds, table: { words: Uint32Array.from(words), heads: rows.length } };
}

const next = mersenneTwister(6_612);
const cases: readonly Case[] = [
  caseOf('a single threshold', [], 1, next),
  caseOf('few', [100, 200, 0x4000], 2, next),
  caseOf(
    'as many heads as there may be',
    Array.from({ length: 31 }, (_, i) => 1000 * i),
    9,
    next,
  ),
  caseOf('heads next to each other', [0, 1, 2, 255, 256, 257, 0x7ffd, 0x7ffe], 70, next),
];

/**
 * Words of which a third are ties, with tails of which a third are as near as can be to a threshold's; the
 * same each time.
 */
function feedOf({ thresholds }: Case, seed: number): (words: Uint32Array) => void {
  const random = mersenneTwister(seed);
  const one = (): bigint => thresholds[random() % thresholds.length] as bigint;
  const half = (): number => {
    const head = random() % 3 === 0 ? Number(one() >> 113n) : random() & 0x7fff;
    return head | (random() & 0x8000);
  };
  return (words) => {
    for (let i = 0; i < words.length; i++) words[i] = half() | (half() << 16);
    for (let i = 0; i + 4 <= words.length; i += 4) {
      if (random() % 3 !== 0) continue;
      // Whatever it is used for: for a draw these are two heads, for a slot the lowest bits of a tail.
      const near = one() + BigInt(random() % 3) - 1n;
      for (let j = 0; j < 4; j++) words[i + j] = Number((near >> BigInt(32 * j)) & 0xffff_ffffn);
    }
  };
}

const places = arenas(8_192);
const wide = arenas(65_536);

const bytesOf = (out: Int16Array): Uint8Array =>
  new Uint8Array(out.buffer, out.byteOffset, out.byteLength);

describe.each(cases)('$name', (one) => {
  test.each(places)('every tail, $name', ({ place, only }) => {
    for (const n of TAILS) {
      const [out] = place(new Int16Array(n).fill(77));
      only(out, () => gaussianInto(out, one.table, feedOf(one, n)));
      expect([...out], `${n}`).toEqual(slowGaussians(one.thresholds, n, feedOf(one, n)));
    }
    for (const n of [1_000, 2_048, 4_001]) {
      const [out] = place(new Int16Array(n));
      only(out, () => gaussianInto(out, one.table, feedOf(one, n)));
      expect([...out]).toEqual(slowGaussians(one.thresholds, n, feedOf(one, n)));
    }
  });

  test('the twin, with all ties in one go', () => {
    for (const n of TAILS) {
      const feed = feedOf(one, n + 500);
      const random = new Uint32Array(4 * (n + 2) + Math.ceil(n / 2));
      feed(random);
      const tails = random.subarray(0, 4 * (n + 2));
      const words = random.subarray(tails.length);
      const out = new Int16Array(n);
      const ties = new Uint16Array(n + 2);
      const found = drawGaussian(out, random, n + 2, one.table, ties);
      settleGaussian(out, random, n + 2, one.table, ties, 0, found);
      // The definition asks for slots first, and then, since they are few, for more.
      let used = 0;
      const expected = slowGaussians(one.thresholds, n, (asked) => {
        const slots = 4 * 32;
        if (asked.length > slots) asked.set(words, slots);
        asked.set(tails.subarray(used, Math.min(used + slots, tails.length)));
        used += slots;
      });
      expect([...out]).toEqual(expected);
    }
  });

  test.each(wide)('pieces, short last ones after long ones, $name', ({ place, only }) => {
    for (const n of [30_719, 30_721, 30_720 + 7]) {
      const [out] = place(new Int16Array(n));
      only(out, () => gaussianInto(out, one.table, feedOf(one, n)));
      const expected = Int16Array.from(slowGaussians(one.thresholds, n, feedOf(one, n)));
      expect(Buffer.compare(bytesOf(out), bytesOf(expected))).toBe(0);
    }
    expectNothingLeft();
  });
});

test('nothing is left in the scratches, also if there are no more words', () => {
  const [one] = cases as [Case];
  for (const calls of [1, 2, 3]) {
    const seen: Uint32Array[] = [];
    const feed = (words: Uint32Array): void => {
      seen.push(words);
      if (seen.length === calls) throw new Error('no more');
      words.fill(0x7fff_7fff);
    };
    expect(() => gaussianInto(new Int16Array(5_000), one.table, feed)).toThrow('no more');
    for (const words of seen) expect(words.every((word) => word === 0)).toBe(true);
    expectNothingLeft();
  }
});
