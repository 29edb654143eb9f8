/** The story of twenty clients who prove their bounds, with updates of 1,900 values in one chunk each. */
import { verifyBundle } from 'veilsum/verify';
import { afterAll, expect, test } from 'vitest';
import { BOOSTED, tellStory, VANISHED } from '../scenario/proofs/proven-story.ts';
import { endSnarkjs } from '../zk/snarkjs.ts';

afterAll(endSnarkjs);

test('18 of 20 updates of 1,900 values are proven and added up; the boosted one is named', async () => {
  const { result, faults, expected, trust } = await tellStory(2_000, 1_900);
  expect(faults).toEqual([
    expect.objectContaining({ phase: 'mask', code: 'bad-proof', culprit: BOOSTED }),
  ]);
  expect(result.dropped.map(({ id }) => id)).toEqual([BOOSTED, VANISHED]);
  expect(result.sum.update).toEqual(expected);
  const verdict = await verifyBundle(result.bundle as Uint8Array, trust);
  expect(verdict.reasons).toEqual([]);
  expect(verdict.sum).toEqual(result.sum);
  expect(verdict.statement?.contributors).toHaveLength(18);
});
