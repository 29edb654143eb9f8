/**
 * Seen elsewhere: "it is paid for" is a flag, or an object that anybody can write. One payment, or none,
 * then serves for every round.
 */
import { gaussian, inMemoryStorage, openLedger } from 'veilsum/dp';
import { expect, test } from 'vitest';
import { assertReceipt } from '../../../src/dp/ledger/receipt.ts';

const event = gaussian({ noiseMultiplier: 5 });
const options = { budget: { epsilon: 2, delta: 1e-6 }, neighbours: 'zero-out' } as const;
const planOf = (i: number): Uint8Array => new Uint8Array(32).fill(i);

test('the naive check: any object with the flag runs a round', () => {
  const run = (receipt: { readonly admitted: boolean }): boolean => receipt.admitted;
  const receipt = { admitted: true };
  expect([1, 2, 3].map(() => run(receipt))).toEqual([true, true, true]);
});

test('ours: a receipt is for one plan, and for what that plan does', async () => {
  const ledger = await openLedger(inMemoryStorage(), options);
  const receipt = await ledger.admit({ round: 'a', plan: planOf(1), event });
  expect(() => assertReceipt(receipt, { plan: planOf(1), event })).not.toThrow();
  expect(() => assertReceipt(receipt, { plan: planOf(2), event })).toThrow(/another plan/);
  const louder = gaussian({ noiseMultiplier: 0.5 });
  expect(() => assertReceipt(receipt, { plan: planOf(1), event: louder })).toThrow(/another event/);
});

test('ours: what is written by hand, stored and read, or refused, is no receipt', async () => {
  const ledger = await openLedger(inMemoryStorage(), options);
  const receipt = await ledger.admit({ round: 'a', plan: planOf(1), event });
  const refusal = await ledger.admit({
    round: 'b',
    plan: planOf(1),
    event: gaussian({ noiseMultiplier: 0.1 }),
  });
  expect(refusal.admitted).toBe(false);
  const others = [
    { admitted: true, plan: '01'.repeat(32), event },
    JSON.parse(JSON.stringify(receipt)),
    { ...receipt },
    refusal,
    undefined,
  ];
  for (const other of others) {
    expect(() => assertReceipt(other, { plan: planOf(1) })).toThrow(/no ledger of this process/);
  }
});

test('ours: one name does not pay for two plans', async () => {
  const ledger = await openLedger(inMemoryStorage(), options);
  await ledger.admit({ round: 'a', plan: planOf(1), event });
  await expect(ledger.admit({ round: 'a', plan: planOf(2), event })).rejects.toMatchObject({
    code: 'unsound-parameters',
  });
});
