/**
 * Fields: the named vectors of a round. A field says what a client may put in; how it is encoded, and
 * how many bits the ring needs, is derived. The sum comes back under the same names, typed.
 */
import { CapacityError, UsageError } from '../errors.ts';
import { assertInteger } from '../internal/assert.ts';
import { modulusBits } from '../ring/capacity.ts';
import { exactIntegers } from '../ring/exact-integers.ts';
import { type Clip, fixedPoint } from '../ring/fixed-point.ts';
import type { FieldShape } from '../secagg/terms.ts';

/** A vector of reals, clipped and rounded without bias; its sum is a `Float64Array`. */
export type RealField = {
  readonly kind: 'real';
  readonly length: number;
  readonly clip: Clip;
  readonly bits: number;
};

/** A vector of integers from `min` to `max`; its sum is exact. */
export type IntegerField = {
  readonly kind: 'integer';
  readonly length: number;
  readonly min: number;
  readonly max: number;
};

/** A vector of reals, each client's multiplied by its own weight; gives the weighted mean. */
export type WeightedMeanField = {
  readonly kind: 'weighted-mean';
  readonly length: number;
  readonly clip: Clip;
  readonly bits: number;
  readonly maxWeight: number;
};

/** Any field. */
export type Field = RealField | IntegerField | WeightedMeanField;

/** The fields of a round by name. Names: a lower-case letter, then up to 63 of `A-Z a-z 0-9 _ -`. */
export type Fields = { readonly [name: string]: Field };

/** A weighted input: the values, and how much they count. */
export type Weighted = { readonly values: ArrayLike<number>; readonly weight: number };

/** What a weighted mean comes back as. */
export type WeightedMean = {
  /** Σ weight·values / Σ weight. */
  readonly mean: Float64Array;
  /** Σ weight, exact. */
  readonly weight: number;
};

/** What a client gives for a field. */
export type InputOf<F extends Field> = F extends WeightedMeanField ? Weighted : ArrayLike<number>;

/** What comes back for a field. */
export type SumOf<F extends Field> = F extends WeightedMeanField
  ? WeightedMean
  : F extends IntegerField
    ? readonly number[]
    : Float64Array;

/** A client's inputs, under the names of the fields. */
export type InputsOf<F extends Fields> = { readonly [Name in keyof F]: InputOf<F[Name]> };

/** The round's sums, under the names of the fields. */
export type SumsOf<F extends Fields> = { readonly [Name in keyof F]: SumOf<F[Name]> };

/** Resolution of real fields unless the plan says otherwise: 16 bits, sign included. */
export const DEFAULT_BITS = 16;

/**
 * A field of reals.
 *
 * @param options.length - elements, from 1.
 * @param options.clip - `{ norm: 'l2' | 'linf', bound }`: longer vectors are scaled down (L2) or cut
 * (L∞), on the client.
 * @param options.bits - resolution of one encoded element, sign included, 2 to 24; 16 unless said.
 * @throws UsageError `out-of-range`, `not-finite`
 */
export function real(options: {
  readonly length: number;
  readonly clip: Clip;
  readonly bits?: number;
}): RealField {
  const { length, bits = DEFAULT_BITS } = options;
  const clip = Object.freeze({ norm: options.clip.norm, bound: options.clip.bound });
  fixedPoint({ length, clip, bits });
  return Object.freeze({ kind: 'real', length, clip, bits });
}

/**
 * A field of integers.
 *
 * @param options.min - least and `max` greatest value of an element, safe integers less than 2^32 apart.
 * @throws UsageError `out-of-range`
 */
export function integer(options: {
  readonly length: number;
  readonly min: number;
  readonly max: number;
}): IntegerField {
  const { length, min, max } = options;
  exactIntegers({ length, min, max });
  return Object.freeze({ kind: 'integer', length, min, max });
}

/**
 * A weighted mean: every client gives values and a whole weight from 1 to `maxWeight`, e.g. how many
 * examples it trained on.
 *
 * @throws UsageError `out-of-range`, `not-finite`
 */
export function weightedMean(options: {
  readonly length: number;
  readonly clip: Clip;
  readonly maxWeight: number;
  readonly bits?: number;
}): WeightedMeanField {
  const { length, clip, bits } = real(options);
  assertInteger('maxWeight', options.maxWeight, 1, 2 ** 30);
  return Object.freeze({ kind: 'weighted-mean', length, clip, bits, maxWeight: options.maxWeight });
}

/** What the ring must hold of a field: its length there, and b for `clients` of them. */
export function shapeOf(name: string, field: Field, clients: number): FieldShape {
  switch (field.kind) {
    case 'real': {
      const levels = 2 ** field.bits;
      return { name, length: field.length, modulusBits: modulusBits({ clients, levels }) };
    }
    case 'integer': {
      const largest = Math.max(Math.abs(field.min), Math.abs(field.max));
      if (clients * largest > Number.MAX_SAFE_INTEGER) {
        const most = Math.floor(Number.MAX_SAFE_INTEGER / clients);
        throw new CapacityError(
          'ring-overflow',
          `field "${name}": the sum of ${clients} values of up to ${largest} is beyond exact numbers; ` +
            `values up to ${most} would fit`,
          { field: name, largest, most },
        );
      }
      const levels = field.max - field.min + 1;
      return { name, length: field.length, modulusBits: modulusBits({ clients, levels }) };
    }
    case 'weighted-mean': {
      const { bits, maxWeight } = field;
      const b = modulusBits({ clients, levels: 2 ** bits, maxWeight });
      return { name, length: field.length + 1, modulusBits: b };
    }
  }
}

/** @throws UsageError `out-of-range` for names that do not hold or if there are none. */
export function assertFieldNames(names: readonly string[]): void {
  for (const name of names) {
    if (!/^[a-z][A-Za-z0-9_-]{0,63}$/.test(name)) {
      throw new UsageError(
        'out-of-range',
        `fields: got the name ${JSON.stringify(name)}, expected a lower-case letter and then letters, digits, _ or -`,
      );
    }
  }
  if (names.length < 1 || names.length > 256) {
    throw new UsageError('out-of-range', `fields: got ${names.length}, expected 1 to 256`);
  }
}
