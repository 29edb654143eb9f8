/**
 * A client's side: commits to its update and proves that every chunk is in range and has a bounded norm,
 * without showing anything else of it. Commitments are made here; the Groth16 proof of each chunk is
 * made by a function that the caller hands in.
 */
import { UsageError } from '../../errors.ts';
import { type ClientId, clientId } from '../../identity/client-id.ts';
import { assertBytes } from '../../internal/assert.ts';
import { wipe } from '../../internal/bytes.ts';
import { commitVector, freshBlinding } from '../commitment/index.ts';
import { POINT_BYTES } from '../curve/points.ts';
import { PROOF_BYTES } from '../groth16/layout.ts';
import { type GroupBases, groupBases, type UpdateKey } from './key.ts';
import { UPDATE_PROOF_BYTES, writeUpdateProof } from './layout.ts';
import { challengeOf, contextOf, type UpdateTerms, updateChunks, VALUE_BITS } from './statement.ts';
import { helpBits, helpFor, inputsFor, squaredNorm, type UpdateInputs } from './witness.ts';

/**
 * Proves the update circuit for one chunk: runs its witness generator, and snarkjs's prover with the proving
 * key that belongs to the update key.
 *
 * @param inputs - secret; not to be kept, logged or written to a disk
 * @returns 258 bytes, as `proofFromSnarkjs` gives them
 */
export type UpdateProver = (inputs: UpdateInputs) => Promise<Uint8Array>;

/** A client's secrets in one round. */
export type SecretUpdate = {
  /** `terms.length` integers from −2^15 to 2^15 − 1: what the round adds up. */
  readonly values: Int32Array;
  /** One for each chunk, from `freshBlinding`, for this update and nothing else. */
  readonly blindings: readonly Uint8Array[];
};

/** What a client sends. */
export type ProvedUpdate = {
  /** 64 bytes for each chunk: what `commitVector` gives on the key's bases. */
  readonly commitment: Uint8Array;
  /** 452 bytes for each chunk. */
  readonly proof: Uint8Array;
};

/**
 * Commits to an update and proves that it is in bounds: every value has 16 bits, and the squared norm of
 * every chunk is at most `terms.normMax`.
 *
 * **Security**: zero-knowledge but for the bounds, and hiding as commitments are: perfectly in the
 * blindings, which the masked round adds up and shows. Values and blindings are wiped here where they
 * are bytes; inputs of the circuit are strings, and snarkjs's memory is its own. Nothing here is
 * constant-time but the cutting into bytes. The composition of Groth16, commitments and range
 * argument has an informal argument only, and awaits outside review: README.md, with the assumptions.
 * **Cost**: for each chunk four sums of points, and the prover: about five rows a value.
 *
 * @param key - from `updateKey`
 * @param terms - see {@link UpdateTerms}
 * @param client - who proves; as authenticated by the round
 * @param update - see {@link SecretUpdate}; not kept
 * @param prove - see {@link UpdateProver}; called for one chunk after the other
 * @throws UsageError `out-of-range` if a value, a norm or another number is; `wrong-type`, `wrong-length`
 * @throws CapacityError `too-many-bits` if the plan's values are wider than the circuit's
 * @throws whatever `prove` throws
 */
export async function proveUpdate(
  key: UpdateKey,
  terms: UpdateTerms,
  client: ClientId,
  { values, blindings }: SecretUpdate,
  prove: UpdateProver,
): Promise<ProvedUpdate> {
  const x = await groupBases(key, 'x');
  const h = await groupBases(key, 'h');
  const chunks = updateChunks(key, terms);
  clientId(client);
  if (!(values instanceof Int32Array) || values.length !== terms.length) {
    throw new UsageError(
      'wrong-length',
      `update: expected an Int32Array of ${terms.length} values`,
    );
  }
  const d = key.values;
  const part = new Int32Array(d);
  // Checks values and blindings before anything is proved.
  const commitment = await commitVector(x.bases, values, VALUE_BITS, blindings);
  const images = await commitVector(x.images, values, VALUE_BITS, blindings);
  const proof = new Uint8Array(chunks * UPDATE_PROOF_BYTES);
  try {
    for (let chunk = 0; chunk < chunks; chunk++) {
      // Behind the last value of the last chunk are zeros.
      part.fill(0);
      part.set(values.subarray(chunk * d, (chunk + 1) * d));
      const point = (of: Uint8Array): Uint8Array =>
        of.subarray(chunk * POINT_BYTES, (chunk + 1) * POINT_BYTES);
      const known = { key, terms, client, chunk };
      const own = {
        values: part,
        blinding: blindings[chunk] as Uint8Array,
        commitment: point(commitment),
        image: point(images),
      };
      proof.set(await proveChunk(known, own, h, prove), chunk * UPDATE_PROOF_BYTES);
    }
  } finally {
    part.fill(0);
  }
  return { commitment, proof };
}

async function proveChunk(
  known: {
    readonly key: UpdateKey;
    readonly terms: UpdateTerms;
    readonly client: ClientId;
    readonly chunk: number;
  },
  own: {
    readonly values: Int32Array;
    readonly blinding: Uint8Array;
    readonly commitment: Uint8Array;
    readonly image: Uint8Array;
  },
  { bases, images }: GroupBases,
  prove: UpdateProver,
): Promise<Uint8Array> {
  const { key, terms, client, chunk } = known;
  const { normMax } = terms;
  if (squaredNorm(own.values) > normMax) {
    throw new UsageError(
      'out-of-range',
      `update: chunk ${chunk}: its squared norm is above ${normMax}: clip it`,
      { chunk, normMax },
    );
  }
  const help = helpFor(own.values);
  const blinding = freshBlinding();
  try {
    const bits = helpBits(key.values);
    const commitmentH = await commitVector(bases, help, bits, [blinding]);
    const imageH = await commitVector(images, help, bits, [blinding]);
    const context = contextOf(key, terms, client, chunk);
    const challenge = challengeOf(key, context, normMax, own.commitment, commitmentH);
    const hidden = { x: own.blinding, h: blinding };
    const proof = await prove(inputsFor({ context, normMax, challenge }, own.values, help, hidden));
    assertBytes('what the prover gave', proof, PROOF_BYTES);
    return writeUpdateProof({ imageX: own.image, commitmentH, imageH, proof });
  } finally {
    help.fill(0);
    wipe(blinding);
  }
}
