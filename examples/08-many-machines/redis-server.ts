/** A Redis of the example's own: on 127.0.0.1, with a password, in memory only, gone when it is stopped. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** A Redis that answers. */
export type RedisServer = {
  /** Where it is, password included. */
  readonly url: string;
  /** Rejects once it has ended by itself, if it was started here. */
  readonly lost: Promise<never>;
  /** Ends it, if it was started here. */
  readonly stop: () => Promise<void>;
};

/** How to get a `redis-server`, for those who have none. */
export const NO_REDIS =
  'redis-server is not on the PATH: install it (Debian: apt-get install redis-server), or name a running one in REDIS_URL';

/**
 * Starts a Redis, or uses the one that REDIS_URL names.
 *
 * @throws Error if there is neither, or if it does not answer within ten seconds.
 */
export async function startRedis(): Promise<RedisServer> {
  const { REDIS_URL: given } = process.env;
  if (given !== undefined) {
    return { url: given, lost: new Promise<never>(() => {}), stop: async () => {} };
  }
  const folder = mkdtempSync(join(tmpdir(), 'veilsum-redis-'));
  const port = await freePort();
  const password = randomBytes(16).toString('hex');
  const server = spawn('redis-server', ['-'], { stdio: ['pipe', 'ignore', 'inherit'] });
  const clear = (): void => rmSync(folder, { recursive: true, force: true });
  const kill = (): void => {
    server.kill('SIGKILL');
    clear();
  };
  process.once('exit', kill);
  const ended = new Promise<void>((resolve) => {
    server.once('exit', () => resolve());
    server.once('error', () => resolve());
  });
  const stop = async (): Promise<void> => {
    server.kill();
    await ended;
    process.off('exit', kill);
    clear();
  };
  const lost = new Promise<never>((_, reject) => {
    server.once('error', () => reject(new Error(NO_REDIS)));
    server.once('exit', (code) => reject(new Error(`redis-server ended with code ${code}`)));
  });
  lost.catch(() => {});
  server.stdin.on('error', () => {}); // It has ended already, which `lost` tells.
  server.stdin.end(
    [
      'bind 127.0.0.1',
      `port ${port}`,
      `requirepass ${password}`,
      `dir ${folder}`,
      'save ""',
      'appendonly no',
      'daemonize no',
      '',
    ].join('\n'),
  );
  const url = `redis://:${password}@127.0.0.1:${port}`;
  try {
    await Promise.race([answers(url), lost]);
    return { url, lost, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A port that nobody listens on in this moment. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}

/** Waits until a Redis answers. */
async function answers(url: string): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => {});
  for (let tries = 0; tries < 100; tries++) {
    try {
      await redis.connect();
      await redis.ping();
      redis.disconnect();
      return;
    } catch {
      await sleep(100);
    }
  }
  redis.disconnect();
  throw new Error('redis-server: got no answer within ten seconds');
}
