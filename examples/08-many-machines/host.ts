/**
 * A coordinator's unmask work on many machines. Pieces go to Redis sealed and by reference: a job in the
 * queue carries a name of a hundred bytes. Each job leaves one accumulator, which is counted once.
 *
 * The queue delivers at least once. That no delivery counts twice does not rest on the queue: a job's sum
 * has one place in Redis, the first one put there stands, the coordinator reads it once, and accumulators
 * know what they hold: `mergeInto` refuses the same piece twice, `close` a piece that is missing.
 */
import { randomBytes } from 'node:crypto';
import { serialize } from 'node:v8';
import { type Job, Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import {
  type Accumulator,
  type CoordinatorState,
  createAccumulator,
  mergeInto,
  type Piece,
  readAccumulator,
  type UnmaskWork,
  unmaskWork,
} from 'veilsum/coordinator';
import { KEPT_MS, QUEUE } from './machine.ts';
import { assertKey, type JobName, open, placeOf, seal } from './sealed.ts';

/** Where the work goes. */
export type Site = {
  /** The address of a Redis, redis://… */
  readonly url: string;
  /** 32 random bytes that the workers have, too. */
  readonly key: Uint8Array;
  /** How long to wait for a job at most, in milliseconds; ten minutes unless the caller says otherwise. */
  readonly patience?: number;
  /** Called after each job that was counted. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
};

/**
 * Masks in a job. A job leaves one vector in Redis however many masks it takes away: the more, the less
 * there is to carry, and the more is lost with a machine.
 */
const MASKS = 16;

/** How often it is tried to reach a Redis that is away, and for how long; in milliseconds. */
const [PAUSE_MS, AWAY_MS] = [250, 10_000];

/**
 * Does the unmask work of a round on whatever machines take jobs from the queue.
 *
 *     const accumulators = await unmaskOnMachines(state, { url, key });
 *     const { next: result } = coordinator.close(state, accumulators);
 *
 * @param state of a round whose answers are in.
 * @returns what `close` wants.
 * @throws ProtocolError `below-threshold` as `unmaskWork`; Error if a job fails or takes too long, if
 * something else lies in its place, or if Redis is away for ten seconds or for `patience`. The state stays usable: call again, or close it alone.
 *
 * **Cost**: cutting and sealing the work; for each job an accumulator is read and added.
 */
export async function unmaskOnMachines(
  state: CoordinatorState<'unmask'>,
  { url, key, patience = 600_000, onProgress }: Site,
): Promise<readonly Accumulator[]> {
  assertKey(key);
  const { fields, pieces } = unmaskWork(state);
  // Redis may be away for a moment. After that, connections end instead of waiting for ever.
  const connection = {
    url,
    retryStrategy: (tries: number) =>
      tries * PAUSE_MS < Math.min(patience, AWAY_MS) ? PAUSE_MS : null,
  };
  const redis = new Redis(url, connection);
  const queue = new Queue<JobName>(QUEUE, { connection });
  const events = new QueueEvents(QUEUE, { connection });
  const lost = new Promise<never>((_, reject) => {
    redis.once('end', () => reject(new Error('Redis: got no connection, expected the one it had')));
  });
  lost.catch(() => {}); // It ends in the end, too.
  const told = (): void => {}; // By `lost`, and by what rejects.
  redis.on('error', told);
  queue.on('error', told);
  events.on('error', told);
  const places: string[] = [];
  const jobs: Job<JobName>[] = [];
  const work = async (): Promise<readonly Accumulator[]> => {
    await events.waitUntilReady();
    for (const [name, batch] of dealt(pieces)) {
      const place = placeOf('pieces', name);
      places.push(place);
      await redis.set(place, seal(key, 'pieces', name, serialize(batch)), 'PX', KEPT_MS);
      for (const { shares } of batch) shares.fill(0);
      jobs.push(await queue.add('unmask', name, jobOptions(name)));
    }
    const total = createAccumulator(fields);
    for (const [i, job] of jobs.entries()) {
      await job.waitUntilFinished(events, patience);
      mergeInto(total, await takeSum(redis, key, job.data, fields));
      onProgress?.({ done: i + 1, total: jobs.length });
    }
    return [total];
  };
  try {
    return await Promise.race([work(), lost]);
  } finally {
    for (const { shares } of pieces) shares.fill(0);
    if (places.length > 0) await redis.del(...places).catch(() => {}); // They expire, too.
    for (const job of jobs) await job.remove().catch(() => {}); // A machine that works on it keeps it.
    await events.close();
    await queue.close();
    redis.disconnect();
  }
}

/** The id makes the queue itself pass over a second announcement of a job that it knows. */
const jobOptions = ({ cut, job }: JobName) => ({
  jobId: `${cut}-${job}`,
  attempts: 3, // Redis may be away for a moment.
  backoff: { type: 'fixed', delay: 500 },
  // The coordinator removes its jobs; where it dies, those that were done or failed go by age.
  removeOnComplete: { age: KEPT_MS / 1_000 },
  removeOnFail: { age: KEPT_MS / 1_000 },
});

/** Pieces in the order in which they were cut, a few to a job. */
function* dealt(pieces: UnmaskWork['pieces']): Iterable<readonly [JobName, readonly Piece[]]> {
  const cut = randomBytes(16).toString('hex');
  let [batch, masks, job]: [Piece[], number, number] = [[], 0, 0];
  for (const [i, piece] of pieces.entries()) {
    batch.push(piece);
    masks += piece.opens.secret === 'self' ? 1 : piece.opens.edges.length;
    if (masks < MASKS && i < pieces.length - 1) continue;
    const round = Buffer.from(piece.round.roundId).toString('hex');
    yield [{ round, cut, job }, batch];
    [batch, masks, job] = [[], 0, job + 1];
  }
}

/** Takes a job's sum out of its place. An empty value stays there, so that a late one finds it taken. */
async function takeSum(
  redis: Redis,
  key: Uint8Array,
  name: JobName,
  fields: UnmaskWork['fields'],
): Promise<Accumulator> {
  const place = placeOf('sum', name);
  const sealed = await redis.getBuffer(place);
  if (sealed === null) throw new Error(`${place}: got nothing, expected the sum of a finished job`);
  const bytes = open(key, 'sum', name, sealed);
  const sum = readAccumulator(fields, bytes);
  bytes.fill(0);
  await redis.set(place, '', 'PX', KEPT_MS);
  return sum;
}
