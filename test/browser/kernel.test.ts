/** The kernel in real Chromium, on the main thread and in a worker: the same bytes as in Node. */
import { expect, test } from 'vitest';
import { fillRandom, randomBytes } from '../../src/internal/random.ts';
import { hotPaths } from '../../src/prg/index.ts';
import expected from '../kernel/agreement.json' with { type: 'json' };
import { checkKernel } from '../kernel/agreement.ts';
import { ask } from './ask.ts';
import { type Masked, maskAndBack } from './masking.ts';

const worker = (): Worker =>
  new Worker(new URL('./kernel-worker.ts', import.meta.url), { type: 'module' });

test('the fused kernel serves here', () => {
  expect(hotPaths()).toEqual({ keystream: 'wasm', vectors: 'wasm' });
});

test('on the main thread the results are those of Node', async () => {
  expect(checkKernel()).toEqual(expected);
});

test('in a worker the results are those of Node', async () => {
  expect((await ask<{ found: object }>(worker(), { task: 'check' })).found).toEqual(expected);
});

test('a vector of a million words goes to a worker and back, without a copy, and is masked there', async () => {
  const keys = Array.from({ length: 5 }, () => randomBytes(32));
  const vector = new Uint32Array(1_000_000);
  fillRandom(vector);
  const before = vector.slice();
  const here = maskAndBack(vector, keys);
  expect(vector).toEqual(before);
  const task = { task: 'mask', vector, keys };
  const there = await ask<{ found: Masked; vector: Uint32Array }>(worker(), task, [vector.buffer]);
  expect(vector.length).toBe(0); // moved, not copied
  expect(there.found).toEqual(here);
  expect(there.found.paths.keystream).toBe('wasm');
  expect(there.vector).toEqual(before);
});

test('random bytes are asked for 65,536 at a time at most', () => {
  const asked: number[] = [];
  const original = crypto.getRandomValues;
  crypto.getRandomValues = (array) => {
    asked.push(array?.byteLength as number);
    return original.call(crypto, array as never) as typeof array;
  };
  try {
    fillRandom(new Uint32Array(100_000));
  } finally {
    crypto.getRandomValues = original;
  }
  expect(asked.reduce((sum, size) => sum + size, 0)).toBe(400_000);
  expect(Math.max(...asked)).toBe(65_536);
});
