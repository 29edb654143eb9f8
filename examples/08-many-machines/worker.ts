/**
 * A worker machine as a process. It needs nothing but two variables of its environment:
 *
 *     VEILSUM_REDIS     where the queue is, redis://…
 *     VEILSUM_WORK_KEY  what the coordinator seals pieces under, 64 hexadecimal digits
 *
 * Where a parent process listens, it says what it does; and with VEILSUM_HOLD it waits, in the middle of
 * its first job, until it is told to go on. That is there for the mishaps of the story.
 */
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { type Delivery, startMachine } from './machine.ts';
import type { JobName } from './sealed.ts';

/** What a worker says to its parent. */
export type Report =
  | { readonly is: 'ready' }
  | { readonly is: 'halfway' | Delivery; readonly name: JobName };

const { VEILSUM_REDIS: url, VEILSUM_WORK_KEY: hexKey = '', VEILSUM_HOLD: hold } = process.env;
delete process.env.VEILSUM_WORK_KEY;
const key = Buffer.from(hexKey, 'hex');
if (url === undefined || key.length !== 32) {
  throw new Error('worker: expected VEILSUM_REDIS, and VEILSUM_WORK_KEY of 64 hexadecimal digits');
}
const say = (report: Report): void => void process.send?.(report);

let isHeld = hold !== undefined;
const redis = new Redis(url, { maxRetriesPerRequest: null });
const machine = startMachine(
  redis,
  key,
  (name, delivery) => say({ is: delivery, name }),
  async (name) => {
    if (!isHeld) return;
    isHeld = false;
    say({ is: 'halfway', name });
    await once(process, 'message');
  },
);
await machine.waitUntilReady();
say({ is: 'ready' });

/** Ends after the job at hand. */
async function leave(): Promise<void> {
  await machine.close();
  redis.disconnect();
  if (process.connected) process.disconnect();
}
process.once('SIGTERM', leave);
process.once('disconnect', () => process.exit());
