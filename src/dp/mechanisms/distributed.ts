/**
 * Distributed noise: every client adds a share of it to its own integers before they are masked, and
 * the shares of those who stay honest add up to what the price was worked out for. Nobody ever holds
 * the sum without noise.
 *
 * A release is made of parts: stretches of coordinates with a sensitivity of their own. All parts get
 * noise in proportion to their sensitivity, so that one number, the noise multiplier z, sets the price:
 * with P parts, part i has the variance P·z²·Δᵢ² and all of them together cost what one vector of
 * sensitivity 1 costs under a standard deviation of z.
 */
import { UsageError } from '../../errors.ts';
import { assertFinite, assertInteger } from '../../internal/assert.ts';
import {
  composed,
  type DpEvent,
  distributedDiscreteGaussian,
  skellam as skellamEvent,
} from '../events.ts';
import { RANGES } from '../sampler/distributions.ts';

/** The law of a share: Skellam (whose sums are Skellam) or discrete Gaussian (whose sums nearly are). */
export type DistributedKind = 'skellam' | 'discrete-gaussian';

/** A stretch of integer coordinates, and how far one client can move it. */
export type Part = {
  /** Coordinates, padding included. */
  readonly length: number;
  /** Largest Σz² of one client's integers. */
  readonly squaredL2: number;
  /** Largest Σ|z| of one client's integers. */
  readonly l1: number;
};

/** What each client adds, and what the sum of the honest shares costs. */
export type Shares = {
  readonly kind: DistributedKind;
  /** Shares that are in the sum for certain and that no colluding client knows. */
  readonly parties: number;
  /** For each part the variance (for the discrete Gaussian: σ²) of one client's noise on a coordinate. */
  readonly localVariances: readonly number[];
  /** What happened, for an accountant. */
  readonly event: DpEvent;
};

/** Variances that can be drawn. */
export const DRAWABLE: Readonly<
  Record<DistributedKind, { readonly least: number; readonly most: number }>
> = {
  skellam: { least: RANGES.skellam.least, most: RANGES.skellam.most },
  'discrete-gaussian': {
    least: RANGES['discrete-gaussian'].least ** 2,
    most: RANGES['discrete-gaussian'].most ** 2,
  },
};

/** Above the relative rounding of the few operations below. */
const UP = 1 + 2 ** -49;
const DOWN = 1 - 2 ** -49;

/**
 * Derives every client's share.
 *
 * @param facts.parts one or more, each of a sensitivity above 0
 * @param facts.multiplier z, above 0
 * @param facts.parties how many shares alone must suffice, from 1
 * @throws UsageError `out-of-range`, `not-finite`
 *
 * **Guarantee**: if at least `parties` honest shares are in the sum and one client's integers are within
 * the parts' sensitivities, the sum is as private as `event` says, under the neighbouring relation of
 * those sensitivities. More shares only add independent noise, which is post-processing.
 * **Proof**: Skellam: Agarwal, Kairouz and Liu 2021 (arXiv 2110.04995); discrete Gaussian: Kairouz, Liu
 * and Steinke 2021 (arXiv 2102.06387), Proposition 14; parts: independent noise, so divergences add.
 */
export function sharesOf(facts: {
  readonly kind: DistributedKind;
  readonly parts: readonly Part[];
  readonly multiplier: number;
  readonly parties: number;
}): Shares {
  const { kind, parts, multiplier, parties } = facts;
  assertFinite('noise multiplier', multiplier, 1e-6, 1e6);
  assertInteger('parties', parties, 1, 2 ** 32 - 1);
  if (parts.length === 0) {
    throw new UsageError('out-of-range', 'parts: got none, expected one or more');
  }
  const localVariances = parts.map(({ squaredL2 }, i) => {
    assertFinite(`parts[${i}]: squaredL2`, squaredL2, Number.MIN_VALUE, 1e30);
    const variance = (parts.length * multiplier * multiplier * squaredL2) / parties;
    // Too little to be drawn: a little more, then.
    return Math.max(variance, DRAWABLE[kind].least);
  });
  return Object.freeze({
    kind,
    parties,
    localVariances: Object.freeze(localVariances),
    event: eventOf(kind, parts, localVariances, parties),
  });
}

/**
 * What the sum of some shares costs: the event of {@link sharesOf} for another number of parties.
 *
 * @param localVariances one for each part
 * @param parties honest shares in the sum, from 1
 */
export function eventOf(
  kind: DistributedKind,
  parts: readonly Part[],
  localVariances: readonly number[],
  parties: number,
): DpEvent {
  const events = parts.map(({ length, squaredL2, l1 }, i) => {
    const variance = localVariances[i] as number;
    const sensitivities = { l2Sensitivity: Math.sqrt(squaredL2) * UP, l1Sensitivity: l1 * UP };
    return kind === 'skellam'
      ? skellamEvent({ ...sensitivities, variance: parties * variance * DOWN })
      : distributedDiscreteGaussian({
          ...sensitivities,
          parties,
          localSigma: Math.sqrt(variance) * DOWN,
          dimension: length,
        });
  });
  return events.length === 1 ? (events[0] as DpEvent) : composed({ events });
}

/**
 * The logarithm of a bound on the probability that the sum of all clients' noise on one coordinate
 * is further from zero than `tail`.
 *
 * @param localVariance one client's
 * @param clients shares in the sum, honest or not
 * @param tail at least 0
 *
 * **Source**: Chernoff's bound. Skellam noise of variance v has the logarithmic moment v(cosh s − 1),
 * least at s = asinh(t/v); that of a discrete Gaussian is at most σ²s²/2 (Canonne, Kamath and Steinke
 * 2020, arXiv 2004.00010, section 3).
 */
export function logTail(
  kind: DistributedKind,
  localVariance: number,
  clients: number,
  tail: number,
): number {
  const variance = clients * localVariance;
  if (variance === 0) return tail === 0 ? 0 : Number.NEGATIVE_INFINITY;
  const exponent =
    kind === 'skellam' ? skellamExponent(variance, tail) : -(tail * tail) / (2 * variance);
  return Math.min(0, Math.LN2 + exponent * DOWN);
}

/** v(cosh s − 1) − st at s = asinh(t/v), with cosh s − 1 = u²/(1 + √(1 + u²)) for u = t/v. */
function skellamExponent(variance: number, tail: number): number {
  const u = tail / variance;
  return variance * ((u * u) / (1 + Math.sqrt(1 + u * u)) - u * Math.asinh(u));
}

/**
 * The least whole t such that the sum of all clients' noise on one coordinate is beyond ±t with a
 * probability of at most e^`logProbability`.
 *
 * @param logProbability below 0
 * @throws UsageError `out-of-range`
 */
export function tailFor(
  kind: DistributedKind,
  localVariance: number,
  clients: number,
  logProbability: number,
): number {
  assertFinite('logProbability', logProbability, -1e6, -1e-9);
  const holds = (t: number): boolean => logTail(kind, localVariance, clients, t) <= logProbability;
  let high = 1;
  while (!holds(high)) high *= 2;
  let low = 0;
  while (high - low > 1) {
    const middle = Math.floor(low + (high - low) / 2);
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
