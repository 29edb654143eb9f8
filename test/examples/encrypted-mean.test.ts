/** `npm run demo:encrypted` as it stands, and what its pieces do on made-up pictures. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { ClientId } from 'veilsum';
import { liveHandles, openSeal } from 'veilsum/he';
import { describe, expect, test } from 'vitest';
import { meanRound } from '../../examples/04-encrypted-mean/encrypted-round.ts';
import {
  CLIP,
  LENGTH,
  MOST_PICTURES,
  meanPicture,
  plainMean,
  tallyOf,
} from '../../examples/04-encrypted-mean/hospitals.ts';
import { gallery } from '../../examples/04-encrypted-mean/report.ts';
import { type Examples, PIXELS } from '../../examples/digits/data.ts';
import { enrol } from '../../examples/digits/enrolment.ts';

/** So many pictures of one digit, all of one brightness. */
const pictures = (count: number, digit: number, brightness: number): Examples => ({
  labels: new Uint8Array(count).fill(digit),
  pixels: new Float32Array(count * PIXELS).fill(brightness),
});

test('the demo: exact and approximate beside each other, without those who vanish', () => {
  const root = join(import.meta.dirname, '../..');
  const printed = execFileSync(
    process.execPath,
    ['--conditions=@veilsum/source', 'examples/04-encrypted-mean/main.ts'],
    { cwd: root, encoding: 'utf8', timeout: 120_000 },
  );
  const row = (what: string): readonly string[] => {
    const line = printed.split('\n').find((each) => each.startsWith(what)) ?? '';
    return line
      .slice(what.length)
      .trim()
      .split(/\s{2,}/);
  };
  expect(printed).toContain('hospital-07 commits and vanishes');
  expect(printed).toContain('member-1 and member-2 are gone when the sum is opened');
  expect(row('parameter set')).toEqual(['exact-committee-8192', 'approximate-committee-8192']);
  expect(row('hospitals in the sum')).toEqual(['19', '19']);
  const [exact, approximate] = row('error of the mean, greatest').map(Number);
  expect(exact).toBe(0);
  expect(approximate).toBeGreaterThan(0);
  expect(approximate).toBeLessThanOrEqual(Number(row('error of the mean, bound')[1]));
}, 120_000);

describe('a round of four hospitals', async () => {
  const seal = await openSeal();
  const hospitals = await enrol(4, 'hospital');
  const committee = await enrol(5, 'member');
  const parties = { hospitals, committee };
  const ids = [...hospitals.signers.keys()];
  const members = [...committee.signers.keys()];
  const vectors = new Map(ids.map((id, i) => [id, tallyOf(pictures(10 * i + 1, i, 1))]));
  const vectorOf = (id: ClientId): Float64Array => vectors.get(id) as Float64Array;

  test('the vector of who vanishes is not in the mean', async () => {
    const absent = { afterCommit: ids.slice(2, 3), atOpening: members.slice(0, 2) };
    const { result, mean } = await meanRound(parties, seal, 'bfv', vectors, absent);
    expect(result.missing).toEqual(ids.slice(2, 3));
    expect(result.refused).toEqual([]);
    expect(mean).toEqual(plainMean([0, 1, 3].map((i) => vectorOf(ids[i] as ClientId))));
    expect(liveHandles(seal)).toBe(0);
  });

  test('with one member less there is no sum', async () => {
    const absent = { afterCommit: [], atOpening: members.slice(0, 3) };
    await expect(meanRound(parties, seal, 'bfv', vectors, absent)).rejects.toMatchObject({
      code: 'below-threshold',
    });
    expect(liveHandles(seal)).toBe(0);
  });
});

describe('what a hospital has', () => {
  test('is counted and added up per digit', () => {
    const tally = tallyOf({
      labels: Uint8Array.of(3, 5, 3),
      pixels: Float32Array.from({ length: 3 * PIXELS }, (_, i) => (i < PIXELS ? 0.2 : 1)),
    });
    expect(tally.length).toBe(LENGTH);
    const at = 3 * (1 + PIXELS);
    expect([...tally.subarray(at, at + 3)]).toEqual([2, 51 + 255, 51 + 255]);
    expect(tally.reduce((sum, value) => sum + value, 0)).toBe(3 + PIXELS * (51 + 255 + 255));
    expect(meanPicture(tally, 3)[0]).toBeCloseTo(0.6, 12);
  });

  test('stays within the clip, however much it is', () => {
    expect(Math.max(...tallyOf(pictures(MOST_PICTURES + 100, 0, 1)))).toBe(CLIP);
  });

  test('is drawn as lines of one length, bright and dark', () => {
    const bright = gallery(plainMean([0, 1, 2, 3].map((digit) => tallyOf(pictures(2, digit, 1)))));
    const dark = gallery(plainMean([0, 1, 2, 3].map((digit) => tallyOf(pictures(2, digit, 0)))));
    expect(bright.replaceAll(/[\n ]/g, '')).toMatch(/^@+$/);
    expect(dark.trim()).toBe('');
    expect(new Set(bright.split('\n').map((line) => line.length)).size).toBe(1);
  });
});
