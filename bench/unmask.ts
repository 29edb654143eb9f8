/** Closing unmask: on the coordinator's own thread, its parts, and on worker threads. */
import { createHash } from 'node:crypto';
import {
  type CoordinatorState,
  close,
  createAccumulator,
  type Piece,
  restoreCoordinator,
  runPieceInto,
  type Terms,
  unmaskWork,
} from 'veilsum/secagg';
import { unmaskOnThreads } from '../examples/parallel-unmask/host.ts';
import { type Book, interleave, settle, stopwatch } from './harness.ts';
import { rawKeystream } from './native.ts';
import { forgetAgreementKeys } from './rehearsal.ts';
import { forgetOnThreads, withPool } from './threads.ts';

/** What a coordinator keeps before it closes unmask, and the sum it is to find. */
export type BeforeUnmask = {
  readonly terms: Terms;
  readonly saved: Uint8Array;
  /** Of the plain sum. */
  readonly digest: string;
};

const restored = ({ terms, saved }: BeforeUnmask): CoordinatorState<'unmask'> =>
  restoreCoordinator(terms, saved) as CoordinatorState<'unmask'>;

/**
 * Closing unmask on the coordinator's own thread, of a coordinator that is restored for each sample.
 * Its part `secrets` is all but the masks: the same pieces on fields of one word.
 *
 * @param options.isColdly - whether `close` meets the masking keys for the first time.
 */
export async function unmaskStage(
  book: Book,
  name: string,
  before: BeforeUnmask,
  samples: number,
  options: { readonly isColdly: boolean },
): Promise<void> {
  const { length } = before.terms.fields[0] as { length: number };
  const masks = unmaskWork(restored(before)).pieces.reduce(
    (sum, { opens }) => sum + (opens.secret === 'self' ? 1 : opens.edges.length),
    0,
  );
  const times = await interleave(samples, {
    ours: () => unmaskSample(before, options),
    keystream: () => {
      settle();
      return rawKeystream(masks, 4 * length);
    },
    secrets: () => secretsSample(before),
  });
  const against = `${name}/keystream`;
  book.time(against, times.keystream);
  book.time(name, times.ours, [against, times.keystream]);
  book.time(`${name}/secrets`, times.secrets);
}

/** Milliseconds that one restored coordinator takes to close unmask. Throws if the sum is not the plain one. */
export async function unmaskSample(
  before: BeforeUnmask,
  { isColdly }: { readonly isColdly: boolean },
): Promise<number> {
  const fresh = restored(before);
  if (isColdly) forgetAgreementKeys();
  settle();
  const [ms, { next }] = await stopwatch(() => close(fresh));
  assertSum(before, next.sums);
  return ms;
}

/** Milliseconds for all of that but the masks: the same pieces on fields of one word. */
export async function secretsSample(before: BeforeUnmask): Promise<number> {
  const fresh = restored(before);
  settle();
  const [ms, opened] = await stopwatch(() => openSecrets(fresh));
  if (!opened) throw new Error('unmask: a secret did not open');
  return ms;
}

/** Runs all pieces on fields of one word. */
function openSecrets(state: CoordinatorState<'unmask'>): boolean {
  const { fields, pieces } = unmaskWork(state);
  const short = fields.map((field) => ({ ...field, length: 1 }));
  const accumulator = createAccumulator(short);
  for (const piece of pieces) {
    const shortened: Piece = { ...piece, round: { ...piece.round, fields: short } };
    runPieceInto(accumulator, shortened);
  }
  return accumulator.unopened.size === 0;
}

/** Seven: enough for the median of a bounded time. */
const THREAD_SAMPLES = 7;

/**
 * The same on one worker thread and on two: from the call of `unmaskWork` until `close` has returned. The
 * threads run already and are warm, but have not met the round's masking keys.
 *
 * @param bound - for two threads, in ms.
 */
export async function threadStage(
  book: Book,
  name: string,
  before: BeforeUnmask,
  bound: number | undefined,
): Promise<void> {
  await withPool(2, async (pool) => {
    const on = (threads: number) => async (): Promise<number> => {
      const fresh = restored(before);
      await forgetOnThreads(pool);
      settle();
      const [ms, { next }] = await stopwatch(async () =>
        close(fresh, await unmaskOnThreads(fresh, { pool, threads })),
      );
      assertSum(before, next.sums);
      return ms;
    };
    const times = await interleave(THREAD_SAMPLES, { one: on(1), two: on(2) }, 1);
    const against = `${name}/threads=1`;
    book.time(against, times.one);
    book.time(`${name}/threads=2`, times.two, [against, times.one], bound);
  });
}

/** What two equal vectors have in common, and others do not. */
export const digest = (words: Uint32Array): string =>
  createHash('sha256').update(new Uint8Array(words.buffer)).digest('hex');

function assertSum({ digest: expected }: BeforeUnmask, sums: readonly Uint32Array[]): void {
  if (digest(sums[0] as Uint32Array) !== expected) throw new Error('unmask: wrong sum');
}
