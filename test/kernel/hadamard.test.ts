/** The Walsh–Hadamard transform: kernel and twin agree to the last bit; exact where nothing rounds. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { walshHadamard } from '../../src/kernel/hadamard.ts';
import { walshHadamard as walshHadamardTwin } from '../../src/kernel/twin/hadamard.ts';
import { residentVectors } from '../../src/kernel/wasm.ts';
import { hadamardReference } from '../reference/real.ts';
import { mersenneTwister } from '../stat/mersenne-twister.ts';
import { arenas, expectNothingLeft } from './arena.ts';

const places = arenas(20_000);

/** The definition: one level after the other, each addition rounded to a float. */
function byLevels(values: Float32Array): Float32Array {
  const out = values.slice();
  for (let h = 1; h < out.length; h *= 2) {
    for (let i = 0; i < out.length; i++) {
      if ((i & h) !== 0) continue;
      const a = out[i] as number;
      const b = out[i + h] as number;
      out[i] = Math.fround(a + b);
      out[i + h] = Math.fround(a - b);
    }
  }
  return out;
}

const bytes = (floats: Float32Array): Buffer =>
  Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength);

const expectSame = (values: Float32Array): void => {
  const expected = bytes(byLevels(values));
  const twin = values.slice();
  walshHadamardTwin(twin);
  expect(Buffer.compare(bytes(twin), expected)).toBe(0);
  for (const { name, place, only } of places) {
    const [v] = place(values);
    only(v, () => walshHadamard(v));
    expect(Buffer.compare(bytes(v), expected), `${name} ${values.length}`).toBe(0);
  }
};

test('whole numbers: the matrix, exactly', () => {
  for (let k = 0; k <= 9; k++) {
    const values = Array.from(
      { length: 2 ** k },
      (_, i) => (Math.imul(i + 1, 40_503) % 2_001) - 1_000,
    );
    const expected = hadamardReference(values);
    expect([...byLevels(Float32Array.from(values))]).toEqual(expected);
    expectSame(Float32Array.from(values));
    // Twice is 2^k times the input, as long as nothing is rounded.
    const [v] = (places[0] as (typeof places)[0]).place(Float32Array.from(values));
    walshHadamard(v);
    walshHadamard(v);
    expect([...v]).toEqual(values.map((x) => x * 2 ** k));
  }
});

test('any floats, small and large, rounded in the same order', () => {
  fc.assert(
    fc.property(
      fc
        .integer({ min: 0, max: 8 })
        .chain((k) =>
          fc.array(
            fc.oneof(
              fc.float({ noNaN: true, noDefaultInfinity: true, min: -(2 ** 100), max: 2 ** 100 }),
              fc.float({ noNaN: true, min: -2, max: 2 }),
              fc.constantFrom(0, -0, 2 ** -149, -(2 ** -149), 2 ** -126),
            ),
            { minLength: 2 ** k, maxLength: 2 ** k },
          ),
        ),
      (values) => expectSame(Float32Array.from(values)),
    ),
    { numRuns: 500 },
  );
});

test('infinities and NaN spread in the same way', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 3e38]) {
    const values = new Float32Array(128).fill(1);
    values[5] = bad;
    values[70] = bad;
    const expected = [...byLevels(values)];
    const twin = values.slice();
    walshHadamardTwin(twin);
    expect([...twin]).toEqual(expected);
    for (const { place, only } of places) {
      const [v] = place(values);
      only(v, () => walshHadamard(v));
      expect([...v]).toEqual(expected);
    }
  }
});

test('nothing of a vector stays in a scratch', () => {
  for (const k of [6, 10, 15, 16]) {
    walshHadamard(new Float32Array(2 ** k).fill(-Math.PI));
    expectNothingLeft();
  }
});

test('every size up to 2^22, in place and through scratches', () => {
  const next = mersenneTwister(22);
  const source = Float32Array.from(
    { length: 2 ** 22 },
    () => (next() / 2 ** 31 - 1) * (next() % 7),
  );
  const [memory] = residentVectors([2 ** 22 + 16]) as [Uint32Array];
  for (let k = 6; k <= 22; k++) {
    const values = source.subarray(0, 2 ** k);
    const expected = bytes(byLevels(values));
    const twin = values.slice();
    walshHadamardTwin(twin);
    expect(Buffer.compare(bytes(twin), expected), `twin, 2^${k}`).toBe(0);
    const resident = new Float32Array(memory.buffer, memory.byteOffset + 4, 2 ** k);
    resident.set(values);
    memory[0] = 7;
    memory[2 ** k + 1] = 8;
    walshHadamard(resident);
    expect(Buffer.compare(bytes(resident), expected), `resident, 2^${k}`).toBe(0);
    expect([memory[0], memory[2 ** k + 1]]).toEqual([7, 8]);
    const around = new Float32Array(2 ** k + 2).fill(9);
    const plain = around.subarray(1, -1);
    plain.set(values);
    walshHadamard(plain);
    expect(Buffer.compare(bytes(plain), expected), `plain, 2^${k}`).toBe(0);
    expect([around[0], around[2 ** k + 1]]).toEqual([9, 9]);
  }
}, 120_000);
