/**
 * From a price to every client's share of the noise: what one client can move, over all fields together;
 * the noise that keeps to the price when as few honest clients survive as the plan allows; and what is
 * charged for a round.
 *
 * The price is that of a client's contribution replaced by zero, since contributors are public; twice the
 * sensitivities give the price between any two contributions.
 */
import { rdpEpsilon } from '../dp/accountants/rdp.ts';
import { type DpEvent, repeated } from '../dp/events.ts';
import {
  DRAWABLE,
  eventOf,
  type Part,
  type Shares,
  sharesOf,
} from '../dp/mechanisms/distributed.ts';
import { CapacityError, PrivacyError } from '../errors.ts';
import type { GraphParameters } from '../secagg/graph-parameters.ts';
import { codeOf, ringLength } from './field-shape.ts';
import type { Field, Fields } from './fields.ts';
import type { DistributedNoise } from './noise.ts';

/** A stretch of a field's coordinates in the ring, and what each client adds to each of them. */
export type Stretch = {
  readonly field: string;
  /** First coordinate within the field. */
  readonly from: number;
  readonly length: number;
  /** Variance of one client's noise (σ² of the discrete Gaussian), in squared ring units. */
  readonly localVariance: number;
};

/** What a plan's noise does and costs. Frozen. */
export type PlannedPrivacy = {
  readonly mechanism: DistributedNoise['kind'];
  /** Whom the price protects: a client with all that it contributes. */
  readonly unit: 'client';
  /** Which runs must look alike: one client's contribution there, or zero in its place. */
  readonly neighbours: 'zero-out';
  /** ε of the whole run, never above the plan's target. */
  readonly epsilon: number;
  /** δ of the whole run, with what the draws are away from their law. */
  readonly delta: number;
  /** Rounds in the run. */
  readonly rounds: number;
  /** ε of the run between any two contributions of one client, at the same δ. */
  readonly replaceOneEpsilon: number;
  /** z, as the plan's bytes hold it. */
  readonly multiplier: string;
  /** Honest clients whose noise alone keeps to the price: floor − ⌊γn⌋. */
  readonly honestSurvivorsMin: number;
  readonly stretches: readonly Stretch[];
  /** What one round is charged as: the worst case of the plan. */
  readonly event: DpEvent;
  /** Bound on the probability that any coordinate of a round's sum wraps. */
  readonly wrapProbability: number;
};

/** Proven distance of each draw from its law, in bits: what `noiseTable` insists on. */
const DISTANCE_BITS = 120;

/** The stretches of a field and how far one client moves each. */
function partsOf(field: Field): readonly (Part & { readonly from: number })[] {
  if (field.kind === 'integer') {
    const largest = Math.max(Math.abs(field.min), Math.abs(field.max));
    const { length } = field;
    return [{ from: 0, length, squaredL2: length * largest * largest, l1: length * largest }];
  }
  const length = field.kind === 'real' ? ringLength(field) : field.length;
  const code = codeOf(field);
  const squared = Number(code.squaredNormBound);
  // Of whole numbers, none is above its square.
  const l1 = Math.min(squared, Math.sqrt(length * squared));
  if (field.kind === 'real') return [{ from: 0, length, squaredL2: squared, l1 }];
  const weight = field.maxWeight;
  return [
    { from: 0, length, squaredL2: weight * weight * squared, l1: weight * l1 },
    { from: length, length: 1, squaredL2: weight * weight, l1: weight },
  ];
}

/** The noise that a price calls for, and what it then costs. */
export function price(
  fields: Fields,
  noise: DistributedNoise,
  { corruptCount, clients }: GraphParameters,
  floor: number,
): Omit<PlannedPrivacy, 'wrapProbability'> {
  const parties = floor - corruptCount;
  if (parties < 2) {
    throw new PrivacyError(
      'unsound-parameters',
      `noise: got a floor of ${floor} with ${corruptCount} corrupt clients, expected at least two honest ` +
        `survivors to carry the noise: a floor of ${corruptCount + 2} would do`,
      { floor, corruptCount },
    );
  }
  const parts = Object.entries(fields).flatMap(([name, field]) =>
    field.public ? [] : partsOf(field).map((part) => ({ ...part, field: name })),
  );
  const still = parts.find(({ squaredL2 }) => !(squaredL2 > 0));
  if (parts.length === 0 || still !== undefined) {
    throw new PrivacyError(
      'unsound-parameters',
      still === undefined
        ? 'noise: every field is public, so there is nothing to add noise to; use noNoise()'
        : `field "${still.field}": its range calls for no noise; declare it with publicField()`,
      { field: still?.field },
    );
  }
  const { kind, epsilon, rounds } = noise;
  const coordinates = parts.reduce((sum, { length }) => sum + length, 0);
  const delta = deltaForLaws(noise, coordinates * clients);
  const facts = { kind, parts, parties };
  const costs = (multiplier: number): number => {
    const { event } = sharesOf({ ...facts, multiplier });
    return rdpEpsilon(repeated({ event, count: rounds }), { delta, neighbours: 'zero-out' })
      .epsilon;
  };
  const multiplier = noise.multiplier ?? leastMultiplier(costs, epsilon);
  const spent = costs(Number(multiplier));
  if (!(spent <= epsilon)) {
    throw new PrivacyError(
      'unsound-parameters',
      `noise: a multiplier of ${multiplier} costs ε = ${spent}, expected at most ${epsilon}; ` +
        `${leastMultiplier(costs, epsilon)} would do`,
      { multiplier, epsilon: spent, target: epsilon },
    );
  }
  const shares = sharesOf({ ...facts, multiplier: Number(multiplier) });
  assertFewLaws(shares.localVariances);
  const wide = shares.localVariances.findIndex((variance) => variance > DRAWABLE[kind].most);
  if (wide >= 0) {
    throw new CapacityError(
      'noise-too-large',
      `noise: got a share of variance ${shares.localVariances[wide]} in ring units, expected at most ${DRAWABLE[kind].most}`,
      { field: parts[wide]?.field },
    );
  }
  return {
    mechanism: kind,
    unit: 'client',
    neighbours: 'zero-out',
    epsilon: spent,
    delta: noise.delta,
    rounds,
    replaceOneEpsilon: replaceOne(noise, parts, shares, coordinates * clients),
    multiplier,
    honestSurvivorsMin: parties,
    stretches: Object.freeze(
      parts.map(({ field, from, length }, i) =>
        Object.freeze({ field, from, length, localVariance: shares.localVariances[i] as number }),
      ),
    ),
    event: shares.event,
  };
}

