/**
 * Clients that commit to what no honest one would, and prove it as well as can be done: what a prover does
 * with every check of ours taken out, on this side of the network.
 */
import type { ClientId } from 'veilsum';
import { layoutOf } from '../../src/round/commitment-layout.ts';
import type { AnyPlan } from '../../src/round/plan.ts';
import { provenFields, provenSchemeOf, updateTermsOf } from '../../src/round/proven-fields.ts';
import type { Committed } from '../../src/secagg/client/committed.ts';
import { commitVector, freshBlinding } from '../../src/zk/commitment/index.ts';
import { proofFromSnarkjs } from '../../src/zk/groth16/snarkjs-json.ts';
import { groupBases } from '../../src/zk/update/key.ts';
import { writeUpdateProof } from '../../src/zk/update/layout.ts';
import type { UpdateProver } from '../../src/zk/update/prove.ts';
import type { ProvenUpdates } from '../../src/zk/update/scheme.ts';
import { challengeOf, contextOf } from '../../src/zk/update/statement.ts';
import { helpFor, inputsFor } from '../../src/zk/update/witness.ts';
import { artifact } from '../zk/circuits/compile.ts';
import { withoutChecks, witnessFile } from '../zk/circuits/witness.ts';
import { snarkjs } from '../zk/snarkjs.ts';
import type { Made } from '../zk/update/support.ts';

/** Proves with a generator whose checks are taken out: rows that do not hold are proved all the same. */
export const carelessProver =
  ({ provingKey }: Pick<Made, 'provingKey'>, circuit: string): UpdateProver =>
  async (inputs) => {
    const witness = await witnessFile(withoutChecks(artifact(circuit, 'wasm')), inputs);
    const { proof } = await snarkjs.groth16.prove(provingKey, witness);
    return proofFromSnarkjs(JSON.stringify(proof));
  };

/** Who commits, in which round. */
export type Who = {
  readonly client: ClientId;
  readonly roundId: Uint8Array;
  readonly context: Uint8Array;
};

/**
 * Commits to one vector of words, of a plan with one field and no noise, whatever is in it.
 *
 * @param prove - nothing where the plan asks for no proofs
 */
export async function commitAnything(
  plan: AnyPlan,
  words: readonly number[],
  who: Who,
  prove?: UpdateProver,
): Promise<Committed> {
  const { fields, limbBits } = layoutOf(plan);
  const { offset, chunks } = fields[0] as (typeof fields)[number];
  const values = Int32Array.from(words, (word) => word - offset);
  const scheme = provenSchemeOf(plan);
  const made =
    scheme === undefined
      ? await plan.commitments?.commit(values, 32)
      : await proveAnything(scheme, plan, values, chunks, who, prove as UpdateProver);
  if (made === undefined) throw new Error('the plan asks for no commitments');
  const limbs = plan.commitments?.limbsOf([made.blindings], limbBits) as Uint32Array;
  const { commitment: commitments } = made;
  const proofs = 'proof' in made ? { proofs: made.proof as Uint8Array } : {};
  return { vectors: [Uint32Array.from(words), limbs], commitments, ...proofs };
}

async function proveAnything(
  { key }: ProvenUpdates,
  plan: AnyPlan,
  values: Int32Array,
  chunks: number,
  { client, ...bound }: Who,
  prove: UpdateProver,
) {
  const [field] = provenFields(plan);
  const terms = updateTermsOf(plan.hash, bound, field as NonNullable<typeof field>);
  const [x, h] = [await groupBases(key, 'x'), await groupBases(key, 'h')];
  const made = [];
  for (let chunk = 0; chunk < chunks; chunk++) {
    const part = new Int32Array(key.values);
    part.set(values.subarray(chunk * key.values, (chunk + 1) * key.values));
    const [blinding, hidden] = [freshBlinding(), freshBlinding()];
    const commitment = await commitVector(x.bases, part, 32, [blinding]);
    const help = helpFor(part);
    const commitmentH = await commitVector(h.bases, help, 32, [hidden]);
    const context = contextOf(key, terms, client, chunk);
    const { normMax } = terms;
    const challenge = challengeOf(key, context, normMax, commitment, commitmentH);
    const known = { context, normMax, challenge };
    const proof = writeUpdateProof({
      imageX: await commitVector(x.images, part, 32, [blinding]),
      commitmentH,
      imageH: await commitVector(h.images, help, 32, [hidden]),
      proof: await prove(inputsFor(known, part, help, { x: blinding, h: hidden })),
    });
    made.push({ commitment, proof, blinding });
  }
  return {
    commitment: Buffer.concat(made.map(({ commitment }) => commitment)),
    proof: Buffer.concat(made.map(({ proof }) => proof)),
    blindings: made.map(({ blinding }) => blinding),
  };
}
