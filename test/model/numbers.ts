/**
 * Small random fields and inputs that encode exactly, and what their sum must be: computed here in
 * bigints from the definition of each field, so that equality is equality.
 */
import {
  type Field,
  type Fields,
  type InputsOf,
  integer,
  real,
  type Weighted,
  weightedMean,
} from '../../src/index.ts';
import type { Dice } from './dice.ts';

/** One client's inputs, and the ring elements that they must become. */
export type Contribution = {
  readonly inputs: InputsOf<Fields>;
  readonly words: readonly (readonly bigint[])[];
};

/** Units per 1.0: powers of two, so that k/SCALE is exact. */
const SCALE = 32;

/** One to three fields of mixed kinds, 1 to 40 elements each. */
export function drawFields(dice: Dice): Fields {
  const draw = (): Field => {
    const length = dice.int(1, 40);
    const bits = dice.int(8, 12);
    // The bound at which a 1.0 is SCALE units.
    const bound = (2 ** (bits - 1) - 1) / SCALE;
    switch (dice.int(0, 3)) {
      case 0:
        return real({ length, bits, clip: { norm: 'linf', bound } });
      case 1:
        return weightedMean({ length, bits, clip: { norm: 'l2', bound }, maxWeight: 50 });
      default: {
        const min = dice.int(-100, 100);
        return integer({ length, min, max: min + dice.pick([1, 3, 255, 256, 4_000_000]) });
      }
    }
  };
  const names = ['votes', 'update', 'loss'].slice(0, dice.int(1, 3));
  return Object.fromEntries(names.map((name) => [name, draw()]));
}

/** Units that stay within the clip: by coordinate, or all together. */
function drawUnits(dice: Dice, field: Exclude<Field, { kind: 'integer' }>): number[] {
  const largest = 2 ** ((field.bits ?? 16) - 1) - 1;
  const room =
    field.clip.norm === 'l2' ? Math.floor((0.9 * largest) / field.length ** 0.5) : largest;
  return Array.from({ length: field.length }, () => dice.int(-room, room));
}

export function drawContribution(dice: Dice, fields: Fields): Contribution {
  const drawn = Object.entries(fields).map(([name, field]) => {
    if (field.kind === 'integer') {
      const values = Array.from({ length: field.length }, () => dice.int(field.min, field.max));
      return { name, input: values, words: values.map((value) => BigInt(value - field.min)) };
    }
    const units = drawUnits(dice, field);
    const values = units.map((unit) => unit / SCALE);
    if (field.kind === 'real') return { name, input: values, words: units.map(BigInt) };
    const weight = dice.int(1, field.maxWeight);
    const words = [...units.map((unit) => BigInt(unit * weight)), BigInt(weight)];
    return { name, input: { values, weight }, words };
  });
  return {
    inputs: Object.fromEntries(drawn.map(({ name, input }) => [name, input])) as InputsOf<Fields>,
    words: drawn.map(({ words }) => words),
  };
}

/** Inputs that the first field refuses. */
export function spoil(dice: Dice, fields: Fields, inputs: InputsOf<Fields>): InputsOf<Fields> {
  const [name] = Object.keys(fields) as [string];
  const input = inputs[name] as number[] | Weighted;
  const values = Array.from('values' in input ? (input as Weighted).values : (input as number[]));
  const bad = dice.pick([[...values, 0], [Number.NaN, ...values.slice(1)], values.slice(1)]);
  return { ...inputs, [name]: 'values' in input ? { ...(input as Weighted), values: bad } : bad };
}

/** Numbers by field; a weighted mean is followed by its weight. */
export type Sums = Readonly<Record<string, readonly number[]>>;

/** What the sum of these contributions must be, and the fields where no honest ones add up to it. */
export function expectedSum(
  fields: Fields,
  modulusBits: readonly number[],
  contributions: readonly (readonly (readonly bigint[])[])[],
): { readonly sum: Sums; readonly poisoned: readonly string[] } {
  const sums = Object.entries(fields).map(([name, field], at) => {
    const length = field.length + (field.kind === 'weighted-mean' ? 1 : 0);
    const ring = Array.from({ length }, (_, i) =>
      contributions.reduce((sum, of) => sum + (of[at]?.[i] as bigint), 0n),
    );
    return [name, fieldSum(field, modulusBits[at] as number, ring, contributions.length)] as const;
  });
  const poisoned = sums.filter(([, sum]) => sum === undefined).map(([name]) => name);
  const sum = Object.fromEntries(sums.filter(([, of]) => of !== undefined)) as Sums;
  return { sum, poisoned };
}

function fieldSum(
  field: Field,
  bits: number,
  ring: readonly bigint[],
  contributors: number,
): readonly number[] | undefined {
  if (field.kind === 'integer') {
    const residues = ring.map((value) => Number(BigInt.asUintN(bits, value)));
    const isPoisoned = residues.some((value) => value > contributors * (field.max - field.min));
    return isPoisoned ? undefined : residues.map((value) => value + contributors * field.min);
  }
  const units = ring.slice(0, field.length).map((value) => Number(BigInt.asIntN(bits, value)));
  const largest = 2 ** ((field.bits ?? 16) - 1) - 1;
  if (field.kind === 'real') {
    if (units.some((unit) => Math.abs(unit) > contributors * largest)) return undefined;
    return units.map((unit) => unit / SCALE);
  }
  const weight = Number(BigInt.asUintN(bits, ring[field.length] as bigint));
  if (weight < contributors || weight > contributors * field.maxWeight) return undefined;
  if (units.some((unit) => Math.abs(unit) > weight * largest)) return undefined;
  return [...units.map((unit) => unit / SCALE / weight), weight];
}

/** A result's sum in the same form. */
export const flatSum = (sum: object): Sums =>
  Object.fromEntries(
    Object.entries(
      sum as Record<string, ArrayLike<number> | { mean: Float64Array; weight: number }>,
    ).map(([name, value]) => [
      name,
      'mean' in value ? [...value.mean, value.weight] : Array.from(value),
    ]),
  );
