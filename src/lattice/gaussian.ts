/** The small numbers that hide a lattice mask: the coefficients of its secret, and its noise. */
import { fillRandom } from '../internal/random.ts';
import { gaussianInto } from '../kernel/index.ts';
import { gaussianTable } from './gaussian-table.ts';

/**
 * Overwrites a vector with independent draws of the discrete Gaussian of standard deviation `GAUSSIAN_WIDTH`
 * around 0, at most `GAUSSIAN_BOUND` in magnitude.
 *
 * @param out any length, anywhere; in a kernel's memory the draws are made in place
 *
 * **Security**: a draw is within 2^−124 of the exact distribution, so 10^10 of them are within 2^−90. Words
 * come from the platform's CSPRNG, never from a seed: whoever can make a mask's noise again can open the mask.
 * They are wiped; the draws are the caller's to wipe. Every draw is compared with the whole table, and the
 * one in a thousand that 15 bits do not decide is settled later in a fixed number of slots. So the
 * instructions do not depend on what is drawn; the addresses of those few draws are all that may show in a
 * shared cache. The engine gives no guarantee of either.
 * **Source**: inversion of the distribution function by comparing with every threshold, as in the FrodoKEM
 * specification, which has thresholds of 15 bits.
 * **Cost**: 2 random bytes a draw, and 512 more a call; many draws a call cost less than few.
 */
export function drawGaussianInto(out: Int16Array): void {
  drawGaussianFromInto(out, fillRandom);
}

/** The same with words from elsewhere, as `kernel/gaussian.ts` asks for them; for tests. */
export function drawGaussianFromInto(out: Int16Array, words: (out: Uint32Array) => void): void {
  gaussianInto(out, gaussianTable(), words);
}
