/** The devices as processes, and what is carried between them and the coordinator. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Errand, FromDevice, ToDevice } from './errand.ts';

/** All devices of a round. */
export type Fleet = {
  readonly start: (name: string, story?: Pick<Errand, 'dieIn'>) => void;
  /** Starts a device again as soon as it has died. */
  readonly bringBack: (name: string) => void;
  readonly kill: (name: string) => void;
  /** Gives each running device its downlink; the messages of all that are running, or are brought back. */
  readonly exchange: (downlinks: ReadonlyMap<string, Uint8Array>) => Promise<readonly Uint8Array[]>;
  /** Starts a device with other votes, gives it a downlink, and tells why it leaves the round. */
  readonly tryAgain: (
    name: string,
    votes: readonly number[],
    downlink: Uint8Array | undefined,
  ) => Promise<string>;
  readonly close: () => Promise<void>;
};

/** What all devices are told of the round. */
type Facts = Record<'plan' | 'voucher' | 'context', Uint8Array>;

const PROGRAM = join(import.meta.dirname, 'device.ts');

export function openFleet(
  folder: string,
  votes: ReadonlyMap<string, readonly number[]>,
  facts: Facts,
): Fleet {
  const running = new Map<string, ChildProcess>();
  const returning = new Set<string>();
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

  const launch = (name: string, own: Partial<Errand>): ChildProcess => {
    const errand: Errand = {
      folder: join(folder, name),
      votes: votes.get(name) as readonly number[],
      plan: hex(facts.plan),
      voucher: hex(facts.voucher),
      context: hex(facts.context),
      ...own,
    };
    const device = fork(PROGRAM, [JSON.stringify(errand)], { serialization: 'advanced' });
    device.on('error', () => {}); // A downlink to one that is just dying: that it ends is heard anyway.
    running.set(name, device);
    return device;
  };

  /** What the device says next; undefined if it ends without a word. */
  const heard = (device: ChildProcess): Promise<FromDevice | undefined> =>
    new Promise((resolve) => {
      if (!device.connected) return resolve(undefined); // It died while nobody listened.
      const done = (what: FromDevice | undefined): void => {
        device.off('message', onMessage).off('disconnect', onEnd).off('error', onEnd);
        resolve(what);
      };
      const onMessage = (what: unknown): void => done(what as FromDevice);
      const onEnd = (): void => done(undefined);
      device.on('message', onMessage).on('disconnect', onEnd).on('error', onEnd);
    });

  const ask = async (name: string, downlink: Uint8Array | undefined) => {
    let device = running.get(name) as ChildProcess;
    const answer = heard(device);
    if (downlink !== undefined && device.connected) device.send({ downlink } satisfies ToDevice);
    let said = await answer;
    if (said === undefined && returning.delete(name)) {
      device = launch(name, {});
      said = await heard(device);
    }
    if (said === undefined || 'left' in said) running.delete(name);
    return said;
  };

  const kill = (name: string): void => {
    running.get(name)?.kill('SIGKILL');
    running.delete(name);
  };

  return {
    start: (name, story = {}) => void launch(name, story),
    bringBack: (name) => void returning.add(name),
    kill,
    exchange: async (downlinks) => {
      const said = await Promise.all(
        [...running.keys()].map((name) => ask(name, downlinks.get(name))),
      );
      return said.flatMap((what) => (what !== undefined && 'message' in what ? what.message : []));
    },
    tryAgain: async (name, other, downlink) => {
      const device = launch(name, { votes: other });
      await heard(device); // its last answer once more
      const said = await ask(name, downlink);
      if (said === undefined || !('left' in said)) throw new Error(`${name} answered twice`);
      return said.left;
    },
    close: async () => {
      const ends = [...running.values()]
        .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
        .map((device) => once(device, 'exit'));
      for (const name of [...running.keys()]) kill(name);
      await Promise.all(ends);
    },
  };
}
