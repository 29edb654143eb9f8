/**
 * The public polynomials of a round: uniform modulo both primes, from a seed that everybody computes from
 * the round id. That the coordinator cannot choose them is what the round id is for.
 */
import { ProtocolError } from '../errors.ts';
import { utf8 } from '../internal/bytes.ts';
import { type LatticeBench, RING_WINDOW, ringPolynomial } from '../kernel/index.ts';
import { expandInto } from '../prg/chacha20.ts';
import { deriveKey } from '../prg/hkdf.ts';

/** The suite of these masks: N = 2,048, q ≈ 2^46, σ = 6.6. Another one would have another name. */
export const LATTICE_SUITE = 'rlwe-2048-46';

/** The seed of a round's polynomials. Public. */
export const polynomialSeed = (roundId: Uint8Array): Uint8Array =>
  deriveKey(roundId, [utf8('lattice polynomials'), utf8(LATTICE_SUITE)]);

/**
 * Makes polynomial number `index` of a seed in a bench.
 *
 * Windows of 6,400 bytes of the seed's stream belong to one polynomial modulo one prime each, so that any
 * of them can be made alone.
 *
 * @throws ProtocolError `bad-key` if a window has too few candidates below its prime, which has a probability
 *   below 2^−100: such a round cannot be run.
 *
 * **Cost**: 12,800 bytes of keystream and one pass.
 */
export function polynomialInto(bench: LatticeBench, seed: Uint8Array, index: number): void {
  expandInto(bench.windows, seed, (2 * RING_WINDOW * index) / 4);
  if (ringPolynomial(bench)) return;
  throw new ProtocolError(
    'bad-key',
    `lattice: the round's seed gives no public polynomial ${index}: run another round`,
    [],
    { index },
  );
}
