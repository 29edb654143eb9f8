/**
 * The model of the demo: 784 pixels → 32 hidden units (ReLU) → 10 digits, trained with
 * TensorFlow.js on its WebAssembly back end.
 *
 * To the rest of the demo a model is one flat `Float32Array`, and so is an update: that is the
 * vector that veilsum sums. Everything here is a function of its arguments; no tensor outlives a
 * call, and the same arguments give the same result.
 */
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { CLASSES, type Examples, PIXELS, pick } from './data.ts';
import { insecureGenerator, permutation } from './seeded.ts';

const HIDDEN = 32;

/** The parts of the model in the order in which they lie in the flat vector. */
const SHAPES: readonly (readonly [number, number] | readonly [number])[] = [
  [PIXELS, HIDDEN],
  [HIDDEN],
  [HIDDEN, CLASSES],
  [CLASSES],
];

/** How many numbers the model has, and so the length of an update: 25,450. */
export const PARAMETERS: number = SHAPES.reduce((total, shape) => total + sizeOf(shape), 0);

/** How a client trains on its own shard. */
export type LocalTraining = {
  /** Passes over the shard. */
  readonly epochs: number;
  /** Pictures in one step of gradient descent. */
  readonly batchSize: number;
  /** Length of a step. */
  readonly learningRate: number;
  /** Integers that fix the order of the pictures, say the round and the client. */
  readonly seed: readonly number[];
};

/** Starts TensorFlow.js on WebAssembly. Call it once, before anything else here. */
export async function startTensorFlow(): Promise<void> {
  tf.enableProdMode(); // spares us the advice to install the native addon
  const dist = new URL('.', import.meta.resolve('@tensorflow/tfjs-backend-wasm'));
  setWasmPaths(fileURLToPath(dist));
  await tf.setBackend('wasm');
  await tf.ready();
}

/** Makes the first global model: biases 0, weights uniform (Glorot and Bengio). */
export function initialWeights(seed: number): Float32Array {
  const next = insecureGenerator(seed);
  const weights = new Float32Array(PARAMETERS);
  let offset = 0;
  for (const shape of SHAPES) {
    const [inputs, outputs] = shape;
    const length = sizeOf(shape);
    if (outputs !== undefined) {
      const bound = Math.sqrt(6 / (inputs + outputs));
      for (let i = 0; i < length; i++) weights[offset + i] = (2 * next() - 1) * bound;
    }
    offset += length;
  }
  return weights;
}

/**
 * Trains on one client's examples, starting from the global model, and returns the update: the
 * trained weights minus the global ones, {@link PARAMETERS} numbers.
 */
export function trainLocally(
  globalWeights: Float32Array,
  shard: Examples,
  options: LocalTraining,
): Float32Array {
  const variables = tf.tidy(() => tensorsOf(globalWeights).map((part) => tf.variable(part)));
  const optimizer = tf.train.sgd(options.learningRate);
  const next = insecureGenerator(...options.seed);
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const order = permutation(shard.labels.length, next);
    for (let start = 0; start < order.length; start += options.batchSize) {
      const batch = pick(shard, order.subarray(start, start + options.batchSize));
      tf.tidy(() => {
        const pixels = pixelsOf(batch);
        const truth = tf.oneHot(tf.tensor1d(batch.labels, 'int32'), CLASSES);
        optimizer.minimize(
          () => tf.losses.softmaxCrossEntropy(truth, logits(variables, pixels)).asScalar(),
          false,
          variables,
        );
      });
    }
  }
  const update = flatten(variables);
  for (let i = 0; i < PARAMETERS; i++) {
    update[i] = (update[i] as number) - (globalWeights[i] as number);
  }
  tf.dispose(variables);
  optimizer.dispose();
  return update;
}

/** Returns the share, in [0, 1], of the examples whose digit the model guesses right. */
export function accuracy(weights: Float32Array, examples: Examples): number {
  const guesses = tf.tidy(() =>
    logits(tensorsOf(weights), pixelsOf(examples)).argMax(1).dataSync(),
  );
  let right = 0;
  for (const [i, label] of examples.labels.entries()) if (guesses[i] === label) right += 1;
  return right / examples.labels.length;
}

/** The network itself: one row of ten scores for each picture. */
function logits(parts: readonly tf.Tensor[], pixels: tf.Tensor2D): tf.Tensor2D {
  const [weights1, bias1, weights2, bias2] = parts as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const hidden = tf.relu(tf.add(tf.matMul(pixels, weights1), bias1));
  return tf.add(tf.matMul(hidden, weights2), bias2);
}

function pixelsOf(examples: Examples): tf.Tensor2D {
  return tf.tensor2d(examples.pixels, [examples.labels.length, PIXELS]);
}

/** Cuts the flat vector into the model's parts. */
function tensorsOf(weights: Float32Array): tf.Tensor[] {
  let offset = 0;
  return SHAPES.map((shape) => {
    const values = weights.subarray(offset, offset + sizeOf(shape));
    offset += values.length;
    return tf.tensor(values, [...shape]);
  });
}

/** Lays the model's parts one after another. */
function flatten(parts: readonly tf.Tensor[]): Float32Array {
  const weights = new Float32Array(PARAMETERS);
  let offset = 0;
  for (const part of parts) {
    weights.set(part.dataSync(), offset);
    offset += part.size;
  }
  return weights;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
