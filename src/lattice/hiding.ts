/**
 * A client's side: fresh secrets, and vectors hidden under them, block by block. The sum of the clients'
 * secrets opens the sum of their vectors and nothing else, so secrets go to the coordinator in the same
 * message, under the pairwise masks.
 *
 * ⚠ Secrets and errors come from the platform's generator and from nowhere else. Derived from the seed of
 * the masking keys, they would open every client that dropped out after its upload; derived from the
 * self-mask seed, every client that did not. And no secret serves twice: the difference of two sums over
 * other clients is somebody's secret.
 */
import { wipe } from '../internal/bytes.ts';
import {
  BENCH_BLOCKS,
  hideBlock,
  type LatticeBench,
  RING_DEGREE,
  ringValues,
  setCode,
  withLatticeBench,
} from '../kernel/index.ts';
import { codeOf, packValues } from './coding.ts';
import { drawGaussianInto } from './gaussian.ts';
import type { LatticeField, LatticeLayout } from './layout.ts';
import { polynomialInto, polynomialSeed } from './polynomials.ts';

/** Takes words of one field from coefficient `from` on; they are valid during the call only. */
export type TakeHidden = (
  field: number,
  words: Uint32Array,
  lows: Uint32Array,
  from: number,
) => void;

/**
 * Hides the vectors of one client.
 *
 * @param layout of the round
 * @param roundId 32 bytes
 * @param vectors one for each field of the layout, `shape.length` words mod 2^32 that stand for signed
 *   integers; they are not changed
 * @param take gets every field's words, in pieces of at most 16,384 coefficients, in order: `words` are the upper
 *   32 bits of words of k > 32 bits, and the other k − 32 are in `lows`, or all bits for k ≤ 32
 * @returns the key vector, G·2,048 words mod 2^32 for signed integers of magnitude 93 at most: secret, the
 *   caller's to mask, to send with the words, and to wipe
 *
 * **Security**: RLWE with secrets and errors of width 6.6 in dimension 2,048, q ≈ 2^46; see this room's README
 * for what the sum of the secrets gives away. Time depends on lengths and parameters only, but for ties in
 * the sampler (`gaussian.ts`).
 *
 * **Cost**: eight to nine keystreams over the vector, whatever the number of neighbours, one public polynomial
 * for G blocks, and half a megabyte of memory; nothing of the vector's length is allocated.
 */
export function hideVectors(
  layout: LatticeLayout,
  roundId: Uint8Array,
  vectors: readonly Uint32Array[],
  take: TakeHidden,
): Uint32Array {
  const { secrets } = layout.key;
  const seed = polynomialSeed(roundId);
  const key = new Uint32Array(layout.key.length);
  try {
    return withLatticeBench(secrets, (bench) => {
      drawSecrets(bench, key);
      const at = { polynomial: -1 };
      for (const [i, field] of layout.fields.entries()) {
        hideField(
          bench,
          field,
          vectors[i] as Uint32Array,
          (block) => {
            moveTo(bench, seed, Math.floor(block / secrets), at);
            return block % secrets;
          },
          (words, lows, from) => take(i, words, lows, from),
        );
      }
      return key;
    });
  } catch (error) {
    wipe(key);
    throw error;
  }
}

/** Draws secrets into the key vector and, by their values, into the bench. */
function drawSecrets(bench: LatticeBench, key: Uint32Array): void {
  bench.secrets.forEach((_, g) => {
    const drawn = bench.errors.subarray(0, RING_DEGREE);
    drawGaussianInto(drawn);
    bench.coefficients.set(drawn);
    key.set(bench.coefficients, g * RING_DEGREE);
    ringValues(bench, g);
  });
}

/** Makes another public polynomial only where it changes. */
export function moveTo(
  bench: LatticeBench,
  seed: Uint8Array,
  polynomial: number,
  at: { polynomial: number },
): void {
  if (at.polynomial === polynomial) return;
  polynomialInto(bench, seed, polynomial);
  at.polynomial = polynomial;
}

function hideField(
  bench: LatticeBench,
  { shape, firstBlock }: LatticeField,
  values: Uint32Array,
  secretFor: (block: number) => number,
  take: (words: Uint32Array, lows: Uint32Array, from: number) => void,
): void {
  const code = codeOf(shape);
  setCode(bench, code);
  const batch = BENCH_BLOCKS * RING_DEGREE;
  for (let from = 0; from < shape.coefficients; from += batch) {
    const count = Math.min(batch, shape.coefficients - from);
    const blocks = Math.ceil(count / RING_DEGREE);
    drawGaussianInto(bench.errors.subarray(0, blocks * RING_DEGREE));
    const messages = bench.messages.subarray(0, blocks * RING_DEGREE);
    packValues(messages, values, from * shape.packing, shape);
    for (let i = 0; i < blocks; i++) {
      hideBlock(bench, secretFor(firstBlock + from / RING_DEGREE + i), i, code);
    }
    take(bench.words.subarray(0, count), bench.lows.subarray(0, count), from);
  }
}
