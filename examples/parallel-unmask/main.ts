/**
 * The end of a round on worker threads: many clients vanish between share and mask, and the coordinator
 * takes their masks away with one thread and with two.
 *
 *     node --conditions=@veilsum/source examples/parallel-unmask/main.ts
 *
 * Where to look: host.ts is what a coordinator would take over, worker.ts its other end.
 */
import { isDeepStrictEqual } from 'node:util';
import { type ClientId, integer, noNoise, plan, planBytes } from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { enrol } from '../digits/enrolment.ts';
import { type Participant, participate } from '../digits/secure-round.ts';
import { openPool, unmaskOnThreads, warmUp } from './host.ts';

const CLIENTS = 60;
const LENGTH = 400_000;

const { signers, roster, voucher } = await enrol(CLIENTS);
const fields = { counts: integer({ length: LENGTH, min: 0, max: 999 }) };
const trust = { corrupt: 0.1, absent: 0.15, coordinator: 'semi-honest' } as const;
const published = plan({ id: 'parallel/1', fields, roster, trust, noise: noNoise() });
const policy = { voucher, fields, corrupt: 0.1, coordinator: 'semi-honest' } as const;
const read = client.readPlan(planBytes(published), policy);

const ids = [...signers.keys()];
const countsOf = (id: ClientId): Uint16Array =>
  new Uint16Array(LENGTH).map((_, j) => (17 * ids.indexOf(id) + j) % 1_000);
const devices = new Map(
  [...signers].map(([id, signer]) => {
    const counts = countsOf(id);
    const me: Participant<typeof fields> = {
      signer,
      plan: read,
      context: published.hash,
      inputs: { counts },
    };
    return [id, participate(me)];
  }),
);
const vanished = new Set(ids.filter((_, i) => i % 8 === 7));

/** Everybody who is still there takes a step. */
async function phase<P extends coordinator.Phase>({
  next: state,
  downlinks,
}: coordinator.Opened<P, typeof fields>): Promise<typeof state> {
  for (const [id, device] of devices) {
    if (state.phase === 'mask' && vanished.has(id)) devices.delete(id);
    else {
      const { value } = await device.next(downlinks.get(id) ?? new Uint8Array());
      if (value) coordinator.accept(state, value as never);
    }
  }
  return state;
}

say(`${CLIENTS} clients, ${LENGTH.toLocaleString('en')} numbers each; ${vanished.size} vanish`);
const begun = coordinator.begin(published, { context: published.hash });
const advertised = await phase({ next: begun, downlinks: new Map() });
const shared = await phase(coordinator.close(advertised));
const masked = await phase(coordinator.close(shared));
const confirmed = await phase(coordinator.close(masked));
const answered = await phase(coordinator.close(confirmed));

// A state closes once; for the comparison each number of threads gets its own.
const saved = coordinator.save(answered);
const inside = ids.filter((id) => !vanished.has(id));
const expected = plainSum(inside.map(countsOf));
const pool = openPool(2);
await warmUp(pool);
for (const threads of [1, 2]) {
  const state = coordinator.restore<typeof fields>(published, saved);
  if (state.phase !== 'unmask') throw new Error(`expected unmask, got ${state.phase}`);
  const start = performance.now();
  let told = 0;
  const accumulators = await unmaskOnThreads(state, {
    pool,
    threads,
    onProgress: ({ done, total }) => {
      const quarter = Math.floor((4 * done) / total);
      if (quarter > told) say(`  ${25 * quarter} %: ${done} of ${total} pieces`);
      told = quarter;
    },
  });
  const { next: result } = coordinator.close(state, accumulators);
  const ms = (performance.now() - start).toFixed(0);
  if (!isDeepStrictEqual([...result.sum.counts], expected)) throw new Error('not the plain sum');
  say(`${threads === 1 ? '1 thread ' : `${threads} threads`}: ${ms} ms, and the sum is exact`);
}
await pool.destroy();

function plainSum(vectors: readonly Uint16Array[]): readonly number[] {
  const sum = new Array<number>(LENGTH).fill(0);
  for (const vector of vectors) {
    vector.forEach((value, j) => {
      sum[j] = (sum[j] as number) + value;
    });
  }
  return sum;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
