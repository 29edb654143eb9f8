/**
 * A client's commitments: its inputs are encoded once, its noise is drawn, both are committed to, and
 * the same integers are what it masks later.
 */
import { wipe } from '../internal/bytes.ts';
import { addInto, centre } from '../ring/vector.ts';
import { layoutOf, schemeOf } from './commitment-layout.ts';
import { addNoiseShareInto, encodeExactly } from './encode.ts';
import type { Fields, InputsOf } from './fields.ts';
import type { AnyPlan } from './plan.ts';

/** A client's vectors, noise and limbs included, its commitments, and what was clipped. */
export type CommittedInputs = {
  readonly vectors: readonly Uint32Array[];
  readonly commitments: Uint8Array;
  readonly clipped: readonly string[];
};

/**
 * Encodes a client's inputs once, draws its noise, and commits to both apart. What comes back is to be
 * masked as it is: encoded again, inputs would be rounded otherwise, and get other noise.
 *
 * @throws UsageError as `encodeInputs`
 *
 * **Security**: noise that has no place in the ring would not be one that was drawn: it is committed to
 * modulo the ring, never cut or drawn again.
 * **Cost**: see `commitVector`; twice for fields with noise.
 */
export async function commitInputs<F extends Fields>(
  plan: AnyPlan,
  inputs: InputsOf<F>,
): Promise<CommittedInputs> {
  const scheme = schemeOf(plan);
  const { fields, bytes, limbBits } = layoutOf(plan);
  const { vectors, clipped } = encodeExactly<F>(plan, inputs);
  const commitments = new Uint8Array(bytes);
  const limbs = new Uint32Array(plan.shapes.at(-1)?.length as number);
  const secrets: (Uint8Array | Uint32Array)[] = [];
  const committing = { at: 0, limbsAt: 0 };
  const commit = async (values: Int32Array, bits: number): Promise<readonly Uint8Array[]> => {
    secrets.push(new Uint32Array(values.buffer));
    const { commitment, blindings } = await scheme.commit(values, bits);
    secrets.push(...blindings);
    commitments.set(commitment, committing.at);
    committing.at += commitment.length;
    return blindings;
  };
  try {
    for (const [i, field] of fields.entries()) {
      const vector = vectors[i] as Uint32Array;
      const blindings = [await commit(shifted(vector, field.offset), field.bits)];
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
    return { vectors: [...vectors, limbs], commitments, clipped };
  } catch (error) {
    wipe(limbs, ...vectors);
    throw error;
  } finally {
    wipe(...secrets);
  }
}

/** Words less an offset, as signed integers: the width of the field says that they fit. */
function shifted(words: Uint32Array, offset: number): Int32Array {
  const out = new Int32Array(words.length);
  for (let i = 0; i < out.length; i++) out[i] = (words[i] as number) - offset;
  return out;
}
