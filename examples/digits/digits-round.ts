/** One round of learning: everybody trains on its own digits, and only the sum comes out. */
import { createHash } from 'node:crypto';
import type { Tinypool } from 'tinypool';
import {
  type ClientId,
  type IntegerField,
  integer,
  noNoise,
  type Plan,
  plan,
  planBytes,
  type RealField,
  real,
} from 'veilsum';
import * as client from 'veilsum/client';
import type { Examples } from './data.ts';
import type { Enrolment } from './enrolment.ts';
import { type GridUpdate, isExactSum, toGrid } from './exact-check.ts';
import { accuracy, type LocalTraining, PARAMETERS, trainLocally } from './model.ts';
import { coordinate, type FinishedRound, type Network, type Participant } from './secure-round.ts';

/** The vectors that the clients add up in a round. */
export type DigitsFields = {
  readonly update: RealField;
  readonly tally: IntegerField;
};

/** What every client puts in; what comes back has the same names. */
export const FIELDS: DigitsFields = {
  /**
   * How far training moved the model. A longer update is clipped. Any bound will do for learning:
   * this one, just below 8, makes the step of the grid 2^−12, see exact-check.ts.
   */
  update: real({
    length: PARAMETERS,
    clip: { norm: 'l2', bound: (2 ** 15 - 1) / 2 ** 12 },
    bits: 16,
  }),
  /** How many digits the client has, and how many of them the model got right before training. */
  tally: integer({ length: 2, min: 0, max: 10_000 }),
};

/** Who learns, and how. */
export type Learners = {
  readonly enrolment: Enrolment;
  /** Each client's own digits. */
  readonly shards: ReadonlyMap<ClientId, Examples>;
  readonly training: Omit<LocalTraining, 'seed'>;
};

/** What one client's training comes to in a round; the same model and round give the same update. */
export function updateOf(
  learners: Learners,
  id: ClientId,
  round: number,
  weights: Float32Array,
): Float32Array {
  const seed = [round, [...learners.shards.keys()].indexOf(id)];
  return trainLocally(weights, shardOf(learners, id), { ...learners.training, seed });
}

/** The plan of a round: facts only, veilsum derives the rest. */
export function planOf(round: number, { roster }: Enrolment): Plan<DigitsFields> {
  return plan({
    id: `digits/${round}`,
    fields: FIELDS,
    roster,
    // Up to 10 % of the clients may be in league with the coordinator, up to 40 % may vanish at any
    // time, and the coordinator may lie: an `active` one is the default.
    trust: { corrupt: 0.1, absent: 0.4 },
    noise: noNoise(),
  });
}

/** A round that has ended. */
export type LearntRound = FinishedRound<DigitsFields> & {
  /** Whether the sum equals, as integers, the sum of what the contributors encoded. */
  readonly exact: boolean;
};

/**
 * Plays one round.
 *
 * @param round its number, from 1.
 * @param weights the global model that every client receives.
 * @param pool threads for the coordinator's unmask work, if it has some.
 * @param onProgress called with what happens next.
 */
export async function digitsRound(
  learners: Learners,
  round: number,
  weights: Float32Array,
  network: Network,
  pool?: Tinypool,
  onProgress: (what: string) => void = () => {},
): Promise<LearntRound> {
  const { signers, voucher } = learners.enrolment;
  const published = planOf(round, learners.enrolment);

  const onGrid = new Map<ClientId, GridUpdate>();
  const participants = new Map<ClientId, Participant<DigitsFields>>();
  for (const [id, signer] of signers) {
    onProgress(`${id} trains`);
    const update = toGrid(FIELDS.update, updateOf(learners, id, round, weights));
    onGrid.set(id, update);
    participants.set(id, {
      signer,
      plan: client.readPlan(planBytes(published), { voucher, fields: FIELDS, corrupt: 0.1 }),
      context: hashOf(weights),
      inputs: { update: update.values, tally: tallyOf(shardOf(learners, id), weights) },
    });
  }

  const finished = await coordinate(
    published,
    hashOf(weights),
    participants,
    network,
    pool,
    (phase, id) => onProgress(`${phase}, ${id}`),
  );
  const { sum, contributors } = finished.result;
  const parts = contributors.map((id) => onGrid.get(id) as GridUpdate);
  return { ...finished, exact: isExactSum(FIELDS.update, sum.update, parts) };
}

function tallyOf(shard: Examples, weights: Float32Array): readonly [number, number] {
  const examples = shard.labels.length;
  return [examples, Math.round(accuracy(weights, shard) * examples)];
}

const shardOf = ({ shards }: Learners, id: ClientId): Examples => shards.get(id) as Examples;

/** SHA-256 of a model. */
const hashOf = (weights: Float32Array): Uint8Array =>
  createHash('sha256').update(new Uint8Array(weights.buffer)).digest();
