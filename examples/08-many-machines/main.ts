/**
 * The end of a round on several machines: worker processes take the masks away, through a Redis. One is
 * killed midway, one is suspended, one job comes twice, and the sum is exact.
 *
 *     node --conditions=@veilsum/source examples/08-many-machines/main.ts
 *
 * It starts a Redis of its own (`redis-server`, on 127.0.0.1) unless REDIS_URL names one. Where to look:
 * host.ts is what a coordinator would take over, machine.ts what a worker does.
 */
import { isDeepStrictEqual } from 'node:util';
import { startRedis } from './redis-server.ts';
import { answeredRound } from './round.ts';
import { threeMachines, throughFrontDoors } from './story.ts';

const [CLIENTS, LENGTH] = [40, 100_000];

const say = (line: string): void => void process.stdout.write(`${line}\n`);

// Whoever stops this program stops what it started.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

const redis = await startRedis();

async function story(): Promise<void> {
  say(`${CLIENTS} clients, ${LENGTH.toLocaleString('en')} numbers each; every eighth vanishes`);
  const round = await answeredRound(CLIENTS, LENGTH, throughFrontDoors(redis.url, say));
  const { result, jobs, late } = await threeMachines(round, redis.url, say);
  const isExact = isDeepStrictEqual([...result.sum.counts], round.expected);
  if (!isExact) throw new Error('not the plain sum');
  say(`${jobs} jobs counted once each, ${late} deliveries too late; the sum is exact`);
}

try {
  await Promise.race([story(), redis.lost]);
} finally {
  await redis.stop();
}
