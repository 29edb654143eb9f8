/**
 * The check that anyone can make: that a published sum is the sum of exactly the committed vectors.
 * All of it is public, and whatever others send gives a verdict and never an exception.
 */
import { UsageError } from '../../errors.ts';
import { assertInteger } from '../../internal/assert.ts';
import { randomBytes } from '../../internal/random.ts';
import {
  GROUP_ORDER,
  isInfinity,
  negated,
  POINT_BYTES,
  type Point,
  readBigEndian,
  readPoint,
  sumPoints,
  writeBigEndian,
} from '../curve/points.ts';
import { assertEnoughBases, breathe, type CommitmentBases, combine, insideOf } from './bases.ts';
import { BLINDING_BYTES, isBlinding } from './blinding.ts';
import { chunkCount } from './commit.ts';

/** Commitments to vectors whose values have the same width. */
export type CommittedGroup = {
  /** Width of the values, 1 to 32; the verifier's own knowledge. */
  readonly bits: number;
  /** One for each client, of 64 bytes for every chunk; from outside. */
  readonly commitments: readonly Uint8Array[];
};

/** A sum, and what it is said to be the sum of. */
export type OpeningClaim = {
  /** Length of the vectors, 1 or more; the verifier's own knowledge. */
  readonly length: number;
  /** Usually one; with noise two, the values and the noise. All of them are added. */
  readonly groups: readonly CommittedGroup[];
  /** The sum of all vectors, `length` integers; from outside. */
  readonly aggregate: ArrayLike<number>;
  /** The sum of all blindings, modulo the order, 32 bytes for each chunk; from outside. */
  readonly blindings: readonly Uint8Array[];
};

/** Why a sum is not accepted. */
export type OpeningFault =
  | 'no-commitments'
  | 'wrong-length'
  | 'bad-point'
  | 'bad-blinding'
  | 'not-an-integer'
  | 'out-of-range'
  | 'does-not-open';

/** Whether the sum is the sum; if not, why, and where that is known, in which chunk and whose. */
export type OpeningVerdict =
  | { readonly valid: true }
  | {
      readonly valid: false;
      readonly reason: OpeningFault;
      readonly chunk?: number;
      readonly group?: number;
      readonly member?: number;
    };

/** Bytes of the random coefficients that join the chunks: a cheat passes with chance 2^−128. */
const COEFFICIENT_BYTES = 16;

/**
 * Checks that a sum opens the sum of commitments: Σ C = Σ A_j·G_j + R·H in every chunk.
 *
 * @param bases from `commitmentBases` of at least this length
 * @param claim see {@link OpeningClaim}
 * @returns a verdict, also for hostile input
 * @throws UsageError `out-of-range` or `wrong-type` only for what the verifier itself gives: `bases`,
 *   `claim.length` and `bits`
 *
 * **Security**: |A_j| may be at most Σ n·2^(bits−1), checked as integers, so no wrap-around in the
 *   field helps. It means what it says only if no commitment could depend on another one: whoever
 *   commits last and knows the others can make any sum open. It does not show that single vectors
 *   were small, nor that anyone knew them.
 * **Cost**: an addition for each commitment's chunk. Few chunks are checked one by one, at an addition for
 *   each byte of each sum; more are joined by random coefficients, which takes as much as some six
 *   chunks do, whatever their number. A sum that fails is checked chunk by chunk to name one.
 */
export async function openSum(
  bases: CommitmentBases,
  claim: OpeningClaim,
): Promise<OpeningVerdict> {
  const inside = insideOf('openSum', bases);
  const { chunkValues } = bases;
  const chunks = chunkCount(claim.length, chunkValues);
  assertEnoughBases('openSum', bases, claim.length);
  const bound = boundOf(claim.groups);
  if (bound === 0) return { valid: false, reason: 'no-commitments' };
  const fault = faultIn(claim, chunks, chunkValues, bound);
  if (fault !== undefined) return fault;
  const points: Point[] = [];
  for (let chunk = 0; chunk < chunks; chunk++) {
    const sum = sumOfChunk(claim.groups, chunk);
    if ('valid' in sum) return sum;
    points.push(sum);
    await breathe();
  }
  const opens = (from: number, to: number): Promise<boolean> =>
    isOpened(inside, chunkValues, claim, points, bound, from, to);
  if (chunks * widthOf(bound, 1) > widthOf(bound, chunks) && (await opens(0, chunks))) {
    return { valid: true };
  }
  for (let chunk = 0; chunk < chunks; chunk++) {
    if (!(await opens(chunk, chunk + 1))) return { valid: false, reason: 'does-not-open', chunk };
    await breathe();
  }
  return { valid: true };
}

/** The greatest magnitude of an honest sum. */
function boundOf(groups: readonly CommittedGroup[]): number {
  let bound = 0;
  groups.forEach(({ bits, commitments }, i) => {
    assertInteger(`openSum: groups[${i}].bits`, bits, 1, 32);
    bound += (Array.isArray(commitments) ? commitments.length : 0) * 2 ** (bits - 1);
  });
  if (Number.isSafeInteger(bound)) return bound;
  throw new UsageError('out-of-range', 'openSum: groups: got sums beyond 2^53, expected fewer');
}

