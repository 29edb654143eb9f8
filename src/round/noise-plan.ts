/**
 * The planner of noise: how each field is encoded under it, and how many bits of the ring sums and noise
 * take up together. The noise itself is worked out in `price.ts`.
 */
import { logTail, tailFor } from '../dp/mechanisms/distributed.ts';
import { CapacityError, PrivacyError, UsageError } from '../errors.ts';
import type { GraphParameters } from '../secagg/graph-parameters.ts';
import type { FieldShape } from '../secagg/terms.ts';
import { codeOf, isRotated, shapeOf, tailRoom } from './field-shape.ts';
import type { Field, Fields } from './fields.ts';
import type { DistributedNoise, Noise } from './noise.ts';
import { type PlannedPrivacy, price, type Stretch } from './price.ts';
import { LOG_ROTATED, MAX_ROTATED } from './rotation.ts';

/** A plan's noise and its ring. */
export type Planned = {
  readonly fields: Fields;
  readonly shapes: readonly FieldShape[];
  readonly privacy: PlannedPrivacy | undefined;
};

/**
 * A wrap costs usefulness, not privacy, and where the sum is proven, the proof. With what rotations add, a
 * round wraps with a probability of 2^−40 at most.
 */
const LOG_WRAP = -40 * Math.LN2;

/**
 * What a plan's fields and noise come to.
 *
 * @throws CapacityError `ring-overflow`, `noise-too-large` naming bits that would fit
 * @throws PrivacyError `unsound-parameters`
 */
export function planNoise(facts: Facts): Planned {
  const { noise, parameters } = facts;
  const { clients } = parameters;
  const isNoisy = noise.kind !== 'none';
  const fields = mapFields(facts.fields, (field) => resolved(field, isNoisy, clients));
  if (isNoisy) return withNoise({ ...facts, fields, noise });
  const shapes = Object.entries(fields).map(([name, field]) =>
    Object.freeze(shapeOf(name, field, clients)),
  );
  return { fields, shapes: Object.freeze(shapes), privacy: undefined };
}

/** Each field takes the way that makes the upload smaller, as it is or spread, or the one that the plan says. */
function withNoise(facts: NoisyFacts): Planned {
  if (facts.noise.rotated !== undefined) return noisyPlan(asSaid(facts, facts.noise.rotated));
  const spread = { ...facts, fields: mapFields(facts.fields, (field) => rotated(field) ?? field) };
  const plain = attempt(facts);
  if (!Object.values(spread.fields).some(isRotated)) return orThrow(plain, facts);
  const turned = attempt(spread);
  if (!('shapes' in plain) || !('shapes' in turned)) {
    return 'shapes' in turned && !('shapes' in plain) ? turned : orThrow(plain, facts);
  }
  const size = ({ shapes }: Planned, i: number): number => {
    const { length, modulusBits } = shapes[i] as FieldShape;
    return length * modulusBits;
  };
  const chosen = Object.keys(facts.fields).map((name, i) => {
    const { fields } = size(turned, i) < size(plain, i) ? turned : plain;
    return [name, fields[name] as Field] as const;
  });
  return noisyPlan({ ...facts, fields: Object.freeze(Object.fromEntries(chosen)) });
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

/** A field that can be spread and gets noise, spread; nothing for any other. */
const rotated = (field: Field): Field | undefined =>
  field.kind === 'real' && field.clip.norm === 'l2' && !field.public && field.length <= MAX_ROTATED
    ? Object.freeze({ ...field, rotated: true })
    : undefined;

/** The fields, those of these names spread. */
function asSaid(facts: NoisyFacts, names: readonly string[]): NoisyFacts {
  const spread = names.map((name) => {
    const field = facts.fields[name];
    const turned = field === undefined ? undefined : rotated(field);
    if (turned !== undefined) return [name, turned] as const;
    const expected = 'a field of reals with an l2 clip that gets noise';
    throw new UsageError('out-of-range', `noise: rotated: got "${name}", expected ${expected}`);
  });
  const fields = Object.freeze({ ...facts.fields, ...Object.fromEntries(spread) });
  return { ...facts, fields };
}

/** A plan, or how it does not fit: the ring, or the multiplier that it was given. */
function attempt(facts: NoisyFacts): Planned | CapacityError | PrivacyError {
  try {
    return noisyPlan(facts);
  } catch (error) {
    if (error instanceof CapacityError || error instanceof PrivacyError) return error;
    throw error;
  }
}

/** The plan, or an error that names bits with which it would fit: less resolution takes less noise. */
function orThrow(tried: Planned | CapacityError | PrivacyError, facts: NoisyFacts): Planned {
  if ('shapes' in tried) return tried;
  if (tried instanceof PrivacyError) throw tried;
  const name = tried.details.field as string;
  const field = facts.fields[name];
  if (field === undefined || field.kind === 'integer') throw tried;
  const { bits: got } = codeOf(field);
  const fits = (bits: number): boolean => {
    const fields = { ...facts.fields, [name]: { ...field, bits } };
    return 'shapes' in attempt({ ...facts, fields });
  };
  let most = got - 1;
  while (most >= 2 && !fits(most)) most--;
  throw new CapacityError(
    tried.code,
    `field "${name}": its sums and the noise for ε = ${facts.noise.epsilon} do not fit with ${got} bits a ` +
      `coordinate; ${most < 2 ? 'a larger ε or fewer clients would' : `${most} bits would fit`}`,
    { field: name, bits: got, maxBits: Math.max(0, most) },
  );
}

function noisyPlan({ fields, noise, parameters, floor }: NoisyFacts): Planned {
  const { clients } = parameters;
  // Integers whose sums are beyond numbers are so without noise.
  for (const [name, field] of Object.entries(fields)) {
    if (field.kind === 'integer') shapeOf(name, field, clients);
  }
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
function resolved(given: Field, isNoisy: boolean, clients: number): Field {
  const field = unspread(given);
  if (field.kind === 'integer' || field.bits !== undefined) return field;
  if (!isNoisy || field.public) return Object.freeze({ ...field, bits: codeOf(field).bits });
  const { clip, length } = field;
  const spread = clip.norm === 'l2' ? Math.max(length, clients) : clients;
  let bits = 8;
  while (bits < 24 && (2 ** (bits - 1) - 1) ** 2 < 25 * spread) bits++;
  return Object.freeze({ ...field, bits });
}

/** Which fields are spread is the planner's to say. */
function unspread(field: Field): Field {
  if (field.kind !== 'real' || field.rotated === undefined) return field;
  const { rotated: _, ...rest } = field;
  return Object.freeze(rest);
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
