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
  const largest = 2 ** (field.bits - 1) - 1;
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

/** What the sum of these contributions must be: numbers by field, or the name of the refusal. */
export function expectedSum(
  fields: Fields,
  modulusBits: readonly number[],
  contributions: readonly (readonly (readonly bigint[])[])[],
): Readonly<Record<string, readonly number[]>> | 'poisoned-sum' {
  const n = contributions.length;
  const sums: Record<string, readonly number[]> = {};
  for (const [at, [name, field]] of Object.entries(fields).entries()) {
    const bits = modulusBits[at] as number;
    const length = field.length + (field.kind === 'weighted-mean' ? 1 : 0);
    const ring = Array.from({ length }, (_, i) =>
      contributions.reduce((sum, of) => sum + (of[at]?.[i] as bigint), 0n),
    );
    if (field.kind === 'integer') {
      const residues = ring.map((value) => Number(BigInt.asUintN(bits, value)));
      if (residues.some((value) => value > n * (field.max - field.min))) return 'poisoned-sum';
      sums[name] = residues.map((value) => value + n * field.min);
      continue;
    }
    const centred = ring.map((value) => Number(BigInt.asIntN(bits, value)) / SCALE);
    if (field.kind === 'real') {
      sums[name] = centred;
      continue;
    }
    const weight = Number(BigInt.asUintN(bits, ring[field.length] as bigint));
    if (weight < n || weight > n * field.maxWeight) return 'poisoned-sum';
    sums[name] = [...centred.slice(0, field.length).map((value) => value / weight), weight];
  }
  return sums;
}

/** A result's sum in the same form. */
export const flatSum = (sum: object): Readonly<Record<string, readonly number[]>> =>
  Object.fromEntries(
    Object.entries(
      sum as Record<string, ArrayLike<number> | { mean: Float64Array; weight: number }>,
    ).map(([name, value]) => [
      name,
      'mean' in value ? [...value.mean, value.weight] : Array.from(value),
    ]),
  );
