/**
 * The planner of noise: from fields, survivors and a price to every client's share. What one client can
 * move, over all fields together; the noise that keeps to the price when as few honest clients survive
 * as the plan allows; room for that noise in the ring; and what is charged for a round.
 *
 * Source of the rules: the price is that of a client's contribution replaced by zero, since contributors
 * are public; twice the sensitivities give the price between any two contributions.
 */
import { rdpEpsilon } from '../dp/accountants/rdp.ts';
import { type DpEvent, repeated } from '../dp/events.ts';
import { eventOf, logTail, type Part, sharesOf, tailFor } from '../dp/mechanisms/distributed.ts';
import { CapacityError, PrivacyError } from '../errors.ts';
import type { GraphParameters } from '../secagg/graph-parameters.ts';
import type { FieldShape } from '../secagg/terms.ts';
import { codeOf, isRotated, ringLength, shapeOf, tailRoom } from './field-shape.ts';
import type { Field, Fields } from './fields.ts';
import type { DistributedNoise, Noise } from './noise.ts';
import { LOG_ROTATED, MAX_ROTATED } from './rotation.ts';

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

/** A plan's noise and its ring. */
export type Planned = {
  readonly fields: Fields;
  readonly shapes: readonly FieldShape[];
  readonly privacy: PlannedPrivacy | undefined;
};

/** Proven distance of each draw from its law, in bits: what `noiseTable` insists on. */
const DISTANCE_BITS = 120;

/** A wrap costs usefulness, not privacy; this often is never. */
const LOG_WRAP = -30 * Math.LN2;

/** What a plan's fields and noise come to. */
export function planNoise(facts: Facts): Planned {
  const { noise, parameters } = facts;
  const { clients } = parameters;
  const isNoisy = noise.kind !== 'none';
  const fields = mapFields(facts.fields, (field) => resolved(field, isNoisy, clients));
  if (!isNoisy) {
    const shapes = Object.entries(fields).map(([name, field]) =>
      Object.freeze(shapeOf(name, field, clients)),
    );
    return { fields, shapes: Object.freeze(shapes), privacy: undefined };
  }
  const asTheyAre = { ...facts, fields, noise };
  const turned = { ...asTheyAre, fields: mapFields(fields, rotated) };
  if (!Object.values(turned.fields).some(isRotated)) return noisyPlan(asTheyAre);
  // Where both fit, each field takes the way that makes the upload smaller; the noise is worked out anew.
  const [straight, spread] = [attempt(asTheyAre), attempt(turned)];
  if (straight === undefined || spread === undefined)
    return noisyPlan(straight ? asTheyAre : turned);
  const bits = ({ shapes }: Planned, i: number): number => {
    const { length, modulusBits } = shapes[i] as FieldShape;
    return length * modulusBits;
  };
  const chosen = Object.keys(fields).map((name, i) => {
    const from = bits(spread, i) < bits(straight, i) ? turned : asTheyAre;
    return [name, from.fields[name] as Field] as const;
  });
  return noisyPlan({ ...asTheyAre, fields: Object.freeze(Object.fromEntries(chosen)) });
}

/** What noise is planned from. */
type Facts = {
  readonly fields: Fields;
  readonly noise: Noise;
  readonly parameters: GraphParameters;
  readonly floor: number;
};
type NoisyFacts = Facts & { readonly noise: DistributedNoise };

const mapFields = (fields: Fields, change: (field: Field) => Field): Fields =>
  Object.freeze(
    Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, change(field)])),
  );

/** A field that can be spread and gets noise, spread. */
const rotated = (field: Field): Field =>
  field.kind === 'real' && field.clip.norm === 'l2' && !field.public && field.length <= MAX_ROTATED
    ? Object.freeze({ ...field, rotated: true })
    : field;

/** A plan, or nothing where it does not fit the ring. */
function attempt(facts: NoisyFacts): Planned | undefined {
  try {
    return noisyPlan(facts);
  } catch (error) {
    if (error instanceof CapacityError) return undefined;
    throw error;
  }
}

