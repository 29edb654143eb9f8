/**
 * Seen elsewhere: the generator is seeded anew for each tensor of a model, with one seed. Then all
 * tensors wear the same mask, and the difference of two of them is in the clear.
 */

import { integer } from 'veilsum';
import { expect, test } from 'vitest';
import { randomBytes } from '../../../src/internal/random.ts';
import { addStreamInto } from '../../../src/prg/chacha20.ts';
import { party, planFor } from '../../support/round.ts';
import { smallTrust } from '../bad-input/fixture.ts';
import { vectorsOf, watch } from './upload.ts';

const LENGTH = 64;
const weights = Array.from({ length: LENGTH }, (_, i) => i * 1_000);
const biases = Array.from({ length: LENGTH }, (_, i) => 60_000 - i * 900);
const difference = weights.map((w, i) => w - (biases[i] as number));

test('the naive masks: the difference of two tensors is open', () => {
  const seed = randomBytes(32);
  const [a, b] = [weights, biases].map((tensor) => {
    const masked = Uint32Array.from(tensor);
    addStreamInto(masked, seed);
    return masked;
  }) as [Uint32Array, Uint32Array];
  expect(Array.from(a, (x, i) => (x - (b[i] as number)) | 0)).toEqual(difference);
});

test('ours: every field has masks of its own, every element too, every round again', async () => {
  const people = await party(5);
  const field = () => integer({ length: LENGTH, min: 0, max: 2 ** 29 });
  const facts = { fields: { weights: field(), biases: field() }, trust: smallTrust };
  const words = new Map<number, number>();
  let elements = 0;
  for (let round = 0; round < 2; round++) {
    const plan = planFor(people, facts);
    const { uploads, result } = await watch(people, plan, () => ({ weights, biases }));
    expect(result.sum.weights).toEqual(weights.map((w) => 5 * w));
    expect(plan.shapes.map(({ modulusBits }) => modulusBits)).toEqual([32, 32]);
    for (const upload of uploads.values()) {
      const [a, b] = vectorsOf(plan, upload) as [Uint32Array, Uint32Array];
      const same = a.filter((x, i) => ((x - (b[i] as number)) | 0) === difference[i]).length;
      expect(same).toBeLessThan(3);
      for (const [vector, plain] of [
        [a, weights],
        [b, biases],
      ] as const) {
        vector.forEach((x, i) => {
          const mask = (x - (plain[i] as number)) >>> 0;
          words.set(mask, (words.get(mask) ?? 0) + 1);
          elements++;
        });
      }
    }
  }
  // No mask word is used twice (chance meetings of 1,280 words of 32 bits: 0.0002 on average).
  expect(elements).toBe(2 * 5 * 2 * LENGTH);
  expect(words.size).toBeGreaterThan(elements - 3);
});
