/** Clients of the second implementation and of the library, in one round under the library's coordinator. */
import {
  discreteGaussian,
  integer,
  noNoise,
  publicField,
  real,
  skellam,
  weightedMean,
} from 'veilsum';
import { trustIn, verifyBundle } from 'veilsum/verify';
import { pedersen } from 'veilsum/zk';
import { describe, expect, test } from 'vitest';
import { played } from './both.ts';
import { decode, encode, type Value } from './second/cbor.ts';
import type { Me, Said, Shared } from './second/client.ts';
import { uplink } from './second/messages.ts';
import { merkleRoot } from './second/primitives.ts';

const trust = { corrupt: '0.2', absent: '0.2' } as const;
const five = [0, 1, 2, 3, 4];

/** Boxes of client 1 for some holders with a bit changed, validly signed. */
function withBadBoxes(me: Me, { message, next }: Said<Shared>, holders: readonly number[]) {
  if (me.index !== 1) return { message, next };
  const [, , , , header, , payload] = decode(message, 1e6) as Uint8Array[];
  const parts = (decode(payload as Uint8Array, 1e6) as Uint8Array[]).map((part) => {
    const [holder, box, ...rest] = decode(part, 1e6) as [number, Uint8Array];
    if (!holders.includes(holder)) return part;
    return encode([holder, box.map((byte, i) => (i === 0 ? byte ^ 1 : byte)), ...rest]);
  });
  const fields = decode(header as Uint8Array, 1e6) as Value[];
  const changed = encode(fields.map((field, i) => (i === 2 ? merkleRoot(parts) : field)));
  const again = uplink(me, 2, changed, encode(parts));
  return { message: again.message, next: { ...next, shareHash: again.hash } };
}

