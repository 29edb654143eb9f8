/** The tiny instance, ready to run: with checks, and as a prover runs it who leaves them out. */
import { aggregateInputs, contextScalar, randomSalt } from '../../../src/zk/aggregate.ts';
import { type Rows, readR1cs } from '../../../src/zk/setup/r1cs.ts';
import { artifact } from './compile.ts';
import { type Inputs, type WitnessGenerator, withoutChecks, witnessGenerator } from './witness.ts';

/** The tiny instance's sizes. */
export const TINY = { name: 'aggregate-2x4', clients: 2, length: 4 } as const;

/** Its rows. */
export const tinyRows: Rows = readR1cs(artifact(TINY.name, 'r1cs'));

/** The committed generator: stops at a row that does not hold. */
export const honest: WitnessGenerator = await witnessGenerator(artifact(TINY.name, 'wasm'));

/** The same without its checks: gives all wires, whatever the inputs. */
export const dishonest: WitnessGenerator = await witnessGenerator(
  withoutChecks(artifact(TINY.name, 'wasm')),
);

/** The updates of the tiny story: the second one has the greatest norm, 10² + 20² + 30² + 40². */
export const UPDATES: readonly (readonly number[])[] = [
  [1, -2, 3, -4],
  [10, -20, 30, -40],
];
export const NORM = 3_000;
export const CONTEXT: bigint = contextScalar(new TextEncoder().encode('round 7'));

/** Inputs that hold, with fresh salts. */
export const tinyInputs = (
  updates: readonly (readonly number[])[] = UPDATES,
  bound: number = NORM,
): Inputs => aggregateInputs(CONTEXT, bound, updates, updates.map(randomSalt)).inputs;
