/**
 * The model of the private demo: softmax regression on pictures of 14 × 14 pixels, small because noise
 * is added to every parameter. Plain loops; the same arguments give the same numbers.
 */
import { CLASSES, type Examples, PIXELS } from '../digits/data.ts';

/** Pixels along one side of a small picture, and of one as it was. */
const SIDE = 14;
const SIDE_BEFORE = Math.sqrt(PIXELS);

/** Numbers that describe a picture: its pixels, and a 1 that goes with the bias. */
const FEATURES = SIDE * SIDE + 1;

/** How many numbers the model has: ten classes of 197, which is 1,970. */
export const PARAMETERS: number = CLASSES * FEATURES;

/** Small pictures, {@link FEATURES} numbers each, and their labels. */
export type SmallExamples = {
  readonly features: Float64Array;
  readonly labels: Uint8Array;
};

/** How a client trains: steps of gradient descent on all of its pictures at once. */
export type LocalSteps = {
  readonly steps: number;
  readonly rate: number;
};

/** Makes each pixel the mean of 2 × 2. */
export function shrink({ pixels, labels }: Examples): SmallExamples {
  const features = new Float64Array(labels.length * FEATURES);
  for (let picture = 0; picture < labels.length; picture++) {
    const at = picture * FEATURES;
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const from = picture * PIXELS + 2 * y * SIDE_BEFORE + 2 * x;
        const above = (pixels[from] as number) + (pixels[from + 1] as number);
        const below =
          (pixels[from + SIDE_BEFORE] as number) + (pixels[from + SIDE_BEFORE + 1] as number);
        features[at + y * SIDE + x] = (above + below) / 4;
      }
    }
    features[at + FEATURES - 1] = 1;
  }
  return { features, labels };
}

/**
 * Trains on a client's own pictures, starting from the global model.
 *
 * @returns how far the model moved, {@link PARAMETERS} numbers
 */
export function localUpdate(
  globalWeights: Float64Array,
  { features, labels }: SmallExamples,
  { steps, rate }: LocalSteps,
): Float64Array {
  const weights = globalWeights.slice();
  const gradient = new Float64Array(PARAMETERS);
  const odds = new Float64Array(CLASSES);
  for (let step = 0; step < steps; step++) {
    gradient.fill(0);
    for (const [picture, label] of labels.entries()) {
      const own = features.subarray(picture * FEATURES, (picture + 1) * FEATURES);
      scoresInto(odds, weights, own);
      const highest = Math.max(...odds);
      let total = 0;
      for (let i = 0; i < CLASSES; i++) {
        const odd = Math.exp((odds[i] as number) - highest);
        odds[i] = odd;
        total += odd;
      }
      for (let i = 0; i < CLASSES; i++) {
        const error = (odds[i] as number) / total - (i === label ? 1 : 0);
        for (let j = 0; j < FEATURES; j++) {
          const at = i * FEATURES + j;
          gradient[at] = (gradient[at] as number) + error * (own[j] as number);
        }
      }
    }
    for (let i = 0; i < PARAMETERS; i++) {
      weights[i] = (weights[i] as number) - (rate * (gradient[i] as number)) / labels.length;
    }
  }
  return weights.map((weight, i) => weight - (globalWeights[i] as number));
}

/** Returns the share, in [0, 1], of the pictures whose digit the model guesses right. */
export function accuracyOf(weights: Float64Array, { features, labels }: SmallExamples): number {
  const scores = new Float64Array(CLASSES);
  let right = 0;
  for (const [picture, label] of labels.entries()) {
    scoresInto(scores, weights, features.subarray(picture * FEATURES, (picture + 1) * FEATURES));
    if (scores.indexOf(Math.max(...scores)) === label) right += 1;
  }
  return right / labels.length;
}

/** The logarithm of each class's odds. */
function scoresInto(scores: Float64Array, weights: Float64Array, own: Float64Array): void {
  for (let i = 0; i < CLASSES; i++) {
    let score = 0;
    for (let j = 0; j < FEATURES; j++) {
      score += (weights[i * FEATURES + j] as number) * (own[j] as number);
    }
    scores[i] = score;
  }
}
