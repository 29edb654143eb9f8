/**
 * Commitments with proofs of bounds as one object that a plan and a client's policy are given:
 * `commitments: provenUpdates({ key })`. They are made on the key's points, so the very commitments whose sum
 * the aggregate opens are those that are proven.
 */
import type { ClientId } from '../../identity/client-id.ts';
import { wipe } from '../../internal/bytes.ts';
import { freshBlinding } from '../commitment/blinding.ts';
import { chunkCount } from '../commitment/commit.ts';
import {
  type Blinded,
  commitBlinded,
  POINTS_AND_LIMBS,
  type SchemeShape,
} from '../commitment/scheme.ts';
import { POINT_BYTES } from '../curve/points.ts';
import { insideOf, type UpdateKey, updateBases, updateKeyBytes } from './key.ts';
import { UPDATE_PROOF_BYTES } from './layout.ts';
import { proveUpdate, type UpdateProver } from './prove.ts';
import { greatestNorm, type UpdateTerms, VALUE_BITS } from './statement.ts';
import { falseUpdates, type UpdateClaim, type UpdateCulprit } from './verify.ts';

/** A commitment, what opens it, and the proof that what is in it is in bounds. */
export type Proven = Blinded & {
  /** 452 bytes for each chunk. */
  readonly proof: Uint8Array;
};

/** Commitments with proofs. Made by {@link provenUpdates}. */
export type ProvenUpdates = SchemeShape & {
  /** As a plan's bytes name it, beside the key's hash. */
  readonly name: 'proven-updates';
  readonly key: UpdateKey;
  /** The key's bytes, for whoever verifies later. */
  readonly keyBytes: () => Uint8Array;
  /** The widest values, sign included, that are proven to be in range. */
  readonly bits: number;
  /** The greatest squared norm of a chunk that the circuit can be asked to prove. */
  readonly normLimit: number;
  /** Bytes of the proofs of a vector. */
  readonly proofBytes: (length: number) => number;
  /** Commits under fresh blindings, and proves it; see `proveUpdate`. */
  readonly prove: (
    terms: UpdateTerms,
    client: ClientId,
    values: Int32Array,
    prover: UpdateProver,
  ) => Promise<Proven>;
  /** Those of many updates that are not in bounds, in one batch; see `verifyUpdates`. */
  readonly verify: (claims: readonly UpdateClaim[]) => readonly UpdateCulprit[];
};

/**
 * Commitments that come with proofs of bounds, for `plan({ …, commitments: provenUpdates({ key }) })` and for
 * the policy under which a client reads such a plan: it then takes plans with this key, by hash, and no
 * others. Clients need a prover, see {@link UpdateProver}.
 *
 * What is proven of every contributor, field by field: each value has at most 16 bits, and in each chunk of
 * `key.values` values the squared Euclidean norm is at most what the plan derives from the field's clip.
 * **A norm of chunks is not a norm of the update**: k chunks of bound c allow √k·c. Nor is it a range:
 * of several small values in one chunk a single one may be as large as all of them together.
 *
 * **Security**: the setup is trusted: whoever knows the key's secrets proves anything, and opens commitments
 * to other values. The composition of Groth16, commitments and range argument has an informal argument
 * only and awaits outside review: README.md beside this file, with the assumptions.
 * **Cost**: for clients see `proveUpdate`; for the coordinator a batch of its own for each client, for the
 * verifier of a bundle one for all, see `verifyUpdates`. It is the key that says on which curve.
 *
 * @param options.key - from `updateKey`, opened with a back end and curve of one's choice
 * @throws UsageError `wrong-type` if the key is none
 */
export function provenUpdates(options: { readonly key: UpdateKey }): ProvenUpdates {
  const { key } = options;
  insideOf(key);
  const chunks = (length: number): number => chunkCount(length, key.values);
  return Object.freeze({
    ...POINTS_AND_LIMBS,
    name: 'proven-updates',
    key,
    keyBytes: () => updateKeyBytes(key),
    bits: VALUE_BITS,
    normLimit: greatestNorm(key.values),
    chunks,
    bytes: (length: number) => POINT_BYTES * chunks(length),
    proofBytes: (length: number) => UPDATE_PROOF_BYTES * chunks(length),
    commit: async (values: Int32Array, bits: number): Promise<Blinded> =>
      commitBlinded(await updateBases(key), values, bits),
    prove: async (
      terms: UpdateTerms,
      client: ClientId,
      values: Int32Array,
      prover: UpdateProver,
    ): Promise<Proven> => {
      const blindings = Array.from({ length: chunks(values.length) }, freshBlinding);
      try {
        const proven = await proveUpdate(key, terms, client, { values, blindings }, prover);
        return { ...proven, blindings };
      } catch (error) {
        wipe(...blindings);
        throw error;
      }
    },
    verify: (claims: readonly UpdateClaim[]) => falseUpdates(key, claims),
  });
}
