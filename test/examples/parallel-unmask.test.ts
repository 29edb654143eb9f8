/** The host that spreads unmask work over threads: what it gives, and what it leaves behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import { integer, type Plan, type Result } from 'veilsum';
import * as coordinator from 'veilsum/coordinator';
import { afterAll, describe, expect, test } from 'vitest';
import {
  openPool,
  runOnThreads,
  type UnmaskProgress,
  unmaskOnThreads,
  warmUp,
} from '../../examples/parallel-unmask/host.ts';
import { party, planFor, play } from '../support/round.ts';

/** The threads get no loader: they run Node on the sources, as `npm run demo` does. */
const pool = openPool(2, ['--conditions=@veilsum/source']);
afterAll(() => pool.destroy());

type Sums = {
  readonly short: ReturnType<typeof integer>;
  readonly long: ReturnType<typeof integer>;
};

/** A round of which every fifth client vanishes before mask: its plan, its last state, its result. */
async function answeredRound(length: number, suite: 'x25519' | 'x25519-mlkem768' = 'x25519') {
  const people = await party(20);
  const fields: Sums = {
    short: integer({ length: 3, min: 0, max: 9 }),
    long: integer({ length, min: 0, max: 99 }),
  };
  const plan: Plan<Sums> = planFor(people, {
    fields,
    suite,
    trust: { corrupt: 0.1, absent: 0.2, coordinator: 'semi-honest' },
  });
  let saved = new Uint8Array(0);
  const { result } = await play(people, plan, {
    vanish: (id) => (people.ids.indexOf(id) % 5 === 4 ? 'mask' : undefined),
    inputs: (id) => ({
      short: [1, 2, 3],
      long: Array.from({ length }, (_, j) => (people.ids.indexOf(id) + j) % 100),
    }),
    answered: async (state) => {
      saved = coordinator.save(state) as typeof saved;
    },
  });
  const fresh = (): coordinator.CoordinatorState<'unmask', Sums> =>
    coordinator.restore(plan, saved) as coordinator.CoordinatorState<'unmask', Sums>;
  return { people, fresh, result };
}

const closed = (
  state: coordinator.CoordinatorState<'unmask', Sums>,
  accumulators?: readonly coordinator.Accumulator[],
): Result<Sums> => coordinator.close(state, accumulators).next;

describe.each([
  ['x25519', 10],
  ['x25519', 70_000],
  ['x25519-mlkem768', 100],
] as const)('a round with %s and %i elements', async (suite, length) => {
  const { fresh, result } = await answeredRound(length, suite);

  test.each([1, 2, 5])('on at most %i threads gives what one process gives', async (threads) => {
    const state = fresh();
    const accumulators = await unmaskOnThreads(state, { pool, threads });
    expect(accumulators.length).toBe(Math.min(threads, 2));
    const { sum, contributors, dropped } = closed(state, accumulators);
    expect({ sum, contributors, dropped }).toEqual({
      sum: result.sum,
      contributors: result.contributors,
      dropped: result.dropped,
    });
  });
});

