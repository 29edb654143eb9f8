/**
 * Federated learning on 10,000 handwritten digits, where nobody sees anybody's update.
 *
 *     npm run demo
 */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { type ClientId, integer, noNoise, plan, planBytes, real } from 'veilsum';
import * as client from 'veilsum/client';
import { decodeReal, encodeReal, fixedPoint } from 'veilsum/ring';
import { dealShards, type Examples, loadDigits, splitDigits } from './data.ts';
import { enrol } from './enrolment.ts';
import { applyAverage, plainSum } from './fedavg.ts';
import { mishapsOf, unreliableNetwork } from './mishaps.ts';
import { accuracy, initialWeights, PARAMETERS, startTensorFlow, trainLocally } from './model.ts';
import { accuracyPlot } from './plot.ts';
import { percent, progress, roundTable } from './report.ts';
import { coordinate } from './secure-round.ts';

const CLIENTS = 20;
const ROUNDS = 8;
const TRAINING = { epochs: 2, batchSize: 10, learningRate: 0.2 };
const CLIP = (2 ** 15 - 1) / 2 ** 12;

await startTensorFlow();
const { train, test } = splitDigits(await loadDigits(), 1_500, 1);
const shards = dealShards(train, CLIENTS, 4, 2);
const { signers, roster, voucher } = await enrol(CLIENTS);
const ids = [...signers.keys()];
const fields = {
  update: real({ length: PARAMETERS, clip: { norm: 'l2', bound: CLIP }, bits: 16 }),
  tally: integer({ length: 2, min: 0, max: 1_000 }),
};
const code = fixedPoint(fields.update);
const shardOf = (id: ClientId): Examples => shards[ids.indexOf(id)] as Examples;
const train1 = (id: ClientId, round: number, weights: Float32Array): Float32Array =>
  trainLocally(weights, shardOf(id), { ...TRAINING, seed: [round, ids.indexOf(id)] });

let secure = initialWeights(3);
let plain = secure;
const points = { plain: [accuracy(plain, test)], secure: [accuracy(secure, test)] };
const recordings = new Map();
for (let round = 1; round <= ROUNDS; round++) {
  const context = createHash('sha256').update(new Uint8Array(secure.buffer)).digest();
  const p = plan({
    id: `digits/${round}`,
    fields,
    roster,
    trust: { corrupt: 0.1, absent: 0.4 },
    noise: noNoise(),
  });
  const encoded = new Map<ClientId, Int32Array>();
  const participants = new Map(
    ids.map((id) => {
      progress(`round ${round}: ${id} trains`);
      const { integers } = encodeReal(code, train1(id, round, secure));
      encoded.set(id, integers);
      const right = Math.round(accuracy(secure, shardOf(id)) * shardOf(id).labels.length);
      return [
        id,
        {
          signer: signers.get(id)!,
          plan: client.readPlan(planBytes(p), { voucher, fields, corrupt: 0.1 }),
          context,
          inputs: { update: decodeReal(code, integers), tally: [shardOf(id).labels.length, right] },
        },
      ] as const;
    }),
  );
  const network = unreliableNetwork(mishapsOf(round, ids), signers, recordings);
  const finished = await coordinate(p, context, participants, network, (phase, id) =>
    progress(`round ${round}: ${phase} ${id}`),
  );
  const { contributors, sum } = finished.result;
  const expected = new Float64Array(PARAMETERS);
  for (const id of contributors) for (const [i, z] of encoded.get(id)!.entries()) expected[i]! += z;
  const equal = sum.update.every((v, i) => v * code.scale === expected[i]);
  secure = applyAverage(secure, sum.update, contributors.length);
  plain = applyAverage(
    plain,
    plainSum(contributors.map((id) => train1(id, round, plain))),
    contributors.length,
  );
  points.plain.push(accuracy(plain, test));
  points.secure.push(accuracy(secure, test));
  progress('');
  console.log(
    `Round ${round}: ${contributors.length} of ${CLIENTS} in the sum, equal: ${equal}, ${percent(points.secure.at(-1)!)} plain ${percent(points.plain.at(-1)!)} tally ${sum.tally}`,
  );
  console.log(roundTable(finished as never));
  if (!equal) process.exitCode = 1;
}
await mkdir('demo-output', { recursive: true });
await writeFile(
  'demo-output/accuracy.svg',
  accuracyPlot(
    [
      { name: 'plain FedAvg', points: points.plain },
      { name: 'veilsum', points: points.secure },
    ],
    'Digits',
  ),
);
