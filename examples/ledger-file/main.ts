/**
 * A budget that outlives its process: run it again and again, and it goes on where it was, until
 * nothing is left. The folder is the first argument.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  gaussian,
  type LedgerHead,
  openLedger,
  poissonSampled,
  readOdometer,
  repeated,
} from 'veilsum/dp';
import { openFileStorage, syncFolder } from './file-storage.ts';

const folder = resolve(process.argv[2] ?? 'demo-output/ledger');
const firstMade = await mkdir(folder, { recursive: true });
// The names of new folders must last as well, each in the folder above it.
if (firstMade !== undefined) {
  for (let made = folder; made.length >= resolve(firstMade).length; made = dirname(made)) {
    await syncFolder(dirname(made));
  }
}
// In real life the head is kept on another machine: whoever restores this folder restores both files.
const headFile = join(folder, 'head.json');
const rememberedHead = await readFile(headFile, 'utf8').then(
  (text) => JSON.parse(text) as LedgerHead,
  (error: NodeJS.ErrnoException) => {
    // Only "no such file" means that no head was ever remembered.
    if (error.code === 'ENOENT') return undefined;
    throw error;
  },
);

// One run of training: forty steps, each on a secret tenth of the people.
const step = poissonSampled({ probability: 0.1, event: gaussian({ noiseMultiplier: 1.5 }) });
const training = repeated({ event: step, count: 40 });

const storage = await openFileStorage(join(folder, 'budget.ledger'));
const ledger = await openLedger(storage, {
  budget: { epsilon: 8, delta: 1e-6 },
  neighbours: 'add-or-remove',
  expecting: { event: step, count: 200 },
  ...(rememberedHead === undefined ? {} : { rememberedHead }),
});
const round = `training/${ledger.head().count + 1}`;
const plan = createHash('sha256').update(round).digest();
const answer = await ledger.admit({ round, plan, event: training });
if (answer.admitted) {
  await writeFile(`${headFile}.new`, JSON.stringify(answer.head), { flush: true });
  await rename(`${headFile}.new`, headFile);
  await syncFolder(folder);
  console.log(`${round} is paid for, as entry ${answer.index} of ledger ${answer.ledger}`);
} else {
  console.log(answer.message);
}
const { epsilon, method } = readOdometer(ledger);
console.log(`spent so far: ε ${epsilon.toFixed(3)} of 8 at δ 1e-6 (${method})`);
await storage.close();
