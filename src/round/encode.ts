/** From numbers to the ring and back, field by field. */
import { UsageError } from '../errors.ts';
import { decodeIntegerSum, encodeIntegers, exactIntegers } from '../ring/exact-integers.ts';
import { decodeReal, encodeReal, fixedPoint } from '../ring/fixed-point.ts';
import { centre } from '../ring/vector.ts';
import type { Field, Fields, InputsOf, SumsOf, Weighted, WeightedMeanField } from './fields.ts';
import { addNoiseInto, type Noise } from './noise.ts';

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
export function encodeInputs<F extends Fields>(
  fields: F,
  noise: Noise,
  inputs: InputsOf<F>,
): Encoded {
  if (typeof inputs !== 'object' || inputs === null) {
    throw new UsageError('wrong-type', 'inputs: expected an object with one input for each field');
  }
  const given = inputs as Readonly<Record<string, ArrayLike<number> | Weighted>>;
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) {
    throw new UsageError('unknown-id', `inputs: the plan has no field "${unknown}"`);
  }
  const clipped: string[] = [];
  const vectors = Object.entries(fields).map(([name, field]) => {
    const input = given[name];
    if (input === undefined || input === null) {
      throw new UsageError('unknown-id', `inputs: field "${name}" is missing`);
    }
    const encoded = inField(name, () => encodeField(field, input));
    if (encoded.clipped) clipped.push(name);
    addNoiseInto(encoded.vector, noise);
    return encoded.vector;
  });
  return { vectors, clipped };
}

function encodeField(
  field: Field,
  input: ArrayLike<number> | Weighted,
): { readonly vector: Uint32Array; readonly clipped: boolean } {
  switch (field.kind) {
    case 'integer':
      return {
        vector: encodeIntegers(exactIntegers(field), input as ArrayLike<number>),
        clipped: false,
      };
    case 'real': {
      const { integers, clipped } = encodeReal(fixedPoint(field), input as ArrayLike<number>);
      return { vector: residues(integers), clipped };
    }
    case 'weighted-mean':
      return encodeWeighted(field, input as Weighted);
  }
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
  const { integers, clipped } = encodeReal(fixedPoint(field), values);
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

/** The sums of `contributors` clients as numbers. A poisoned field has no sum. */
export function decodeSums<F extends Fields>(
  fields: F,
  modulusBits: readonly number[],
  sums: readonly Uint32Array[],
  contributors: number,
): DecodedSums<F> {
  const decoded = Object.entries(fields).map(
    ([name, field], i) =>
      [
        name,
        decodeField(field, modulusBits[i] as number, sums[i] as Uint32Array, contributors),
      ] as const,
  );
  const sum = Object.fromEntries(decoded.filter(([, value]) => value !== undefined));
  const poisoned = decoded.filter(([, value]) => value === undefined).map(([name]) => name);
  return { sum: Object.freeze(sum) as Partial<SumsOf<F>>, poisoned };
}

/** One field's sum, or nothing if it lies outside of what clients who keep to the plan add up to. */
function decodeField(field: Field, bits: number, sum: Uint32Array, contributors: number) {
  switch (field.kind) {
    case 'integer': {
      const top = contributors * (field.max - field.min);
      if (sum.some((value) => value > top)) return undefined;
      return decodeIntegerSum(exactIntegers(field), sum, contributors);
    }
    case 'real': {
      const code = fixedPoint(field);
      const integers = centre(sum, bits);
      return isWithin(integers, contributors * code.maxMagnitude)
        ? decodeReal(code, integers)
        : undefined;
    }
    case 'weighted-mean': {
      const weight = sum[field.length] as number;
      if (weight < contributors || weight > contributors * field.maxWeight) return undefined;
      const code = fixedPoint(field);
      const integers = centre(sum.subarray(0, field.length), bits);
      if (!isWithin(integers, weight * code.maxMagnitude)) return undefined;
      return Object.freeze({ mean: decodeReal(code, integers, weight), weight });
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
