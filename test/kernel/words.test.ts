/** Adding, subtracting and the fused keystream: every tail, every ground, and nothing else is touched. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addWordsInto, residentVectors, subtractWordsInto } from '../../src/kernel/index.ts';
import { addWords, subtractWords } from '../../src/kernel/twin/words.ts';
import { wasmBackend } from '../../src/prg/backend-wasm.ts';
import { applyStreams } from '../../src/prg/chacha20.ts';
import { chachaStream } from '../reference/chacha.ts';
import { arenas } from './arena.ts';

const MOD = 2n ** 32n;
const places = arenas(65_536);
const words = (length: number) => fc.uint32Array({ minLength: length, maxLength: length });
const extremes = fc.constantFrom(0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1);

const operations = [
  { name: 'add', run: addWordsInto, twin: addWords, sign: 1n },
  { name: 'subtract', run: subtractWordsInto, twin: subtractWords, sign: -1n },
] as const;

describe.each(operations)('$name', ({ run, twin, sign }) => {
  const check = (a: Uint32Array, b: Uint32Array): void => {
    const expected = [...a].map((word, i) =>
      Number((((BigInt(word) + sign * BigInt(b[i] as number)) % MOD) + MOD) % MOD),
    );
    const plain = a.slice();
    twin(plain, b);
    expect([...plain]).toEqual(expected);
    for (const { name, place, only } of places) {
      const [x, y] = place(a, b);
      only(x, () => run(x, y));
      expect([...x], name).toEqual(expected);
      const [outside] = [b.slice()];
      const [z] = place(a);
      only(z, () => run(z, outside));
      expect([...z], `${name}, the other outside`).toEqual(expected);
    }
  };

  test('every length up to 140', () => {
    for (let length = 0; length <= 140; length++) {
      const [pair] = fc.sample(fc.tuple(words(length), words(length)), {
        numRuns: 1,
        seed: length,
      });
      const [a, b] = pair as [Uint32Array, Uint32Array];
      check(a, b);
    }
  });

  test('extreme words', () => {
    const some = fc.array(fc.tuple(extremes, extremes), { maxLength: 90 });
    fc.assert(
      fc.property(some, (pairs) =>
        check(
          Uint32Array.from(pairs, ([x]) => x),
          Uint32Array.from(pairs, ([, y]) => y),
        ),
      ),
    );
  });

  test('onto itself', () => {
    for (const { place, only } of places) {
      const [x] = place(Uint32Array.from({ length: 77 }, (_, i) => i * 0x9e3779b1));
      const expected = [...x].map((word) =>
        Number((((BigInt(word) * (1n + sign)) % MOD) + MOD) % MOD),
      );
      only(x, () => run(x, x));
      expect([...x]).toEqual(expected);
    }
  });

  test('between two kernel memories, over several pieces', () => {
    const length = 70_001;
    const [a] = residentVectors([length]) as [Uint32Array];
    const [b] = residentVectors([length]) as [Uint32Array];
    for (let i = 0; i < length; i++) {
      a[i] = Math.imul(i, 0x9e3779b1);
      b[i] = Math.imul(i, 0x85ebca6b);
    }
    const [plain, untouched] = [a.slice(), b.slice()];
    twin(plain, untouched);
    run(a, b);
    expect(Buffer.compare(Buffer.from(plain.buffer), Buffer.from(a.slice().buffer))).toBe(0);
    expect(Buffer.compare(Buffer.from(untouched.buffer), Buffer.from(b.slice().buffer))).toBe(0);
  });
});

test('the fused keystream goes where it belongs, from any place, for every tail', () => {
  const key = Uint8Array.from({ length: 32 }, (_, i) => 7 * i);
  const wasm = wasmBackend() as NonNullable<ReturnType<typeof wasmBackend>>;
  const stream = chachaStream(key, 5, 200);
  for (const subtract of [false, true]) {
    for (let length = 0; length <= 200; length++) {
      const start = Uint32Array.from({ length }, (_, i) => Math.imul(i + 1, 0x9e3779b1));
      const expected = [...start].map((word, i) => {
        const sign = subtract ? -1n : 1n;
        return Number((((BigInt(word) + sign * (stream[i] as bigint)) % MOD) + MOD) % MOD);
      });
      for (const { place, only } of places) {
        const [x] = place(start);
        only(x, () => applyStreams(wasm, x, [{ key, subtract }], 80));
        expect([...x]).toEqual(expected);
      }
    }
  }
});
