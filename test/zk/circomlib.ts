/** circomlibjs's Poseidon, an implementation by others; it comes without types. */

type Poseidon = {
  (inputs: readonly bigint[], first: bigint, outputs: number): readonly unknown[];
  readonly F: { readonly toObject: (value: unknown) => bigint };
};

// @ts-expect-error: no declarations.
const { buildPoseidonReference } = (await import('circomlibjs')) as {
  readonly buildPoseidonReference: () => Promise<Poseidon>;
};
const reference = await buildPoseidonReference();

/** The whole state after the permutation of a state. */
export const theirPermutation = (state: readonly bigint[]): readonly bigint[] =>
  reference(state.slice(1), state[0] as bigint, state.length).map((value) =>
    reference.F.toObject(value),
  );
