/**
 * Seen elsewhere: batches are shuffled samples of a fixed size, and the accountant is one for Poisson sampling
 * (Lebeda, Regehr, Kamath and Steinke 2024, arXiv 2405.20769).
 */
import {
  epsilon,
  gaussian,
  inMemoryStorage,
  openLedger,
  poissonSampled,
  sampledWithoutReplacement,
} from 'veilsum/dp';
import { expect, test } from 'vitest';
import { ndtr } from '../../../src/dp/special.ts';

const Q = 0.5;
const SIGMA = 2;
const DELTA = 1e-5;
const poisson = poissonSampled({ probability: Q, event: gaussian({ noiseMultiplier: SIGMA }) });
// Replaced, a unit moves the sum of a batch by twice the clip.
const inner = gaussian({ noiseMultiplier: SIGMA / 2 });
const fixed = sampledWithoutReplacement({ population: 100, sample: 100 * Q, event: inner });

/**
 * The exact δ of a batch of fixed size for a unit that says 1 or −1 while all others say 0: the sum is a mixture
 * of noise about 0 and about ±1, and its likelihood ratio rises with it.
 */
function exactDelta(at: number): number {
  const tail = (x: number, mean: number): number => ndtr((mean - x) / SIGMA);
  const mixture = (x: number, mean: number): number => (1 - Q) * tail(x, 0) + Q * tail(x, mean);
  let most = 0;
  for (let x = -2; x < 12; x += 0.01) {
    most = Math.max(most, mixture(x, 1) - Math.exp(at) * mixture(x, -1));
  }
  return most;
}

test('the naive price: Poisson’s ε does not hold for a batch of fixed size', () => {
  const claimed = epsilon(poisson, { delta: DELTA, neighbours: 'add-or-remove' }).epsilon;
  expect(exactDelta(claimed)).toBeGreaterThan(50 * DELTA);
});

test('ours: the price of a sample of fixed size does', () => {
  const price = epsilon(fixed, { delta: DELTA, neighbours: 'replace-one' }).epsilon;
  expect(exactDelta(price)).toBeLessThanOrEqual(DELTA);
});

test('ours: neither is taken for the other, by accountant or ledger', async () => {
  for (const [event, neighbours] of [
    [poisson, 'replace-one'],
    [fixed, 'add-or-remove'],
    [fixed, 'zero-out'],
  ] as const) {
    const unsound = expect.objectContaining({ code: 'unsound-parameters' });
    expect(() => epsilon(event, { delta: DELTA, neighbours })).toThrow(unsound);
    const budget = { epsilon: 100, delta: DELTA };
    const ledger = await openLedger(inMemoryStorage(), { budget, neighbours });
    const asked = ledger.admit({ round: 'a', plan: new Uint8Array(32), event });
    await expect(asked).rejects.toMatchObject({ code: 'unsound-parameters' });
    expect(ledger.head().count).toBe(0);
  }
});
