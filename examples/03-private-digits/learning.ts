/**
 * What the private demo learns, and how: who has which digits, what a client computes from its own, and
 * what the coordinator does with a sum. All numbers here are public and were chosen without looking at
 * anybody's digits; whatever the coordinator does with a noisy sum costs no privacy.
 */
import { createHash } from 'node:crypto';
import { type RealField, real } from 'veilsum';
import { dealShards, loadDigits, splitDigits } from '../digits/data.ts';
import { insecureGenerator, permutation } from '../digits/seeded.ts';
import { localUpdate, PARAMETERS, type SmallExamples, shrink } from './softmax.ts';

/** The clients of the demo, and the rounds of its run. */
export const CLIENTS = 500;
export const ROUNDS = 4;

/** The share of clients that may be in league with the coordinator, and that may vanish. */
export const TRUST = { corrupt: 0.1, absent: 0.1, coordinator: 'semi-honest' } as const;

/** δ of a run: far below 1 ÷ {@link CLIENTS}. */
export const DELTA = 1e-5;

/** What goes into the sum: an update, cut to length 1. */
export type UpdateFields = { readonly update: RealField };
export const FIELDS: UpdateFields = {
  update: real({ length: PARAMETERS, clip: { norm: 'l2', bound: 1 } }),
};

const LOCAL = { steps: 5, rate: 0.5 } as const;

/** How far the model follows the mean update, and how much of its last move it makes again. */
const [FOLLOW, AGAIN] = [4, 0.5];

/** The digits of all clients, and a test set that no client holds. */
export type LearningData = {
  readonly shards: readonly SmallExamples[];
  readonly test: SmallExamples;
};

/** Deals four slices of a few digits to each client, and keeps 1,500 digits for the test. */
export async function loadLearningData(clients: number): Promise<LearningData> {
  const { train, test } = splitDigits(await loadDigits(), 1_500, 1);
  return { shards: dealShards(train, clients, 4, 2).map(shrink), test: shrink(test) };
}

/** The coordinator's model and its last move. */
export type Model = { readonly weights: Float64Array; readonly move: Float64Array };

/** All zeros: every digit is as likely as any other. */
export const firstModel = (): Model => ({
  weights: new Float64Array(PARAMETERS),
  move: new Float64Array(PARAMETERS),
});

/** A client's update, not yet clipped. */
export const updateOf = ({ weights }: Pick<Model, 'weights'>, shard: SmallExamples): Float64Array =>
  localUpdate(weights, shard, LOCAL);

/** Moves the model along the mean of the updates, with momentum. */
export function nextModel(model: Model, sum: Float64Array, contributors: number): Model {
  const move = model.move.map((before, i) => AGAIN * before + (sum[i] as number) / contributors);
  return { move, weights: model.weights.map((weight, i) => weight + FOLLOW * (move[i] as number)) };
}

/** The sum of the updates, each cut to length 1, in the clear and without noise. */
export function clearSum(model: Model, shards: readonly SmallExamples[]): Float64Array {
  const sum = new Float64Array(PARAMETERS);
  for (const shard of shards) {
    const update = updateOf(model, shard);
    const factor = Math.min(1, 1 / Math.hypot(...update));
    for (let i = 0; i < sum.length; i++) {
      sum[i] = (sum[i] as number) + factor * (update[i] as number);
    }
  }
  return sum;
}

/** SHA-256 of a model: clients that were sent different ones never end up in one sum. */
export const hashOf = ({ weights }: Pick<Model, 'weights'>): Uint8Array =>
  createHash('sha256').update(new Uint8Array(weights.buffer)).digest();

/** Phases before whose answer clients vanish, and how many of a hundred do. */
const VANISHING = { share: 2, mask: 3, confirm: 2, unmask: 1 } as const;

/** A phase that somebody does not answer. */
export type LostIn = keyof typeof VANISHING;

/** Who vanishes in a round, by position among the clients, and where: 8 of 100. */
export function vanishingIn(round: number, clients: number): ReadonlyMap<number, LostIn> {
  const order = permutation(clients, insecureGenerator(7, round));
  const lost = new Map<number, LostIn>();
  for (const [phase, share] of Object.entries(VANISHING)) {
    const count = Math.round((share * clients) / 100);
    for (let i = 0; i < count; i++) lost.set(order[lost.size] as number, phase as LostIn);
  }
  return lost;
}

/** Whose vectors end up in a round's sum, by position. */
export function contributorsIn(round: number, clients: number): readonly number[] {
  const lost = vanishingIn(round, clients);
  return Array.from({ length: clients }, (_, i) => i).filter(
    (i) => lost.get(i) !== 'share' && lost.get(i) !== 'mask',
  );
}
