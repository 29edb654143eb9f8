/**
 * Commitments: a vector of integers becomes one point for each chunk, C = Σ x_j·G_j + r·H. Points
 * hide the vector as long as r is secret, bind whoever made them, and add up as the vectors do.
 */
import { CodecError, UsageError } from '../../errors.ts';
import { assertBytes, assertInteger } from '../../internal/assert.ts';
import { wipe } from '../../internal/bytes.ts';
import { decodePoint, encodePoint, POINT_BYTES, type Point, sumPoints } from '../curve/points.ts';
import {
  assertEnoughBases,
  breathe,
  CHUNK_VALUES,
  type CommitmentBases,
  combine,
  insideOf,
} from './bases.ts';
import { assertBlinding } from './blinding.ts';

/**
 * How many chunks, and so points and blindings, a vector has.
 *
 * @param length of the vector, 1 or more
 * @param chunkValues of the bases; 4,096 for those from a hash
 * @returns ⌈length / chunkValues⌉
 * @throws UsageError `out-of-range` for other numbers
 */
export function chunkCount(length: number, chunkValues: number = CHUNK_VALUES): number {
  assertInteger('chunkCount: length', length, 1, Number.MAX_SAFE_INTEGER);
  assertInteger('chunkCount: chunkValues', chunkValues, 1, Number.MAX_SAFE_INTEGER);
  return Math.ceil(length / chunkValues);
}

/**
 * How long a vector's commitment is.
 *
 * @param length of the vector, 1 or more
 * @returns bytes, 64 for each chunk
 * @throws UsageError `out-of-range` for other lengths
 */
export const commitmentBytes = (length: number): number => POINT_BYTES * chunkCount(length);

/**
 * Commits to a vector.
 *
 * @param bases from `commitmentBases` of at least this length
 * @param values integers from −2^(bits−1) to 2^(bits−1) − 1; secret, not kept
 * @param bits 1 to 32, agreed on beforehand: the bound that sums are checked against
 * @param blindings one for each chunk, from `freshBlinding` and used for nothing else; secret
 * @returns 64 bytes for each chunk, one after the other: x and y, most significant byte first
 * @throws UsageError `out-of-range` if a value or a blinding is, or bases are too few; `wrong-type` or
 *   `wrong-length` for other arguments
 *
 * **Security**: hiding is perfect, binding rests on discrete logarithms in BN254's G1 (about 2^127
 *   operations). Not constant-time on either engine: buckets and table entries are chosen by values,
 *   so time and memory access tell something to whoever shares the machine. Scalars are wiped here
 *   and in the curve's memory; what noble's `bigint`s left behind is not.
 *   A commitment does not prove that its maker knows the vector, nor that it is small.
 * **Cost**: about one addition of points for each byte of each value, and 510 more for each byte of
 *   the width in each chunk. Other work gets a turn between chunks.
 */
export async function commitVector(
  bases: CommitmentBases,
  values: Int32Array,
  bits: number,
  blindings: readonly Uint8Array[],
): Promise<Uint8Array> {
  const what = 'commitVector';
  const inside = insideOf(what, bases);
  assertInteger(`${what}: bits`, bits, 1, 32);
  if (!(values instanceof Int32Array) || values.length === 0) {
    throw new UsageError('wrong-type', `${what}: values: got none, expected an Int32Array of some`);
  }
  assertEnoughBases(what, bases, values.length);
  const { chunkValues } = bases;
  const chunks = chunkCount(values.length, chunkValues);
  if (!Array.isArray(blindings) || blindings.length !== chunks) {
    throw new UsageError(
      'wrong-length',
      `${what}: blindings: got ${blindings?.length}, expected ${chunks}, one for each chunk`,
    );
  }
  blindings.forEach((blinding, i) => {
    assertBlinding(`${what}: blindings[${i}]`, blinding);
  });
  assertWidth(what, values, bits);
  const size = Math.ceil(bits / 8);
  const out = new Uint8Array(chunks * POINT_BYTES);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < chunks) {
      const chunk = next++;
      const part = values.subarray(chunk * chunkValues, (chunk + 1) * chunkValues);
      const digits = narrowed(part, size);
      try {
        const point = await combine(inside, digits, size, blindings[chunk] as Uint8Array);
        out.set(encodePoint(point), chunk * POINT_BYTES);
      } finally {
        wipe(digits);
      }
      await breathe();
    }
  };
  await Promise.all(Array.from({ length: inside.threads }, worker));
  return out;
}

/** Looks at all values without a branch on any, and does not say which one is too wide. */
function assertWidth(what: string, values: Int32Array, bits: number): void {
  if (bits === 32) return;
  const half = 2 ** (bits - 1);
  let beyond = 0;
  for (let i = 0; i < values.length; i++) beyond |= ((values[i] as number) + half) >>> bits;
  if (beyond === 0) return;
  throw new UsageError(
    'out-of-range',
    `${what}: values: got one of more than ${bits} bits, expected integers from ${-half} to ${half - 1}`,
    { bits },
  );
}

/** x + 2^(8·size − 1) in `size` bytes: two's complement with the sign turned over. */
function narrowed(values: Int32Array, size: number): Uint8Array {
  const out = new Uint8Array(values.length * size);
  const sign = 1 << (8 * size - 1);
  let at = 0;
  for (let i = 0; i < values.length; i++) {
    const value = (values[i] as number) ^ sign;
    for (let byte = 0; byte < size; byte++) out[at++] = value >>> (8 * byte);
  }
  return out;
}

/**
 * Adds commitments: the result is the commitment to the sum of the vectors, under the sums of the
 * blindings.
 *
 * @param commitments of vectors of one length, each 64 bytes for every chunk
 * @returns as many bytes; a chunk whose sum is infinity, which nobody gets by chance, as zeros
 * @throws UsageError `wrong-length` for no commitments
 * @throws CodecError `malformed` for another length than the first one's, and for bytes that are no
 *   points: a coordinate not below p, off the curve, or infinity
 *
 * **Security**: whoever chooses a commitment after seeing the others chooses the sum: make everyone
 *   commit to the hash of the own one first.
 * **Cost**: about eight multiplications modulo p for each point.
 */
export function addCommitments(commitments: readonly Uint8Array[]): Uint8Array {
  const what = 'addCommitments: commitments';
  if (!Array.isArray(commitments) || commitments.length === 0) {
    throw new UsageError('wrong-length', `${what}: got none, expected one or more`);
  }
  const length = commitments[0]?.length as number;
  commitments.forEach((commitment, i) => {
    assertBytes(`${what}[${i}]`, commitment);
    if (commitment.length === length && length > 0 && length % POINT_BYTES === 0) return;
    throw new CodecError(
      'malformed',
      `${what}[${i}]: got ${commitment.length} bytes, expected as many as the first has, ${POINT_BYTES} for each chunk`,
    );
  });
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at += POINT_BYTES) {
    const points: Point[] = commitments.map((commitment, i) =>
      decodePoint(`${what}[${i}]`, commitment.subarray(at, at + POINT_BYTES)),
    );
    out.set(encodePoint(sumPoints(points)), at);
  }
  return out;
}
