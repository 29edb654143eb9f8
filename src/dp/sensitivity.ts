/** How far one unit can move a sum: after rounding to integers, and with noise shared with a clip's. */
import { PrivacyError } from '../errors.ts';
import { assertFinite, assertInteger } from '../internal/assert.ts';

/**
 * The L2 norm that conditional stochastic rounding keeps.
 *
 * @param facts.l2 norm before rounding, in integer units, above 0
 * @param facts.beta rounding is repeated with at most this probability, 0 to below 1; 0 never repeats
 * @param facts.dimension coordinates, padding included, from 1
 * @returns in integer units
 *
 * **Source**: Kairouz, Liu and Steinke 2021 (arXiv 2102.06387), Theorem 1.
 */
export function roundedL2Norm(facts: {
  readonly l2: number;
  readonly beta: number;
  readonly dimension: number;
}): number {
  const { l2, beta, dimension } = facts;
  assertFinite('roundedL2Norm: l2', l2, 1e-100, 1e100);
  assertFinite('roundedL2Norm: beta', beta, 0, 1 - 2 ** -53);
  assertInteger('roundedL2Norm: dimension', dimension, 1, Number.MAX_SAFE_INTEGER);
  const root = Math.sqrt(dimension);
  const always = l2 + root;
  if (beta === 0) return always;
  const deviation = Math.sqrt(-2 * Math.log(beta)) * (l2 + root / 2);
  return Math.min(always, Math.sqrt(l2 * l2 + dimension / 4 + deviation));
}

/**
 * The L1 norm of an integer vector of a given L2 norm: Σ|z| ≤ Σz², and ≤ √d·‖z‖.
 *
 * @param l2 in integer units, at least 0
 * @param dimension coordinates, from 1
 * @throws UsageError `not-finite`, `out-of-range`
 */
export function integerL1Norm(l2: number, dimension: number): number {
  assertFinite('integerL1Norm: l2', l2, 0, 1e100);
  assertInteger('integerL1Norm: dimension', dimension, 1, Number.MAX_SAFE_INTEGER);
  return l2 * Math.min(Math.sqrt(dimension), l2);
}

/**
 * The noise multiplier for the sum of clipped vectors, when a noisy count of clipped clients is released
 * beside it and both together are to cost what the given multiplier alone costs.
 *
 * @param noiseMultiplier z, of both releases together, above 0
 * @param bitStandardDeviation σ_b, of the noise on the count of bits sent as ±½, above 0
 * @returns z_Δ = (z^−2 − (2σ_b)^−2)^−½, above z, and rounded up
 * @throws UsageError `not-finite`, `out-of-range`; PrivacyError `unsound-parameters` where z ≥ 2σ_b: then the
 *   count alone costs as much, and no noise on the sum is enough
 *
 * **Source**: Andrew, Thakkar, McMahan and Ramaswamy 2021 (arXiv 1905.03871), Theorem 1.
 */
export function sumNoiseMultiplier(noiseMultiplier: number, bitStandardDeviation: number): number {
  assertFinite('sumNoiseMultiplier: noiseMultiplier', noiseMultiplier, 1e-100, 1e100);
  assertFinite('sumNoiseMultiplier: bitStandardDeviation', bitStandardDeviation, 1e-100, 1e100);
  const share = noiseMultiplier / (2 * bitStandardDeviation);
  const left = (1 - share) * (1 + share);
  // So near to equality the rounding of the share would decide.
  if (!(left > 1e-9)) {
    throw new PrivacyError(
      'unsound-parameters',
      `adaptive clipping: got a noise multiplier of ${noiseMultiplier} and ${bitStandardDeviation} on the ` +
        `count, expected a multiplier below ${2 * bitStandardDeviation}`,
      { noiseMultiplier, bitStandardDeviation },
    );
  }
  // The rounding of the share, below 2^−51, counts for as much over `left`; all others are as small.
  return (noiseMultiplier / Math.sqrt(left)) * (1 + 2 ** -50 / left);
}
