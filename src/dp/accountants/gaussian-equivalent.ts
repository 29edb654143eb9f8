/** Events that are, together, one Gaussian release: their squared signal-to-noise ratios add up. */
import type { DpEvent } from '../events.ts';
import { treeDepth } from './rdp-curves.ts';

/**
 * The noise multiplier of the one Gaussian mechanism that costs exactly as much as an event.
 *
 * @param event checked already
 * @returns undefined if something in it is not Gaussian; +Infinity if it is nothing at all
 *
 * **Source**: Dong, Roth and Su 2022, "Gaussian differential privacy", Corollary 3.3 (exact, adaptive
 * composition included).
 */
export function gaussianMultiplier(event: DpEvent): number | undefined {
  const precision = precisionOf(event);
  return Number.isNaN(precision) ? undefined : (1 - 2 ** -50) / Math.sqrt(precision);
}

/** Σ 1/z², or NaN. */
function precisionOf(event: DpEvent): number {
  switch (event.kind) {
    case 'gaussian':
      return event.noiseMultiplier ** -2;
    case 'tree-aggregation':
      return treeDepth(event.stepCounts) * event.noiseMultiplier ** -2;
    case 'repeated':
      return event.count * precisionOf(event.event);
    case 'composed': {
      const sum = event.events.reduce((total, inner) => total + precisionOf(inner), 0);
      return sum * (1 + event.events.length * 2 ** -53);
    }
    default:
      return Number.NaN;
  }
}
