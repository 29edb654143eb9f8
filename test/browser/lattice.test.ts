/** Lattice masks in real Chromium, on the main thread and in a worker: the same bytes as in Node. */
import { expect, test } from 'vitest';
import expected from '../lattice/agreement.json' with { type: 'json' };
import { checkLattice } from '../lattice/agreement.ts';
import vectors from '../vectors/lattice.json' with { type: 'json' };
import { ask } from './ask.ts';

test('on the main thread the results are those of Node, and clients’ sums are exact', () => {
  expect(checkLattice(vectors)).toEqual(expected);
});

test('in a worker they are, too', async () => {
  const worker = new Worker(new URL('./lattice-worker.ts', import.meta.url), { type: 'module' });
  expect((await ask<{ found: object }>(worker, { vectors })).found).toEqual(expected);
});
