/** From numbers to the ring and back, field by field. */

import type { NoiseDistribution } from '../dp/sampler/distributions.ts';
import { addNoiseInto } from '../dp/sampler/draw.ts';
import { type NoiseTable, noiseTable } from '../dp/sampler/noise-tables.ts';
import { UsageError } from '../errors.ts';
import { wipe } from '../internal/bytes.ts';
import { decodeIntegerSum, encodeIntegers, exactIntegers } from '../ring/exact-integers.ts';
import { decodeReal, encodeReal } from '../ring/fixed-point.ts';
import { centre } from '../ring/vector.ts';
import { codeOf, isRotated, tailRoom } from './field-shape.ts';
import type {
  Field,
  Fields,
  InputsOf,
  RealField,
  SumsOf,
  Weighted,
  WeightedMeanField,
} from './fields.ts';
import type { AnyPlan } from './plan.ts';
import type { PlannedPrivacy } from './price.ts';
import { rotate, unrotate } from './rotation.ts';

/** A client's vectors as the ring takes them, in the order of the fields, and what was clipped. */
export type Encoded = {
  readonly vectors: readonly Uint32Array[];
  /** Names of fields that were clipped. Local knowledge: never reported upwards. */
  readonly clipped: readonly string[];
};

/**
 * Clips, scales and rounds a client's inputs and adds its noise.
 *
 * @throws UsageError naming the field: missing or unknown, of wrong length, not finite, out of range.
 */
export function encodeInputs<F extends Fields>(plan: AnyPlan, inputs: InputsOf<F>): Encoded {
  const encoded = encodeExactly<F>(plan, inputs);
  for (const [i, name] of Object.keys(plan.fields).entries()) {
    addNoiseShareInto(encoded.vectors[i] as Uint32Array, name, plan);
  }
  return encoded;
}

/** The same without noise. @throws as {@link encodeInputs} */
export function encodeExactly<F extends Fields>(plan: AnyPlan, inputs: InputsOf<F>): Encoded {
  const { fields, hash } = plan;
  if (typeof inputs !== 'object' || inputs === null) {
    throw new UsageError('wrong-type', 'inputs: expected an object with one input for each field');
  }
  const given = inputs as Readonly<Record<string, ArrayLike<number> | Weighted>>;
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) {
    throw new UsageError('unknown-id', `inputs: the plan has no field "${unknown}"`);
  }
  const clipped: string[] = [];
  const vectors: Uint32Array[] = [];
  try {
    for (const [name, field] of Object.entries(fields)) {
      const input = given[name];
      if (input === undefined || input === null) {
        throw new UsageError('unknown-id', `inputs: field "${name}" is missing`);
      }
      const encoded = inField(name, () => encodeField(field, input, { hash, name }));
      vectors.push(encoded.vector);
      if (encoded.clipped) clipped.push(name);
    }
  } catch (error) {
    wipe(...vectors);
    throw error;
  }
  return { vectors, clipped };
}

/** Tables of a plan's noise, by stretch: kept with the plan, so that many widths do not crowd each other out. */
const tablesByPlan = new WeakMap<PlannedPrivacy, readonly NoiseTable[]>();

function tablesOf(privacy: PlannedPrivacy): readonly NoiseTable[] {
  const known = tablesByPlan.get(privacy);
  if (known !== undefined) return known;
  const byVariance = new Map<number, NoiseTable>();
  const tables = privacy.stretches.map(({ localVariance }) => {
    const table = byVariance.get(localVariance) ?? noiseTable(lawOf(privacy, localVariance));
    byVariance.set(localVariance, table);
    return table;
  });
  tablesByPlan.set(privacy, tables);
  return tables;
}

const lawOf = ({ mechanism }: PlannedPrivacy, localVariance: number): NoiseDistribution =>
  mechanism === 'skellam'
    ? { kind: 'skellam', variance: localVariance }
    : { kind: 'discrete-gaussian', sigma: Math.sqrt(localVariance) };

/**
 * Adds this client's share of the plan's noise to an encoded field, in place: fresh draws for every
 * coordinate, from tables of a proven distance to the law. Nothing where the field gets none.
 */
export function addNoiseShareInto(vector: Uint32Array, name: string, { privacy }: AnyPlan): void {
  if (privacy === undefined) return;
  const tables = tablesOf(privacy);
  for (const [i, { field, from, length }] of privacy.stretches.entries()) {
    if (field !== name) continue;
    addNoiseInto(vector.subarray(from, from + length), tables[i] as NoiseTable);
  }
}

/** What a rotation's signs grow from. */
type Origin = { readonly hash: Uint8Array; readonly name: string };

function encodeField(
  field: Field,
  input: ArrayLike<number> | Weighted,
  origin: Origin,
): { readonly vector: Uint32Array; readonly clipped: boolean } {
  switch (field.kind) {
    case 'integer':
      return {
        vector: encodeIntegers(exactIntegers(field), input as ArrayLike<number>),
        clipped: false,
      };
    case 'real': {
      const values = input as ArrayLike<number>;
      if (isRotated(field)) return encodeRotated(field, values, origin);
      const { integers, clipped } = encodeReal(codeOf(field), values);
      return { vector: residues(integers), clipped };
    }
    case 'weighted-mean':
      return encodeWeighted(field, input as Weighted);
  }
}

/** Spread over all coordinates first, in units of the clip; the code cuts what floats made too long. */
function encodeRotated(field: RealField, values: ArrayLike<number>, { hash, name }: Origin) {
  const { turned, clipped } = rotate(field, values, hash, name);
  const { integers } = encodeReal(codeOf(field), turned);
  turned.fill(0);
  return { vector: residues(integers), clipped };
}

