/** Simulated neighbours on a thread of their own, so that a single visitor sees a whole round. */
import { Worker } from 'node:worker_threads';
import type { ThreadData } from './neighbours-thread.ts';

const NAMES = [
  'Ada',
  'Bo',
  'Cleo',
  'Dov',
  'Elif',
  'Femi',
  'Gita',
  'Hugo',
  'Ines',
  'Jun',
  'Kaya',
  'Leo',
  'Mira',
  'Nils',
  'Olga',
  'Pia',
  'Quinn',
  'Rosa',
  'Sven',
  'Tara',
  'Uma',
  'Vito',
  'Wim',
  'Xenia',
  'Yuri',
  'Zoe',
];

/**
 * Starts them.
 *
 * @param count at most 26
 * @param execArgv flags of Node for the thread; those of this process unless the caller says otherwise
 * @returns ends them
 */
export function startNeighbours(
  count: number,
  rest: Omit<ThreadData, 'names'>,
  execArgv?: readonly string[],
): () => Promise<unknown> {
  const workerData: ThreadData = { ...rest, names: NAMES.slice(0, count) };
  const worker = new Worker(new URL('./neighbours-thread.ts', import.meta.url), {
    workerData,
    ...(execArgv && { execArgv: [...execArgv] }),
  });
  return () => worker.terminate();
}
