/**
 * The story of twenty clients who prove that their updates are in bounds, at a small size: the boosted one is
 * refused by name, and a stranger checks the sum of the others and their bounds.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verified } from '../../verify/run-command.ts';
import { endSnarkjs } from '../../zk/snarkjs.ts';
import { BOOSTED, type Story, tellStory, VANISHED } from './proven-story.ts';

const LENGTH = 24;

let story: Story;
beforeAll(async () => {
  story = await tellStory(16, LENGTH);
}, 120_000);
afterAll(endSnarkjs);

test('the boosted update is refused by name, and the round goes on', () => {
  const { faults, result, expected } = story;
  expect(faults).toEqual([
    expect.objectContaining({ phase: 'mask', code: 'bad-proof', culprit: BOOSTED }),
  ]);
  expect(result.refused).toEqual(faults);
  expect(result.dropped).toEqual([
    { id: BOOSTED, phase: 'mask' },
    { id: VANISHED, phase: 'mask' },
  ]);
  expect(result.contributors).toHaveLength(18);
  expect(result.sum.update).toEqual(expected);
});

test('a stranger checks sum and bounds from the command line', () => {
  const { result, trust, expected } = story;
  const { code, out } = verified(result.bundle as Uint8Array, JSON.stringify(trust));
  expect(out).toMatch(/^VALID\n/);
  expect(code).toBe(0);
  expect(out).toContain('contributors  18 of 20 invited');
  expect(out).not.toContain(BOOSTED);
  expect(out).toContain(`sum: ${expected.slice(0, 6).join(' ')} …`);
  expect(out).toMatch(/✓ Every contributor's values are in bounds/);
});
