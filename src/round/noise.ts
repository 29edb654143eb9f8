/**
 * What a plan says about noise: none, or a price and the law of the noise that keeps to it. Noise is
 * made of whole numbers, drawn by each client and added to its encoded vectors before they are masked.
 */
import { PrivacyError, UsageError } from '../errors.ts';
import { assertFinite, assertInteger } from '../internal/assert.ts';

/** No noise: the exact sum is revealed. */
export type NoNoise = { readonly kind: 'none' };

/** The price of a plan's noise. */
type Priced = {
  /** ε of the whole run. */
  readonly epsilon: number;
  /** δ of the whole run. */
  readonly delta: number;
  /** Rounds in the run; each is charged as one of them. */
  readonly rounds: number;
  /**
   * The noise multiplier z, a decimal; what the price calls for unless a plan that was read says it.
   * A plan whose multiplier is too small for its price is refused.
   */
  readonly multiplier?: string;
  /**
   * Names of the fields that are spread before they are encoded, sorted; those whose upload it makes smaller
   * unless a plan that was read says which.
   */
  readonly rotated?: readonly string[];
};

/** Skellam noise from every client: the sum of shares is Skellam again, exactly, whoever drops out. */
export type SkellamNoise = Priced & { readonly kind: 'skellam' };

/** Discrete Gaussian noise from every client: the sum is nearly discrete Gaussian, and priced as it is. */
export type DiscreteGaussianNoise = Priced & { readonly kind: 'discrete-gaussian' };

/** Noise that the clients add share by share. */
export type DistributedNoise = SkellamNoise | DiscreteGaussianNoise;

/** A plan's noise. */
export type Noise = NoNoise | DistributedNoise;

/** What a noisy plan costs at most. */
export type PrivacyTarget = {
  /** ε of the whole run, above 0. */
  readonly epsilon: number;
  /** δ of the whole run, above 0 and below 1; it should be well below 1 / clients. */
  readonly delta: number;
  /** Rounds in the run, 1 unless said: each of them gets the noise that all of them together need. */
  readonly rounds?: number;
};

/**
 * No noise: the exact sum is revealed. Masks hide who said what; they do not bound what the sum
 * itself gives away about a person, least of all over many rounds.
 */
export const noNoise = (): NoNoise => Object.freeze({ kind: 'none' });

/**
 * Skellam noise: the default choice. Sums of Skellam shares are Skellam exactly, so the price holds for
 * every set of survivors.
 *
 * @throws UsageError `out-of-range`, `not-finite`. @throws PrivacyError `unsound-parameters` (δ or ε)
 *
 * **Guarantee**: client-level (ε, δ)-differential privacy of the opened sums of a run of `rounds` rounds,
 * where neighbouring runs differ in one client's contribution being replaced by zero (contributors are
 * public), against the coordinator together with ⌊γn⌋ clients, if the masks hold.
 * **Proof**: Agarwal, Kairouz and Liu 2021 (arXiv 2110.04995); composition and conversion of Rényi
 * divergences (Mironov 2017; Canonne, Kamath and Steinke 2020, Proposition 12). The draws are a proven
 * statistical distance away from the law; the result says how much that adds to δ.
 */
export const skellam = (target: PrivacyTarget): SkellamNoise => priced('skellam', target);

/**
 * Discrete Gaussian noise. Sums of shares are close to a discrete Gaussian; the distance is in the price.
 *
 * @throws as {@link skellam}
 *
 * **Guarantee**: as {@link skellam}.
 * **Proof**: Kairouz, Liu and Steinke 2021 (arXiv 2102.06387), Proposition 14; otherwise the same.
 */
export const discreteGaussian = (target: PrivacyTarget): DiscreteGaussianNoise =>
  priced('discrete-gaussian', target);

function priced<K extends DistributedNoise['kind']>(kind: K, target: PrivacyTarget) {
  const { epsilon, delta, rounds = 1 } = target;
  assertTarget('noise', target);
  assertInteger('noise: rounds', rounds, 1, 1_000_000);
  return Object.freeze({ kind, epsilon, delta, rounds });
}

/** @throws UsageError `not-finite`; PrivacyError `unsound-parameters`: a price that promises nothing. */
export function assertTarget(
  what: string,
  { epsilon, delta }: { readonly epsilon: number; readonly delta: number },
): void {
  assertFinite(`${what}: epsilon`, epsilon);
  assertFinite(`${what}: delta`, delta);
  if (!(epsilon > 0 && delta > 0 && delta < 1)) {
    throw new PrivacyError(
      'unsound-parameters',
      `${what}: got ε = ${epsilon} and δ = ${delta}, expected ε above 0 and δ between 0 and 1`,
      { epsilon, delta },
    );
  }
}

/** @throws UsageError `wrong-type` for anything that none of the functions above made. */
export function assertNoise(noise: unknown): asserts noise is Noise {
  const kind = (noise as Noise | undefined)?.kind;
  if (kind !== 'none' && kind !== 'skellam' && kind !== 'discrete-gaussian') {
    throw new UsageError(
      'wrong-type',
      'noise: expected noNoise(), skellam({ epsilon, delta }) or discreteGaussian({ epsilon, delta })',
    );
  }
  if (kind === 'none') return;
  const { rounds, multiplier, rotated } = noise as DistributedNoise;
  assertTarget('noise', noise as DistributedNoise);
  assertInteger('noise: rounds', rounds, 1, 1_000_000);
  if (multiplier !== undefined && !/^[1-9]\d{0,5}$|^\d{1,6}\.\d{1,12}$/.test(multiplier)) {
    throw new UsageError('out-of-range', 'noise: multiplier: expected a decimal number');
  }
  if (rotated !== undefined && !(Array.isArray(rotated) && isSorted(rotated))) {
    throw new UsageError('wrong-type', 'noise: rotated: expected names of fields, sorted');
  }
}

const isSorted = (names: readonly unknown[]): boolean =>
  names.every(
    (name, i) => typeof name === 'string' && (i === 0 || (names[i - 1] as string) < name),
  );
