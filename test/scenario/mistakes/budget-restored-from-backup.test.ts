/**
 * Seen elsewhere: the budget is a number in a file. Restoring yesterday's backup, or an editor, gives
 * back what was spent.
 */
import { gaussian, inMemoryStorage, openLedger } from 'veilsum/dp';
import { expect, test } from 'vitest';

const event = gaussian({ noiseMultiplier: 5 });
const options = { budget: { epsilon: 2, delta: 1e-6 }, neighbours: 'zero-out' } as const;
const plan = new Uint8Array(32);

test('the naive file: restored, it spends the same budget for ever', () => {
  const backup = JSON.stringify({ left: 4 });
  let released = 0;
  for (let day = 0; day < 30; day++) {
    const file = JSON.parse(backup) as { left: number };
    for (; file.left > 0; file.left--) released++;
  }
  expect(released).toBe(120);
});

/** Spends all that is left; the lines afterwards, and the head that the caller remembers. */
async function spent(lines: readonly string[], prefix: string) {
  const storage = inMemoryStorage(lines);
  const ledger = await openLedger(storage, options);
  let released = 0;
  for (; ; released++) {
    const answer = await ledger.admit({ round: `${prefix}/${released}`, plan, event });
    if (!answer.admitted) break;
  }
  return { released, lines: await storage.load(), head: ledger.head() };
}

test('without a remembered head a backup passes here, too: nobody can tell it from the past', async () => {
  const backup = (await spent([], 'first')).lines.slice(0, 1);
  expect((await spent(backup, 'second')).released).toBe(4);
});

test('ours: with the head remembered elsewhere, a backup is refused, and so is a new beginning', async () => {
  const { lines, head, released } = await spent([], 'first');
  expect(released).toBe(4);
  const open = (stored: readonly string[]) =>
    openLedger(inMemoryStorage(stored), { ...options, rememberedHead: head });
  await expect(open(lines)).resolves.toMatchObject({ neighbours: 'zero-out' });
  for (let kept = 0; kept < lines.length; kept++) {
    await expect(open(lines.slice(0, kept))).rejects.toMatchObject({ code: 'ledger-tampered' });
  }
  const other = await spent([], 'another ledger');
  await expect(open(other.lines)).rejects.toMatchObject({ code: 'ledger-tampered' });
});

test('ours: an editor that makes the noise larger is found, head or not', async () => {
  const { lines } = await spent([], 'first');
  const cheaper = (line: string) => line.replace('"noiseMultiplier":5', '"noiseMultiplier":50');
  for (let i = 1; i < lines.length; i++) {
    const edited = lines.map((line, k) => (k === i ? cheaper(line) : line));
    await expect(openLedger(inMemoryStorage(edited), options)).rejects.toMatchObject({
      code: 'ledger-tampered',
    });
  }
});

test('ours: a larger budget for the same ledger is refused', async () => {
  const { lines } = await spent([], 'first');
  const budget = { epsilon: 3, delta: 1e-6 };
  await expect(openLedger(inMemoryStorage(lines), { ...options, budget })).rejects.toMatchObject({
    code: 'unsound-parameters',
  });
});
