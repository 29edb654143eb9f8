/** A noisy round whose shares may have left is spent, whatever becomes of it; asking again costs nothing. */
import { ProtocolError, real, skellam } from 'veilsum';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Ledger, openLedger } from '../../src/dp/ledger/ledger.ts';
import type { Receipt, Refusal } from '../../src/dp/ledger/receipt.ts';
import { inMemoryStorage, type LedgerStorage } from '../../src/dp/ledger/storage.ts';
import type { PlannedPrivacy } from '../../src/round/price.ts';
import { noisyPlanFor, type Party, party, play } from '../support/round.ts';

const fields = { update: real({ length: 10, clip: { norm: 'l2', bound: 1 } }) };
const trust = { corrupt: 0.1, absent: 0.3, coordinator: 'semi-honest' } as const;
const noise = skellam({ epsilon: 2, delta: 1e-6 });

let people: Party;
beforeAll(async () => {
  people = await party(6);
});

const newPlan = () => noisyPlanFor(people, { fields, trust, noise });
type NewPlan = ReturnType<typeof newPlan>;
const requestOf = (plan: NewPlan) => ({
  round: plan.id,
  plan: plan.hash,
  event: (plan.privacy as PlannedPrivacy).event,
});

/** Everybody's disk, the coordinator's too. */
type Disks = ReadonlyMap<string, LedgerStorage>;
const newDisks = (): Disks =>
  new Map([...people.ids, 'coordinator'].map((who) => [who, inMemoryStorage()]));

/** What a process does that has just begun: its ledger's budget is one round of this kind. */
const opened = (disks: Disks, who: string, plan: NewPlan): Promise<Ledger> =>
  openLedger(disks.get(who) as LedgerStorage, {
    budget: { epsilon: noise.epsilon, delta: noise.delta },
    neighbours: 'zero-out',
    expecting: { event: (plan.privacy as PlannedPrivacy).event, count: 1 },
  });

const admit = async (disks: Disks, who: string, plan: NewPlan): Promise<Receipt | Refusal> =>
  (await opened(disks, who, plan)).admit(requestOf(plan));

const receipts = (disks: Disks, plan: NewPlan) => async (who: string) =>
  (await admit(disks, who, plan)) as Receipt;

const inputs = () => ({ update: new Float64Array(10) });

describe('a round that fails after its shares have left', () => {
  test.each(['confirm', 'unmask'] as const)('in %s: is spent on both sides', async (phase) => {
    const [plan, disks] = [newPlan(), newDisks()];
    const error = await play(people, plan, {
      receipt: receipts(disks, plan),
      // All but one are gone: too few to go on with.
      vanish: (id) => (id === people.ids[0] ? undefined : phase),
      inputs,
    }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProtocolError);
    const next = newPlan();
    for (const who of disks.keys()) {
      expect((await opened(disks, who, plan)).head().count).toBe(1);
      // Another round has no room, under any name.
      const refused = await admit(disks, who, next);
      expect(refused).toMatchObject({ admitted: false, code: 'budget-exceeded' });
    }
  });

  test('but not for whoever was gone before its share left', async () => {
    const [plan, disks] = [newPlan(), newDisks()];
    await play(people, plan, {
      receipt: receipts(disks, plan),
      vanish: (id) => (id === people.ids[5] ? 'mask' : undefined),
      inputs,
    });
    expect((await opened(disks, 'client-5', plan)).head().count).toBe(0);
    expect((await opened(disks, 'client-4', plan)).head().count).toBe(1);
  });
});

describe('a crash between the ledger and the upload', () => {
  test('has spent; the same round gets its receipt again and can still be played', async () => {
    const [plan, disks] = [newPlan(), newDisks()];
    const before = new Map<string, Receipt | Refusal>();
    for (const who of disks.keys()) before.set(who, await admit(disks, who, plan));
    // Everybody crashed here. What begins again finds the entry, and pays nothing for the same round.
    for (const who of disks.keys()) {
      const ledger = await opened(disks, who, plan);
      expect(ledger.head().count).toBe(1);
      const again = await ledger.admit(requestOf(plan));
      const { index, head, round } = before.get(who) as Receipt;
      expect(again).toMatchObject({ admitted: true, index, head, round });
      expect(ledger.head().count).toBe(1);
    }
    const { result, left } = await play(people, plan, { receipt: receipts(disks, plan), inputs });
    expect([...left]).toEqual([]);
    expect(result.contributors).toHaveLength(6);
    for (const who of disks.keys()) {
      expect((await opened(disks, who, plan)).head().count).toBe(1);
    }
  });

  test('a round that was never played stays charged all the same', async () => {
    const [plan, disks] = [newPlan(), newDisks()];
    expect((await admit(disks, 'client-0', plan)).admitted).toBe(true);
    expect((await admit(disks, 'client-0', newPlan())).admitted).toBe(false);
  });
});