const doubled = (part: Part): Part => ({ ...part, squaredL2: 4 * part.squaredL2, l1: 2 * part.l1 });

/** ε between any two contributions: half of δ is kept for the draws, and must be enough for them at that ε. */
function replaceOne(
  { kind, delta, rounds }: DistributedNoise,
  parts: readonly Part[],
  { localVariances, parties }: Shares,
  draws: number,
): number {
  const event = eventOf(kind, parts.map(doubled), localVariances, parties);
  const request = { delta: delta / 2, neighbours: 'replace-one' } as const;
  const { epsilon } = rdpEpsilon(repeated({ event, count: rounds }), request);
  const isEnough = lawsCost(epsilon, draws * rounds) <= delta / 2;
  return isEnough ? epsilon : Number.POSITIVE_INFINITY;
}

/** Tables of noise that a plan may call for: each takes some time to build and up to two megabytes. */
const MOST_LAWS = 64;

function assertFewLaws(variances: readonly number[]): void {
  const laws = new Set(variances).size;
  if (laws <= MOST_LAWS) return;
  throw new CapacityError(
    'noise-too-large',
    `noise: got ${laws} different widths of noise, expected at most ${MOST_LAWS}: give fields the same ` +
      'length, clip and bits, or make several of them one',
    { laws, most: MOST_LAWS },
  );
}

/**
 * What draws that are within 2^−120 of their law add to δ: two swaps of laws, one of them under the factor
 * e^ε.
 */
const lawsCost = (epsilon: number, draws: number): number =>
  (1 + Math.exp(epsilon)) * draws * 2 ** -DISTANCE_BITS;

/** δ less what the draws cost. */
function deltaForLaws({ epsilon, delta, rounds }: DistributedNoise, draws: number): number {
  const left = delta - lawsCost(epsilon, draws * rounds);
  if (left >= delta / 2) return left;
  throw new PrivacyError(
    'unsound-parameters',
    `noise: got δ = ${delta} at ε = ${epsilon}, expected one that is not used up by the draws, each ` +
      `proven within 2^-${DISTANCE_BITS} of its law: a larger δ or a smaller ε`,
    { epsilon, delta },
  );
}

/** Multipliers beyond these are no use to anybody. */
const LEAST_MULTIPLIER = 1e-3;
const MOST_MULTIPLIER = 1e5;

/**
 * The least noise that keeps to the price, as a decimal of six digits, rounded up: both sides work the
 * price out again, and an engine whose logarithm differs in the last bit must come to the same verdict.
 * A bisection of its own: `calibrate` would bring every accountant into the smallest bundle.
 */
function leastMultiplier(costs: (multiplier: number) => number, epsilon: number): string {
  let low = LEAST_MULTIPLIER;
  let high = MOST_MULTIPLIER;
  if (!(costs(high) <= epsilon)) {
    throw new PrivacyError(
      'unsound-parameters',
      `noise: got ε = ${epsilon}, expected at least ${costs(high)}: at this δ no noise is proven to cost less ` +
        '(by Rényi divergences of orders up to 1024); a larger δ or ε would do',
      { epsilon },
    );
  }
  while (high > low * (1 + 1e-7)) {
    const middle = Math.sqrt(low * high);
    if (costs(middle) <= epsilon) high = middle;
    else low = middle;
  }
  return String(Number((high * (1 + 2e-5)).toPrecision(6)));
}

/** ε of a run in which every round had the noise of `honest` survivors: information, never a refund. */
export function epsilonOfSurvivors(
  fields: Fields,
  noise: DistributedNoise,
  privacy: PlannedPrivacy,
  { honest, clients }: { readonly honest: number; readonly clients: number },
): number {
  const parts = Object.values(fields).flatMap((field) => (field.public ? [] : partsOf(field)));
  const variances = privacy.stretches.map(({ localVariance }) => localVariance);
  const event = eventOf(noise.kind, parts, variances, honest);
  const coordinates = parts.reduce((sum, { length }) => sum + length, 0);
  const delta = deltaForLaws(noise, coordinates * clients);
  const request = { delta, neighbours: 'zero-out' } as const;
  return rdpEpsilon(repeated({ event, count: noise.rounds }), request).epsilon;
}
