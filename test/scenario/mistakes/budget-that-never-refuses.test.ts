/**
 * Seen elsewhere: a budget that is computed, logged and shown on a dashboard, and refuses nobody. Whoever
 * asks often enough averages the noise away.
 */
import { gaussian, inMemoryStorage, openLedger, readOdometer } from 'veilsum/dp';
import { expect, test } from 'vitest';
import { randomBytes } from '../../../src/internal/random.ts';
import { gaussianDelta } from '../../reference/renyi-filter.ts';

const SECRET = 1;
const SIGMA = 5;
const BUDGET = { epsilon: 2, delta: 1e-6 };
const TIMES = 20_000;

/** Nearly Gaussian noise: a sum of twelve uniform numbers. Good enough for an attack. */
const noise = (): number => {
  const words = new Uint32Array(randomBytes(48).buffer);
  return SIGMA * (words.reduce((sum, word) => sum + word / 2 ** 32, 0) - 6);
};
const answer = (): number => SECRET + noise();
const event = gaussian({ noiseMultiplier: SIGMA });

test('the naive budget: it says 2, then 1,000, and the secret is read off the mean', async () => {
  let shown = 0;
  let sum = 0;
  for (let i = 0; i < TIMES; i++) {
    sum += answer();
    // ρ-zCDP to ε, for the dashboard.
    const rho = (i + 1) / (2 * SIGMA ** 2);
    shown = rho + 2 * Math.sqrt(rho * Math.log(1 / BUDGET.delta));
  }
  expect(shown).toBeGreaterThan(400);
  expect(Math.round(sum / TIMES)).toBe(SECRET);
});

test('ours: the answers end where the budget does, and the mean says no more than it may', async () => {
  const ledger = await openLedger(inMemoryStorage(), {
    budget: BUDGET,
    neighbours: 'zero-out',
    expecting: { event, count: 1 },
  });
  const answers: number[] = [];
  for (let i = 0; i < TIMES; i++) {
    const paid = await ledger.admit({ round: `${i}`, plan: new Uint8Array(32), event });
    if (paid.admitted) answers.push(answer());
    else expect(paid.code).toBe('budget-exceeded');
  }
  expect(answers.length).toBeGreaterThan(2);
  // The mean's noise, and what it proves exactly.
  const multiplier = SIGMA / Math.sqrt(answers.length);
  expect(multiplier).toBeGreaterThan(2);
  expect(gaussianDelta(multiplier, BUDGET.epsilon)).toBeLessThan(BUDGET.delta);
  expect(readOdometer(ledger).epsilon).toBeLessThanOrEqual(BUDGET.epsilon);
});

test('ours: neither many small events nor one large one get past', async () => {
  const open = () => openLedger(inMemoryStorage(), { budget: BUDGET, neighbours: 'zero-out' });
  const plan = new Uint8Array(32);
  const large = await open();
  const tooMuch = gaussian({ noiseMultiplier: 1 });
  expect((await large.admit({ round: 'a', plan, event: tooMuch })).admitted).toBe(false);
  const small = await open();
  const little = gaussian({ noiseMultiplier: 40 });
  let admitted = 0;
  while ((await small.admit({ round: `${admitted}`, plan, event: little })).admitted) admitted++;
  expect(gaussianDelta(40 / Math.sqrt(admitted), BUDGET.epsilon)).toBeLessThan(BUDGET.delta);
});
