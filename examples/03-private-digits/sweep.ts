/**
 * Accuracy against ε: the run of the private demo for several prices, a few times each, without masks and
 * messages. Every contributor's integers and noise are those that the plan of that price asks for, drawn
 * and added by veilsum. Writes `accuracy.json` and `accuracy.svg` beside this file and, with
 * `node test/docs/run.ts` after it, the table of the README.
 *
 *     node --conditions=@veilsum/source examples/03-private-digits/sweep.ts
 */
import { writeFile } from 'node:fs/promises';
import { addNoiseInto, noiseTable } from 'veilsum/dp';
import { encodeReal, fixedPoint } from 'veilsum/ring';
import { enrol } from '../digits/enrolment.ts';
import { progress, say } from '../digits/terminal.ts';
import { epsilonPlot, type SweepResults } from './epsilon-plot.ts';
import {
  CLIENTS,
  clearSum,
  contributorsIn,
  DELTA,
  firstModel,
  type LearningData,
  loadLearningData,
  type Model,
  nextModel,
  ROUNDS,
  TRUST,
  updateOf,
} from './learning.ts';
import { type PrivatePlan, planOf } from './private-plan.ts';
import { accuracyOf, PARAMETERS, type SmallExamples } from './softmax.ts';

const RESULTS = new URL('./accuracy.json', import.meta.url);
const PLOT = new URL('./accuracy.svg', import.meta.url);

/** The prices of the plot, and how often each is run: noise has no seed. */
const EPSILONS: readonly number[] = [0.25, 0.5, 1, 2, 4, 8];
const REPEATS = 10;

/** The accuracy after a run in which every round's sum is what `sumOf` says. */
export function accuracyAfter(
  { shards, test }: LearningData,
  rounds: number,
  sumOf: (model: Model, shards: readonly SmallExamples[]) => Float64Array,
): number {
  let model = firstModel();
  for (let round = 1; round <= rounds; round++) {
    const inside = contributorsIn(round, shards.length).map((i) => shards[i] as SmallExamples);
    model = nextModel(model, sumOf(model, inside), inside.length);
  }
  return accuracyOf(model.weights, test);
}

/**
 * The sum of updates as whole numbers with every contributor's own share of the plan's noise. A plan
 * that turns vectors before it rounds them has the same noise in every direction, so that need not be
 * done here.
 */
export function noisySum(
  { fields, privacy }: PrivatePlan,
  model: Model,
  shards: readonly SmallExamples[],
): Float64Array {
  const code = fixedPoint({ bits: 16, ...fields.update });
  const variance = privacy.stretches[0]?.localVariance as number;
  const table = noiseTable({ kind: 'skellam', variance });
  const sum = new Float64Array(PARAMETERS);
  for (const shard of shards) {
    const { integers } = encodeReal(code, updateOf(model, shard));
    addNoiseInto(new Uint32Array(integers.buffer, integers.byteOffset, integers.length), table);
    for (let i = 0; i < PARAMETERS; i++) sum[i] = (sum[i] as number) + (integers[i] as number);
  }
  return sum.map((value) => value / code.scale);
}

/** JSON with each list of numbers on one line. */
export const jsonOf = (results: SweepResults): string =>
  `${JSON.stringify(results, null, 2).replace(/\[[\d\s,]+\]/g, (list) =>
    list.replace(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']'),
  )}\n`;

async function sweep(): Promise<SweepResults> {
  const data = await loadLearningData(CLIENTS);
  const { roster } = await enrol(CLIENTS);
  const tested = data.test.labels.length;
  const points = EPSILONS.map((epsilon) => {
    const plan = planOf(1, roster, { epsilon, delta: DELTA, rounds: ROUNDS });
    const right = Array.from({ length: REPEATS }, (_, i) => {
      progress(`ε = ${epsilon}: run ${i + 1} of ${REPEATS}`);
      const sumOf = noisySum.bind(undefined, plan);
      return Math.round(tested * accuracyAfter(data, ROUNDS, sumOf));
    });
    say(`ε = ${epsilon}: ${right.join(' ')} of ${tested} right`);
    return { epsilon, multiplier: plan.privacy.multiplier, right };
  });
  const noiseless = Math.round(tested * accuracyAfter(data, ROUNDS, clearSum));
  say(`without noise: ${noiseless} of ${tested}`);
  const facts = { clients: CLIENTS, rounds: ROUNDS, delta: DELTA, parameters: PARAMETERS };
  const trust = { corrupt: TRUST.corrupt, absent: TRUST.absent };
  return {
    ...facts,
    ...trust,
    neighbours: 'zero-out',
    noise: 'skellam',
    tested,
    noiseless,
    points,
  };
}

if (import.meta.main) {
  const results = await sweep();
  await writeFile(RESULTS, jsonOf(results));
  await writeFile(PLOT, epsilonPlot(results));
}
