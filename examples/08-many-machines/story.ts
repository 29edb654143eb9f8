/**
 * The two stages of a round that many machines share. Uploads come through front doors, some of them
 * twice. Then three worker processes take the masks away, of which one is killed in the middle of a job
 * and one suspended until its job was done by another; and one job is announced twice.
 */
import { randomBytes } from 'node:crypto';
import { Queue } from 'bullmq';
import type { Result } from 'veilsum';
import * as coordinator from 'veilsum/coordinator';
import { type Heard, hire } from './crew.ts';
import { unmaskOnMachines } from './host.ts';
import { QUEUE } from './machine.ts';
import type { Answered, Bringing, Counted } from './round.ts';
import type { JobName } from './sealed.ts';
import { openFrontDoor, openIntake } from './uploads.ts';

/**
 * Brings uploads to the coordinator through two front doors; every third client is in doubt whether its
 * upload arrived, and goes to both.
 *
 * @param url the address of a Redis.
 * @param say takes lines for people.
 */
export const throughFrontDoors =
  (url: string, say: (line: string) => void): Bringing =>
  async (state, round, uploads) => {
    const deliveries = uploads.length + Math.ceil(uploads.length / 3);
    let left = deliveries;
    const { promise: allCame, resolve } = Promise.withResolvers<void>();
    const intake = openIntake(state, url, round, () => {
      if (--left === 0) resolve();
    });
    const doors = [openFrontDoor(url, round), openFrontDoor(url, round)] as const;
    await Promise.all(
      uploads.map(async (upload, i) => {
        await doors[i % 2 === 0 ? 0 : 1].passOn(upload);
        if (i % 3 === 0) await doors[i % 2 === 0 ? 1 : 0].passOn(upload);
      }),
    );
    await allCame; // In real life: until `coordinator.census` or a clock says that it is enough.
    await Promise.all(doors.map((door) => door.close()));
    await intake.close();
    const { accepted } = coordinator.census(state);
    say(`${deliveries} uploads came through two front doors, of ${accepted.length} clients`);
  };

/** What came of it. */
export type Ended = {
  readonly result: Result<Counted>;
  /** How many jobs were counted. */
  readonly jobs: number;
  /** How often one was done again, for nothing. */
  readonly late: number;
};

/**
 * Takes the masks of a round away, with all that goes wrong meanwhile.
 *
 * @param answered a round whose answers are in; it is closed here.
 * @param url the address of a Redis.
 * @param say takes lines for people.
 */
export async function threeMachines(
  { state }: Answered,
  url: string,
  say: (line: string) => void,
): Promise<Ended> {
  const key = randomBytes(32); // A deployment has it in its store of secrets.
  const crew = await hire(3, url, key);
  const [first, second, third] = crew.hands as [Heard['hand'], Heard['hand'], Heard['hand']];
  const halfway = async (hand: Heard['hand']): Promise<JobName> => {
    const { report } = await crew.hear(
      (said) => said.hand === hand && said.report.is === 'halfway',
    );
    if (report.is === 'ready') throw new Error('not halfway');
    return report.name;
  };
  const became = (job: number, is: 'stored' | 'late') =>
    crew.hear(({ report }) => report.is === is && report.name.job === job);

  const mishaps = async (): Promise<void> => {
    const names = await Promise.all([halfway(first), halfway(second), halfway(third)]);
    const [killed, suspended, announced] = names;
    say('all three are in the middle of a job');
    crew.kill(first);
    say(`worker 1 is killed in job ${killed.job}`);
    second.process.kill('SIGSTOP');
    say(`worker 2 is suspended in job ${suspended.job}`);
    await announce(url, announced);
    say(`job ${announced.job} is announced once more, while worker 3 has it`);
    third.process.send('go on');
    await Promise.all([
      became(killed.job, 'stored').then(({ hand }) =>
        say(`job ${killed.job} was done by worker ${hand.number}`),
      ),
      became(announced.job, 'late').then(() =>
        say(`job ${announced.job} came again: there is its sum already`),
      ),
      became(suspended.job, 'stored').then(async ({ hand }) => {
        say(`job ${suspended.job} was done by worker ${hand.number}; worker 2 wakes up`);
        second.process.send('go on');
        second.process.kill('SIGCONT');
        await became(suspended.job, 'late');
        say(`worker 2 is done with job ${suspended.job}, too late: its sum is not taken`);
      }),
    ]);
  };
  try {
    let jobs = 0;
    const work = unmaskOnMachines(state, {
      url,
      key,
      onProgress: ({ done }) => {
        jobs = done;
      },
    });
    const [accumulators] = await Promise.all([work, mishaps()]);
    const { next: result } = coordinator.close(state, accumulators);
    const late = crew.heard.filter(({ report }) => report.is === 'late').length;
    return { result, jobs, late };
  } finally {
    await crew.dismiss();
  }
}

/** Puts a job into the queue again, as a coordinator might that forgot that it did. */
async function announce(url: string, name: JobName): Promise<void> {
  const queue = new Queue<JobName>(QUEUE, { connection: { url } });
  await queue.add('unmask', name, {
    jobId: `${name.cut}-${name.job}-again`,
    removeOnComplete: true,
  });
  await queue.close();
}
