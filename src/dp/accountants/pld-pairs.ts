/**
 * Dominating pairs: for each mechanism two distributions (P, Q) that are as hard to confuse as any two
 * neighbouring datasets make it. The privacy loss is L = ln(P/Q) of an outcome drawn from P, and the
 * hockey stick δ(ε) = P(L > ε) − e^ε·Q(L > ε) = E[(1 − e^(ε − L))⁺] says all there is to say.
 *
 * All mechanisms here are symmetric before sampling: (P, Q) and (Q, P) have the same hockey stick.
 * With sampling, adding a unit and removing one differ, and both have to be priced.
 *
 * **Source**: Zhu, Dong and Wang 2022 (arXiv 2106.08567), Theorems 10 and 11: composition of dominating
 * pairs dominates, and Poisson sampling with probability q turns (P, Q) into ((1−q)Q + qP, Q) where a
 * unit is removed and into (P, (1−q)P + qQ) where one is added.
 */
import { gaussianDelta, laplaceDelta } from '../hockey-stick.ts';
import { erfcx } from '../special.ts';

/** Which of two neighbouring datasets the outcome is drawn from: the one with the unit, or without. */
export type Direction = 'remove' | 'add';

/** A pair with a density: known by its hockey stick. */
export type CurvePair = {
  readonly kind: 'curve';
  /** δ(ε) − (1 − e^ε)⁺, at least 0, for any ε: what is not there for trivial reasons. */
  readonly excess: (epsilon: number) => number;
  /** Losses lie between these two; infinite where nothing bounds them. */
  readonly least: number;
  readonly most: number;
  /** How far computed excesses may be off, relative, at |ε| up to `reach`. */
  readonly relativeError: (reach: number) => number;
  /** Losses inside of the formulas are longer than L by at most this, and are rounded. */
  readonly offset: number;
};

/** A pair of discrete distributions: known by its atoms. */
export type AtomPair = {
  readonly kind: 'atoms';
  readonly losses: Float64Array;
  /** P's mass at each loss. */
  readonly masses: Float64Array;
  /** P's mass where Q has none. */
  readonly infinity: number;
  /** How far the masses may be off, relative. */
  readonly relativeError: number;
};

export type Pair = CurvePair | AtomPair;

const U = 2 ** -53;
/** What tests show `erfcx` to be within, doubled; relative. */
const ERFCX_ERROR = 2e-15;
/** More atoms than these are not computed one by one. */
const MAX_ATOMS = 2 ** 21;
/** Stands for tails that a double cannot hold; prices at a δ below 10^−290 are not computed. */
const UNDERFLOW = 1e-300;

/**
 * Gaussian noise.
 *
 * @param noiseMultiplier z, standard deviation / sensitivity, above 0
 * @param probability q of taking part, above 0 and at most 1
 */
export function gaussianPair(
  noiseMultiplier: number,
  probability: number,
  direction: Direction,
): CurvePair {
  const shift = 1 / noiseMultiplier;
  const stick = (epsilon: number): number => gaussianDelta(noiseMultiplier, epsilon);
  const infinite = Number.POSITIVE_INFINITY;
  const relativeError = (reach: number): number => {
    // Cancellation is worst at the ends: at 0 the result is erf(1/(√8 z)) > 0.3·min(1, 1/z).
    // Beyond 39 the whole stick has underflowed.
    const x = Math.min(39, Math.max(1, reach * noiseMultiplier - 0.5 * shift));
    const mills = erfcx(x * Math.SQRT1_2);
    const loss = mills / Math.max(Number.MIN_VALUE, mills - erfcx((x + shift) * Math.SQRT1_2));
    return ERFCX_ERROR * (2 + 2 * loss + 4 * Math.max(1, noiseMultiplier)) + x * x * U;
  };
  return sampledCurve(stick, infinite, relativeError, probability, direction);
}

/**
 * Laplace noise on one number.
 *
 * @param noiseMultiplier b, scale / sensitivity, above 0
 * @param probability q of taking part, above 0 and at most 1
 */
export function laplacePair(
  noiseMultiplier: number,
  probability: number,
  direction: Direction,
): CurvePair {
  const most = 1 / noiseMultiplier;
  const stick = (epsilon: number): number => laplaceDelta(noiseMultiplier, epsilon);
  return sampledCurve(stick, most, () => 8 * U, probability, direction);
}

