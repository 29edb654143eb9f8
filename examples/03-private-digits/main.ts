/**
 * Learning from handwritten digits under differential privacy: five hundred simulated clients, a budget
 * for the whole run, and a ledger on each side that keeps to it.
 *
 *     npm run demo:private
 *
 * Where to look: crowd-thread.ts has all that a client does, private-round.ts all that a coordinator
 * does, and private-plan.ts the price. How accuracy depends on ε is in accuracy.svg, which sweep.ts drew.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger, readOdometer } from 'veilsum/dp';
import { type RoundRecord, roundRecord } from 'veilsum/report';
import { progress, say } from '../digits/terminal.ts';
import { openFileStorage } from '../ledger-file/file-storage.ts';
import { openPool, warmUp } from '../parallel-unmask/host.ts';
import { gatherCrowd } from './crowd.ts';
import {
  CLIENTS,
  clearSum,
  contributorsIn,
  DELTA,
  firstModel,
  loadLearningData,
  nextModel,
  ROUNDS,
} from './learning.ts';
import { writePrivacyReport } from './privacy-report.ts';
import { planOf, type Run } from './private-plan.ts';
import { privateRound } from './private-round.ts';
import { endReport, planReport, refusalReport, roundReport } from './report.ts';
import { accuracyOf } from './softmax.ts';

const RUN: Run = { epsilon: 1, delta: DELTA, rounds: ROUNDS };
const THREADS = 2;
const started = performance.now();
const seconds = (since: number): number => (performance.now() - since) / 1000;

progress('Reading 10,000 digits, and enrolling the clients');
const { shards, test } = await loadLearningData(CLIENTS);
const crowd = await gatherCrowd(shards, RUN, THREADS);
const pool = openPool(THREADS);
await warmUp(pool);
const first = planOf(1, crowd.roster, RUN);
say(planReport(first));

// The coordinator's ledger: a file, one line for each round, on the disk before the round begins.
const folder = await mkdtemp(join(tmpdir(), 'veilsum-'));
const file = join(folder, 'coordinator.ledger');
const { event, neighbours } = first.privacy;
const options = {
  budget: { epsilon: RUN.epsilon, delta: RUN.delta },
  neighbours,
  expecting: { event, count: ROUNDS },
};
let storage = await openFileStorage(file);
let ledger = await openLedger(storage, options);

// Both models start alike. One learns from noisy private sums; the other, to compare with, from the exact
// sums of the same clients' clipped updates, which only a simulation has.
let model = firstModel();
let clear = firstModel();
let last: Awaited<ReturnType<typeof privateRound>> | undefined;
const records: RoundRecord[] = [];
for (let round = 1; round <= ROUNDS; round++) {
  const begun = performance.now();
  const plan = planOf(round, crowd.roster, RUN);
  const paid = await ledger.admit({ round: plan.id, plan: plan.hash, event: plan.privacy.event });
  if (!paid.admitted) throw new Error(paid.message);
  last = await privateRound(plan, model, paid, crowd, pool, (phase) =>
    progress(`Round ${round}: ${phase} (${seconds(started).toFixed(0)} s so far)`),
  );
  records.push(roundRecord(plan, last));
  model = nextModel(model, last.sum.update, last.contributors.length);

  const inside = contributorsIn(round, CLIENTS).flatMap((i) => shards[i] ?? []);
  clear = nextModel(clear, clearSum(clear, inside), inside.length);
  say(
    roundReport(round, last, {
      noisy: accuracyOf(model.weights, test),
      clear: accuracyOf(clear.weights, test),
      spent: readOdometer(ledger).epsilon,
      seconds: seconds(begun),
    }),
  );
}

// One round more is not to be had: not after a restart of the coordinator either, nor from the clients.
const rememberedHead = ledger.head();
await storage.close();
storage = await openFileStorage(file);
ledger = await openLedger(storage, { ...options, rememberedHead });
const extra = planOf(ROUNDS + 1, crowd.roster, RUN);
const refused = await ledger.admit({ round: extra.id, plan: extra.hash, event });
if (refused.admitted) throw new Error('the ledger paid for a round more than it has a budget for');
say(refusalReport(refused, await crowd.askToPay(extra), CLIENTS));

await storage.close();
await rm(folder, { recursive: true });
await pool.destroy();
await crowd.leave();
if (last === undefined) throw new Error('expected a round');
say(
  endReport(last, {
    noisy: accuracyOf(model.weights, test),
    clear: accuracyOf(clear.weights, test),
    tested: test.labels.length,
    spent: readOdometer(ledger).epsilon,
    seconds: seconds(started),
  }),
);
say(`
For people, and for programs: ${await writePrivacyReport('demo-output', records, ledger)} and .json beside it.`);
