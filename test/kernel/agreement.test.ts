/** The checks that also run in browsers (see test/browser/kernel.test.ts), in Node. */
import { expect, test } from 'vitest';
import expected from './agreement.json' with { type: 'json' };
import { checkKernel } from './agreement.ts';

test('kernel, twins and independent code agree, on the same bytes as everywhere', () => {
  const found = checkKernel();
  expect(found.path).toBe('wasm');
  expect(found).toEqual(expected);
});
