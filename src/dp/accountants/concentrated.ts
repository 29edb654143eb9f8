/** The accountant of ρ-zCDP: everything with Gaussian tails adds up its ρ; any real order is used. */
import type { DpEvent } from '../events.ts';
import type { DeltaPrice, Price } from './price.ts';
import { concentratedDelta, concentratedEpsilon } from './rdp-conversion.ts';
import { halfSquare, treeDepth } from './rdp-curves.ts';

const METHOD = 'zero-concentrated';
/** Relative room for the roundings of ρ and of the conversion. */
const ROUNDING = 1e-14;

/**
 * The ρ of an event.
 *
 * @param event checked already
 * @returns undefined if something in it has none: a sample, an (ε, δ) with δ > 0, or noise with other
 *   tails
 *
 * **Source**: Bun and Steinke 2016 (arXiv 1605.02065), also for ε²/2 of what is (ε, 0)-DP; Canonne,
 * Kamath and Steinke 2020 (arXiv 2004.00010) for the discrete Gaussian.
 */
export function concentration(event: DpEvent): number | undefined {
  const rho = rhoOf(event);
  return Number.isNaN(rho) ? undefined : rho * (1 + ROUNDING);
}

function rhoOf(event: DpEvent): number {
  switch (event.kind) {
    case 'gaussian':
      return 0.5 * event.noiseMultiplier ** -2;
    case 'discrete-gaussian':
      return halfSquare(event.l2Sensitivity / event.sigma);
    case 'tree-aggregation':
      return 0.5 * treeDepth(event.stepCounts) * event.noiseMultiplier ** -2;
    case 'zero-concentrated':
      return event.rho;
    case 'laplace':
      return 0.5 * event.noiseMultiplier ** -2;
    case 'discrete-laplace':
      return halfSquare(event.rate * event.sensitivity);
    case 'approximate':
      return event.delta === 0 ? halfSquare(event.epsilon) : Number.NaN;
    case 'repeated':
      return event.count * rhoOf(event.event);
    case 'composed':
      return event.events.reduce((total, inner) => total + rhoOf(inner), 0);
    default:
      return Number.NaN;
  }
}

/**
 * The ε of an event by its ρ.
 *
 * @param event checked already
 * @param delta above 0 and below 1
 * @returns undefined if something in it has no ρ
 */
export function zeroConcentratedEpsilon(event: DpEvent, delta: number): Price | undefined {
  const rho = concentration(event);
  if (rho === undefined) return undefined;
  const epsilon = concentratedEpsilon(rho, delta);
  return { epsilon, method: METHOD, errorBound: 1e-12 * (rho + epsilon) };
}

/**
 * The δ of an event by its ρ.
 *
 * @param event checked already
 * @param epsilon at least 0
 * @returns undefined if something in it has no ρ
 */
export function zeroConcentratedDelta(event: DpEvent, epsilon: number): DeltaPrice | undefined {
  const rho = concentration(event);
  if (rho === undefined) return undefined;
  const delta = concentratedDelta(rho, epsilon);
  return {
    delta,
    method: METHOD,
    errorBound: Math.min(
      delta,
      Number.MIN_VALUE + 1e-11 * delta * (1 + epsilon / (rho + 1e-300)) ** 2,
    ),
  };
}
