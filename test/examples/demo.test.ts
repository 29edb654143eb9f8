/** The pieces of `npm run demo`, on fewer digits: every mishap of a round, and what comes of it. */
import { describe, expect, test } from 'vitest';
import { type Examples, loadDigits, pick } from '../../examples/digits/data.ts';
import {
  digitsRound,
  FIELDS,
  type Learners,
  type LearntRound,
  updateOf,
} from '../../examples/digits/digits-round.ts';
import { enrol } from '../../examples/digits/enrolment.ts';
import { isExactSum, toGrid } from '../../examples/digits/exact-check.ts';
import { applyAverage, plainSum } from '../../examples/digits/fedavg.ts';
import {
  MISHAPS,
  type Mishap,
  mishapsOf,
  type Recordings,
  unreliableNetwork,
} from '../../examples/digits/mishaps.ts';
import {
  accuracy,
  initialWeights,
  PARAMETERS,
  startTensorFlow,
} from '../../examples/digits/model.ts';
import { accuracyPlot } from '../../examples/digits/plot.ts';
import { roundReport } from '../../examples/digits/report.ts';
import { sparseRound } from '../../examples/digits/sparse-round.ts';

await startTensorFlow();
const all = await loadDigits();
const enrolment = await enrol(20);
const ids = [...enrolment.signers.keys()];

/** Client i has every 200th digit, from the i-th on: 50 of them. */
const shardAt = (i: number): Examples =>
  pick(
    all,
    Array.from({ length: 50 }, (_, j) => 200 * j + i),
  );
const learners: Learners = {
  enrolment,
  shards: new Map(ids.map((id, i) => [id, shardAt(i)])),
  training: { epochs: 1, batchSize: 10, learningRate: 0.2 },
};

const struck = (round: number, ...kinds: readonly Mishap[]): readonly string[] => {
  const mishaps = mishapsOf(round, ids);
  return ids.filter((id) => kinds.includes(mishaps.get(id) as Mishap));
};
const droppedIn = ({ result }: LearntRound, phase: string): readonly string[] =>
  result.dropped.filter((one) => one.phase === phase).map(({ id }) => id);

