/** Receipts cannot be written by hand, answers must be looked at, and nothing settled can be changed. */
import { expectTypeOf } from 'vitest';
import {
  gaussian,
  inMemoryStorage,
  type LedgerHead,
  openLedger,
  type Price,
  type Receipt,
  type Refusal,
} from '../../src/dp/index.ts';
import { readOdometer } from '../../src/dp/ledger/odometer.ts';
import { assertReceipt } from '../../src/dp/ledger/receipt.ts';

const event = gaussian({ noiseMultiplier: 2 });
const plan = new Uint8Array(32);
const budget = { epsilon: 1, delta: 1e-6 };

export async function ledger(needsReceipt: (receipt: Receipt) => void): Promise<void> {
  const made = await openLedger(inMemoryStorage(), { budget, neighbours: 'zero-out' });
  // @ts-expect-error a ledger needs a budget
  openLedger(inMemoryStorage(), { neighbours: 'zero-out' });
  // @ts-expect-error a ledger needs a relation: nothing is assumed
  openLedger(inMemoryStorage(), { budget });
  // @ts-expect-error no such relation
  openLedger(inMemoryStorage(), { budget, neighbours: 'swap' });
  // @ts-expect-error a budget is ε at δ
  openLedger(inMemoryStorage(), { budget: { epsilon: 1 }, neighbours: 'zero-out' });
  // @ts-expect-error the budget does not change
  made.budget.epsilon = 2;
  // @ts-expect-error nor does the order
  made.order = 2;
  expectTypeOf(made.head()).toEqualTypeOf<LedgerHead>();

  // @ts-expect-error a round is paid for by what it does
  made.admit({ round: 'a', plan });
  // @ts-expect-error and for one plan
  made.admit({ round: 'a', event });
  const answer = await made.admit({ round: 'a', plan, event });
  expectTypeOf(answer).toEqualTypeOf<Receipt | Refusal>();
  // @ts-expect-error an answer may be a refusal
  needsReceipt(answer);
  // @ts-expect-error a refusal has no head
  answer.head;
  if (answer.admitted) {
    needsReceipt(answer);
    // @ts-expect-error a receipt does not change
    answer.index = 2;
  } else {
    expectTypeOf(answer.code).toEqualTypeOf<'budget-exceeded'>();
    // @ts-expect-error a refusal pays for nothing
    needsReceipt(answer);
  }

  const { id, neighbours } = made;
  const head = made.head();
  const forged = { admitted: true, ledger: id, index: 1, round: 'a', plan: '', event } as const;
  // @ts-expect-error a receipt written by hand
  needsReceipt({ ...forged, neighbours, head });
  const anything: unknown = forged;
  assertReceipt(anything, { plan });
  needsReceipt(anything);

  const price = readOdometer(made);
  expectTypeOf(price).toEqualTypeOf<Price>();
  // @ts-expect-error what the odometer says admits nothing
  needsReceipt(price);
}
