/** The checks that also run in browsers (see test/browser/lattice.test.ts), in Node. */
import { afterEach, expect, test, vi } from 'vitest';
import vectors from '../vectors/lattice.json' with { type: 'json' };
import expected from './agreement.json' with { type: 'json' };
import { checkLattice } from './agreement.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

test('committed answers, kernel and twin agree, on the same bytes as everywhere', () => {
  expect(checkLattice(vectors)).toEqual(expected);
});

test('so they do where there is no WebAssembly', async () => {
  vi.stubGlobal('WebAssembly', undefined);
  vi.resetModules();
  const { checkLattice: check } = await import('./agreement.ts');
  expect(check(vectors)).toEqual({ ...expected, path: 'twin' });
});
