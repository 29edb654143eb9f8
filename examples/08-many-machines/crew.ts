/** Worker machines as processes of this one, which hears what they do and may end or suspend them. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Report } from './worker.ts';

/** One worker. */
export type Hand = { readonly number: number; readonly process: ChildProcess };

/** A report, and whose. */
export type Heard = { readonly hand: Hand; readonly report: Report };

/** Workers that are ready, and all that they say. */
export type Crew = {
  readonly hands: readonly Hand[];
  /** Everything that was said so far. */
  readonly heard: readonly Heard[];
  /**
   * The first report that fits, whether it was made already or is still to come. Rejects once a worker has
   * ended that nobody ended: what it was to say may never come.
   */
  readonly hear: (fits: (heard: Heard) => boolean) => Promise<Heard>;
  /** Kills one in whatever it is doing. */
  readonly kill: (hand: Hand) => void;
  /** Ends all that still live. */
  readonly dismiss: () => Promise<void>;
};

/**
 * Starts workers. Each stops in the middle of its first job until it is sent a message.
 *
 * @param count how many.
 * @param url where the queue is.
 * @param key see `seal`. It is in the workers' environment, which this user's other processes can read.
 */
export async function hire(count: number, url: string, key: Uint8Array): Promise<Crew> {
  const heard: Heard[] = [];
  const looks = new Set<() => void>();
  const mayEnd = new Set<Hand>();
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => {}); // Who hears nothing any more need not know.
  const env = {
    ...process.env,
    VEILSUM_REDIS: url,
    VEILSUM_WORK_KEY: Buffer.from(key).toString('hex'),
    VEILSUM_HOLD: 'yes',
  };
  const hands = Array.from({ length: count }, (_, i): Hand => {
    const execArgv = ['--conditions=@veilsum/source'];
    const hand = { number: i + 1, process: fork(WORKER, { env, execArgv }) };
    hand.process.on('message', (report: Report) => {
      heard.push({ hand, report });
      for (const look of looks) look();
    });
    hand.process.once('exit', (code, signal) => {
      if (mayEnd.has(hand)) return;
      lost.reject(new Error(`worker ${hand.number} ended by itself (${signal ?? `code ${code}`})`));
    });
    hand.process.on('error', lost.reject); // Not started, or gone when it was to get a message.
    return hand;
  });
  const killAll = (): void => hands.forEach(({ process }) => void process.kill('SIGKILL'));
  process.once('exit', killAll);
  const said = (fits: (heard: Heard) => boolean): Promise<Heard> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = heard.find(fits);
        if (found === undefined) return;
        looks.delete(look);
        resolve(found);
      };
      looks.add(look);
      look();
    });
  const hear: Crew['hear'] = (fits) => Promise.race([said(fits), lost.promise]);
  const kill = (hand: Hand): void => {
    mayEnd.add(hand);
    hand.process.kill('SIGKILL');
  };
  const dismiss = async (): Promise<void> => {
    for (const hand of hands) mayEnd.add(hand);
    await Promise.all(hands.map(end));
    process.off('exit', killAll);
  };
  const ready = (hand: Hand): Promise<unknown> =>
    hear((report) => report.hand === hand && report.report.is === 'ready');
  try {
    await Promise.all(hands.map(ready));
    return { hands, heard, hear, kill, dismiss };
  } catch (error) {
    await dismiss();
    throw error;
  }
}

const WORKER = new URL('./worker.ts', import.meta.url);

/** Lets a worker finish its job; after five seconds it ends at once. */
async function end({ process: { exitCode, signalCode }, process }: Hand): Promise<void> {
  if (exitCode !== null || signalCode !== null) return;
  const ended = once(process, 'exit');
  process.kill('SIGCONT');
  process.kill('SIGTERM');
  const timer = setTimeout(() => process.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(timer);
}
