/**
 * Fields: the named vectors of a round. A field says what a client may put in; how it is encoded, and
 * how many bits the ring needs, is derived. The sum comes back under the same names, typed.
 */
import { UsageError } from '../errors.ts';
import { assertInteger } from '../internal/assert.ts';
import { exactIntegers } from '../ring/exact-integers.ts';
import { type Clip, fixedPoint } from '../ring/fixed-point.ts';

/**
 * How a field travels: under masks of pairs of clients, or under one lattice mask a client, whose cost does not grow
 * with neighbours and dropouts. `auto` leaves it to the plan: lattice masks from 20,000 coordinates and 12 neighbours
 * on, where it asks for no commitments.
 *
 * **Security**: lattice masks rest on assumptions of their own, which come with every result, and have not been
 * reviewed; `src/lattice/README.md` says what is not proven of them.
 * **Cost**: an upload under lattice masks has 1.15 to 1.4 times the bytes of one under masks of pairs.
 */
export type MaskChoice = 'pairwise' | 'lattice' | 'auto';

/** A vector of reals, clipped and rounded without bias; its sum is a `Float64Array`. */
export type RealField = {
  readonly kind: 'real';
  readonly length: number;
  readonly clip: Clip;
  /** Resolution of an encoded element; a plan fills in what was left out. */
  readonly bits?: number;
  /** Set by a plan with noise that spreads the vector over more coordinates, see `rotation.ts`. */
  readonly rotated?: true;
  readonly public?: true;
  readonly mask?: FieldMask;
};

/** What a field says of its mask; nothing for masks of pairs. In a plan it is settled: never `auto`. */
type FieldMask = Exclude<MaskChoice, 'pairwise'>;

/** A vector of integers from `min` to `max`; its sum is exact. */
export type IntegerField = {
  readonly kind: 'integer';
  readonly length: number;
  readonly min: number;
  readonly max: number;
  readonly public?: true;
  readonly mask?: FieldMask;
};

/** A vector of reals, each client's multiplied by its own weight; gives the weighted mean. */
export type WeightedMeanField = {
  readonly kind: 'weighted-mean';
  readonly length: number;
  readonly clip: Clip;
  readonly bits?: number;
  readonly maxWeight: number;
  readonly public?: true;
  readonly mask?: FieldMask;
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

/** Resolution of real fields without noise unless the plan says otherwise: 16 bits, sign included. */
export const DEFAULT_BITS = 16;

/**
 * A field of reals.
 *
 * @param options.length - elements, from 1.
 * @param options.clip - `{ norm: 'l2' | 'linf', bound }`: longer vectors are scaled down (L2) or cut
 * (L∞), on the client.
 * @param options.bits - resolution of one encoded element, sign included, 2 to 24. Left out, a plan
 * without noise takes 16, and one with noise as many as the noise leaves a meaning.
 * @param options.mask - {@link MaskChoice}; `pairwise` unless said
 * @throws UsageError `out-of-range`, `not-finite`
 */
export function real(options: {
  readonly length: number;
  readonly clip: Clip;
  readonly bits?: number;
  readonly mask?: MaskChoice;
}): RealField {
  const { length, bits } = options;
  const clip = Object.freeze({ norm: options.clip.norm, bound: options.clip.bound });
  fixedPoint({ length, clip, bits: bits ?? DEFAULT_BITS });
  const given = bits === undefined ? {} : { bits };
  return Object.freeze({ kind: 'real', length, clip, ...given, ...maskOf(options.mask) });
}

/**
 * A field of integers.
 *
 * @param options.min - least and `max` greatest value of an element, safe integers less than 2^32 apart.
 * @param options.mask - {@link MaskChoice}; `pairwise` unless said
 * @throws UsageError `out-of-range`
 */
export function integer(options: {
  readonly length: number;
  readonly min: number;
  readonly max: number;
  readonly mask?: MaskChoice;
}): IntegerField {
  const { length, min, max } = options;
  exactIntegers({ length, min, max });
  return Object.freeze({ kind: 'integer', length, min, max, ...maskOf(options.mask) });
}

/** What a field keeps of the choice: the default needs no word. @throws UsageError `out-of-range` */
function maskOf(mask: MaskChoice = 'pairwise'): { readonly mask?: FieldMask } {
  if (mask === 'pairwise') return {};
  if (mask === 'lattice' || mask === 'auto') return { mask };
  throw new UsageError(
    'out-of-range',
    `mask: got ${JSON.stringify(mask)}, expected pairwise, lattice or auto`,
  );
}

/**
 * A weighted mean: every client gives values and a whole weight from 1 to `maxWeight`, e.g. how many
 * examples it trained on.
 *
 * @param options.length - values, from 1; `clip` and `bits` are those of {@link real}
 * @param options.maxWeight - greatest weight, 1 to 2^30
 * @param options.mask - {@link MaskChoice}; `pairwise` unless said
 * @throws UsageError `out-of-range`, `not-finite`
 */
export function weightedMean(options: {
  readonly length: number;
  readonly clip: Clip;
  readonly maxWeight: number;
  readonly bits?: number;
  readonly mask?: MaskChoice;
}): WeightedMeanField {
  const coded = real(options);
  assertInteger('maxWeight', options.maxWeight, 1, 2 ** 30);
  return Object.freeze({ ...coded, kind: 'weighted-mean', maxWeight: options.maxWeight });
}

/**
 * Declares that the sum of a field may be known exactly, even in a plan with noise: the price does not
 * cover it. For what everybody knows anyway, such as how many examples each client has.
 *
 * @returns the same field, marked
 */
export const publicField = <F extends Field>(field: F): F & { readonly public: true } =>
  Object.freeze({ ...field, public: true } as F & { readonly public: true });

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
