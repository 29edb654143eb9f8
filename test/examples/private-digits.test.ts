/** The private demo on forty clients and two rounds, and its learning by itself. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inMemoryStorage, openLedger, readOdometer } from 'veilsum/dp';
import { type RoundRecord, readReport, roundRecord } from 'veilsum/report';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Crowd, gatherCrowd } from '../../examples/03-private-digits/crowd.ts';
import {
  clearSum,
  contributorsIn,
  firstModel,
  type LearningData,
  loadLearningData,
  type Model,
  nextModel,
  updateOf,
  vanishingIn,
} from '../../examples/03-private-digits/learning.ts';
import { writePrivacyReport } from '../../examples/03-private-digits/privacy-report.ts';
import { planOf, type Run } from '../../examples/03-private-digits/private-plan.ts';
import { privateRound } from '../../examples/03-private-digits/private-round.ts';
import { endReport, planReport, refusalReport } from '../../examples/03-private-digits/report.ts';
import {
  accuracyOf,
  localUpdate,
  PARAMETERS,
  type SmallExamples,
  shrink,
} from '../../examples/03-private-digits/softmax.ts';
import { accuracyAfter, noisySum } from '../../examples/03-private-digits/sweep.ts';

const N = 40;
const RUN: Run = { epsilon: 8, delta: 1e-3, rounds: 2 };
let data: LearningData;
let crowd: Crowd;
beforeAll(async () => {
  data = await loadLearningData(N);
  crowd = await gatherCrowd(data.shards, RUN, 2, ['--conditions=@veilsum/source']);
});
afterAll(() => crowd.leave());

const inside = (round: number): readonly SmallExamples[] =>
  contributorsIn(round, N).flatMap((i) => data.shards[i] ?? []);

describe('a run of two rounds', () => {
  test('adds up noisy updates of those who stay, is charged for, and ends with its budget', async () => {
    const first = planOf(1, crowd.roster, RUN);
    const { event, neighbours, honestSurvivorsMin } = first.privacy;
    expect(honestSurvivorsMin).toBe(N - 4 - 4);
    const ledger = await openLedger(inMemoryStorage(), {
      budget: { epsilon: RUN.epsilon, delta: RUN.delta },
      neighbours,
      expecting: { event, count: RUN.rounds },
    });
    const pay = async (round: number) => {
      const plan = planOf(round, crowd.roster, RUN);
      return { plan, answer: await ledger.admit({ round: plan.id, plan: plan.hash, event }) };
    };
    let model = firstModel();
    const records: RoundRecord[] = [];
    for (const round of [1, 2]) {
      const { plan, answer } = await pay(round);
      if (!answer.admitted) throw new Error(answer.message);
      const result = await privateRound(plan, model, answer, crowd);
      expect(result.contributors).toEqual(contributorsIn(round, N).map((i) => crowd.ids[i]));
      expect(result.refused).toEqual([]);
      expect(result.dropped.length).toBe(vanishingIn(round, N).size);
      records.push(roundRecord(plan, result));
      // What is in the sum besides the updates is the noise that the result speaks of.
      const clear = clearSum(model, inside(round));
      const errors = result.sum.update.map((value, i) => value - (clear[i] as number));
      const spread = Math.sqrt(errors.reduce((sum, x) => sum + x * x, 0) / PARAMETERS);
      const expected = result.privacy?.deviations.update as number;
      expect(Math.abs(spread / expected - 1)).toBeLessThan(0.1);
      expect(planReport(plan)).toContain(`ε = ${RUN.epsilon} at δ = 1e-3`);
      model = nextModel(model, result.sum.update, result.contributors.length);
      const spent = readOdometer(ledger).epsilon;
      const standing = { noisy: 0.5, clear: 0.6, spent, seconds: 1, tested: 1_500 };
      const report = endReport(result, standing);
      for (const { text } of result.assumptions) expect(report).toContain(text);
    }
    const { epsilon } = readOdometer(ledger);
    expect(epsilon).toBeLessThanOrEqual(RUN.epsilon);
    expect(epsilon).toBeGreaterThan(0.9 * RUN.epsilon);

    const folder = mkdtempSync(join(tmpdir(), 'private-digits-'));
    const page = readFileSync(await writePrivacyReport(folder, records, ledger), 'utf8');
    expect(page).toContain('Records and ledger agree');
    const { spending, findings } = readReport(
      readFileSync(join(folder, 'privacy-report.json'), 'utf8'),
    );
    expect(spending?.epsilon).toBe(epsilon);
    expect(findings).toEqual([]);
    rmSync(folder, { recursive: true });

    const { plan, answer } = await pay(3);
    if (answer.admitted) throw new Error('expected a refusal');
    const paid = await crowd.askToPay(plan);
    // Who vanished before its vector left has as many rounds to spare.
    const spared = new Set(
      [1, 2].flatMap((round) => {
        const stayed = new Set(contributorsIn(round, N));
        return Array.from({ length: N }, (_, i) => i).filter((i) => !stayed.has(i));
      }),
    );
    expect(paid).toBe(spared.size);
    expect(refusalReport(answer, paid, N)).toContain(`${N - paid} of the ${N} clients`);
  });

  test('a thread that fails says why', async () => {
    const other = { ...RUN, epsilon: 9 };
    await expect(crowd.enter(planOf(9, crowd.roster, other), firstModel())).rejects.toThrow(
      /policy expects at most ε = 8/,
    );
  });
});

describe('the model', () => {
  test('has 1,970 parameters, and pictures are made of means', () => {
    expect(PARAMETERS).toBe(1_970);
    const pixels = new Float32Array(784);
    pixels.set([0.2, 0.4], 0);
    pixels.set([0.6, 0.8], 28);
    const { features } = shrink({ pixels, labels: Uint8Array.of(3) });
    expect(features[0]).toBeCloseTo(0.5, 6);
    expect(features.subarray(1, 196).every((value) => value === 0)).toBe(true);
    expect(features[196]).toBe(1);
  });

  test('an update is against the gradient', () => {
    const shard = data.shards[0] as SmallExamples;
    const { weights } = firstModel();
    const update = localUpdate(weights, shard, { steps: 1, rate: 1e-4 });
    const loss = (at: Float64Array): number => {
      let sum = 0;
      for (const [i, label] of shard.labels.entries()) {
        const scores = Array.from({ length: 10 }, (_, digit) => {
          let score = 0;
          for (let j = 0; j < 197; j++) {
            score += (at[197 * digit + j] as number) * (shard.features[197 * i + j] as number);
          }
          return score;
        });
        sum += Math.log(scores.reduce((a, x) => a + Math.exp(x), 0)) - (scores[label] as number);
      }
      return sum / shard.labels.length;
    };
    const slope = loss(update) - loss(weights);
    const squares = update.reduce((sum, x) => sum + x * x, 0);
    // A small step s = −rate · gradient changes the loss by −|s|² / rate.
    expect(slope / (-squares / 1e-4)).toBeCloseTo(1, 2);
    expect(updateOf({ weights }, shard)).toHaveLength(PARAMETERS);
  });

  test('accuracy counts right guesses', () => {
    const weights = new Float64Array(PARAMETERS);
    weights[3 * 197 + 196] = 1; // everything is a 3
    const threes = data.test.labels.filter((label) => label === 3).length;
    expect(accuracyOf(weights, data.test)).toBe(threes / data.test.labels.length);
  });

  test('who vanishes is settled by the round, and 8 of 100 do', () => {
    expect(vanishingIn(1, 500)).toEqual(vanishingIn(1, 500));
    expect(vanishingIn(1, 500)).not.toEqual(vanishingIn(2, 500));
    expect(vanishingIn(1, 500).size).toBe(40);
    expect(contributorsIn(1, 500).length).toBe(475);
  });
});

test('the sweep adds as much noise as the plan asks for', () => {
  const plan = planOf(1, crowd.roster, RUN);
  const model: Model = firstModel();
  const shards = inside(1);
  const exact = clearSum(model, shards);
  const noisy = noisySum(plan, model, shards);
  const errors = noisy.map((value, i) => value - (exact[i] as number));
  const spread = Math.sqrt(errors.reduce((sum, x) => sum + x * x, 0) / PARAMETERS);
  const least = Number(plan.privacy.multiplier);
  const expected = least * Math.sqrt(shards.length / plan.privacy.honestSurvivorsMin);
  expect(Math.abs(spread / expected - 1)).toBeLessThan(0.1);
  expect(accuracyAfter(data, 2, clearSum)).toBeGreaterThan(0.5);
});
