/**
 * Example 08 on a real Redis: the story as anybody starts it, and what its parts hold against deliveries
 * that repeat and a Redis that lies. About 10 seconds.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { deserialize, serialize } from 'node:v8';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import * as coordinator from 'veilsum/coordinator';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest';
import { hire } from '../../examples/08-many-machines/crew.ts';
import { unmaskOnMachines } from '../../examples/08-many-machines/host.ts';
import {
  type Delivery,
  QUEUE,
  runJob,
  startMachine,
} from '../../examples/08-many-machines/machine.ts';
import {
  NO_REDIS,
  type RedisServer,
  startRedis,
} from '../../examples/08-many-machines/redis-server.ts';
import { type Answered, answeredRound } from '../../examples/08-many-machines/round.ts';
import { type JobName, open, placeOf, seal } from '../../examples/08-many-machines/sealed.ts';
import { openFrontDoor, openIntake, type Taken } from '../../examples/08-many-machines/uploads.ts';

const isHere = (process.env.PATH ?? '').split(delimiter).some((folder) => {
  try {
    accessSync(join(folder, 'redis-server'), constants.X_OK);
    return true;
  } catch {
    return false;
  }
});
const isSkipped = !isHere && process.env.CI !== 'true';
if (isSkipped) process.stderr.write(`example 08 is not tested: ${NO_REDIS}\n`);

/** Where the tests have a Redis of their own, and none that somebody else fills. */
beforeAll(() => {
  vi.stubEnv('REDIS_URL', undefined);
});
afterAll(() => {
  vi.unstubAllEnvs();
});