describe('a round of both', () => {
  test.each(['x25519', 'x25519-mlkem768'] as const)(
    '%s, with dropouts of either: the sum is exact',
    async (suite) => {
      const fields = {
        votes: integer({ length: 3, min: -5, max: 5 }),
        update: real({ length: 2, clip: { norm: 'linf', bound: 1 } }),
        mean: weightedMean({ length: 2, clip: { norm: 'l2', bound: 1 }, maxWeight: 3 }),
      };
      for (const lost of [1, 2]) {
        const { result } = await played(
          { fields, trust, suite, noise: noNoise() },
          5,
          { [lost]: 'mask' },
          (i) => ({
            votes: [i, -i, 1],
            update: [0.25 * i, -1],
            mean: { values: [0.5, 0.1], weight: 1 + (i % 3) },
          }),
        );
        const there = five.filter((i) => i !== lost);
        const sum = there.reduce((all, i) => all + i, 0);
        const { votes, update, mean } = result.sum as {
          votes: number[];
          update: number[];
          mean: { mean: number[]; weight: number };
        };
        expect(votes).toEqual([sum, -sum, 4]);
        const wanted = there.reduce((all, i) => all + Math.min(1, 0.25 * i), 0);
        expect(Math.abs((update[0] as number) - wanted)).toBeLessThan(4 / 32_767);
        expect(mean.weight).toBe(there.reduce((all, i) => all + 1 + (i % 3), 0));
        expect(mean.mean[0]).toBeCloseTo(0.5, 3);
      }
    },
  );

  test('a box that does not hold is reported by a holder of either, and keeps its edge', async () => {
    const { result } = await played(
      {
        fields: { votes: integer({ length: 2, min: 0, max: 9 }) },
        trust: { corrupt: '0.2', absent: '0.4', coordinator: 'semi-honest' },
        noise: noNoise(),
      },
      5,
      {},
      (i) => ({ votes: [i, 9 - i] }),
      { spoil: (me, dealt) => withBadBoxes(me, dealt, [0, 3]) },
    );
    expect(result.sum).toEqual({ votes: [10, 35] });
    const faults = result.refused as readonly { code: string; claimed: string; message: string }[];
    expect(faults.map(({ code, claimed }) => [code, claimed])).toEqual([
      ['bad-share', 'client 1'],
      ['bad-share', 'client 1'],
    ]);
    expect(faults.map(({ message }) => /client "(client \d)"/.exec(message)?.[1])).toEqual([
      'client 0',
      'client 3',
    ]);
  });

  test('a sparse graph of the active model, with Skellam noise and a rotated field', async () => {
    const noise = { ...skellam({ epsilon: 6, delta: 1e-4 }), rotated: ['update'] };
    const fields = {
      update: real({ length: 12, clip: { norm: 'l2', bound: 1 } }),
      count: publicField(integer({ length: 1, min: 0, max: 50 })),
    };
    const { made, result } = await played(
      { fields, noise, trust: { corrupt: '0.1', absent: '0.2' } },
      12,
      { 3: 'mask', 6: 'unmask' },
      (i) => ({ update: Array.from({ length: 12 }, () => 0.25), count: [i] }),
    );
    expect(made.parameters.complete).toBe(false);
    const { update, count } = result.sum as { update: number[]; count: number[] };
    expect(count).toEqual([66 - 3]);
    const { deviations } = result.privacy as { deviations: { update: number } };
    for (const value of update) {
      expect(Math.abs(value - 11 * 0.25)).toBeLessThan(8 * deviations.update);
    }
  });

  test('commitments and discrete Gaussian noise: the bundle is valid', async () => {
    const fields = {
      votes: integer({ length: 2, min: -1, max: 1 }),
      update: real({ length: 3, clip: { norm: 'linf', bound: 1 }, bits: 8 }),
      total: publicField(integer({ length: 1, min: 0, max: 15 })),
    };
    const noise = discreteGaussian({ epsilon: 8, delta: 1e-4 });
    const { made, result } = await played(
      { fields, noise, trust, commitments: pedersen() },
      5,
      { 3: 'mask' },
      (i) => ({ votes: [1, -1], update: [1, -0.5, 0], total: [i] }),
    );
    expect((result.sum as { total: number[] }).total).toEqual([7]);
    const verdict = await verifyBundle(result.bundle as Uint8Array, trustIn(made as never));
    expect(verdict.valid).toBe(true);
  });

  test('fields under lattice masks, packed, wide and weighted, with a dropout: the sum is exact', async () => {
    const fields = {
      votes: integer({ length: 3, min: -5, max: 5 }),
      packed: integer({ length: 5_000, min: 0, max: 15, mask: 'lattice' }),
      wide: integer({ length: 2, min: -(2 ** 27), max: 2 ** 27, mask: 'lattice' }),
      mean: weightedMean({
        length: 2_100,
        clip: { norm: 'linf', bound: 1 },
        maxWeight: 3,
        mask: 'lattice',
      }),
    };
    const { made, result } = await played(
      { fields, trust, noise: noNoise() },
      5,
      { 1: 'mask' },
      (i) => ({
        votes: [i, -i, 1],
        packed: Array.from({ length: 5_000 }, (_, j) => (i + j) % 16),
        wide: [2 ** 27 - i, i - 2 ** 27],
        mean: { values: new Array(2_100).fill(0.25), weight: 1 + (i % 3) },
      }),
    );
    const shapes = made.lattice?.layout.fields.map(({ shape }) => shape) ?? [];
    // Several values in a coefficient, words of more than 32 bits, and words of fewer.
    expect(shapes[0]?.packing).toBeGreaterThan(1);
    expect(shapes.map(({ wireBits }) => wireBits > 32)).toContain(true);
    const there = five.filter((i) => i !== 1);
    const { packed, wide, mean } = result.sum as {
      packed: number[];
      wide: number[];
      mean: { mean: number[]; weight: number };
    };
    const sums = Array.from({ length: 5_000 }, (_, j) =>
      there.reduce((all, i) => all + ((i + j) % 16), 0),
    );
    expect(packed).toEqual(sums);
    const all = there.reduce((sum, i) => sum + i, 0);
    expect(wide).toEqual([2 ** 29 - all, all - 2 ** 29]);
    expect(mean.weight).toBe(there.reduce((sum, i) => sum + 1 + (i % 3), 0));
    expect(mean.mean[2_099]).toBeCloseTo(0.25, 3);
  });

  test('noise under lattice masks: what is public is exact, and the noise is that of the plan', async () => {
    const fields = {
      update: real({ length: 24, clip: { norm: 'l2', bound: 1 }, mask: 'lattice' }),
      examples: publicField(integer({ length: 1, min: 1, max: 100, mask: 'lattice' })),
    };
    const noise = { ...discreteGaussian({ epsilon: 8, delta: 1e-4 }), rotated: ['update'] };
    const { made, result } = await played({ fields, noise, trust }, 5, { 2: 'mask' }, (i) => ({
      update: new Array(24).fill(0.125),
      examples: [i + 1],
    }));
    expect(made.lattice?.layout.fields.length).toBe(2);
    const { update, examples } = result.sum as { update: number[]; examples: number[] };
    expect(examples).toEqual([1 + 2 + 4 + 5]);
    const { deviations } = result.privacy as { deviations: { update: number } };
    for (const value of update) expect(Math.abs(value - 0.5)).toBeLessThan(8 * deviations.update);
  });
});
