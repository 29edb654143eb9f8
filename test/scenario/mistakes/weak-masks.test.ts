/**
 * Seen elsewhere: masks from the language's default generator, its seed folded to 28 or 32 bits. One
 * known element of the vector (padding, a frozen layer) and a laptop open all the others.
 */

import { integer } from 'veilsum';
import { expect, test, vi } from 'vitest';
import { randomBytes } from '../../../src/internal/random.ts';
import { expandInto } from '../../../src/prg/chacha20.ts';
import { termsOf } from '../../../src/round/plan.ts';
import { selfMaskKey } from '../../../src/secagg/keys.ts';
import { party, planFor } from '../../support/round.ts';
import { smallTrust } from '../bad-input/fixture.ts';
import { watch } from './upload.ts';

/** A fast generator with a 32-bit seed, as standard libraries have them (mulberry32). */
const word = (seed: number, i: number): number => {
  let a = (seed + Math.imul(i + 1, 0x6d2b79f5)) | 0;
  a = Math.imul(a ^ (a >>> 15), a | 1);
  a ^= a + Math.imul(a ^ (a >>> 7), a | 61);
  return (a ^ (a >>> 14)) >>> 0;
};

/** A 256-bit secret "as a seed": its first four bytes, 26 bits of them (28 take four times as long). */
const folded = (secret: Uint8Array): number =>
  new DataView(secret.buffer).getUint32(0) & 0x3ff_ffff;

test('the naive masks: every seed is tried, and the vector is open', () => {
  const secret = randomBytes(32);
  const vector = Uint32Array.from([0, 0, 424_242, 31_337, 7]);
  const masked = vector.map((x, i) => x + word(folded(secret), i));
  let seed = 0;
  while (word(seed, 0) !== masked[0] || word(seed, 1) !== masked[1]) seed++;
  expect(masked.map((x, i) => x - word(seed, i))).toEqual(vector);
});

test('ours: every bit of the seed and of the key counts', async () => {
  const people = await party(4);
  const plan = planFor(people, {
    fields: { x: integer({ length: 8, min: 0, max: 9 }) },
    trust: smallTrust,
  });
  const terms = termsOf(plan);
  const context = new Uint8Array(32);
  const stream = (key: Uint8Array): Uint32Array => {
    const out = new Uint32Array(8);
    expandInto(out, key);
    return out;
  };
  const seed = randomBytes(32);
  const keyOf = (s: Uint8Array) => selfMaskKey(terms, s, 0, context, 'x');
  const flipped = (of: Uint8Array, bit: number): Uint8Array =>
    of.map((byte, i) => (i === bit >>> 3 ? byte ^ (1 << (bit & 7)) : byte));
  const streams = new Set([stream(keyOf(seed)).join()]);
  for (let bit = 0; bit < 256; bit++) {
    streams.add(stream(keyOf(flipped(seed, bit))).join());
    streams.add(stream(flipped(keyOf(seed), bit)).join());
  }
  expect(streams.size).toBe(1 + 2 * 256);
});

test('ours: nobody in a whole round asks Math.random', async () => {
  const random = vi.spyOn(Math, 'random').mockImplementation(() => {
    throw new Error('Math.random was asked');
  });
  try {
    const people = await party(5);
    const fields = { x: integer({ length: 3, min: 0, max: 9 }) };
    const plan = planFor(people, { fields, trust: smallTrust, suite: 'x25519-mlkem768' });
    const { result } = await watch(people, plan, () => ({ x: [1, 2, 3] }));
    expect(result.sum.x).toEqual([5, 10, 15]);
    expect(random).not.toHaveBeenCalled();
  } finally {
    random.mockRestore();
  }
});
