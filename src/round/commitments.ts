/**
 * A client's commitments: its inputs are encoded once, its noise is drawn, both are committed to, and
 * the same integers are what it masks later. Where the plan asks for it, the inputs are also proven to be
 * in bounds: the noise is not, and has no part in it.
 */
import { UsageError } from '../errors.ts';
import type { ClientId } from '../identity/client-id.ts';
import { wipe } from '../internal/bytes.ts';
import { addInto, centre } from '../ring/vector.ts';
import type { Blinded } from '../zk/commitment/scheme.ts';
import type { UpdateProver } from '../zk/update/prove.ts';
import type { Proven } from '../zk/update/scheme.ts';
import { layoutOf, schemeOf } from './commitment-layout.ts';
import { addNoiseShareInto, encodeExactly } from './encode.ts';
import type { Fields, InputsOf } from './fields.ts';
import type { AnyPlan } from './plan.ts';
import {
  type ProofContext,
  type ProvenField,
  proofBytesOf,
  provenFields,
  provenSchemeOf,
  updateTermsOf,
} from './proven-fields.ts';

/** A client's vectors, noise and limbs included, its commitments and proofs, and what was clipped. */
export type CommittedInputs = {
  readonly vectors: readonly Uint32Array[];
  readonly commitments: Uint8Array;
  /** No bytes where the plan asks for none. */
  readonly proofs: Uint8Array;
  readonly clipped: readonly string[];
};

/** Who proves, in which round, and with what. */
export type Proving = ProofContext & {
  readonly client: ClientId;
  /** Needed where the plan asks for proofs. */
  readonly prover: UpdateProver | undefined;
};

/**
 * Encodes a client's inputs once, draws its noise, and commits to both apart. What comes back is to be
 * masked as it is: encoded again, inputs would be rounded otherwise, and get other noise.
 *
 * @throws UsageError as `encodeInputs`; `wrong-type` where a prover is missing or not asked for
 * @throws whatever the prover throws
 *
 * **Security**: noise that has no place in the ring would not be one that was drawn: it is committed to
 * modulo the ring, never cut or drawn again.
 * **Cost**: see `commitVector`; twice for fields with noise.
 */
export async function commitInputs<F extends Fields>(
  plan: AnyPlan,
  inputs: InputsOf<F>,
  proving: Proving,
): Promise<CommittedInputs> {
  const scheme = schemeOf(plan);
  const prove = proverFor(plan, proving);
  const { fields, bytes, limbBits } = layoutOf(plan);
  const { vectors, clipped } = encodeExactly<F>(plan, inputs);
  const commitments = new Uint8Array(bytes);
  const proofs = new Uint8Array(proofBytesOf(plan));
  const limbs = new Uint32Array(plan.shapes.at(-1)?.length as number);
  const secrets: (Uint8Array | Uint32Array)[] = [];
  const committing = { at: 0, proofsAt: 0, limbsAt: 0 };
  const keep = ({ commitment, blindings }: Blinded): readonly Uint8Array[] => {
    secrets.push(...blindings);
    commitments.set(commitment, committing.at);
    committing.at += commitment.length;
    return blindings;
  };
  const commit = async (values: Int32Array, bits: number): Promise<readonly Uint8Array[]> => {
    secrets.push(new Uint32Array(values.buffer));
    return keep(await scheme.commit(values, bits));
  };
  const commitInBounds = async (values: Int32Array, i: number): Promise<readonly Uint8Array[]> => {
    secrets.push(new Uint32Array(values.buffer));
    const proven = await (prove as NonNullable<typeof prove>)(values, i);
    proofs.set(proven.proof, committing.proofsAt);
    committing.proofsAt += proven.proof.length;
    return keep(proven);
  };
  try {
    for (const [i, field] of fields.entries()) {
      const vector = vectors[i] as Uint32Array;
      const values = shifted(vector, field.offset);
      const blindings = [
        await (prove === undefined ? commit(values, field.bits) : commitInBounds(values, i)),
      ];
      if (field.noiseBits !== undefined) {
        const noise = new Uint32Array(field.length);
        secrets.push(noise);
        addNoiseShareInto(noise, field.name, plan);
        blindings.push(await commit(centre(noise, field.noiseBits), field.noiseBits));
        addInto(vector, vector, noise);
      }
      const own = scheme.limbsOf(blindings, limbBits);
      limbs.set(own, committing.limbsAt);
      committing.limbsAt += own.length;
      secrets.push(own);
    }
    return { vectors: [...vectors, limbs], commitments, proofs, clipped };
  } catch (error) {
    wipe(limbs, ...vectors);
    throw error;
  } finally {
    wipe(...secrets);
  }
}

/** What commits to a field's values and proves them; nothing where the plan asks for no proofs. */
function proverFor(plan: AnyPlan, { client, prover, ...bound }: Proving) {
  const scheme = provenSchemeOf(plan);
  if ((scheme === undefined) !== (prover === undefined)) {
    const [got, expected] =
      scheme === undefined
        ? ['a prover', 'none: the plan asks for no proofs of bounds']
        : ['no prover', 'one, { prover }: the plan asks for proofs of bounds'];
    throw new UsageError('wrong-type', `share: got ${got}, expected ${expected}`);
  }
  if (scheme === undefined) return undefined;
  const fields = provenFields(plan);
  return (values: Int32Array, i: number): Promise<Proven> => {
    const terms = updateTermsOf(plan.hash, bound, fields[i] as ProvenField);
    return scheme.prove(terms, client, values, prover as UpdateProver);
  };
}

/** Words less an offset, as signed integers: the width of the field says that they fit. */
function shifted(words: Uint32Array, offset: number): Int32Array {
  const out = new Int32Array(words.length);
  for (let i = 0; i < out.length; i++) out[i] = (words[i] as number) - offset;
  return out;
}
