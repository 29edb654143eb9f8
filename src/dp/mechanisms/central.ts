/**
 * Noise on integers that one party holds: counts, votes, sums of clipped integers. The numbers are integers
 * before the noise and after it, so nothing of them hides in the last bits of a float.
 */
import { UsageError } from '../../errors.ts';
import { assertFinite, assertInteger, assertNumbers } from '../../internal/assert.ts';
import { approximate, type DpEvent, discreteGaussian, discreteLaplace } from '../events.ts';
import type { NoiseDistribution } from '../sampler/distributions.ts';
import { type DrawOptions, drawInto } from '../sampler/draw.ts';
import { noiseTable } from '../sampler/noise-tables.ts';

/** Noisy integers, and what they cost. */
export type Release = {
  /** Fresh; whole numbers. */
  readonly values: Float64Array;
  /** For an accountant, or a ledger: charge it before the values are shown to anyone. */
  readonly event: DpEvent;
  /** The noise as drawn is this near to the one in the event, in total variation, all values together. */
  readonly distance: number;
};

/** Sums with noise, below 2^31, stay exact in a double. */
const MOST = Number.MAX_SAFE_INTEGER - 2 ** 31;

/**
 * Adds independent discrete Gaussian noise N_Z(0, σ²) to every integer.
 *
 * @param values integers of at most 2^53 − 2^31 in magnitude; not changed
 * @param noise.sigma the parameter σ (not σ²), 2^−6 to 2^21
 * @param noise.l2Sensitivity how far, in Euclidean norm, the integers of two neighbouring datasets can be apart
 * @param noise.scan see `drawInto`
 * @throws UsageError `wrong-type`, `not-finite`, `out-of-range` (the message names the index, not the value)
 * @throws CapacityError `ring-overflow` for noise too wide
 *
 * **Guarantee**: under the neighbouring relation for which `l2Sensitivity` holds, the release costs what `event`
 * does; as drawn, (1 + e^ε) · `distance` more in δ. Precondition: the sensitivity is that of the integers,
 * rounding included. Postcondition: values are integers, each the true one plus fresh noise, unclipped.
 * **Proof**: Canonne, Kamath and Steinke 2020 (arXiv 2004.00010), Theorems 4 and 7; for the distance, two exchanges
 * of the ideal for the real noise in the definition.
 */
export function addDiscreteGaussian(
  values: ArrayLike<number>,
  noise: { readonly sigma: number; readonly l2Sensitivity: number } & DrawOptions,
): Release {
  const { sigma, l2Sensitivity } = noise;
  assertIntegers('addDiscreteGaussian: values', values);
  const event = discreteGaussian({ sigma, l2Sensitivity, dimension: values.length });
  return released(values, { kind: 'discrete-gaussian', sigma }, event, noise);
}

/**
 * Adds independent discrete Laplace noise, P(x) ∝ e^(−rate · |x|), to every integer.
 *
 * @param values as for {@link addDiscreteGaussian}
 * @param noise.rate 2^−24 to 64
 * @param noise.l1Sensitivity how far, in the sum of absolute differences, the integers of two neighbouring
 *   datasets can be apart; a whole number from 1
 * @param noise.scan see `drawInto`
 * @throws as {@link addDiscreteGaussian}
 *
 * **Guarantee**: as for {@link addDiscreteGaussian}, with `l1Sensitivity`. One integer is priced as a discrete
 * Laplace event, several as (rate · l1Sensitivity, 0).
 * **Proof**: Ghosh, Roughgarden and Sundararajan 2009: probabilities of neighbouring inputs differ by a factor of
 * at most e^(rate · |difference|), and factors multiply over coordinates.
 */
export function addDiscreteLaplace(
  values: ArrayLike<number>,
  noise: { readonly rate: number; readonly l1Sensitivity: number } & DrawOptions,
): Release {
  const { rate, l1Sensitivity } = noise;
  assertIntegers('addDiscreteLaplace: values', values);
  assertInteger('addDiscreteLaplace: noise.l1Sensitivity', l1Sensitivity, 1, MOST);
  assertFinite('addDiscreteLaplace: noise.rate', rate, 0);
  const single = { rate, sensitivity: l1Sensitivity };
  const event =
    values.length === 1
      ? discreteLaplace(single)
      : approximate({ epsilon: rate * l1Sensitivity * (1 + 2 ** -52), delta: 0 });
  return released(values, { kind: 'discrete-laplace', rate }, event, noise);
}

function released(
  values: ArrayLike<number>,
  distribution: NoiseDistribution,
  event: DpEvent,
  options: DrawOptions,
): Release {
  const table = noiseTable(distribution);
  const noise = new Int32Array(values.length);
  const out = new Float64Array(values.length);
  try {
    drawInto(noise, table, options);
    for (let i = 0; i < out.length; i++) out[i] = (values[i] as number) + (noise[i] as number);
  } finally {
    noise.fill(0);
  }
  return Object.freeze({ values: out, event, distance: values.length * 2 ** -table.distanceBits });
}

function assertIntegers(what: string, values: ArrayLike<number>): void {
  assertNumbers(what, values, values?.length);
  if (values.length === 0) {
    throw new UsageError('wrong-length', `${what}: got none, expected one or more`, { what });
  }
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isInteger(value) || Math.abs(value) > MOST) {
      throw new UsageError(
        Number.isFinite(value) ? 'out-of-range' : 'not-finite',
        `${what}[${i}]: expected an integer from -${MOST} to ${MOST}`,
        { what, index: i },
      );
    }
  }
}
