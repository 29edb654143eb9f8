/** Fifty thousand forced exceptions, and a fuzzed codec, against one live instance of SEAL. */
import { expect, test } from 'vitest';
import { CodecError } from '../../src/errors.ts';
import { polynomials } from '../../src/he/blob.ts';
import { coefficientsOf, decodeLattice, encodeLattice } from '../../src/he/codec.ts';
import { insideOf, liveHandles } from '../../src/he/handles.ts';
import { parameterSets } from '../../src/he/parameters.ts';
import { openSeal } from '../../src/he/seal.ts';
import { forceExceptions } from '../he/forced.ts';
import { dice } from '../he/support.ts';

test('50,000 exceptions leave the instance able to add', async () => {
  const seal = await openSeal();
  const resting = insideOf(seal).guard.stackPointer();
  const reasons = forceExceptions(seal, 50_000);
  expect(Object.values(reasons)).toEqual([25_000, 25_000]);
  expect(reasons.none).toBeUndefined();
  expect(insideOf(seal).guard.stackPointer()).toBe(resting);
  expect(liveHandles(seal)).toBe(0);
});

test('30,000 flipped messages: refused with a CodecError, or read and written again byte for byte', () => {
  const roll = dice(7);
  const roundId = new Uint8Array(32).fill(9);
  const kinds = ['ciphertext', 'public-key', 'decryption-share'] as const;
  let refused = 0;
  for (let i = 0; i < 30_000; i++) {
    const set = parameterSets[roll() % parameterSets.length] as (typeof parameterSets)[number];
    const kind = kinds[roll() % kinds.length] as (typeof kinds)[number];
    const expected = { kind, set, roundId, index: 3 };
    const words = polynomials(coefficientsOf(set, kind));
    words.words.fill(1);
    for (let at = 1; at < words.words.length; at += 2) words.words[at] = 0;
    const bytes = encodeLattice(expected, words.area.subarray(120));
    const flips = 1 + (roll() % 4);
    for (let flip = 0; flip < flips; flip++) {
      const at = roll() % 2 === 0 ? roll() % 48 : roll() % bytes.length;
      bytes[at] = roll() % 3 === 0 ? 0xff : roll() & 0xff;
    }
    const given = roll() % 8 === 0 ? bytes.subarray(0, roll() % (bytes.length + 1)) : bytes;
    try {
      const read = decodeLattice(expected, given);
      expect(encodeLattice(expected, read.area.subarray(120))).toEqual(given);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(10_000);
});