/** Lengths, integers and scalars: all that takes no curve. */
function faultIn(
  claim: OpeningClaim,
  chunks: number,
  chunkValues: number,
  bound: number,
): OpeningVerdict | undefined {
  const { aggregate, blindings } = claim;
  if (aggregate?.length !== claim.length || !Array.isArray(blindings)) {
    return { valid: false, reason: 'wrong-length' };
  }
  if (blindings.length !== chunks) return { valid: false, reason: 'wrong-length' };
  for (let chunk = 0; chunk < chunks; chunk++) {
    const blinding: unknown = blindings[chunk];
    if (!(blinding instanceof Uint8Array) || !isBlinding(blinding)) {
      return { valid: false, reason: 'bad-blinding', chunk };
    }
  }
  for (let j = 0; j < claim.length; j++) {
    const value = aggregate[j] as number;
    const chunk = Math.floor(j / chunkValues);
    if (!Number.isSafeInteger(value)) return { valid: false, reason: 'not-an-integer', chunk };
    if (Math.abs(value) > bound) return { valid: false, reason: 'out-of-range', chunk };
  }
  for (const [group, { commitments }] of claim.groups.entries()) {
    if (!Array.isArray(commitments)) return { valid: false, reason: 'wrong-length', group };
    for (const [member, commitment] of commitments.entries()) {
      if (!(commitment instanceof Uint8Array) || commitment.length !== chunks * POINT_BYTES) {
        return { valid: false, reason: 'wrong-length', group, member };
      }
    }
  }
  return undefined;
}

function sumOfChunk(groups: readonly CommittedGroup[], chunk: number): Point | OpeningVerdict {
  const points: Point[] = [];
  for (const [group, { commitments }] of groups.entries()) {
    for (const [member, commitment] of commitments.entries()) {
      const bytes = commitment.subarray(chunk * POINT_BYTES, (chunk + 1) * POINT_BYTES);
      const point = readPoint(bytes);
      if (point === undefined) return { valid: false, reason: 'bad-point', chunk, group, member };
      points.push(point);
    }
  }
  return sumPoints(points);
}

/** Bytes of a signed sum: a bound's own, or that of `chunks` bounds with coefficients. */
function widthOf(bound: number, chunks: number): number {
  const one = BigInt(bound);
  const greatest =
    chunks === 1 ? one : one * BigInt(chunks) * (1n << BigInt(8 * COEFFICIENT_BYTES));
  // The offset's half must be above it, and coefficients must fit as well.
  return Math.max(Math.ceil((greatest.toString(2).length + 1) / 8), 1);
}

/** Σ ρ_c·(Σ_j A_cj·G_j + R_c·H − C_c) = infinity over the chunks from `from` to `to` − 1. */
async function isOpened(
  inside: ReturnType<typeof insideOf>,
  chunkValues: number,
  claim: OpeningClaim,
  points: readonly Point[],
  bound: number,
  from: number,
  to: number,
): Promise<boolean> {
  const size = widthOf(bound, to - from);
  const first = from * chunkValues;
  const count = Math.min(chunkValues, claim.length - first);
  const sums: bigint[] = new Array(count).fill(1n << BigInt(8 * size - 1));
  let blinding = 0n;
  const joined: Point[] = [];
  const coefficients: bigint[] = [];
  for (let chunk = from; chunk < to; chunk++) {
    const coefficient = to - from === 1 ? 1n : readBigEndian(randomBytes(COEFFICIENT_BYTES));
    const end = Math.min(chunkValues, claim.length - chunk * chunkValues);
    for (let j = 0; j < end; j++) {
      const value = claim.aggregate[chunk * chunkValues + j] as number;
      sums[j] = (sums[j] as bigint) + coefficient * BigInt(value);
    }
    blinding += coefficient * readBigEndian(claim.blindings[chunk] as Uint8Array);
    const point = points[chunk] as Point;
    // Infinity adds nothing, and engines do not take it.
    if (isInfinity(point)) continue;
    joined.push(negated(point));
    coefficients.push(coefficient);
  }
  const scalar = new Uint8Array(BLINDING_BYTES);
  writeBigEndian(blinding % GROUP_ORDER, scalar);
  const further = { points: joined, scalars: littleEndian(coefficients, size) };
  return isInfinity(await combine(inside, littleEndian(sums, size), size, scalar, further));
}

function littleEndian(values: readonly bigint[], size: number): Uint8Array {
  const out = new Uint8Array(values.length * size);
  const one = new Uint8Array(BLINDING_BYTES);
  values.forEach((value, i) => {
    writeBigEndian(value, one);
    one.reverse();
    out.set(one.subarray(0, size), i * size);
  });
  return out;
}
