/** The two circuits of this package, proved by a {@link Prover}: an update in bounds, and a sum. */
import type { AggregateInputs } from '../aggregate.ts';
import type { UpdateProver } from '../update/prove.ts';
import type { ProveOptions, Prover, ProvingArtefacts } from './prover.ts';

/**
 * What `proveUpdate` asks for: the proof of one chunk of an update.
 *
 * @param prover - open
 * @param artefacts - of an instance of `update.circom`: the key from which the update key was made
 * @param options - for every chunk's proof alike
 * @throws as `Prover.groth16`
 */
export function updateProver(
  prover: Prover,
  artefacts: ProvingArtefacts,
  options: ProveOptions = {},
): UpdateProver {
  return async (inputs) => (await prover.groth16(artefacts, inputs, options)).proof;
}

/**
 * Proves a sum by the aggregation circuit: for a coordinator that sees the updates.
 *
 * @param prover - open
 * @param artefacts - of an instance of `aggregate.circom` with as many clients and entries
 * @param inputs - from `aggregateInputs`: secret
 * @param options - see {@link ProveOptions}
 * @returns 258 bytes, for `verifyGroth16` with the one public input `aggregateStatement(claim)`
 * @throws as `Prover.groth16`
 */
export async function proveAggregate(
  prover: Prover,
  artefacts: ProvingArtefacts,
  inputs: AggregateInputs,
  options: ProveOptions = {},
): Promise<Uint8Array> {
  return (await prover.groth16(artefacts, inputs, options)).proof;
}
