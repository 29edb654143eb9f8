/**
 * No wire is free: in a witness that holds, every wire is changed, one at a time, and some row must
 * break. A wire that a prover could change would be a missing constraint, as a `<--` without its `===`
 * leaves one.
 */
import { expect, test } from 'vitest';
import { randomSalt } from '../../../src/zk/aggregate.ts';
import { R } from '../../../src/zk/groth16/field.ts';
import type { Rows } from '../../../src/zk/setup/r1cs.ts';
import { readR1cs } from '../../../src/zk/setup/r1cs.ts';
import { compileSource } from './compile.ts';
import { freedom } from './freedom.ts';
import { brokenRow, freeWires } from './r1cs.ts';
import { CONTEXT, honest, tinyInputs, tinyRows, UPDATES } from './support.ts';
import { witnessGenerator } from './witness.ts';

const changes: Readonly<Record<string, (value: bigint) => bigint>> = {
  'one more': (value) => (value + 1n) % R,
  'its complement, for bits': (value) => (1n - value + R) % R,
  'its negative or one': (value) => (value === 0n ? 1n : R - value),
  'anything else': (value) => (value + 1n + (randomSalt() % (R - 1n))) % R,
};

for (const [what, change] of Object.entries(changes)) {
  test(`no wire can become ${what}`, async () => {
    for (const updates of [
      [
        [1, -2, 3, -4],
        [10, -20, 30, -40],
      ],
      [
        [0, 0, 0, 0],
        [-1, 0, 1, 32_767],
      ],
    ]) {
      const witness = (await honest(tinyInputs(updates, 2 ** 31))) as readonly bigint[];
      expect(witness).toHaveLength(tinyRows.wires);
      expect(brokenRow(tinyRows, witness)).toBeUndefined();
      expect(freeWires(tinyRows, witness, change)).toEqual([]);
    }
  });
}

/** Wires that stand for choices: what the prover is given. The rest must follow from them. */
const GIVEN = 12;

test('no wires can be changed together', async () => {
  const witness = (await honest(tinyInputs())) as readonly bigint[];
  // The statement is wire 1; after it come the private inputs, in the order of the source.
  const inputs = Array.from({ length: GIVEN }, (_, i) => i + 2);
  expect(witness[2]).toBe(CONTEXT);
  expect(witness.slice(6, 14)).toEqual(UPDATES.flat().map((v) => (BigInt(v) + R) % R));
  expect(freedom(tinyRows, witness, new Set(inputs))).toBe(0);
  // It sees what is free: the context and both salts, if they are not given. Bound and entries are not,
  // even then: the bits of a number leave it no room.
  expect(freedom(tinyRows, witness, new Set([3, ...inputs.slice(4)]))).toBe(3);
});

/** A template's rows and its witness for an input of 10. */
async function careless(body: string): Promise<readonly [Rows, readonly bigint[]]> {
  const { r1cs, wasm } = compileSource(
    'careless',
    `pragma circom 2.2.0;
template Careless() { signal input in; signal output out; ${body} }
component main = Careless();
`,
  );
  const rows = readR1cs(r1cs);
  const witness = (await (await witnessGenerator(wasm))({ in: 10n })) as readonly bigint[];
  expect(brokenRow(rows, witness)).toBeUndefined();
  return [rows, witness];
}

test('a wire that a template forgot to constrain is found', async () => {
  const [rows, witness] = await careless(
    'signal bit; bit <-- in & 1; bit * (bit - 1) === 0; out <== in * in;',
  );
  expect(witness.slice(1)).toEqual([100n, 10n, 0n]);
  expect(freeWires(rows, witness, (value) => value + 1n)).toEqual([3]);
});

test('a pair that a template forgot to constrain is found', async () => {
  // Whether `in` is zero, without the row in·out = 0.
  const [rows, witness] = await careless(
    'signal inverse; inverse <-- in != 0 ? 1 / in : 0; out <-- 1 - in * inverse; in * inverse === 1 - out;',
  );
  expect(witness[1]).toBe(0n);
  expect(freeWires(rows, witness, (value) => value + 1n)).toEqual([]);
  expect(freedom(rows, witness, new Set([2]))).toBe(1);
});
