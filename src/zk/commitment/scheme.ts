/**
 * Commitments as one object that a plan and a client's policy are given: `commitments: pedersen()`. So
 * the code of the curve comes along with whoever asks for commitments, and with nobody else. Those with
 * proofs of bounds are in `../update/scheme.ts`.
 */
import { wipe } from '../../internal/bytes.ts';
import { POINT_BYTES, readPoint } from '../curve/points.ts';
import type { FastCurve } from '../snark.ts';
import { type CommitmentBases, commitmentBases } from './bases.ts';
import {
  addBlindings,
  blindingLimbCount,
  blindingLimbs,
  freshBlinding,
  joinLimbs,
} from './blinding.ts';
import { chunkCount, commitmentBytes, commitVector } from './commit.ts';

/** A commitment, and what opens it: the blindings are as secret as the vector. */
export type Blinded = {
  /** 64 bytes for each chunk. */
  readonly commitment: Uint8Array;
  /** 32 bytes for each chunk. */
  readonly blindings: readonly Uint8Array[];
};

/** All that a masked round needs of commitments, whatever bases they are made on. */
export type SchemeShape = {
  /** Chunks of a vector, each with a blinding of its own. */
  readonly chunks: (length: number) => number;
  /** Bytes of a vector's commitment. */
  readonly bytes: (length: number) => number;
  /** Whether bytes are points, one after the other; never throws. */
  readonly isValid: (commitments: Uint8Array) => boolean;
  /** Commits to integers of `bits` bits under fresh blindings. */
  readonly commit: (values: Int32Array, bits: number) => Promise<Blinded>;
  /** Limbs of a blinding. */
  readonly limbs: (bits: number) => number;
  /** The limbs, chunk by chunk, of what several commitments to vectors of one length are blinded by together. */
  readonly limbsOf: (blindings: readonly (readonly Uint8Array[])[], bits: number) => Uint32Array;
  /** The blindings of a sum, 32 bytes each, from the sums of limbs. */
  readonly blindingsOf: (sums: Uint32Array, bits: number) => readonly Uint8Array[];
};

/** Commitments by themselves. Made by {@link pedersen}. */
export type CommitmentScheme = SchemeShape & {
  /** As a plan's bytes name it. */
  readonly name: 'pedersen';
};

/**
 * Pedersen commitments on BN254 with transparent bases, for `plan({ …, commitments: pedersen() })` and
 * for the policy under which a client reads such a plan.
 *
 * @param options.curve - snarkjs's curve, see `fastCurve`; it must stay open. Without it, noble: the
 * same bytes, more slowly.
 *
 * **Security**: see `commitVector`; blindings come fresh from the CSPRNG, one for each chunk.
 * **Cost**: the first commitment also makes the bases, see `commitmentBases`.
 */
export function pedersen(options: { readonly curve?: FastCurve } = {}): CommitmentScheme {
  const { curve } = options;
  let bases: Promise<CommitmentBases> | undefined;
  let made = 0;
  const basesFor = (length: number): Promise<CommitmentBases> => {
    if (bases === undefined || length > made) {
      made = length;
      bases = commitmentBases(length, { curve });
    }
    return bases;
  };
  return Object.freeze({
    name: 'pedersen',
    chunks: chunkCount,
    bytes: commitmentBytes,
    ...POINTS_AND_LIMBS,
    commit: async (values: Int32Array, bits: number): Promise<Blinded> =>
      commitBlinded(await basesFor(values.length), values, bits),
  });
}

/** What does not depend on the bases. */
export const POINTS_AND_LIMBS: Pick<SchemeShape, 'isValid' | 'limbs' | 'limbsOf' | 'blindingsOf'> =
  { isValid, limbs: blindingLimbCount, limbsOf, blindingsOf };

/** Commits under fresh blindings, one for each chunk. For the rest see `commitVector`. */
export async function commitBlinded(
  bases: CommitmentBases,
  values: Int32Array,
  bits: number,
): Promise<Blinded> {
  const chunks = chunkCount(values.length, bases.chunkValues);
  const blindings = Array.from({ length: chunks }, freshBlinding);
  try {
    return { commitment: await commitVector(bases, values, bits, blindings), blindings };
  } catch (error) {
    wipe(...blindings);
    throw error;
  }
}

function isValid(commitments: Uint8Array): boolean {
  if (commitments.length % POINT_BYTES !== 0) return false;
  for (let at = 0; at < commitments.length; at += POINT_BYTES) {
    if (readPoint(commitments.subarray(at, at + POINT_BYTES)) === undefined) return false;
  }
  return true;
}

function limbsOf(blindings: readonly (readonly Uint8Array[])[], bits: number): Uint32Array {
  const chunks = blindings[0]?.length ?? 0;
  const each = blindingLimbCount(bits);
  const out = new Uint32Array(chunks * each);
  for (let chunk = 0; chunk < chunks; chunk++) {
    const sum = addBlindings(...blindings.map((of) => of[chunk] as Uint8Array));
    const limbs = blindingLimbs(sum, bits);
    out.set(limbs, chunk * each);
    wipe(sum, limbs);
  }
  return out;
}

function blindingsOf(sums: Uint32Array, bits: number): readonly Uint8Array[] {
  const each = blindingLimbCount(bits);
  return Array.from({ length: sums.length / each }, (_, chunk) =>
    joinLimbs(sums.subarray(chunk * each, (chunk + 1) * each), bits),
  );
}