describe('a job', async () => {
  await warmUp(pool);
  const { people, fresh, result } = await answeredRound(70_000);
  /** Every mask a piece by itself, so that there is something to stop in between. */
  const cut = (state = fresh()) => ({
    state,
    work: coordinator.unmaskWork(state, { pieceWords: 1 }),
  });

  test('tells how far it is, ever further, up to the end', async () => {
    const { state, work } = cut();
    const told: UnmaskProgress[] = [];
    const accumulators = await runOnThreads(work, { pool, onProgress: (at) => told.push(at) });
    expect(told.length).toBeGreaterThan(2);
    const done = told.map((at) => at.done);
    expect(done).toEqual([...new Set(done)].sort((a, b) => a - b));
    expect(told.at(-1)).toEqual({ done: work.pieces.length, total: work.pieces.length });
    expect(closed(state, accumulators).sum).toEqual(result.sum);
    await sleep(20);
    expect(told.length).toBe(done.length); // nothing comes late
  });

  test('several at once share the pool', async () => {
    const jobs = Array.from({ length: 4 }, async () => {
      const state = fresh();
      return closed(state, await unmaskOnThreads(state, { pool }));
    });
    for (const each of await Promise.all(jobs)) expect(each.sum).toEqual(result.sum);
  });

  test('that is aborted before it begins does nothing, and the state closes', async () => {
    const state = fresh();
    const reason = new Error('not today');
    const told: UnmaskProgress[] = [];
    const job = unmaskOnThreads(state, {
      pool,
      signal: AbortSignal.abort(reason),
      onProgress: (at) => told.push(at),
    });
    await expect(job).rejects.toBe(reason);
    expect(told).toEqual([]);
    expect(closed(state).sum).toEqual(result.sum);
  });

  test('that is aborted midway stops, and state and pool stay usable', async () => {
    const { state, work } = cut();
    const aborting = new AbortController();
    const reason = new Error('enough');
    const told: UnmaskProgress[] = [];
    const job = runOnThreads(work, {
      pool,
      signal: aborting.signal,
      onProgress: (at) => {
        told.push(at);
        aborting.abort(reason);
      },
    });
    await expect(job).rejects.toBe(reason);
    expect(told.length).toBe(1);
    expect(told[0]?.done).toBeLessThan(work.pieces.length);
    const again = await runOnThreads(work, { pool });
    expect(closed(state, again).sum).toEqual(result.sum);
  });

  test('whose thread throws rejects with that error; the pool stays usable', async () => {
    const { state, work } = cut();
    const [field] = work.fields;
    const elsewhere = { fields: field === undefined ? [] : [field], pieces: work.pieces };
    await expect(runOnThreads(elsewhere, { pool })).rejects.toThrow(/fields differ/);
    expect(closed(state, await runOnThreads(work, { pool })).sum).toEqual(result.sum);
  });

  test('whose listener throws rejects with that error', async () => {
    const { state, work } = cut();
    const error = new Error('no room for a progress bar');
    const onProgress = (): void => {
      throw error;
    };
    await expect(runOnThreads(work, { pool, onProgress })).rejects.toBe(error);
    expect(closed(state).sum).toEqual(result.sum);
  });

  test('with a piece that was run already is refused, and the round closes without it', async () => {
    const { state, work } = cut();
    const accumulators = await runOnThreads(work, { pool });
    const twice = await runOnThreads({ ...work, pieces: work.pieces.slice(0, 1) }, { pool });
    expect(() => closed(state, [...accumulators, ...twice])).toThrow(
      expect.objectContaining({ code: 'duplicate-id' }),
    );
    expect(closed(state, accumulators).sum).toEqual(result.sum);
  });

  test('leaves the name of a dealer whose shares open nothing', async () => {
    const state = fresh();
    const { fields, pieces } = coordinator.unmaskWork(state);
    const dealers = [3, 9]; // one who stayed, one who vanished
    const noise = (byte: number, i: number): number => (i < 32 ? byte ^ 0x5a : byte);
    const dealt = pieces.map((piece) =>
      dealers.includes(piece.dealer.index) ? { ...piece, shares: piece.shares.map(noise) } : piece,
    );
    const accumulators = await runOnThreads({ fields, pieces: dealt }, { pool });
    expect(() => closed(state, accumulators)).toThrow(
      expect.objectContaining({
        code: 'bad-share',
        culprits: dealers.map((dealer) => ({ client: people.ids[dealer] })),
      }),
    );
  });
});

test('a round under lattice masks is opened on threads as any other', async () => {
  const people = await party(12);
  const length = 70_000;
  const plan = planFor(people, {
    fields: {
      short: integer({ length: 3, min: 0, max: 9 }),
      long: integer({ length, min: 0, max: 99, mask: 'lattice' }),
      wide: integer({ length: 5_000, min: 0, max: 2 ** 28, mask: 'lattice' }),
    },
    trust: { corrupt: 0.1, absent: 0.3, coordinator: 'semi-honest' },
  });
  const of = (id: string, j: number): number => (people.ids.indexOf(id) * 7 + j) % 100;
  const { result } = await play(people, plan, {
    vanish: (id) => (people.ids.indexOf(id) % 4 === 3 ? 'mask' : undefined),
    inputs: (id) => ({
      short: [1, 2, 3],
      long: Array.from({ length }, (_, j) => of(id, j)),
      wide: Array.from({ length: 5_000 }, (_, j) => 2 ** 21 * of(id, j)),
    }),
    answered: async (state) => {
      const saved = coordinator.save(state);
      const again = coordinator.restore(plan, saved) as typeof state;
      const accumulators = await unmaskOnThreads(again, { pool });
      expect(accumulators).toHaveLength(2);
      const { sum, contributors } = coordinator.close(again, accumulators).next;
      expect(contributors).toHaveLength(9);
      const total = (j: number): number => contributors.reduce((all, id) => all + of(id, j), 0);
      expect(sum.short).toEqual([9, 18, 27]);
      expect(sum.long.every((x, j) => x === total(j))).toBe(true);
      expect(sum.wide.every((x, j) => x === 2 ** 21 * total(j))).toBe(true);
    },
  });
  expect(result.contributors).toHaveLength(9);
});

test('a round that lacks answers does not start a job', async () => {
  const people = await party(5);
  const plan = planFor(people, {
    fields: { votes: integer({ length: 1, min: 0, max: 1 }) },
    trust: { corrupt: 0.2, absent: 0.2 },
  });
  const all: Uint8Array[] = [];
  const lost = play(people, plan, {
    vanish: () => undefined,
    uplink: (phase, _, message) => {
      if (phase !== 'unmask') return [message];
      all.push(message);
      return [];
    },
    inputs: () => ({ votes: [1] }),
    answered: async (state) => {
      await expect(unmaskOnThreads(state, { pool })).rejects.toMatchObject({
        code: 'below-threshold',
      });
      for (const message of all) coordinator.accept(state, message as never);
      const accumulators = await unmaskOnThreads(state, { pool });
      expect([...coordinator.close(state, accumulators).next.sum.votes]).toEqual([5]);
    },
  });
  await expect(lost).rejects.toMatchObject({ code: 'state-spent' }); // `play` would close it too
});
