/**
 * What a proof of an update is about: the terms of a round, and from them the two numbers that both sides
 * compute by themselves, context and challenge.
 */
import { CapacityError } from '../../errors.ts';
import type { ClientId } from '../../identity/client-id.ts';
import { assertBytes, assertInteger } from '../../internal/assert.ts';
import { concat, lengthPrefixed, toHex, u32, utf8 } from '../../internal/bytes.ts';
import { chunkCount } from '../commitment/index.ts';
import { FIELD_BYTES, writeNumber } from '../groth16/field.ts';
import { hashToScalar } from '../scalar.ts';
import type { UpdateKey } from './key.ts';

/** Bits of a value: what the circuit proves. */
export const VALUE_BITS = 16;

/** The protocol, and the version of what is hashed. */
const PROTOCOL = 'veilsum/zk/update/v1';

/** What all proofs of a round have in common. All of it is public, and the verifier's own knowledge. */
export type UpdateTerms = {
  /** 32 bytes. */
  readonly planHash: Uint8Array;
  /** 32 bytes, of no other round. */
  readonly roundId: Uint8Array;
  /** 32 bytes: a hash of all else that a proof must not be carried away from. */
  readonly contextHash: Uint8Array;
  /** Values in an update: 1 or more. They are cut into chunks of the key's size. */
  readonly length: number;
  /** Width of the plan's values: at most 16, and what is proved is 16. */
  readonly bits: number;
  /**
   * The greatest squared Euclidean norm **of each chunk**: an integer from 0 to 2^(30 + ⌈log2 d⌉) − 1. An
   * update of k chunks may have k times that.
   */
  readonly normMax: number;
  /**
   * The number of this update's first chunk; 0 unless said. Where a client proves several updates in one
   * round, each begins where the one before ends, so that no two chunks of it have one number.
   */
  readonly firstChunk?: number;
};

/**
 * How many chunks an update has under a key, and so how many commitments, blindings and proofs.
 *
 * @param key - from `updateKey`
 * @param terms - see {@link UpdateTerms}
 * @throws CapacityError `too-many-bits` if the plan's values are wider than the circuit's
 * @throws UsageError `wrong-type`, `wrong-length`, `out-of-range`
 */
export function updateChunks(key: UpdateKey, terms: UpdateTerms): number {
  assertInteger('terms.bits', terms.bits, 1, 32);
  if (terms.bits > VALUE_BITS) {
    throw new CapacityError(
      'too-many-bits',
      `update circuit: got values of ${terms.bits} bits, expected at most ${VALUE_BITS}: quantise to fewer`,
      { bits: terms.bits, most: VALUE_BITS },
    );
  }
  assertBytes('terms.planHash', terms.planHash, 32);
  assertBytes('terms.roundId', terms.roundId, 32);
  assertBytes('terms.contextHash', terms.contextHash, 32);
  assertInteger('terms.normMax', terms.normMax, 0, greatestNorm(key.values));
  assertInteger('terms.length', terms.length, 1, Number.MAX_SAFE_INTEGER);
  assertInteger('terms.firstChunk', firstChunkOf(terms), 0, 2 ** 31);
  return chunkCount(terms.length, key.values);
}

/** The number of an update's first chunk. */
export const firstChunkOf = ({ firstChunk = 0 }: UpdateTerms): number => firstChunk;

/** The greatest bound that the circuit's slack has bits for, in chunks of so many values. */
export const greatestNorm = (values: number): number =>
  2 ** (2 * VALUE_BITS - 2 + Math.ceil(Math.log2(values))) - 1;

/**
 * The first public signal: ties a proof to protocol, plan, round, context, client, chunk and key.
 *
 * @param chunk - within the update: 0 is its first one
 *
 * **Security**: a proof for anything else is a proof of another number.
 */
export const contextOf = (
  key: UpdateKey,
  terms: UpdateTerms,
  client: ClientId,
  chunk: number,
): bigint =>
  hashToScalar(
    'update/context',
    utf8(PROTOCOL),
    terms.planHash,
    terms.roundId,
    terms.contextHash,
    utf8(client),
    u32(firstChunkOf(terms) + chunk),
    key.hash,
  );

/**
 * The third public signal: the challenge of the range argument.
 *
 * **Security**: the commitments fix every hidden number before anybody knows it; the context and the
 * key's hash bind it to one use. In the random oracle model a prover may try many: each try is a
 * new chance of (2d + 256)/r.
 */
export const challengeOf = (
  key: UpdateKey,
  context: bigint,
  normMax: number,
  commitmentX: Uint8Array,
  commitmentH: Uint8Array,
): bigint =>
  hashToScalar(
    'update/challenge',
    scalarBytes(context),
    scalarBytes(BigInt(normMax)),
    key.hash,
    commitmentX,
    commitmentH,
  );

function scalarBytes(value: bigint): Uint8Array {
  const out = new Uint8Array(FIELD_BYTES);
  writeNumber(out, 0, value);
  return out;
}

/** The name of one client's chunk in one round: what must not be counted twice. */
export const updateChunkId = (roundId: Uint8Array, client: ClientId, chunk: number): string =>
  toHex(concat(roundId, lengthPrefixed(utf8(client)), u32(chunk)));
