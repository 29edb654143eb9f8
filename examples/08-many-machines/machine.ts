/**
 * What a worker machine does: it takes jobs from the queue, runs their pieces into an accumulator of its
 * own, and leaves that in Redis. It may die at any moment, and a job may come to several machines: a
 * job's sum has one place, and the first that is put there stands.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { deserialize } from 'node:v8';
import { UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import {
  type Accumulator,
  accumulatorBytes,
  createAccumulator,
  type Piece,
  runPieceInto,
} from 'veilsum/coordinator';
import { type JobName, open, placeOf, seal } from './sealed.ts';

/** The queue's name in Redis. */
export const QUEUE = 'veilsum-unmask';

/** Nothing stays in Redis longer, whatever crashes; in milliseconds. */
export const KEPT_MS = 3_600_000;

/** A machine that is silent for so long has lost its job. It speaks between two pieces. */
const SILENCE_MS = 2_000;

/** What became of a job: its sum was put in place, or there was one already. */
export type Delivery = 'stored' | 'late';

/** Called after every piece, while the job is held. */
export type BetweenPieces = (name: JobName) => Promise<unknown>;

/**
 * Runs one job. To run it twice, or on two machines at once, changes nothing.
 *
 * @param redis where the job's values are.
 * @param key 32 bytes, see {@link seal}.
 * @param name what the queue gave.
 * @param between awaited after every piece.
 * @throws Error if its pieces are gone, or are not what the coordinator sealed for this job.
 *
 * **Security**: opens secrets of the round: the machine must be as trusted as the coordinator.
 *
 * **Cost**: one accumulator, 4 bytes an element, and the same again for its bytes.
 */
export async function runJob(
  redis: Redis,
  key: Uint8Array,
  name: JobName,
  between: BetweenPieces = async () => {},
): Promise<Delivery> {
  const place = placeOf('sum', name);
  if ((await redis.exists(place)) === 1) return 'late';
  const sealed = await redis.getBuffer(placeOf('pieces', name));
  if (sealed === null) {
    // Another delivery may have been counted in this very moment.
    if ((await redis.exists(place)) === 1) return 'late';
    throw new UnrecoverableError(`job ${name.job}: its pieces are no longer in Redis`);
  }
  const opened = open(key, 'pieces', name, sealed);
  let accumulator: Accumulator | undefined;
  try {
    // Only what the coordinator sealed gets here: `deserialize` is not made for bytes from anybody.
    const pieces = deserialize(opened) as readonly [Piece, ...Piece[]];
    accumulator = createAccumulator(pieces[0].round.fields);
    for (const piece of pieces) {
      runPieceInto(accumulator, piece);
      piece.shares.fill(0);
      await breathe(); // The queue hears that this machine is alive.
      await between(name);
    }
    const sum = seal(key, 'sum', name, accumulatorBytes(accumulator));
    const isFirst = await redis.set(place, sum, 'PX', KEPT_MS, 'NX');
    return isFirst === 'OK' ? 'stored' : 'late';
  } finally {
    opened.fill(0);
    for (const words of accumulator?.sums ?? []) words.fill(0);
  }
}

/** Told of every delivery. */
export type Told = (name: JobName, delivery: Delivery) => void;

/**
 * Takes jobs until `close()` is called on what it returns.
 *
 * @param redis with `maxRetriesPerRequest: null`, as BullMQ wants it.
 * @param key 32 bytes, see {@link seal}.
 * @param told called after each job.
 * @param between awaited after every piece.
 */
export function startMachine(
  redis: Redis,
  key: Uint8Array,
  told: Told,
  between?: BetweenPieces,
): Worker<JobName, Delivery> {
  const worker = new Worker<JobName, Delivery>(
    QUEUE,
    async ({ data }) => {
      const delivery = await runJob(redis, key, data, between);
      told(data, delivery);
      return delivery;
    },
    {
      connection: redis,
      lockDuration: SILENCE_MS,
      stalledInterval: SILENCE_MS / 2,
      maxStalledCount: 5, // A job on which six machines die is given up.
    },
  );
  // Among others: the queue gave the job to another machine in the meantime.
  worker.on('error', () => {});
  return worker;
}
