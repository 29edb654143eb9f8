/** Drawing: the same whatever path is taken, at every length, with the words that are given. */
import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { NoiseDistribution } from '../../src/dp/sampler/distributions.ts';
import { addNoiseInto, drawFromInto, drawInto } from '../../src/dp/sampler/draw.ts';
import { aliasTablesOf, noiseTable } from '../../src/dp/sampler/noise-tables.ts';
import type { AliasTable } from '../../src/kernel/index.ts';
import { caught } from '../ring/caught.ts';
import { mersenneTwister } from '../stat/mersenne-twister.ts';

const distributions: readonly NoiseDistribution[] = [
  { kind: 'discrete-gaussian', sigma: 3 },
  { kind: 'discrete-gaussian', sigma: 3000 },
  { kind: 'skellam', variance: 50 },
  { kind: 'skellam', variance: 2 ** 23 },
  { kind: 'discrete-laplace', rate: 0.5 },
  { kind: 'discrete-laplace', rate: 0.003 },
];

/** Words that are the same every time. */
const wordsFrom = (seed: number): ((out: Uint32Array) => void) => {
  const next = mersenneTwister(seed);
  return (out) => {
    for (let i = 0; i < out.length; i++) out[i] = next();
  };
};

const plain = { add: false, scan: false };

/** One draw from one table by its definition, in bigint. */
function slowDraw(table: AliasTable, word: number, limbs: readonly number[], sum: number): number {
  const column = 6 * (word & (table.columns.length / 6 - 1));
  const join = (parts: readonly number[]): bigint =>
    parts.reduceRight((value, limb) => (value << 31n) | BigInt(limb & 0x7fffffff), 0n);
  const threshold = join([...table.columns.subarray(column, column + 4)]);
  const value = table.columns[column + (join(limbs) < threshold ? 4 : 5)] as number;
  const draw = (value | 0) * table.factor;
  const isNegative = table.sign === 'drawn' ? word >>> 31 === 1 : table.sign === 'kept' && sum < 0;
  return isNegative ? -draw : draw;
}

/** What a vector of less than one piece must become. */
function slowDraws(
  tables: readonly AliasTable[],
  length: number,
  words: (out: Uint32Array) => void,
) {
  const out = new Array<number>(length).fill(0);
  for (const table of tables) {
    const random = new Uint32Array(5 * length);
    words(random);
    for (let i = 0; i < length; i++) {
      const limbs = [...random.subarray(length + 4 * i, length + 4 * i + 4)];
      out[i] = (out[i] as number) + slowDraw(table, random[i] as number, limbs, out[i] as number);
    }
  }
  return out;
}

for (const distribution of distributions) {
  describe(JSON.stringify(distribution), () => {
    const table = noiseTable(distribution);

    test('draws are those of the definition, table or scan', () => {
      fc.assert(
        fc.property(fc.integer(), fc.integer({ min: 0, max: 70 }), (seed, length) => {
          const out = new Int32Array(length);
          drawFromInto(out, table, wordsFrom(seed), plain);
          expect([...out]).toEqual(slowDraws(aliasTablesOf(table), length, wordsFrom(seed)));
          const scanned = new Int32Array(length);
          drawFromInto(scanned, table, wordsFrom(seed), { add: false, scan: true });
          expect(scanned).toEqual(out);
        }),
        { numRuns: 20 },
      );
    });

    test('a long vector is drawn in pieces; adding adds the same, mod 2^32', () => {
      for (const length of [3_263, 3_264, 3_265, 10_001]) {
        const out = new Int32Array(length);
        drawFromInto(out, table, wordsFrom(7), plain);
        const sum = new Uint32Array(length);
        wordsFrom(8)(sum);
        const expected = sum.map((word, i) => word + (out[i] as number));
        drawFromInto(sum, table, wordsFrom(7), { add: true, scan: false });
        expect(sum).toEqual(expected);
      }
    });

    test('words of zeros or ones only are as good as any', () => {
      for (const word of [0, 0xffffffff, 0x80000000, 0x7fffffff]) {
        const fill = (words: Uint32Array): void => void words.fill(word);
        const out = new Int32Array(3);
        drawFromInto(out, table, fill, plain);
        expect([...out]).toEqual(slowDraws(aliasTablesOf(table), 3, fill));
      }
    });
  });
}

test('draws are fresh, of both signs, and differ from one another', () => {
  const table = noiseTable({ kind: 'skellam', variance: 1e6 });
  const [a, b] = [new Int32Array(1000), new Int32Array(1000)];
  drawInto(a, table);
  drawInto(b, table, { scan: true });
  expect(a).not.toEqual(b);
  expect(Math.min(...a)).toBeLessThan(0);
  expect(Math.max(...a)).toBeGreaterThan(0);
  expect(new Set(a).size).toBeGreaterThan(500);
  const sum = new Uint32Array(a.buffer.slice(0));
  addNoiseInto(sum, table);
  expect(sum).not.toEqual(new Uint32Array(a.buffer));
});

test('random words and draws are wiped, also if the source fails', () => {
  const table = noiseTable({ kind: 'discrete-gaussian', sigma: 3 });
  const seen: Uint32Array[] = [];
  const fail = (words: Uint32Array): void => {
    seen.push(words.fill(1));
    if (seen.length === 2) throw new Error('no more');
  };
  const memory = aliasTablesOf(table)[0]?.columns.buffer as ArrayBuffer;
  expect(() => drawFromInto(new Int32Array(5_000), table, fail, plain)).toThrow('no more');
  for (const words of seen) expect(words.every((word) => word === 0)).toBe(true);
  // Everything below the tables' memory: parameters and scratches.
  expect(new Uint8Array(memory, 0, 390_000).every((byte) => byte === 0)).toBe(true);
  drawInto(new Int32Array(5_000), table);
  addNoiseInto(new Uint32Array(5_000), table);
  expect(new Uint8Array(memory, 0, 390_000).every((byte) => byte === 0)).toBe(true);
});

test('other arrays and forged tables are refused', () => {
  const table = noiseTable({ kind: 'discrete-gaussian', sigma: 3 });
  const wrong = [
    () => drawInto(new Uint32Array(3) as unknown as Int32Array, table),
    () => drawInto([] as unknown as Int32Array, table),
    () => addNoiseInto(new Int32Array(3) as unknown as Uint32Array, table),
    () => addNoiseInto(new Uint32Array(3), { ...table }),
  ];
  for (const call of wrong) expect(caught(call).code).toBe('wrong-type');
});

describe('without WebAssembly', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  test('draws are the same', async () => {
    const results: Int32Array[] = [];
    for (const isMissing of [false, true]) {
      vi.resetModules();
      if (isMissing) vi.stubGlobal('WebAssembly', undefined);
      const tables = await import('../../src/dp/sampler/noise-tables.ts');
      const draw = await import('../../src/dp/sampler/draw.ts');
      for (const distribution of distributions) {
        for (const mode of [plain, { add: true, scan: false }, { add: true, scan: true }]) {
          const out = new Int32Array(mode.scan ? 50 : 4_000).fill(-5);
          draw.drawFromInto(out, tables.noiseTable(distribution), wordsFrom(3), mode);
          results.push(out);
        }
      }
    }
    const half = results.length / 2;
    expect(half).toBe(3 * distributions.length);
    expect(results.slice(half)).toEqual(results.slice(0, half));
  });
});
