/**
 * Poseidon over the scalar field of BN254: the hash that a circuit computes cheaply, here in bigint for
 * those who make a statement and those who check it. Nothing is stored: the constants of a width come
 * from the Grain generator of the paper when the width is first used.
 *
 * The sponge has a capacity of one element. It starts with a tag that says what is hashed and how much
 * of it, so hashes of different things never meet, and the last block needs no padding.
 */
import { Field, type IField } from '@noble/curves/abstract/modular.js';
import { grainGenConstants, type PoseidonFn, poseidon } from '@noble/curves/abstract/poseidon.js';
import { UsageError } from '../errors.ts';
import { R } from './groth16/field.ts';

/** Rounds in which every element passes the S-box x⁵; half of them stand at each end. */
export const FULL_ROUNDS = 8;

/** Rounds in which one element does, for the widths 2, 3, … 17. */
const PARTIAL_ROUNDS: readonly number[] = [
  56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68,
];

/** The widest permutation: 16 elements at a time, and the capacity. */
export const MAX_WIDTH = 17;

/** The scalar field. */
export const scalars: IField<bigint> = Field(R);

/** What defines the permutation of one width. */
export type PoseidonConstants = {
  readonly partialRounds: number;
  /** Added before the S-boxes: one row of `width` numbers for each round. */
  readonly roundConstants: readonly (readonly bigint[])[];
  /** The matrix that follows them. */
  readonly matrix: readonly (readonly bigint[])[];
};

const constants = new Map<number, PoseidonConstants>();
const permutations = new Map<number, PoseidonFn>();

/**
 * The constants of a width, made on first use.
 *
 * @param width - elements of the state, 2 to 17
 * @throws UsageError `out-of-range`
 *
 * **Source**: Grassi, Khovratovich, Rechberger, Roy, Schofnegger, "Poseidon" (eprint 2019/458),
 * appendix F; the numbers of rounds are those for 128 bits of security with a margin.
 * **Cost**: 254 bits of the generator for each constant and as many for those it skips, once.
 */
export function poseidonConstants(width: number): PoseidonConstants {
  const known = constants.get(width);
  if (known !== undefined) return known;
  const partialRounds = PARTIAL_ROUNDS[width - 2];
  if (partialRounds === undefined) {
    throw new UsageError(
      'out-of-range',
      `poseidon: got width ${width}, expected 2 to ${MAX_WIDTH}`,
    );
  }
  const shape = { Fp: scalars, t: width, roundsFull: FULL_ROUNDS, roundsPartial: partialRounds };
  const { roundConstants, mds } = grainGenConstants(shape);
  const made = { partialRounds, roundConstants, matrix: mds };
  constants.set(width, made);
  return made;
}

/**
 * The permutation.
 *
 * @param state - 2 to 17 numbers from 0 to r − 1
 * @returns as many, fresh
 * @throws UsageError `out-of-range`
 *
 * **Cost**: about 70 products of a matrix of `width` rows with a vector, in bigint: slow, and the time
 * depends on the values.
 */
export function permute(state: readonly bigint[]): readonly bigint[] {
  assertScalars('poseidon', state);
  const width = state.length;
  let permutation = permutations.get(width);
  if (permutation === undefined) {
    const { partialRounds, roundConstants, matrix } = poseidonConstants(width);
    permutation = poseidon({
      Fp: scalars,
      t: width,
      roundsFull: FULL_ROUNDS,
      roundsPartial: partialRounds,
      sboxPower: 5,
      roundConstants: roundConstants as bigint[][],
      mds: matrix as bigint[][],
    });
    permutations.set(width, permutation);
  }
  return permutation([...state]);
}

/**
 * The hash of a list of numbers whose length `tag` fixes.
 *
 * One block if the list has at most 16 numbers, of just their width; else blocks of 16, added to the
 * state as in any sponge.
 *
 * @param tag - where the capacity starts: one for each purpose and length
 * @param inputs - one or more numbers from 0 to r − 1
 * @returns a number from 0 to r − 1
 * @throws UsageError `out-of-range`, `wrong-length` for an empty list
 *
 * **Security**: collisions cost about 2^127 steps. Says nothing about lists of different lengths under
 * one tag.
 * **Cost**: one permutation for each 16 numbers.
 */
export function poseidonHash(tag: bigint, inputs: readonly bigint[]): bigint {
  if (inputs.length === 0) {
    throw new UsageError('wrong-length', 'poseidon: got nothing, expected one number or more');
  }
  assertScalars('poseidon', inputs);
  const rate = Math.min(inputs.length, MAX_WIDTH - 1);
  let state: readonly bigint[] = [tag, ...new Array<bigint>(rate).fill(0n)];
  for (let at = 0; at < inputs.length; at += rate) {
    const block = state.map((s, i) => (i === 0 ? s : scalars.add(s, inputs[at + i - 1] ?? 0n)));
    state = permute(block);
  }
  return state[0] as bigint;
}

function assertScalars(what: string, values: readonly bigint[]): void {
  for (const value of values) {
    if (typeof value !== 'bigint' || value < 0n || value >= R) {
      throw new UsageError('out-of-range', `${what}: expected bigints from 0 to r − 1`);
    }
  }
}
