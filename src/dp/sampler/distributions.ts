/** Noise distributions as callers name them, and the ranges of their parameters. */
import { CapacityError, UsageError } from '../../errors.ts';

/** A noise distribution on the integers, symmetric about 0. Numbers are taken at their exact value. */
export type NoiseDistribution =
  /** P(x) ∝ e^(−x² / 2σ²), σ from 2^−6 to 2^21. */
  | { readonly kind: 'discrete-gaussian'; readonly sigma: number }
  /** The difference of two Poisson numbers of mean variance / 2; from 2^−20 to 2^42. */
  | { readonly kind: 'skellam'; readonly variance: number }
  /** P(x) ∝ e^(−rate · |x|), rate from 2^−24 to 64. */
  | { readonly kind: 'discrete-laplace'; readonly rate: number };

type Range = {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly widens: boolean;
};

/** Ranges of the parameters: the least and the most, and whether more of it means wider noise. */
export const RANGES: Readonly<Record<NoiseDistribution['kind'], Range>> = {
  'discrete-gaussian': { name: 'sigma', least: 2 ** -6, most: 2 ** 21, widens: true },
  skellam: { name: 'variance', least: 2 ** -20, most: 2 ** 42, widens: true },
  'discrete-laplace': { name: 'rate', least: 2 ** -24, most: 64, widens: false },
};

/**
 * A frozen copy, with its one number in its range.
 *
 * @throws UsageError `out-of-range`
 * @throws CapacityError `ring-overflow` for noise too wide
 */
export function checkedDistribution(distribution: NoiseDistribution): NoiseDistribution {
  const kind = distribution?.kind;
  if (!Object.hasOwn(RANGES, kind)) {
    throw new UsageError(
      'out-of-range',
      'noiseTable: distribution.kind: expected discrete-gaussian, skellam or discrete-laplace',
    );
  }
  const { name, least, most, widens } = RANGES[kind];
  const value: unknown = (distribution as unknown as Record<string, unknown>)[name];
  const range = `expected a number from ${least} to ${most}`;
  const details = { what: name, min: least, max: most };
  if (typeof value !== 'number' || !(value > 0) || value === Number.POSITIVE_INFINITY) {
    const got = typeof value === 'number' ? value : typeof value;
    throw new UsageError(
      'out-of-range',
      `noiseTable: distribution.${name}: got ${got}, ${range}`,
      details,
    );
  }
  if (widens ? value > most : value < least) {
    throw new CapacityError(
      'ring-overflow',
      `noiseTable: distribution.${name}: got ${value}, which is too wide; ${range}`,
      details,
    );
  }
  if (value < least || value > most) {
    throw new UsageError(
      'out-of-range',
      `noiseTable: distribution.${name}: got ${value}, ${range}`,
      details,
    );
  }
  return Object.freeze({ kind, [name]: value }) as NoiseDistribution;
}