/**
 * The hockey stick of a sampled symmetric mechanism from its own.
 *
 * With D that of the mechanism itself, removal has q·D(ln α), α = (e^ε − 1 + q)/q, and addition is its
 * mirror image, δ(ε) = 1 − e^ε + e^ε·δ_remove(−ε). Below 0, D(−l) = 1 − e^−l + e^−l·D(l) lets D be
 * asked at 0 and above only, and the excess over 1 − e^ε is then computed without a difference.
 */
function sampledCurve(
  stick: (epsilon: number) => number,
  most: number,
  relativeError: (reach: number) => number,
  q: number,
  direction: Direction,
): CurvePair {
  if (q === 1) {
    const excess = (epsilon: number): number =>
      epsilon >= 0 ? stick(epsilon) : Math.exp(epsilon) * stick(-epsilon);
    return { kind: 'curve', excess, least: -most, most, relativeError, offset: 0 };
  }
  // Where a unit is removed, no loss is below this.
  const edge = Math.log1p(-q);
  // Beyond 700, e^ε itself may be no double.
  const above = (epsilon: number): number =>
    q * stick(epsilon > 700 ? epsilon - Math.log(q) : Math.log1p(Math.expm1(epsilon) / q));
  const below = (epsilon: number): number => {
    if (epsilon <= edge) return 0;
    const ratio = 1 + Math.expm1(epsilon) / q;
    return ratio > 0 ? q * ratio * stick(-Math.log1p(Math.expm1(epsilon) / q)) : 0;
  };
  const offset = -Math.log(q) + 40;
  const error = (reach: number): number => relativeError(reach + offset) + 8 * U;
  const removeMost = most < 600 ? Math.log1p(q * Math.expm1(most)) : most;
  if (direction === 'remove') {
    const excess = (epsilon: number): number => (epsilon >= 0 ? above(epsilon) : below(epsilon));
    const least = Math.log1p(q * Math.expm1(-most));
    return { kind: 'curve', excess, least, most: removeMost, relativeError: error, offset };
  }
  const excess = (epsilon: number): number =>
    Math.exp(epsilon) * (epsilon >= 0 ? below(-epsilon) : above(-epsilon));
  const added = -Math.log1p(q * Math.expm1(-most));
  return { kind: 'curve', excess, least: -removeMost, most: added, relativeError: error, offset };
}

/**
 * Discrete Gaussian noise on one integer.
 *
 * @param sigma σ, above 0
 * @param sensitivity whole, from 0
 * @returns undefined where there are too many atoms
 *
 * A smaller shift costs less: the law is log-concave, so the best test is a tail, and P(X > t) − e^ε
 * ·P(X > t + s) grows with s at every t.
 *
 * **Source**: Canonne, Kamath and Steinke 2020 (arXiv 2004.00010), Theorem 7.
 */
export function discreteGaussianPair(sigma: number, sensitivity: number): AtomPair | undefined {
  const radius = Math.ceil(38.6 * sigma);
  if (2 * radius + 1 > MAX_ATOMS) return undefined;
  const losses = new Float64Array(2 * radius + 1);
  const masses = new Float64Array(2 * radius + 1);
  let total = 1;
  let carry = 0;
  for (let x = radius; x > 0; x--) {
    const weight = Math.exp(-0.5 * (x / sigma) ** 2);
    masses[radius + x] = weight;
    masses[radius - x] = weight;
    const term = 2 * weight - carry;
    const next = total + term;
    carry = next - total - term;
    total = next;
  }
  masses[radius] = 1;
  const unit = sensitivity / sigma / sigma;
  for (let i = 0; i < masses.length; i++) {
    masses[i] = (masses[i] as number) / total;
    losses[i] = unit * (0.5 * sensitivity - (i - radius));
  }
  // e^−y is within 3·y·u, and beyond y = 745 there is nothing.
  return { kind: 'atoms', losses, masses, infinity: UNDERFLOW, relativeError: 2300 * U };
}

/**
 * P(x) ∝ e^(−rate·|x|) on one integer.
 *
 * @param rate above 0
 * @param sensitivity whole, from 1
 * @returns undefined where there are too many atoms
 *
 * Losses are rate·(sensitivity − 2x), cut at both ends: below 0 and beyond the shift, all outcomes
 * are alike. A smaller shift costs less, as with {@link discreteGaussianPair}.
 */