describe.skipIf(isSkipped)('with redis-server', () => {
  test('the story: one killed, one suspended, one twice, and the sum is exact', async () => {
    const main = new URL('../../examples/08-many-machines/main.ts', import.meta.url);
    // A process group of its own: whatever it leaves behind is found by the group, and ended.
    const child = spawn(process.execPath, ['--conditions=@veilsum/source', main.pathname], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => {
      try {
        process.kill(-(child.pid as number), 'SIGKILL');
      } catch {} // As it should be: nothing is left.
    });
    const [said, complaints, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    expect({ code, complaints }, said).toEqual({ code: 0, complaints: '' });
    expect(said).toMatch(/47 uploads came through two front doors, of 35 clients/);
    const [, killed] = /worker 1 is killed in job (\d)/.exec(said) ?? [];
    expect(said).toMatch(new RegExp(`job ${killed} was done by worker [23]`));
    expect(said).toMatch(/job \d came again: there is its sum already/);
    expect(said).toMatch(/worker 2 is done with job \d, too late: its sum is not taken/);
    expect(said).toMatch(/\d+ jobs counted once each, \d deliveries too late; the sum is exact\n$/);
    expect(() => process.kill(-(child.pid as number), 0)).toThrow(/ESRCH/);
  });

  describe('a round', () => {
    let server: RedisServer;
    let redis: Redis;
    let round: Answered;
    let key: Buffer;
    const machines: Worker[] = [];
    beforeAll(async () => {
      server = await startRedis();
      redis = new Redis(server.url, { maxRetriesPerRequest: null });
      round = await answeredRound(16, 3_000);
    });
    afterAll(async () => {
      redis?.disconnect();
      await server?.stop();
    });
    beforeEach(() => {
      key = randomBytes(32);
    });
    afterEach(async () => {
      await Promise.all(machines.splice(0).map((machine) => machine.close(true)));
      await redis.flushall();
    });

    /** The state again: it closes only once. */
    const fresh = (): Answered['state'] =>
      coordinator.restore(round.plan, coordinator.save(round.state)) as Answered['state'];
    const sumOf = (
      state: Answered['state'],
      accumulators: readonly coordinator.Accumulator[],
    ): readonly number[] => [...coordinator.close(state, accumulators).next.sum.counts];

    /** A machine that handles jobs in its own way. */
    const machine = (handle: (name: JobName) => Promise<unknown>): void => {
      const connection = { url: server.url };
      machines.push(new Worker<JobName>(QUEUE, ({ data }) => handle(data), { connection }));
    };

    /** The pieces of a job, as who has the key reads them. */
    const piecesOf = async (name: JobName): Promise<readonly coordinator.Piece[]> => {
      const sealed = (await redis.getBuffer(placeOf('pieces', name))) as Buffer;
      return deserialize(open(key, 'pieces', name, sealed));
    };

    /** Every command that Redis gets from now on. */
    const watch = async () => {
      const monitor = await redis.monitor();
      const commands: string[][] = [];
      monitor.on('monitor', (_: string, command: string[]) => commands.push(command));
      return { commands, stop: () => monitor.disconnect() };
    };
    /** What was given to the queue's scripts: jobs, and all else. The scripts themselves may be long. */
    const given = (commands: readonly string[][]): readonly string[] =>
      commands.filter(([verb = '']) => /^eval/i.test(verb)).flatMap(([, , ...rest]) => rest);

    test('takes in uploads that come twice, through doors of which one lies', async () => {
      const told: Taken[] = [];
      const { commands, stop } = await watch();
      const { state, expected } = await answeredRound(16, 3_000, async (masking, id, uploads) => {
        const doors = [openFrontDoor(server.url, id), openFrontDoor(server.url, id)];
        const intake = openIntake(masking, server.url, id, (taken) => told.push(taken));
        const [first] = uploads as [Uint8Array];
        const forged = first.with(first.length - 1, (first.at(-1) as number) ^ 1);
        await doors[0]?.passOn(forged);
        await doors[0]?.passOn(first.subarray(0, 100));
        for (const upload of uploads) await Promise.all(doors.map((door) => door.passOn(upload)));
        await vi.waitFor(() => expect(told.length).toBe(2 + 2 * uploads.length), 10_000);
        await doors[1]?.passOn(first); // Much too late, and the same again.
        await vi.waitFor(() => expect(told.length).toBe(3 + 2 * uploads.length), 10_000);
        await Promise.all(doors.map((door) => door.close()));
        await intake.close();
      });
      stop();
      const refused = told.filter((taken) => taken !== 'taken' && taken !== 'gone');
      expect(refused.sort()).toEqual(['bad-signature', 'truncated']);
      expect([...coordinator.close(state).next.sum.counts]).toEqual(expected);
      expect(given(commands).length).toBeGreaterThan(14);
      for (const each of given(commands)) expect(each.length).toBeLessThan(1_000);
      expect(await redis.keys('*')).toEqual([]);
    });

    test('whose jobs all come twice has the plain sum; who adds what comes has not', async () => {
      const deliveries: Delivery[][] = [];
      const naive = { once: new Uint32Array(3_000), always: new Uint32Array(3_000) };
      const addTo = (total: Uint32Array, pieces: readonly coordinator.Piece[]): void => {
        const [{ round }] = pieces as [coordinator.Piece];
        const accumulator = coordinator.createAccumulator(round.fields);
        for (const piece of pieces) coordinator.runPieceInto(accumulator, piece);
        accumulator.sums[0]?.forEach((word, i) => {
          total[i] = (total[i] as number) + word;
        });
      };
      machine(async (name) => {
        addTo(naive.once, await piecesOf(name));
        for (const _ of [1, 2]) addTo(naive.always, await piecesOf(name));
        const atOnce = [1, 2].map(() => runJob(redis, key, name));
        deliveries.push([...(await Promise.all(atOnce)), await runJob(redis, key, name)].sort());
      });
      const state = fresh();
      const accumulators = await unmaskOnMachines(state, { url: server.url, key });
      expect(deliveries.length).toBeGreaterThan(1);
      for (const each of deliveries) expect(each).toEqual(['late', 'late', 'stored']);
      const [words] = (accumulators[0] as coordinator.Accumulator).sums;
      expect(naive.once).toEqual(words?.slice());
      expect(naive.always).not.toEqual(words?.slice());
      expect(sumOf(state, accumulators)).toEqual(round.expected);
    });

    test('puts no vector and no share into the queue, and nothing in the clear', async () => {
      const { commands, stop } = await watch();
      const shares: Buffer[] = [];
      const plain: boolean[] = [];
      machine(async (name) => {
        const pieces = await piecesOf(name);
        const stored = (await redis.getBuffer(placeOf('pieces', name))) as Buffer;
        for (const piece of pieces) {
          const share = Buffer.from(piece.shares.subarray(0, 32));
          shares.push(share);
          plain.push(stored.includes(share));
          expect(serialize(pieces).includes(share)).toBe(true); // as it would lie there unsealed
        }
        return runJob(redis, key, name);
      });
      const state = fresh();
      const accumulators = await unmaskOnMachines(state, { url: server.url, key });
      expect(sumOf(state, accumulators)).toEqual(round.expected);
      stop();

      expect(shares.length).toBeGreaterThan(10);
      expect(plain).not.toContain(true);
      expect(given(commands).length).toBeGreaterThan(10);
      for (const each of given(commands)) expect(each.length).toBeLessThan(1_000);
      // What is left behind is the queue's own furniture, and empty places that expire.
      const left = (await redis.keys('*')).filter((name) => name.startsWith('veilsum:'));
      expect(left.length).toBeGreaterThan(1);
      for (const place of left) {
        expect(await redis.strlen(place)).toBe(0);
        expect(await redis.pttl(place)).toBeGreaterThan(0);
      }
      const queue = new Queue(QUEUE, { connection: { url: server.url } });
      expect(await queue.getJobCountByTypes()).toBe(0);
      await queue.close();
    });

    test.each([
      ['one bit of a sum', (sum: Buffer) => sum.with(20, (sum.at(20) as number) ^ 1)],
      ['an empty sum', () => Buffer.alloc(0)],
      [
        'a sum sealed for another cut',
        (_: Buffer, name: JobName) => {
          const elsewhere = { ...name, cut: '00'.repeat(16) };
          return seal(key, 'sum', elsewhere, Buffer.from('a sum'));
        },
      ],
      [
        'a sum sealed for the next job',
        (_: Buffer, name: JobName) =>
          seal(key, 'sum', { ...name, job: name.job + 1 }, Buffer.from('a sum')),
      ],
    ])('does not take %s from a Redis that lies, and can be tried again', async (_, forge) => {
      machine(async (name) => {
        const delivery = await runJob(redis, key, name);
        const place = placeOf('sum', name);
        const sum = (await redis.getBuffer(place)) as Buffer;
        await redis.set(place, Buffer.from(forge(sum, name)));
        return delivery;
      });
      const state = fresh();
      const job = unmaskOnMachines(state, { url: server.url, key });
      await expect(job).rejects.toThrow(
        /sum.*(was not sealed for this place|expected a sealed value)/,
      );
      await Promise.all(machines.splice(0).map((liar) => liar.close(true)));
      machines.push(startMachine(redis, key, () => {}));
      const accumulators = await unmaskOnMachines(state, { url: server.url, key });
      expect(sumOf(state, accumulators)).toEqual(round.expected);
    });

    test('would be wrong where a Redis changes a sum that is not sealed', async () => {
      const state = fresh();
      const { fields, pieces } = coordinator.unmaskWork(state);
      const accumulator = coordinator.createAccumulator(fields);
      for (const piece of pieces) coordinator.runPieceInto(accumulator, piece);
      const bytes = coordinator.accumulatorBytes(accumulator);
      const changed = bytes.with(1_000, (bytes[1_000] as number) ^ 1);
      const sum = sumOf(state, [coordinator.readAccumulator(fields, changed)]);
      expect(sum).not.toEqual(round.expected);
    });

    test('is not helped by a machine with another key, which says so', async () => {
      machine((name) => runJob(redis, randomBytes(32), name));
      const job = unmaskOnMachines(fresh(), { url: server.url, key });
      await expect(job).rejects.toThrow(/pieces: the value there was not sealed for this place/);
    });

    test('ends at once when a worker dies that nobody killed', async () => {
      const crew = await hire(2, server.url, key);
      onTestFinished(crew.dismiss);
      const [first, second] = crew.hands as [(typeof crew.hands)[0], (typeof crew.hands)[0]];
      const never = crew.hear(() => false);
      crew.kill(first);
      await once(first.process, 'exit');
      second.process.kill('SIGKILL');
      await expect(never).rejects.toThrow('worker 2 ended by itself (SIGKILL)');
      await expect(crew.hear(() => false)).rejects.toThrow('worker 2');
    }, 15_000);

    test('ends when Redis does, and closes alone', async () => {
      const own = await startRedis();
      onTestFinished(own.stop);
      const look = new Redis(own.url, { retryStrategy: () => null });
      look.on('error', () => {});
      const [, pid] = /process_id:(\d+)/.exec(await look.info('server')) ?? [];
      const state = fresh();
      const job = unmaskOnMachines(state, { url: own.url, key, patience: 2_000 });
      const ended = job.then(
        () => 'closed',
        () => 'rejected',
      );
      await vi.waitFor(async () => expect(await look.keys('veilsum:*')).not.toEqual([]), 5_000);
      process.kill(Number(pid), 'SIGKILL');
      await expect(own.lost).rejects.toThrow(/redis-server ended/);
      expect(await ended).toBe('rejected');
      expect([...coordinator.close(state).next.sum.counts]).toEqual(round.expected);
    }, 15_000);

    test.each([0, 31, 33])('takes no key of %i bytes', async (length) => {
      const site = { url: server.url, key: new Uint8Array(length) };
      await expect(unmaskOnMachines(fresh(), site)).rejects.toThrow(/expected 32/);
    });

    test('without machines ends when patience does, and closes alone', async () => {
      const state = fresh();
      const job = unmaskOnMachines(state, { url: server.url, key, patience: 200 });
      await expect(job).rejects.toThrow(/timed out/);
      expect([...coordinator.close(state).next.sum.counts]).toEqual(round.expected);
    });
  });

  test('a Redis that was stopped is gone', async () => {
    const server = await startRedis();
    const redis = new Redis(server.url);
    expect(await redis.config('GET', 'bind')).toContain('127.0.0.1');
    expect(await redis.config('GET', 'save')).toContain('');
    redis.disconnect();
    await server.stop();
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    const [error] = await once(socket, 'error').catch((failed) => [failed]);
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });
});

test('without redis-server, it says how to get one', async () => {
  vi.stubEnv('PATH', '/nowhere');
  await expect(startRedis()).rejects.toThrow(/apt-get install redis-server/);
  vi.unstubAllEnvs();
});
