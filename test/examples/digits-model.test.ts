import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { CLASSES, type Examples, PIXELS } from '../../examples/digits/data.ts';
import { applyAverage, l2Norm, plainSum } from '../../examples/digits/fedavg.ts';
import {
  accuracy,
  initialWeights,
  type LocalTraining,
  PARAMETERS,
  startTensorFlow,
  trainLocally,
} from '../../examples/digits/model.ts';
import { insecureGenerator } from '../../examples/digits/seeded.ts';

/** Easy pictures: digit d lights rows 2d to 2d + 3, under some noise. */
function stripes(count: number, seed: number): Examples {
  const next = insecureGenerator(seed);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % CLASSES);
  const pixels = Float32Array.from({ length: count * PIXELS }, (_, i) => {
    const row = Math.floor((i % PIXELS) / 28);
    const first = 2 * (labels[Math.floor(i / PIXELS)] as number);
    return (row >= first && row < first + 4 ? 0.6 : 0) + 0.4 * next();
  });
  return { pixels, labels };
}

/** The network again, as a loop over 64-bit floats: the ten scores of one picture. */
function slowScores(weights: ArrayLike<number>, examples: Examples, picture: number): number[] {
  const at = (i: number): number => weights[i] as number;
  const hidden = Array.from({ length: 32 }, (_, unit) => {
    let sum = at(784 * 32 + unit);
    for (let i = 0; i < PIXELS; i++) {
      sum += (examples.pixels[picture * PIXELS + i] as number) * at(i * 32 + unit);
    }
    return Math.max(0, sum);
  });
  const second = 784 * 32 + 32;
  return Array.from({ length: CLASSES }, (_, digit) =>
    hidden.reduce(
      (sum, value, unit) => sum + value * at(second + unit * 10 + digit),
      at(second + 320 + digit),
    ),
  );
}

/** The mean cross-entropy between the softmax of the scores and the labels. */
function slowLoss(weights: ArrayLike<number>, examples: Examples): number {
  const losses = Array.from(examples.labels, (label, picture) => {
    const scores = slowScores(weights, examples, picture);
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    return Math.log(total) - (scores[label] as number);
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

const training: LocalTraining = { epochs: 2, batchSize: 8, learningRate: 0.1, seed: [1, 2] };
const shard = stripes(200, 1);
const warnings = vi.spyOn(console, 'warn');

beforeAll(startTensorFlow);

describe('the model', () => {
  test('runs on WebAssembly and keeps quiet about it', () => {
    tf.tidy(() => tf.zeros([4]).add(1).dataSync());
    expect(tf.getBackend()).toBe('wasm');
    expect(warnings).not.toHaveBeenCalled();
  });

  test('has 25,450 parameters', () => {
    expect(PARAMETERS).toBe(25_450);
    expect(initialWeights(1).length).toBe(PARAMETERS);
  });

  test('starts from the seed, with biases at 0', () => {
    const weights = initialWeights(3);
    expect(weights).toEqual(initialWeights(3));
    expect(weights).not.toEqual(initialWeights(4));
    expect(weights.subarray(784 * 32, 784 * 32 + 32).every((bias) => bias === 0)).toBe(true);
    expect(weights.subarray(-10).every((bias) => bias === 0)).toBe(true);
    expect(new Set(weights).size).toBeGreaterThan(25_000);
  });

  test('scores as a loop in plain JavaScript does', () => {
    const weights = initialWeights(5);
    const right = [...shard.labels].filter((label, i) => {
      const scores = slowScores(weights, shard, i);
      return scores.indexOf(Math.max(...scores)) === label;
    }).length;
    expect(accuracy(weights, shard)).toBe(right / 200);
  });
});

describe('local training', () => {
  const start = initialWeights(3);

  test('improves on pictures it has not seen', () => {
    const fresh = stripes(100, 2);
    const trained = applyAverage(start, trainLocally(start, shard, training), 1);
    expect(accuracy(start, fresh)).toBeLessThan(0.4);
    expect(accuracy(trained, fresh)).toBeGreaterThan(0.9);
  });

  test('takes a step of the learning rate down the gradient of the loss', () => {
    const batch = stripes(10, 7);
    const options: LocalTraining = { epochs: 1, batchSize: 10, learningRate: 0.1, seed: [1] };
    const update = trainLocally(start, batch, options);
    const slope = (i: number): number => {
      const moved = Float64Array.from(start);
      moved[i] = (start[i] as number) + 1e-5;
      const above = slowLoss(moved, batch);
      moved[i] = (start[i] as number) - 1e-5;
      return (above - slowLoss(moved, batch)) / 2e-5;
    };
    // some of each part: first weights, first biases, second weights, second biases
    const probes = [5_000, 12_345, 20_001, 25_088, 25_100, 25_120, 25_333, 25_439, 25_440, 25_449];
    for (const i of probes) expect(update[i]).toBeCloseTo(-0.1 * slope(i), 6);
    expect(probes.filter((i) => Math.abs(update[i] as number) > 1e-4).length).toBeGreaterThan(5);
  });

  test('gives the same update for the same seed, another for another', () => {
    const first = trainLocally(start, shard, training);
    expect(trainLocally(start, shard, training)).toEqual(first);
    expect(trainLocally(start, shard, { ...training, seed: [2, 1] })).not.toEqual(first);
  });

  test('leaves the global weights alone', () => {
    const before = start.slice();
    trainLocally(start, shard, { ...training, epochs: 1 });
    expect(start).toEqual(before);
  });

  test('takes a last batch that is smaller than the others', () => {
    const update = trainLocally(start, stripes(13, 1), training);
    expect(update.every(Number.isFinite)).toBe(true);
  });

  test('keeps no tensor', () => {
    const before = tf.memory().numTensors;
    for (let round = 0; round < 3; round++) {
      trainLocally(start, stripes(20, 1), training);
      accuracy(start, shard);
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('federated averaging', () => {
  test('sums in the clear and adds the average', () => {
    const sum = plainSum([Float32Array.of(1, -2), Float32Array.of(3, 4), Float32Array.of(2, 1)]);
    expect([...sum]).toEqual([6, 3]);
    expect([...applyAverage(Float32Array.of(10, 20), sum, 3)]).toEqual([12, 21]);
  });

  test('measures lengths', () => {
    expect(l2Norm(Float32Array.of(3, -4))).toBe(5);
  });

  test('learns all the digits from clients that each hold two', () => {
    const all = stripes(200, 3);
    const clients = Array.from({ length: 5 }, (_, client) => {
      const mine = [...all.labels.keys()].filter((i) => (i % CLASSES) >> 1 === client);
      return {
        pixels: Float32Array.from(
          mine.flatMap((i) => [...all.pixels.subarray(i * PIXELS, (i + 1) * PIXELS)]),
        ),
        labels: Uint8Array.from(mine, (i) => i % CLASSES),
      };
    });
    let weights = initialWeights(1);
    for (let round = 0; round < 8; round++) {
      const updates = clients.map((mine, client) =>
        trainLocally(weights, mine, { ...training, seed: [round, client] }),
      );
      weights = applyAverage(weights, plainSum(updates), updates.length);
    }
    expect(accuracy(weights, stripes(100, 4))).toBeGreaterThan(0.85);
  });
});
