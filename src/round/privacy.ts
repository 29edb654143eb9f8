/** What a round's noise costs, as its result tells it. */
import type { Commitments } from './commitment-layout.ts';
import { unitsPerOne } from './field-shape.ts';
import type { Field, Fields } from './fields.ts';
import type { Noise } from './noise.ts';
import type { Plan } from './plan.ts';
import { epsilonOfSurvivors, type PlannedPrivacy } from './price.ts';

/** The price that was charged, and what is known besides. Frozen. */
export type ChargedPrivacy = Omit<PlannedPrivacy, 'stretches'> & {
  /** Information, never a refund: the price if all rounds had as many honest shares as this one. */
  readonly ofSurvivors: {
    /** Contributors less ⌊γn⌋. */
    readonly honest: number;
    readonly epsilon: number;
  };
  /**
   * Standard deviation of the noise in each coordinate of a sum, by field, in the caller's units (of a
   * weighted mean: of the weighted sum before it is divided).
   */
  readonly deviations: Readonly<Record<string, number>>;
};

/** The price of a round with these many contributors; nothing without noise. */
export function chargedPrivacy<F extends Fields>(
  plan: Plan<F, Noise, Commitments>,
  contributors: number,
): ChargedPrivacy | undefined {
  const { noise, parameters } = plan;
  const privacy = plan.privacy as PlannedPrivacy | undefined;
  if (noise.kind === 'none' || privacy === undefined) return undefined;
  const { stretches, ...charged } = privacy;
  const honest = contributors - parameters.corruptCount;
  const epsilon = epsilonOfSurvivors(plan.fields, noise, privacy, {
    honest,
    clients: parameters.clients,
  });
  const deviations = Object.fromEntries(
    stretches
      .filter(({ from }) => from === 0)
      .map(({ field: name, localVariance }) => {
        const units = unitsPerOne(plan.fields[name] as Field);
        return [name, Math.sqrt(contributors * localVariance) / units];
      }),
  );
  return Object.freeze({
    ...charged,
    ofSurvivors: Object.freeze({ honest, epsilon }),
    deviations: Object.freeze(deviations),
  });
}
