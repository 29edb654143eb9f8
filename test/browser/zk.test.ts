/** Proofs and openings on the main thread of a page, where snarkjs is never asked for. */
import { expect, test } from 'vitest';
import files from '../vectors/zk/cubic.json' with { type: 'json' };
import { checkProofs, EXPECTED } from './proofs.ts';

test('proofs verify and sums open on the main thread, without snarkjs', async () => {
  expect(document.nodeType).toBe(Node.DOCUMENT_NODE);
  expect(await checkProofs(files)).toEqual(EXPECTED);
  const loaded = performance.getEntriesByType('resource').map(({ name }) => name);
  expect(loaded.some((name) => name.includes('bn254'))).toBe(true);
  expect(loaded.filter((name) => /snarkjs(?!-json\.ts)/.test(name))).toEqual([]);
});