function noisyPlan({ fields, noise, parameters, floor }: NoisyFacts): Planned {
  const { clients } = parameters;
  const priced = price(fields, noise, parameters, floor);
  const { stretches } = priced;
  const coordinates = stretches.reduce((sum, { length }) => sum + length, 0);
  const logProbability = LOG_WRAP - Math.log(2 * coordinates);
  const shapes = Object.entries(fields).map(([name, field]) => {
    const tails = stretches
      .filter((stretch) => stretch.field === name)
      .map(({ localVariance }) => tailFor(noise.kind, localVariance, clients, logProbability));
    return Object.freeze(shapeOf(name, field, clients, Math.max(0, ...tails)));
  });
  const wrapProbability = wrapOf(noise.kind, fields, shapes, stretches, clients);
  const privacy: PlannedPrivacy = Object.freeze({ ...priced, wrapProbability });
  return { fields, shapes: Object.freeze(shapes), privacy };
}

/**
 * A field with its bits. Under noise as many as have a meaning: a step of rounding is then so small that
 * it adds a hundredth to the sensitivity and to the noise at most.
 */
function resolved(field: Field, isNoisy: boolean, clients: number): Field {
  if (field.kind === 'integer' || field.bits !== undefined) return field;
  if (!isNoisy || field.public) return Object.freeze({ ...field, bits: codeOf(field).bits });
  const { clip, length } = field;
  const spread = clip.norm === 'l2' ? Math.max(length, clients) : clients;
  let bits = 8;
  while (bits < 24 && (2 ** (bits - 1) - 1) ** 2 < 25 * spread) bits++;
  return Object.freeze({ ...field, bits });
}

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
function price(
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
  const costs = (
    multiplier: number,
    neighbours: 'zero-out' | 'replace-one' = 'zero-out',
  ): number => {
    const { localVariances } = sharesOf({ ...facts, multiplier });
    const moved = neighbours === 'zero-out' ? parts : parts.map(doubled);
    const event = eventOf(kind, moved, localVariances, parties);
    return rdpEpsilon(repeated({ event, count: rounds }), { delta, neighbours }).epsilon;
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
  return {
    mechanism: kind,
    unit: 'client',
    neighbours: 'zero-out',
    epsilon: spent,
    delta: noise.delta,
    rounds,
    replaceOneEpsilon: costs(Number(multiplier), 'replace-one'),
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

/**
 * δ less what the draws cost, each being within 2^−120 of its law: two swaps of laws, one of them under
 * the factor e^ε.
 */
function deltaForLaws({ epsilon, delta, rounds }: DistributedNoise, draws: number): number {
  const left = delta - (1 + Math.exp(epsilon)) * draws * rounds * 2 ** -DISTANCE_BITS;
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
 */
function leastMultiplier(costs: (multiplier: number) => number, epsilon: number): string {
  let low = LEAST_MULTIPLIER;
  let high = MOST_MULTIPLIER;
  if (!(costs(high) <= epsilon)) {
    throw new PrivacyError(
      'unsound-parameters',
      `noise: ε = ${epsilon} cannot be reached; with ${high} times the sensitivity as noise it is ${costs(high)}`,
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

/** A bound over all coordinates: noise must leave the room that the ring has beside the largest sums. */
function wrapOf(
  kind: DistributedNoise['kind'],
  fields: Fields,
  shapes: readonly FieldShape[],
  stretches: readonly Stretch[],
  clients: number,
): number {
  let sum = 0;
  for (const { field: name, length, localVariance } of stretches) {
    const field = fields[name] as Field;
    const { modulusBits } = shapes.find((shape) => shape.name === name) as FieldShape;
    const tail = tailRoom(field, modulusBits, clients);
    sum += length * Math.exp(logTail(kind, localVariance, clients, tail));
    if (isRotated(field)) sum += Math.exp(LOG_ROTATED);
  }
  return Math.min(1, sum);
}

/** ε of a run in which every round had the noise of `honest` survivors: information, never a refund. */
export function epsilonOfSurvivors(
  fields: Fields,
  noise: DistributedNoise,
  privacy: PlannedPrivacy,
  honest: number,
): number {
  const parts = Object.values(fields).flatMap((field) => (field.public ? [] : partsOf(field)));
  const variances = privacy.stretches.map(({ localVariance }) => localVariance);
  const event = eventOf(noise.kind, parts, variances, honest);
  const request = { delta: noise.delta, neighbours: 'zero-out' } as const;
  return rdpEpsilon(repeated({ event, count: noise.rounds }), request).epsilon;
}