/** Signed integers as residues mod 2^32: the same bits. */
const residues = (integers: Int32Array): Uint32Array =>
  new Uint32Array(integers.buffer, integers.byteOffset, integers.length);

/** Values times weight, then the weight itself. */
function encodeWeighted(field: WeightedMeanField, input: Weighted) {
  if (typeof input !== 'object' || !('values' in input)) {
    throw new UsageError('wrong-type', 'weighted input: expected { values, weight }');
  }
  const { values, weight } = input;
  if (!Number.isSafeInteger(weight) || weight < 1 || weight > field.maxWeight) {
    // The weight is the client's own: the message does not show it.
    throw new UsageError(
      'out-of-range',
      `weight: expected an integer from 1 to ${field.maxWeight}`,
    );
  }
  const { integers, clipped } = encodeReal(codeOf(field), values);
  const vector = new Uint32Array(field.length + 1);
  for (let i = 0; i < field.length; i++) {
    vector[i] = Math.imul(integers[i] as number, weight) >>> 0;
  }
  vector[field.length] = weight;
  integers.fill(0);
  return { vector, clipped };
}

/** Sums as numbers, and the names of those that honest clients cannot add up to. */
export type DecodedSums<F extends Fields> = {
  readonly sum: Partial<SumsOf<F>>;
  readonly poisoned: readonly string[];
};

/**
 * The sums of `contributors` clients as numbers. A poisoned field has no sum. Noise widens what counts as
 * possible by as much as the ring has room for; a sum of integers may then lie outside of what integers
 * alone add up to, and is given as it is.
 */
export function decodeSums<F extends Fields>(
  plan: AnyPlan,
  sums: readonly Uint32Array[],
  contributors: number,
): DecodedSums<F> {
  const { hash } = plan;
  const decoded = Object.entries(plan.fields).map(([name, field], i) => {
    const span = spanOf(plan, i, contributors);
    return [name, decodeField(field, sums[i] as Uint32Array, span, { hash, name })] as const;
  });
  const sum = Object.fromEntries(decoded.filter(([, value]) => value !== undefined));
  const poisoned = decoded.filter(([, value]) => value === undefined).map(([name]) => name);
  return { sum: Object.freeze(sum) as Partial<SumsOf<F>>, poisoned };
}

/** How a sum lies in its ring: b, how many contributed, and how far noise may go on either side. */
type Span = { readonly bits: number; readonly contributors: number; readonly tail: number };

function spanOf({ privacy, parameters, fields, shapes }: AnyPlan, i: number, contributors: number) {
  const field = Object.values(fields)[i] as Field;
  const bits = shapes[i]?.modulusBits as number;
  const exact = privacy === undefined || field.public;
  return { bits, contributors, tail: exact ? 0 : tailRoom(field, bits, parameters.clients) };
}

/** The integers that the residues of a plan's `i`-th field stand for: sums of encoded values and noise. */
export const sumAsIntegers = (
  plan: AnyPlan,
  i: number,
  sum: Uint32Array,
  contributors: number,
): ArrayLike<number> =>
  integersOf(Object.values(plan.fields)[i] as Field, sum, spanOf(plan, i, contributors));

function integersOf(
  field: Field,
  sum: Uint32Array,
  { bits, contributors, tail }: Span,
): ArrayLike<number> {
  if (field.kind !== 'integer') return centre(sum, bits);
  if (tail === 0) return sum;
  // Noise may bring a sum below zero, that is to the upper end of the ring.
  const top = contributors * (field.max - field.min) + tail;
  return Array.from(sum, (value) => (value > top ? value - 2 ** bits : value));
}

/** One field's sum, or nothing if it lies outside of what clients who keep to the plan add up to. */
function decodeField(field: Field, sum: Uint32Array, span: Span, { hash, name }: Origin) {
  const { bits, contributors, tail } = span;
  switch (field.kind) {
    case 'integer': {
      if (tail === 0) {
        const top = contributors * (field.max - field.min);
        if (sum.some((value) => value > top)) return undefined;
        return decodeIntegerSum(exactIntegers(field), sum, contributors);
      }
      const offsets = Array.from(integersOf(field, sum, span));
      if (offsets.some((value) => value < -tail)) return undefined;
      return offsets.map((value) => value + contributors * field.min);
    }
    case 'real': {
      const code = codeOf(field);
      const integers = centre(sum, bits);
      // Of a rotated sum every residue is possible: nothing tells a poisoned one.
      if (isRotated(field)) return unrotate(field, decodeReal(code, integers), hash, name);
      return isWithin(integers, contributors * code.maxMagnitude + tail)
        ? decodeReal(code, integers)
        : undefined;
    }
    case 'weighted-mean': {
      const code = codeOf(field);
      const largest = contributors * field.maxWeight;
      const integers = centre(sum, bits);
      const total = integers[field.length] as number;
      if (total < contributors - tail || total > largest + tail) return undefined;
      // With noise, the nearest weight that there can be: what is known already may be used.
      const weight = Math.min(Math.max(total, contributors), largest);
      const values = integers.subarray(0, field.length);
      const most = (tail === 0 ? weight : largest) * code.maxMagnitude + tail;
      if (!isWithin(values, most)) return undefined;
      return Object.freeze({ mean: decodeReal(code, values, weight), weight });
    }
  }
}

const isWithin = (integers: Int32Array, most: number): boolean =>
  integers.every((value) => Math.abs(value) <= most);

/** Adds the field's name to the caller's mistake. */
function inField<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UsageError) {
      throw new UsageError(error.code, `field "${name}": ${error.message}`, {
        ...error.details,
        field: name,
      });
    }
    throw error;
  }
}
