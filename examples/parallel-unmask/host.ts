/**
 * A coordinator's unmask work on worker threads. The library starts no threads: it gives independent
 * pieces of work, and here a pool runs them. The thread that calls stays free for its sockets.
 *
 * Every thread of a job has one accumulator and gets pieces in batches, the big pieces first, the
 * batches ever smaller, so that all threads end at about the same time; one batch waits at each thread
 * while it runs another. See worker.ts for the other end.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Tinypool } from 'tinypool';
import {
  type Accumulator,
  type CoordinatorState,
  type Piece,
  type UnmaskWork,
  unmaskWork,
} from 'veilsum/coordinator';
import type { Job } from './worker.ts';

/** How far a job has come, in pieces. */
export type UnmaskProgress = { readonly done: number; readonly total: number };

/** Where and how to run a job. */
export type ThreadOptions = {
  /** What {@link openPool} gave. */
  readonly pool: Tinypool;
  /** How many of the pool's threads to use at most; all unless the caller says otherwise. */
  readonly threads?: number;
  /** Stops the job between two pieces. */
  readonly signal?: AbortSignal;
  /** Called after every batch and once all is done. */
  readonly onProgress?: (progress: UnmaskProgress) => void;
};

/**
 * Starts threads that wait for jobs. Whoever opens a pool calls its `destroy()` in the end.
 *
 * @param threads how many, at least 1; more than the machine has cores bring nothing.
 * @param execArgv flags of Node for the threads; those of this process unless the caller says otherwise.
 */
export const openPool = (threads: number, execArgv?: readonly string[]): Tinypool =>
  new Tinypool({
    filename: new URL('./worker.ts', import.meta.url),
    minThreads: threads,
    maxThreads: threads,
    ...(execArgv && { execArgv: [...execArgv] }),
  });

/**
 * Lets every thread of an idle pool load its modules and run the hot paths until they are compiled: a
 * few tenths of a second that the first job does not pay for then.
 */
export async function warmUp(pool: Tinypool): Promise<void> {
  const threads = Array.from({ length: pool.options.maxThreads });
  await Promise.all(threads.map(() => pool.run(undefined, { name: 'warmUp' })));
}

/**
 * Does the unmask work of a round on a pool's threads.
 *
 *     const accumulators = await unmaskOnThreads(state, { pool });
 *     const { next: result } = coordinator.close(state, accumulators);
 *
 * @returns what `close` wants: every piece is in one of them.
 * @throws ProtocolError `below-threshold` as `unmaskWork`; the signal's reason once all threads have
 * stopped; what a thread threw (a copy: its message is kept, its class is not). The state and the pool
 * stay usable, and no thread keeps a share or a sum.
 *
 * **Cost**: on the calling thread, cutting the work and copying every piece once; on each thread an
 * accumulator, 4 bytes an element.
 */
export const unmaskOnThreads = async (
  state: CoordinatorState<'unmask'>,
  options: ThreadOptions,
): Promise<readonly Accumulator[]> => {
  options.signal?.throwIfAborted();
  const work = unmaskWork(state);
  try {
    return await runOnThreads(work, options);
  } finally {
    for (const { shares } of work.pieces) shares.fill(0); // Copies that `unmaskWork` made.
  }
};

/** Runs pieces that are cut already; see {@link unmaskOnThreads}. */
export async function runOnThreads(
  { fields, pieces }: UnmaskWork,
  { pool, threads = pool.options.maxThreads, signal, onProgress }: ThreadOptions,
): Promise<readonly Accumulator[]> {
  signal?.throwIfAborted();
  const count = Math.min(threads, pool.options.maxThreads);
  const nextBatch = batches(pieces, wordsOf(fields), count);
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const ports: MessagePort[] = [];
  const failures: unknown[] = [];
  let done = 0;

  /** Lets all threads end: at the latest after the piece that each of them runs. */
  const end = (): void => {
    Atomics.store(stop, 0, 1);
    for (const port of ports) port.postMessage([]);
  };
  const fail = (error: unknown): void => {
    failures.push(error);
    end();
  };
  const onAbort = (): void => fail(signal?.reason);
  const report = (finished: number): void => {
    if (failures.length > 0 || finished === done) return;
    done = finished;
    try {
      onProgress?.({ done, total: pieces.length });
    } catch (error) {
      fail(error);
    }
  };
  const runThread = async (): Promise<Accumulator | undefined> => {
    const { port1: port, port2: theirs } = new MessageChannel();
    ports.push(port);
    port.on('message', (finished: number) => {
      port.postMessage(nextBatch());
      report(done + finished);
    });
    const job: Job = { fields, port: theirs, stop };
    const run = pool.run(job, { name: 'runBatches', transferList: [theirs] });
    for (let i = 0; i < AHEAD; i++) port.postMessage(nextBatch());
    try {
      return await run;
    } catch (error) {
      fail(error);
      return undefined;
    } finally {
      port.removeAllListeners('message').close();
    }
  };

  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const accumulators = await Promise.all(Array.from({ length: count }, runThread));
    report(pieces.length); // The last batches' messages may be overtaken by the accumulators.
    if (failures.length > 0) throw failures[0];
    return accumulators.filter((accumulator) => accumulator !== undefined);
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Batches at a thread: one that runs, and one that waits for it. */
const AHEAD = 2;

/** The weight of a batch at most and at least, in words of keystream: some 15 ms and 1 ms of work. */
const [MOST, LEAST] = [8_000_000, 500_000];

/** What opening a secret, and agreeing on the key of an edge, weigh beside the keystreams. */
const [SECRET_WORDS, EDGE_WORDS] = [100_000, 50_000];

const wordsOf = (fields: UnmaskWork['fields']): number =>
  fields.reduce((sum, { length }) => sum + length, 0);

const weightOf = ({ opens }: Piece, words: number): number =>
  opens.secret === 'self'
    ? SECRET_WORDS + words
    : SECRET_WORDS + opens.edges.length * (EDGE_WORDS + words);

/** Deals pieces out, the biggest first; in the end empty batches, which say that nothing is left. */
function batches(pieces: readonly Piece[], words: number, threads: number): () => readonly Piece[] {
  const queue = pieces.map((piece) => ({ piece, weight: weightOf(piece, words) }));
  queue.sort((a, b) => b.weight - a.weight);
  let left = queue.reduce((sum, { weight }) => sum + weight, 0);
  let next = 0;
  return () => {
    let room = Math.min(MOST, Math.max(LEAST, left / (2 * AHEAD * threads)));
    const batch: Piece[] = [];
    while (room > 0 && next < queue.length) {
      const { piece, weight } = queue[next++] as (typeof queue)[number];
      batch.push(piece);
      room -= weight;
      left -= weight;
    }
    return batch;
  };
}