describe('two rounds of the demo', async () => {
  const recordings: Recordings = new Map();
  const first = initialWeights(3);
  const rounds: LearntRound[] = [];
  const models = [first];
  for (const round of [1, 2]) {
    const network = unreliableNetwork(mishapsOf(round, ids), enrolment.signers, recordings);
    const weights = models.at(-1) as Float32Array;
    const finished = await digitsRound(learners, round, weights, network);
    const { sum, contributors } = finished.result;
    rounds.push(finished);
    models.push(applyAverage(weights, sum.update, contributors.length));
  }

  test.each([1, 2])('round %i: who is in the sum, and who dropped out when', (round) => {
    const finished = rounds[round - 1] as LearntRound;
    const lost = struck(round, 'vanishes before share', 'vanishes after share', 'sends garbage');
    expect(lost.length).toBe(5);
    expect(finished.result.contributors).toEqual(ids.filter((id) => !lost.includes(id)));
    expect(droppedIn(finished, 'advertise')).toEqual([]);
    expect(droppedIn(finished, 'share')).toEqual(struck(round, 'vanishes before share'));
    expect(droppedIn(finished, 'mask')).toEqual(
      struck(round, 'vanishes after share', 'sends garbage'),
    );
    expect(droppedIn(finished, 'confirm')).toEqual(struck(round, 'vanishes after mask'));
    expect(droppedIn(finished, 'unmask')).toEqual([]);
    const [replayed] = struck(round, 'is replayed');
    expect(finished.result.contributors).toContain(replayed);
  });

  test.each([1, 2])('round %i: who is refused, and who is to blame', (round) => {
    const { refused } = (rounds[round - 1] as LearntRound).result;
    const [liar] = struck(round, 'sends garbage');
    const [replayed] = struck(round, 'is replayed');
    expect(refused.length).toBe(3);
    expect(refused.filter(({ culprit }) => culprit !== undefined)).toEqual([
      expect.objectContaining({ phase: 'mask', code: 'truncated', culprit: liar }),
    ]);
    expect(refused.filter(({ claimed }) => claimed === replayed)).toEqual([
      expect.objectContaining({ phase: 'mask', code: round === 1 ? 'wrong-phase' : 'wrong-round' }),
    ]);
    expect(refused.filter(({ claimed }) => claimed === undefined).length).toBe(1);
  });

  test.each([1, 2])('round %i: the sum is exact', (round) => {
    const { exact, result } = rounds[round - 1] as LearntRound;
    expect(exact).toBe(true);
    const weights = models[round - 1] as Float32Array;
    const plain = plainSum(result.contributors.map((id) => updateOf(learners, id, round, weights)));
    const step = 2 ** -12;
    const furthest = plain.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (result.sum.update[i] as number))),
      0,
    );
    expect(furthest).toBeLessThan(15 * step);
    expect(furthest).toBeGreaterThan(0); // it was rounded
    const right = result.contributors.map((id) => {
      const shard = learners.shards.get(id) as Examples;
      return Math.round(accuracy(weights, shard) * 50);
    });
    expect(result.sum.tally).toEqual([15 * 50, right.reduce((a, b) => a + b)]);
  });

  test('the table counts bytes and time of every phase on both sides', () => {
    const { meter } = rounds[0] as LearntRound;
    expect([...meter.costs.keys()]).toEqual(['advertise', 'share', 'mask', 'confirm', 'unmask']);
    expect([...meter.costs.values()].map(({ asked, answered }) => [asked, answered])).toEqual([
      [20, 20],
      [20, 18],
      [18, 15],
      [15, 13],
      [13, 13],
    ]);
    for (const cost of meter.costs.values()) {
      expect(cost.clientMs).toBeGreaterThan(0);
      expect(cost.coordinatorMs).toBeGreaterThan(0);
      expect(cost.bytesUp).toBeGreaterThan(64 * cost.answered);
    }
    const bits = 21; // 20 clients, 2^16 levels each
    const mask = meter.costs.get('mask');
    const upload = (mask?.bytesUp as number) / 15;
    expect(upload).toBeGreaterThan((PARAMETERS * bits) / 8);
    expect(upload).toBeLessThan((1.02 * PARAMETERS * bits) / 8 + 250 * 19 + 1_000);
    const report = roundReport(rounds[0] as LearntRound).split('\n');
    expect(report.length).toBe(2 + 5 + 1 + 3);
    expect(report.find((line) => line.startsWith('share'))).toMatch(/18 of 20 .* \d\d \d\d$/);
    expect(report.filter((line) => line.startsWith('refused in mask')).length).toBe(3);
  });

  test('the model learns, and its curve is drawn', () => {
    const test = pick(
      all,
      Array.from({ length: 500 }, (_, i) => 20 * i + 19),
    );
    const points = models.map((weights) => accuracy(weights, test));
    expect(points[2] as number).toBeGreaterThan((points[0] as number) + 0.2);
    const svg = accuracyPlot([{ name: 'veilsum', points }], 'two rounds');
    expect(svg.match(/<circle/g)?.length).toBe(3);
    expect(svg).toContain(`veilsum: ${((points[2] as number) * 100).toFixed(1)} %`);
  });
});

describe('the exact check', () => {
  const parts = [1, 2, 3].map((seed) => toGrid(FIELDS.update, initialWeights(seed)));
  const sum = Float64Array.from({ length: PARAMETERS }, (_, i) =>
    parts.reduce((total, part) => total + (part.values[i] as number), 0),
  );

  test('finds a sum that is off by one step of the grid in one place', () => {
    expect(isExactSum(FIELDS.update, sum, parts)).toBe(true);
    sum[20_000] = (sum[20_000] as number) + 2 ** -12;
    expect(isExactSum(FIELDS.update, sum, parts)).toBe(false);
    sum[20_000] = (sum[20_000] as number) - 2 ** -12;
    expect(isExactSum(FIELDS.update, sum, parts.slice(1))).toBe(false);
  });

  test('works on numbers that are encoded as themselves', () => {
    for (const { integers, values } of parts) {
      expect(toGrid(FIELDS.update, values).integers).toEqual(integers);
    }
  });
});

test('mishaps strike different clients, and others in another round', () => {
  for (const round of [1, 2, 3]) {
    const mishaps = mishapsOf(round, ids);
    expect([...mishaps.values()]).toEqual(MISHAPS);
    expect([...mishaps.keys()].every((id) => ids.includes(id))).toBe(true);
  }
  expect([...mishapsOf(1, ids).keys()]).not.toEqual([...mishapsOf(2, ids).keys()]);
});

test('the sparse round is sparse, hybrid and exact', async () => {
  const { plan, result, exact } = await sparseRound(40, 50, { corrupt: 0.03, absent: 0.18 });
  expect(plan.parameters.complete).toBe(false);
  expect(plan.suite).toBe('x25519-mlkem768');
  expect(result.contributors.length).toBe(35);
  expect(exact).toBe(true);
});
