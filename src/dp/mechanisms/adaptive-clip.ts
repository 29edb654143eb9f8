/**
 * A clipping bound that follows a quantile of the clients' norms: every client also says, as +1 or −1, whether
 * its vector is within the bound, and the noisy sum of that moves the bound. The sum of signs costs privacy as
 * well, so each round's vectors get a little more noise and the two together cost what was agreed.
 */
import { assertFinite, assertInteger } from '../../internal/assert.ts';
import { type DpEvent, gaussian } from '../events.ts';
import { sumNoiseMultiplier } from '../sensitivity.ts';

/** A bound on its way. Frozen; only noisy sums move it. */
export type AdaptiveClip = {
  /** The bound of this round. */
  readonly clip: number;
  /** The share of clients whose vectors should be within it. */
  readonly quantile: number;
  /** How far one round may move it: by a factor of at most e^rate. */
  readonly rate: number;
};

/** One round's bound and noise, which belong together. */
export type AdaptiveRound = {
  /** What clients clip to in this round. */
  readonly clip: number;
  /** Standard deviation of the noise on the sum of vectors that were clipped to `clip`. */
  readonly sigma: number;
  /** Standard deviation of the noise on the sum of signs. */
  readonly signSigma: number;
  /** What both sums together cost. */
  readonly event: DpEvent;
};

const MIN_CLIP = 1e-100;
const MAX_CLIP = 1e100;

/**
 * Starts with a bound that knows nothing of the data.
 *
 * @param start.clip 1e−100 to 1e100, e.g. from public data
 * @param start.quantile above 0, below 1; 0.5 for the median
 * @param start.rate above 0, at most 2; 0.2 is usual
 * @throws UsageError `out-of-range`, `not-finite`
 */
export function adaptiveClip(start: AdaptiveClip): AdaptiveClip {
  const { clip, quantile, rate } = start;
  assertFinite('adaptiveClip: clip', clip, MIN_CLIP, MAX_CLIP);
  assertFinite('adaptiveClip: quantile', quantile, 2 ** -20, 1 - 2 ** -20);
  assertFinite('adaptiveClip: rate', rate, Number.MIN_VALUE, 2);
  return Object.freeze({ clip, quantile, rate });
}

/**
 * Bound and noise of the coming round, from one and the same bound.
 *
 * @param state the bound
 * @param noise.noiseMultiplier z: the round costs as much as Gaussian noise with this multiplier
 * @param noise.bitSigma σ_b; a twentieth of the number of contributors is usual
 * @throws as {@link adaptiveClip} and {@link sumNoiseMultiplier}
 *
 * **Guarantee**: if vectors are clipped to `clip`, signs are ±1, and both sums get independent Gaussian noise of
 * deviations `sigma` and `signSigma`, the round costs what `event` does, under zero-out and add-or-remove.
 * Precondition: the noise is on the sums, not on means. Signs have sensitivity 1 and twice the deviation of bits.
 * **Proof**: {@link sumNoiseMultiplier}: 1/z² = 1/z_Δ² + 1/(2σ_b)².
 */
export function adaptiveRound(
  state: AdaptiveClip,
  noise: { readonly noiseMultiplier: number; readonly bitSigma: number },
): AdaptiveRound {
  const { noiseMultiplier, bitSigma } = noise;
  const { clip } = adaptiveClip(state);
  const multiplier = sumNoiseMultiplier(noiseMultiplier, bitSigma);
  return Object.freeze({
    clip,
    sigma: multiplier * clip * (1 + 2 ** -52),
    signSigma: 2 * bitSigma,
    event: gaussian({ noiseMultiplier }),
  });
}

/**
 * What a client says: 1 if its vector is within the round's bound, else −1.
 *
 * @param norm of its vector before clipping, at least 0
 * @throws UsageError `not-finite`, `out-of-range`
 */
export function withinClip(round: AdaptiveRound, norm: number): 1 | -1 {
  assertFinite('withinClip: norm', norm, 0);
  return norm <= round.clip ? 1 : -1;
}

/**
 * Moves the bound: down if more vectors than wanted are within it, up if fewer.
 *
 * @param state the bound that the round was run with
 * @param seen.noisySum the sum of the clients' ±1 **with its noise**: the sum without would cost everything
 * @param seen.contributors how many signs are in it, from 1; public
 * @throws UsageError `out-of-range`, `not-finite`
 *
 * **Guarantee**: post-processing of a noisy sum, so it costs nothing more. The share is cut to 0 … 1, so that one
 * round moves the bound by no more than a factor e^rate, and the bound stays within 1e−100 … 1e100.
 * **Source**: Andrew et al. 2021, §3: C ← C · exp(−rate · (share − quantile)).
 */
export function nextClip(
  state: AdaptiveClip,
  seen: { readonly noisySum: number; readonly contributors: number },
): AdaptiveClip {
  const { noisySum, contributors } = seen;
  assertFinite('nextClip: noisySum', noisySum);
  assertInteger('nextClip: contributors', contributors, 1, 2 ** 32);
  const share = Math.max(0, Math.min(1, (noisySum / contributors + 1) / 2));
  const { clip, quantile, rate } = adaptiveClip(state);
  const moved = clip * Math.exp(-rate * (share - quantile));
  return Object.freeze({
    clip: Math.max(MIN_CLIP, Math.min(MAX_CLIP, moved)),
    quantile,
    rate,
  });
}
