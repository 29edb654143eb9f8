/**
 * Federated learning on 10,000 handwritten digits: twenty clients teach one model, and nobody, the
 * coordinator included, sees what any single one of them contributed.
 *
 *     npm run demo
 *
 * Where to look: secure-round.ts has both sides of the protocol, digits-round.ts what the clients
 * put into it, and mishaps.ts what goes wrong meanwhile.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import type { ClientId } from 'veilsum';
import { privateDemoReport } from '../03-private-digits/summary.ts';
import { openPool, warmUp } from '../parallel-unmask/host.ts';
import { dealShards, loadDigits, splitDigits } from './data.ts';
import { digitsRound, type Learners, planOf, updateOf } from './digits-round.ts';
import { enrol } from './enrolment.ts';
import { applyAverage, plainSum } from './fedavg.ts';
import { mishapsOf, type Recordings, unreliableNetwork } from './mishaps.ts';
import { accuracy, initialWeights, PARAMETERS, startTensorFlow } from './model.ts';
import { accuracyPlot } from './plot.ts';
import {
  accuracyReport,
  assumptionsReport,
  planReport,
  roundReport,
  sparseReport,
} from './report.ts';
import { sparseRound } from './sparse-round.ts';
import { grouped, percent, progress, say } from './terminal.ts';

const CLIENTS = 20;
const ROUNDS = 7;
const PLOT = 'demo-output/accuracy.svg';

// Twenty clients, each with a shard in which only a few of the ten digits occur.
progress('Reading 10,000 digits');
await startTensorFlow();
const { train, test } = splitDigits(await loadDigits(), 1_500, 1);
const enrolment = await enrol(CLIENTS);
const ids = [...enrolment.signers.keys()];
const shards = dealShards(train, CLIENTS, 4, 2);
const learners: Learners = {
  enrolment,
  shards: new Map(shards.map((shard, i) => [ids[i] as ClientId, shard])),
  training: { epochs: 2, batchSize: 20, learningRate: 0.3 },
};

// The coordinator takes masks away on two threads of its own.
const pool = openPool(2);
await warmUp(pool);

say(planReport(planOf(1, enrolment), ROUNDS));

// Both models start alike. One learns from private sums; the other from the same clients' updates in
// the clear, as plain federated averaging does.
let secure = initialWeights(3);
let plain = secure;
const secureCurve = [accuracy(secure, test)];
const plainCurve = [accuracy(plain, test)];
const recordings: Recordings = new Map();

for (let round = 1; round <= ROUNDS; round++) {
  const network = unreliableNetwork(mishapsOf(round, ids), enrolment.signers, recordings);
  const finished = await digitsRound(learners, round, secure, network, pool, (what) =>
    progress(`Round ${round}: ${what}`),
  );
  const { sum, contributors } = finished.result;
  if (!finished.exact) throw new Error(`round ${round}: not the sum of what was encoded`);

  secure = applyAverage(secure, sum.update, contributors.length);
  progress(`Round ${round}: plain federated averaging, to compare with`);
  const inTheClear = contributors.map((id) => updateOf(learners, id, round, plain));
  plain = applyAverage(plain, plainSum(inTheClear), contributors.length);
  secureCurve.push(accuracy(secure, test));
  plainCurve.push(accuracy(plain, test));

  say(accuracyReport(round, finished, last(secureCurve), last(plainCurve)));
  say(roundReport(finished));
}

await mkdir('demo-output', { recursive: true });
const curves = [
  { name: 'plain FedAvg', points: plainCurve },
  { name: 'veilsum', points: secureCurve },
];
const title = `${CLIENTS} clients, 7 lost in every round, ${grouped(PARAMETERS)} parameters`;
await writeFile(PLOT, accuracyPlot(curves, title));

// The same protocol among many.
const start = performance.now();
const trust = { corrupt: 0.05, absent: 0.05 };
const sparse = await sparseRound(200, 1_000, trust, pool, (what) =>
  progress(`Sparse round: ${what}`),
);
await pool.destroy();
if (!sparse.exact) throw new Error('sparse round: the sum is not the sum of the histograms');
say(sparseReport(sparse, performance.now() - start));
say(roundReport(sparse));
say(assumptionsReport(sparse.result));

say(`
After ${ROUNDS} rounds, on ${test.labels.length} digits that nobody trained on:
veilsum ${percent(last(secureCurve))}, plain FedAvg ${percent(last(plainCurve))}. Both curves: ${PLOT}`);
say(await privateDemoReport());

function last(curve: readonly number[]): number {
  return curve.at(-1) as number;
}
