/**
 * Whatever the kind of a field, its noise and its length: what clients encode, hidden under lattice masks and
 * opened, is to the last unit what masks of pairs would give, the sum modulo 2^b.
 */
import {
  discreteGaussian,
  type Fields,
  integer,
  plan as makePlan,
  type Noise,
  noNoise,
  publicField,
  real,
  skellam,
  weightedMean,
} from 'veilsum';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeSums, encodeInputs } from '../../src/round/encode.ts';
import { ringLength } from '../../src/round/field-shape.ts';
import type { Field } from '../../src/round/fields.ts';
import { type AnyPlan, termsOf } from '../../src/round/plan.ts';
import { addUpload, createAccumulator } from '../../src/secagg/accumulator.ts';
import { fieldSums } from '../../src/secagg/field-sums.ts';
import { packMaskedInto } from '../../src/secagg/masking.ts';
import { vectorBytes } from '../../src/secagg/terms.ts';
import { type Party, party } from '../support/round.ts';

const CLIENTS = 10;
let people: Party;
beforeAll(async () => {
  people = await party(CLIENTS);
});

const planOf = (fields: Fields, noise: Noise): AnyPlan =>
  makePlan({
    id: 'fields',
    roster: people.roster,
    trust: { corrupt: 0.1, absent: 0.3, coordinator: 'semi-honest' },
    noise,
    fields,
  }) as AnyPlan;

/** Inputs of a client: all of them give the greatest, then all the least, and then whatever comes. */
function inputOf(field: Field, client: number): readonly number[] | object {
  const [least, most] =
    field.kind === 'integer' ? [field.min, field.max] : [-field.clip.bound, field.clip.bound];
  const values = Array.from({ length: field.length }, (_, i) => {
    if (i % 5 < 2) return i % 5 === 0 ? most : least;
    const part = ((i * 7_919 + client * 104_729) % 1_009) / 1_009;
    return field.kind === 'integer' ? Math.round(least + part * (most - least)) : part * most;
  });
  return field.kind === 'weighted-mean' ? { values, weight: field.maxWeight - client } : values;
}

/** Sums by way of uploads without masks of pairs, which cancel, and by adding what was encoded. */
function bothWays(plan: AnyPlan) {
  const terms = termsOf(plan);
  const accumulator = createAccumulator(terms.wire);
  const expected = plan.shapes.map(({ length }) => new Uint32Array(length));
  for (let client = 0; client < CLIENTS; client++) {
    const inputs = Object.entries(plan.fields).map(([name, field]) => [
      name,
      inputOf(field, client),
    ]);
    const { vectors } = encodeInputs(plan, Object.fromEntries(inputs));
    const upload = new Uint8Array(vectorBytes(terms));
    packMaskedInto(upload, terms, vectors, []);
    addUpload(accumulator, `client ${client}`, upload);
    vectors.forEach((vector, i) => {
      const sum = expected[i] as Uint32Array;
      vector.forEach((word, j) => {
        sum[j] = (sum[j] as number) + word;
      });
    });
  }
  const opened = fieldSums(terms, accumulator.sums, CLIENTS);
  expected.forEach((sum, i) => {
    const mask = 2 ** (plan.shapes[i]?.modulusBits as number) - 1;
    sum.forEach((word, j) => {
      sum[j] = word & mask;
    });
  });
  return { opened, expected };
}

/** Whether two vectors are equal; `toEqual` on long ones takes seconds. */
const firstDifference = (a: Uint32Array, b: Uint32Array): number =>
  a.length === b.length ? a.findIndex((word, i) => word !== b[i]) : a.length;

const mask = 'lattice';
const linf = { norm: 'linf', bound: 1 } as const;
const l2 = { norm: 'l2', bound: 1 } as const;
const open = integer({ length: 5, min: -5, max: 5, mask });

describe('fields are opened as they were encoded', () => {
  test.each<[string, Fields, Noise]>([
    [
      'whole numbers of one value, of two, of many',
      {
        one: integer({ length: 2_049, min: -7, max: -7, mask }),
        two: integer({ length: 2_048 * 9 + 1, min: 0, max: 1, mask }),
        many: integer({ length: 2_047, min: -3, max: 400_000_000, mask }),
        plain: integer({ length: 3, min: 0, max: 1 }),
        lone: integer({ length: 1, min: -1, max: 2 ** 25, mask }),
      },
      noNoise(),
    ],
    [
      'reals and weighted means, about batches of eight blocks',
      {
        first: real({ length: 16_383, clip: linf, mask }),
        second: real({ length: 16_384, clip: l2, bits: 20, mask }),
        third: real({ length: 32_769, clip: linf, bits: 2, mask }),
        mean: weightedMean({ length: 16_384, clip: linf, bits: 12, maxWeight: 1_000, mask }),
        small: weightedMean({ length: 1, clip: linf, bits: 2, maxWeight: 10, mask }),
      },
      noNoise(),
    ],
    [
      'noise on a spread field',
      { spread: real({ length: 2_000, clip: l2, mask }), open: publicField(open) },
      skellam({ epsilon: 8, delta: 1e-5 }),
    ],
    [
      'noise on others, and on none',
      {
        counts: integer({ length: 2_049, min: 0, max: 1, mask }),
        mean: weightedMean({ length: 2_047, clip: linf, maxWeight: 10, mask }),
        open: publicField(open),
      },
      skellam({ epsilon: 8, delta: 1e-5 }),
    ],
    [
      'noise in a ring of 16 bits: two fill a coefficient',
      { half: integer({ length: 2_049, min: 0, max: 100, mask }) },
      discreteGaussian({ epsilon: 8, delta: 1e-5 }),
    ],
  ])('%s', (_name, fields, noise) => {
    const plan = planOf(fields, noise);
    const { opened, expected } = bothWays(plan);
    Object.keys(fields).forEach((name, i) => {
      expect(opened[i]).toHaveLength(ringLength(plan.fields[name] as Field));
      expect(firstDifference(opened[i] as Uint32Array, expected[i] as Uint32Array), name).toBe(-1);
    });
    expect(decodeSums(plan, opened, CLIENTS).poisoned).toEqual([]);
  });

  test('which are spread, packed, and as wide as any', () => {
    const shapeOf = (fields: Fields, noise: Noise) => {
      const { lattice, fields: planned, shapes } = planOf(fields, noise);
      const shape = lattice?.layout.fields[0]?.shape;
      const isSpread = Object.values(planned).some((field) => 'rotated' in field);
      return [shapes[0]?.modulusBits, shape?.packing, shape?.wireBits, isSpread];
    };
    const noise = skellam({ epsilon: 8, delta: 1e-5 });
    const spread = real({ length: 2_000, clip: l2, mask });
    expect(shapeOf({ spread }, noise)).toEqual([13, 2, 31, true]);
    const half = integer({ length: 2_049, min: 0, max: 100, mask });
    const gaussian = discreteGaussian({ epsilon: 8, delta: 1e-5 });
    expect(shapeOf({ half }, gaussian)).toEqual([16, 2, 37, false]);
    const wide = integer({ length: 2_047, min: -3, max: 400_000_000, mask });
    expect(shapeOf({ wide }, noNoise())).toEqual([32, 1, 37, false]);
  });
});
