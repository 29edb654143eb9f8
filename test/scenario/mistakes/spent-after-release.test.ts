/**
 * Seen elsewhere: the answer goes out and the budget is written down afterwards. Whoever makes the
 * process die in between gets answers for nothing.
 */
import { gaussian, inMemoryStorage, type LedgerStorage, openLedger } from 'veilsum/dp';
import { expect, test } from 'vitest';

const event = gaussian({ noiseMultiplier: 5 });
const options = { budget: { epsilon: 2, delta: 1e-6 }, neighbours: 'zero-out' } as const;
const plan = new Uint8Array(32);

class Crash extends Error {}

test('the naive order: a hundred crashes, a hundred free answers', () => {
  const disk = { spent: 0 };
  let released = 0;
  for (let i = 0; i < 100; i++) {
    try {
      if (disk.spent >= 4) break;
      released++;
      throw new Crash('the attacker pulls the plug here');
      // biome-ignore lint/correctness/noUnreachable: that is the mistake
      disk.spent++;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
  expect([released, disk.spent]).toEqual([100, 0]);
});

/** Runs rounds under fresh names, one a process, each killed at its worst moment. */
async function killed(storage: () => LedgerStorage): Promise<number> {
  let released = 0;
  for (let i = 0; i < 100; i++) {
    const ledger = await openLedger(storage(), options);
    try {
      const answer = await ledger.admit({ round: `attempt ${i}`, plan, event });
      if (answer.admitted) released++;
    } catch {
      // Died before it heard that the entry was kept.
    }
  }
  return released;
}

test('ours: a crash after the receipt has spent', async () => {
  const disk = inMemoryStorage();
  const released = await killed(() => disk);
  expect(released).toBe(4);
  expect(await disk.load()).toHaveLength(1 + 4);
});

test('ours: a crash while writing releases nothing, and what was written has spent', async () => {
  const disk = inMemoryStorage();
  const dying: LedgerStorage = {
    load: disk.load,
    append: async (index, line) => {
      await disk.append(index, line);
      if (index > 0) throw new Crash('written, but nobody hears so');
    },
  };
  expect(await killed(() => dying)).toBe(0);
  expect(await disk.load()).toHaveLength(1 + 4);
});