export function discreteLaplacePair(rate: number, sensitivity: number): AtomPair | undefined {
  if (sensitivity + 1 > MAX_ATOMS) return undefined;
  const losses = new Float64Array(sensitivity + 1);
  const masses = new Float64Array(sensitivity + 1);
  const scale = 1 / (1 + Math.exp(-rate));
  for (let x = 0; x <= sensitivity; x++) {
    losses[x] = rate * (sensitivity - 2 * x);
    const inner = x > 0 && x < sensitivity ? -Math.expm1(-rate) : 1;
    masses[x] = scale * inner * Math.exp(-rate * x);
  }
  // Up to there no mass has underflowed, and the loss is bounded.
  const infinity = rate * sensitivity < 600 ? 0 : UNDERFLOW;
  return { kind: 'atoms', losses, masses, infinity, relativeError: 2300 * U };
}

/**
 * A uniform answer with probability `noise`, else the true one; one unit's answer is replaced.
 *
 * @param noise from 0 to 1
 * @param buckets possible answers, from 2
 */
export function randomisedResponsePair(noise: number, buckets: number): AtomPair {
  const lie = noise / buckets;
  const loss = Math.log1p(((1 - noise) * buckets) / noise);
  if (!Number.isFinite(loss)) return atoms([], [], 1);
  return atoms([loss, 0, -loss], [1 - noise + lie, (buckets - 2) * lie, lie], 0);
}

/** Anything that is (ε, δ)-DP. **Source**: Kairouz, Oh and Viswanath 2015, Theorem 8 (KOV's mechanism). */
export function approximatePair(epsilon: number, delta: number): AtomPair {
  const high = (1 - delta) / (1 + Math.exp(-epsilon));
  const low = ((1 - delta) * Math.exp(-epsilon)) / (1 + Math.exp(-epsilon));
  return atoms([epsilon, -epsilon], [high, low], delta);
}

const atoms = (
  losses: readonly number[],
  masses: readonly number[],
  infinity: number,
): AtomPair => ({
  kind: 'atoms',
  losses: Float64Array.from(losses),
  masses: Float64Array.from(masses),
  infinity,
  relativeError: 16 * U,
});

/**
 * Poisson sampling of a symmetric pair of atoms.
 *
 * @param pair before sampling
 * @param q above 0 and below 1
 */
export function sampledAtoms(pair: AtomPair, q: number, direction: Direction): AtomPair {
  const { losses, masses, infinity } = pair;
  const n = losses.length;
  const relativeError = pair.relativeError + 8 * U;
  // ln(1 − q + q·e^l)
  const mixed = (l: number): number =>
    l < 30 ? Math.log1p(q * Math.expm1(l)) : l + Math.log(q + (1 - q) * Math.exp(-l));
  if (direction === 'add') {
    const mixedLosses = new Float64Array(n + 1);
    const mixedMasses = new Float64Array(n + 1);
    for (let i = 0; i < n; i++) {
      mixedLosses[i] = -mixed(-(losses[i] as number));
      mixedMasses[i] = masses[i] as number;
    }
    mixedLosses[n] = -Math.log1p(-q);
    mixedMasses[n] = infinity;
    return { kind: 'atoms', losses: mixedLosses, masses: mixedMasses, infinity: 0, relativeError };
  }
  const mixedLosses = new Float64Array(2 * n + 1);
  const mixedMasses = new Float64Array(2 * n + 1);
  for (let i = 0; i < n; i++) {
    const loss = losses[i] as number;
    const mass = masses[i] as number;
    mixedLosses[i] = mixed(loss);
    mixedMasses[i] = q * mass;
    // Under Q, losses are distributed as −L is under P.
    mixedLosses[n + i] = mixed(-loss);
    mixedMasses[n + i] = (1 - q) * mass;
  }
  mixedLosses[2 * n] = Math.log1p(-q);
  mixedMasses[2 * n] = (1 - q) * infinity;
  const left = infinity > 0 ? q * infinity + Number.MIN_VALUE : 0;
  return { kind: 'atoms', losses: mixedLosses, masses: mixedMasses, infinity: left, relativeError };
}
