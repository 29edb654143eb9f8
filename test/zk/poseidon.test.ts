/** Poseidon against circomlibjs, the paper's textbook form, and a value that many have published. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { R } from '../../src/zk/groth16/field.ts';
import { permute, poseidonConstants, poseidonHash } from '../../src/zk/poseidon.ts';
import { slowHash, slowPermutation } from '../reference/aggregate.ts';
import { theirPermutation } from './circomlib.ts';

const number = fc.bigInt(0n, R - 1n);
const stateOf = (width: number): fc.Arbitrary<bigint[]> =>
  fc.array(number, { minLength: width, maxLength: width });

describe('the permutation', () => {
  for (let width = 2; width <= 17; width++) {
    test(`of ${width} elements is that of circomlibjs`, () => {
      fc.assert(
        fc.property(stateOf(width), (state) => {
          expect(permute(state)).toEqual(theirPermutation(state));
        }),
        { numRuns: 4 },
      );
    });
  }

  test('is that of the paper', () => {
    for (const width of [2, 7, 17]) {
      const state = Array.from({ length: width }, (_, i) => BigInt(i) ** 60n % R);
      expect(permute(state)).toEqual(slowPermutation(state));
    }
  });

  test('of 0, 1, 2 starts with the published number', () => {
    expect(permute([0n, 1n, 2n])[0]).toBe(
      7853200120776062878684798364095072458815029376092732009249414926327459813530n,
    );
  });

  test('leaves its argument alone', () => {
    const state = [1n, 2n, 3n];
    permute(state);
    expect(state).toEqual([1n, 2n, 3n]);
  });

  test('knows widths from 2 to 17 and numbers below r', () => {
    for (const width of [0, 1, 18, 2.5]) {
      expect(() => poseidonConstants(width)).toThrow(
        expect.objectContaining({ code: 'out-of-range' }),
      );
    }
    for (const wrong of [-1n, R, 1 as unknown as bigint]) {
      expect(() => permute([0n, wrong, 0n])).toThrow(
        expect.objectContaining({ code: 'out-of-range' }),
      );
    }
    expect(permute([0n, R - 1n, 0n])).toHaveLength(3);
  });
});

describe('the hash', () => {
  test('of up to 16 numbers is one permutation', () => {
    for (const length of [1, 5, 16]) {
      const inputs = Array.from({ length }, (_, i) => BigInt(i + 9));
      expect(poseidonHash(4n, inputs)).toBe(theirPermutation([4n, ...inputs])[0]);
    }
  });

  test('of more adds blocks of 16 to the state', () => {
    const inputs = Array.from({ length: 37 }, (_, i) => R - BigInt(i + 1));
    let state = theirPermutation([4n, ...inputs.slice(0, 16)]);
    for (const at of [16, 32]) {
      state = theirPermutation(
        state.map((s, i) => (i === 0 ? s : (s + (inputs[at + i - 1] ?? 0n)) % R)),
      );
    }
    expect(poseidonHash(4n, inputs)).toBe(state[0]);
    expect(poseidonHash(4n, inputs)).toBe(slowHash(4n, inputs));
  });

  test('depends on the tag and on every number', () => {
    const inputs = Array.from({ length: 20 }, (_, i) => BigInt(i));
    const hashes = new Set([poseidonHash(1n, inputs), poseidonHash(2n, inputs)]);
    for (const [i, value] of inputs.entries())
      hashes.add(poseidonHash(1n, inputs.with(i, value + 1n)));
    expect(hashes.size).toBe(22);
  });

  test('of nothing is refused', () => {
    expect(() => poseidonHash(1n, [])).toThrow(expect.objectContaining({ code: 'wrong-length' }));
    expect(() => poseidonHash(R, [1n])).toThrow(expect.objectContaining({ code: 'out-of-range' }));
  });
});
