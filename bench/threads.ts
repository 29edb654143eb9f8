/** Worker threads for benchmarks: a warm pool, and what two threads are worth against one. */
import type { Tinypool } from 'tinypool';
import { openPool, warmUp } from '../examples/parallel-unmask/host.ts';
import { type Book, interleave, stopwatch } from './harness.ts';

const filename = new URL('./thread-work.ts', import.meta.url);

/** Opens a pool, warms it up, and destroys it once the work is done. */
export async function withPool(
  threads: number,
  work: (pool: Tinypool) => Promise<void>,
): Promise<void> {
  const pool = openPool(threads);
  try {
    await warmUp(pool);
    await work(pool);
  } finally {
    await pool.destroy();
  }
}

/** All threads of an idle pool forget the agreement keys that they have met. */
export async function forgetOnThreads(pool: Tinypool): Promise<void> {
  const threads = Array.from({ length: pool.options.maxThreads });
  await Promise.all(threads.map(() => pool.run(undefined, { filename, name: 'forget' })));
}

const MASKS = 64;
const SAMPLES = 15;

/** Two threads must do the work in the time that 1.7 threads would need. */
const SPEEDUP = 1.7;

/** Expanding masks and adding them to one vector, on one thread, and half of them on each of two. */
export async function maskThreads(book: Book, length: number): Promise<void> {
  await withPool(2, async (pool) => {
    const on = (threads: number) => async (): Promise<number> => {
      const work = { length, masks: MASKS / threads };
      const parts = Array.from({ length: threads });
      const [ms] = await stopwatch(() =>
        Promise.all(parts.map(() => pool.run(work, { filename, name: 'addMasks' }))),
      );
      return ms;
    };
    const times = await interleave(SAMPLES, { one: on(1), two: on(2) }, 3);
    const name = `secagg/threads/masks/d=${length}`;
    book.time(`${name}/threads=1`, times.one);
    book.time(`${name}/threads=2`, times.two);
    book.ratio(name, times.two, [`${name}/threads=1`, times.one], 1 / SPEEDUP);
  });
}
