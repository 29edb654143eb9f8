/** Each template of circuits/lib alone, against what it says in a line of bigint. */
import { describe, expect, test } from 'vitest';
import { R } from '../../../src/zk/groth16/field.ts';
import { type Rows, readR1cs } from '../../../src/zk/setup/r1cs.ts';
import { slowHash, slowPermutation } from '../../reference/aggregate.ts';
import { compileSource } from './compile.ts';
import { brokenRow } from './r1cs.ts';
import { type Inputs, type WitnessGenerator, withoutChecks, witnessGenerator } from './witness.ts';

type Running = {
  readonly rows: Rows;
  readonly honest: WitnessGenerator;
  readonly dishonest: WitnessGenerator;
};

async function running(file: string, main: string): Promise<Running> {
  const source = `pragma circom 2.2.0;\ninclude "../../../circuits/${file}";\ncomponent main = ${main};\n`;
  const { r1cs, wasm } = compileSource('template', source);
  const rows = readR1cs(r1cs);
  const honest = await witnessGenerator(wasm);
  // A template without a check of its own has none to take out.
  const free = main.startsWith('Sum') || main.startsWith('Pack') ? wasm : withoutChecks(wasm);
  return { rows, honest, dishonest: await witnessGenerator(free) };
}

/** Whether inputs are accepted, by generator and rows alike. */
async function accepts({ rows, honest, dishonest }: Running, inputs: Inputs): Promise<boolean> {
  const stopped = 'stopped' in (await honest(inputs));
  const wires = (await dishonest(inputs)) as readonly bigint[];
  expect(brokenRow(rows, wires) !== undefined).toBe(stopped);
  return !stopped;
}

/** The first `count` outputs. */
async function outputs({ rows, honest }: Running, inputs: Inputs, count: number): Promise<unknown> {
  const wires = (await honest(inputs)) as readonly bigint[];
  expect(brokenRow(rows, wires)).toBeUndefined();
  return wires.slice(1, 1 + count);
}

describe('ranges', () => {
  for (const bits of [1, 2, 16, 253]) {
    test(`Unsigned(${bits})`, async () => {
      const it = await running('lib/range.circom', `Unsigned(${bits})`);
      expect(it.rows.rows).toHaveLength(bits);
      const end = 2n ** BigInt(bits);
      for (const value of [0n, 1n, end - 1n]) expect(await accepts(it, { in: value })).toBe(true);
      for (const value of [end, end + 1n, -1n, R / 2n]) {
        expect(await accepts(it, { in: value }), `${value}`).toBe(value >= 0n && value < end);
      }
    });
    test(`Signed(${bits})`, async () => {
      const it = await running('lib/range.circom', `Signed(${bits})`);
      expect(it.rows.rows).toHaveLength(bits);
      const end = 2n ** BigInt(bits - 1);
      for (const value of [0n, -end, end - 1n]) expect(await accepts(it, { in: value })).toBe(true);
      for (const value of [end, -end - 1n]) expect(await accepts(it, { in: value })).toBe(false);
    });
  }

  test('more bits than the field can tell apart are refused', () => {
    expect(() =>
      compileSource(
        'wide',
        'pragma circom 2.2.0;\ninclude "../../../circuits/lib/range.circom";\ncomponent main = Unsigned(254);\n',
      ),
    ).toThrow(/assert/i);
  });
});

test('Sum, in one block and in several', async () => {
  for (const [length, rows] of [
    [1, 0],
    [128, 1],
    [300, 4],
  ] as const) {
    const it = await running('lib/sum.circom', `Sum(${length})`);
    const values = Array.from({ length }, (_, i) => BigInt(i * i) - 5n);
    const total = values.reduce((sum, value) => sum + value, 0n);
    expect(await outputs(it, { in: values }, 1)).toEqual([((total % R) + R) % R]);
    if (rows > 0) expect(it.rows.rows).toHaveLength(rows);
  }
});

test('NormAtMost, with an entry that has no partner', async () => {
  for (const d of [1, 2, 5]) {
    const it = await running('lib/norm.circom', `NormAtMost(${d}, 16)`);
    const x = Array.from({ length: d }, (_, j) => BigInt(3 * j + 1) * (j % 2 === 0 ? 1n : -1n));
    const norm = x.reduce((sum, value) => sum + value * value, 0n);
    for (const bound of [norm, norm + 1n, 2n ** 30n]) {
      expect(await accepts(it, { x, bound })).toBe(true);
    }
    for (const bound of [norm - 1n, 0n, -1n]) expect(await accepts(it, { x, bound })).toBe(false);
  }
});

test('Pack', async () => {
  const it = await running('aggregate.circom', 'Pack(17, 16, 32768)');
  const values = Array.from({ length: 17 }, (_, i) => BigInt(i * 4001) - 32_768n);
  const digits = values.map((value) => value + 32_768n);
  const join = (part: readonly bigint[]): bigint =>
    part.reduceRight((sum, digit) => sum * 65_536n + digit, 0n);
  expect(await outputs(it, { in: values }, 2)).toEqual([
    join(digits.slice(0, 15)),
    join(digits.slice(15)),
  ]);
});

describe('Poseidon', () => {
  for (const [width, rounds] of [
    [3, 57],
    [7, 63],
    [17, 68],
  ] as const) {
    test(`of ${width} elements: the state, and 3 rows an S-box`, async () => {
      const it = await running('lib/poseidon.circom', `Poseidon(${width})`);
      const state = Array.from({ length: width }, (_, i) => BigInt(i + 3) ** 70n % R);
      expect(await outputs(it, { in: state }, width)).toEqual(slowPermutation(state));
      expect(it.rows.rows).toHaveLength(3 * (8 * width + rounds));
    });
  }

  test('the hash, in one block and in several', { timeout: 240_000 }, async () => {
    for (const length of [2, 18]) {
      const it = await running('lib/poseidon.circom', `PoseidonHash(${length}, 77)`);
      const values = Array.from({ length }, (_, i) => R - BigInt(i * i + 1));
      expect(await outputs(it, { in: values }, 1)).toEqual([slowHash(77n, values)]);
    }
  });
});
