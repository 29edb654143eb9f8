/** Parameter sets are as secure as they say, and plans keep their promises or name what would fit. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { CapacityError, UsageError } from '../../src/errors.ts';
import { contextFor } from '../../src/he/context.ts';
import { insideOf, liveHandles, type Seal } from '../../src/he/handles.ts';
import {
  dataModulusBits,
  floodingDeviation,
  honestNoise,
  noiseRoom,
  openedNoise,
  worstNoise,
} from '../../src/he/noise-bounds.ts';
import { dataPrimes, parameterSet, parameterSets } from '../../src/he/parameters.ts';
import { type EncryptedSumRequest, messageBits, planEncryptedSum } from '../../src/he/plan.ts';
import { packInto, spareBits, unpackInto } from '../../src/he/round/layout.ts';
import { openSeal } from '../../src/he/seal.ts';
import { dice } from './support.ts';

const caught = (request: EncryptedSumRequest): CapacityError => {
  try {
    planEncryptedSum(request);
  } catch (error) {
    if (error instanceof CapacityError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
};

let seal: Seal;
beforeAll(async () => {
  seal = await openSeal();
});

describe.each(parameterSets)('$name', (set) => {
  test('has 128 bits of security by both documents, the special prime counted', () => {
    const { modulusBits, limit2018, limit2024 } = set.security;
    const product = set.primes.reduce((all, prime) => all * prime);
    expect(modulusBits).toBe(product.toString(2).length);
    expect(modulusBits).toBeLessThanOrEqual(limit2024);
    expect(limit2024).toBeLessThanOrEqual(limit2018);
  });

  test('SEAL accepts it at 128 bits, and would find the same primes', () => {
    contextFor(seal, set)[Symbol.dispose]();
    const { module } = insideOf(seal);
    const bits = set.primes.map((prime) => prime.toString(2).length);
    const found = module.CoeffModulus.Create(set.degree, Int32Array.from(bits)) as unknown as {
      readonly get: (i: number) => { readonly value: () => bigint; readonly delete: () => void };
      readonly delete: () => void;
    };
    const primes = set.primes.map((_, i) => {
      const modulus = found.get(i);
      const value = modulus.value();
      modulus.delete();
      return value;
    });
    found.delete();
    expect(primes).toEqual(set.primes);
    expect(liveHandles(seal)).toBe(0);
  });

  test('is found by its name, and by no other', () => {
    expect(parameterSet(set.name)).toBe(set);
    expect(Object.isFrozen(set)).toBe(true);
    expect(() => parameterSet('exact-1' as never)).toThrow(UsageError);
  });
});

test('sets have numbers of their own', () => {
  expect(new Set(parameterSets.map(({ id }) => id)).size).toBe(parameterSets.length);
});

describe('noise', () => {
  const set = parameterSet('exact-committee-8192');
  test('grows as it should', () => {
    expect(worstNoise(set, 200, 5)).toBeCloseTo(2 * worstNoise(set, 100, 5), 6);
    expect(honestNoise(set, 100, 1)).toBeLessThan(worstNoise(set, 100, 1));
    const one = floodingDeviation(set, 100, 5, 1);
    expect(floodingDeviation(set, 100, 5, 4)).toBeCloseTo(2 * one, 0);
    expect(openedNoise(set, 100, 5, 1)).toBeGreaterThan(10 * Math.sqrt(5) * one);
  });

  test('is what the formula says, computed by hand', () => {
    // (21·(2·5·8192 + 1))/2^60 is nothing; what is left is rounding.
    expect(worstNoise(set, 1, 5)).toBeCloseTo((1 + 5 * 8192) / 2 + 1, 6);
    const expected = Math.sqrt(24 * 8192 * 3) * 2 ** 20 * worstNoise(set, 7, 5);
    expect(floodingDeviation(set, 7, 5, 3)).toBe(expected);
    // 2^−60 of three ciphertexts' coefficients; variances of five members add up, clients' noise itself.
    const tail = Math.sqrt(2 * Math.log(2) * (61 + 13 + Math.log2(3)));
    const flooding = (1 + 2 ** -14) * Math.sqrt(5) * tail * expected;
    expect(openedNoise(set, 7, 5, 3) / (worstNoise(set, 7, 5) + flooding)).toBeCloseTo(1, 12);
  });
});

describe('room for noise', () => {
  test('a committee has a bit more for each spare bit', () => {
    const set = parameterSet('exact-committee-8192');
    expect(noiseRoom(set, 58)).toBe(dataModulusBits(set) - 59);
    expect(noiseRoom(set, 46)).toBe(noiseRoom(set, 58) + 12);
  });

  test('a key holder, who rounds twice, half a unit less; the first spare bit gives it nothing', () => {
    const set = parameterSet('exact-4096');
    expect(noiseRoom(set, 46)).toBe(dataModulusBits(set) - 47);
    expect(noiseRoom(set, 45)).toBe(noiseRoom(set, 46));
    expect(noiseRoom(set, 44)).toBeCloseTo(noiseRoom(set, 46) + Math.log2(3), 9);
  });
});

describe('planEncryptedSum', () => {
  const facts = { clients: 100, length: 1_000_000, clip: 1 };
  const sixteen = 1 / 65_535;

  test('16 bits of 100 clients: within the budgets of bytes', () => {
    const held = planEncryptedSum({ ...facts, precision: sixteen, keys: 'key-holder' });
    expect([held.set.name, held.fields]).toEqual(['exact-4096', 2]);
    expect(held.bytesPerValue / 4).toBeLessThan(2.1);
    const shared = planEncryptedSum({ ...facts, precision: sixteen, keys: { members: 7 } });
    expect([shared.set.name, shared.fields]).toEqual(['exact-committee-8192', 2]);
    expect(shared.bytesPerValue / 4).toBeLessThan(4.1);
  });

  test('16 bits under 20 members: with more clients, a wider set, then fewer fields', () => {
    const keys = { members: 20 };
    const many = { ...facts, precision: sixteen, keys, scheme: 'bfv' as const };
    const shape = (clients: number) => {
      const { set, fields, fieldBits } = planEncryptedSum({ ...many, clients });
      return [set.name, fields, fieldBits];
    };
    expect(shape(200)).toEqual(['exact-committee-8192', 2, 24]);
    expect(shape(600)).toEqual(['exact-committee-8192-wide', 2, 26]);
    // Two fields of 26 bits would fit a coefficient of either set, but not with this noise.
    expect(shape(1_000)).toEqual(['exact-committee-8192', 1, 26]);
    expect(shape(100_000)).toEqual(['exact-committee-8192', 1, 33]);
  });

  test.each([
    [sixteen, 2, 1_023, 2_047],
    [sixteen, 3, 702, 2_047],
    [sixteen, 5, 511, 1_306],
    [sixteen, 7, 511, 1_023],
    [sixteen, 10, 461, 1_023],
    [sixteen, 20, 255, 653],
    [1e-6, 2, 134, 322],
    [1e-6, 3, 134, 268],
    [1e-6, 5, 81, 268],
    [1e-6, 7, 67, 197],
    [1e-6, 10, 67, 134],
    [1e-6, 20, 40, 134],
  ])(
    'to %d under %i members: two fields up to %i clients, in the wide set to %i',
    (precision, members, most, wide) => {
      const many = { ...facts, precision, keys: { members }, scheme: 'bfv' as const };
      const shape = (clients: number): string => {
        const { set, fields } = planEncryptedSum({ ...many, clients });
        return `${fields} in ${set.name}`;
      };
      expect(shape(most)).toBe('2 in exact-committee-8192');
      for (const more of [most + 1, wide])
        expect(shape(more)).toBe('2 in exact-committee-8192-wide');
      for (const more of [wide + 1, 2 ** 20]) expect(shape(more)).toMatch(/^1 in /);
    },
  );

  test('reals to 1e-6: within the budget of bytes', () => {
    const keys = { members: 5 };
    const real = planEncryptedSum({ ...facts, precision: 1e-6, keys, scheme: 'ckks' });
    expect(real.set.scheme).toBe('ckks');
    expect(real.bytesPerValue / 4).toBeLessThan(12.1);
    expect(real.errorBound).toBeLessThanOrEqual(1e-6);
  });

  test('the default is a committee, and a key holder never gets a ckks set', () => {
    expect(planEncryptedSum({ ...facts, precision: 0.01 }).set.keys).toBe('committee');
    expect(caught({ ...facts, precision: 0.01, keys: 'key-holder', scheme: 'ckks' }).code).toBe(
      'ring-overflow',
    );
  });

  test('whole numbers are exact', () => {
    const plan = planEncryptedSum({ clients: 10, length: 5, clip: 1_000, precision: 0 });
    expect([plan.step, plan.errorBound, plan.fieldBits]).toEqual([1, 0, 15]);
  });

  test('a refusal names what fits, and that fits', () => {
    const request = { clients: 50_000, length: 1_000, clip: 2 ** 40, precision: 1 } as const;
    const { details, message } = caught(request);
    const { maxClients, leastPrecision } = details as Record<string, number>;
    expect(message).toContain(String(maxClients));
    expect(planEncryptedSum({ ...request, clients: maxClients as number })).toBeDefined();
    expect(() => planEncryptedSum({ ...request, clients: (maxClients as number) + 1 })).toThrow();
    expect(planEncryptedSum({ ...request, precision: leastPrecision as number })).toBeDefined();
  });

  test("the caller's mistakes are UsageErrors", () => {
    const good = { clients: 2, length: 2, clip: 1, precision: 0.1 };
    const bad: readonly object[] = [
      { clients: 0 },
      { clients: 1.5 },
      { length: 0 },
      { clip: 0 },
      { clip: Number.NaN },
      { precision: -1 },
      { precision: Number.POSITIVE_INFINITY },
      { precision: 1e308 },
      { keys: { members: 1 } },
      { keys: { members: 21 } },
      { keys: 'me' },
      { scheme: 'bgv' },
    ];
    for (const change of bad) {
      expect(() => planEncryptedSum({ ...good, ...change } as never)).toThrow(UsageError);
    }
  });

  test('every plan has room: the sum and all its noise stay below what wraps', () => {
    const request = fc.record({
      clients: fc.integer({ min: 1, max: 100_000 }),
      length: fc.integer({ min: 1, max: 2 ** 28 }),
      clip: fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
      precision: fc.double({ min: 1e-9, max: 1, noNaN: true }),
      keys: fc.oneof(
        fc.constant('key-holder' as const),
        fc.record({ members: fc.integer({ min: 2, max: 20 }) }),
      ),
    });
    let planned = 0;
    fc.assert(
      fc.property(request, (facts) => {
        let plan: ReturnType<typeof planEncryptedSum>;
        try {
          plan = planEncryptedSum(facts);
        } catch (error) {
          expect(error).toBeInstanceOf(CapacityError);
          return;
        }
        planned++;
        const modulus = dataPrimes(plan.set).reduce((all, prime) => all * prime);
        expect(plan.ciphertexts * plan.set.places * plan.fields).toBeGreaterThanOrEqual(
          facts.length,
        );
        expect(plan.errorBound).toBeLessThanOrEqual(facts.precision);
        if (plan.set.scheme === 'bfv') {
          expect(plan.fields * plan.fieldBits).toBeLessThanOrEqual(plan.set.plainBits);
          const levels = 2 * Math.ceil(facts.clip / plan.step);
          expect(facts.clients * levels).toBeLessThan(2 ** plan.fieldBits);
          // All members' flooding to ten deviations, against half a unit of the message.
          const members = facts.keys === 'key-holder' ? 0 : facts.keys.members;
          const room = Number(modulus >> BigInt(messageBits(plan) + 1));
          expect(Math.sqrt(members) * 10 * plan.flooding).toBeLessThan(room);
        } else {
          expect(facts.clients * facts.clip * 2 ** plan.scaleBits).toBeLessThan(
            Number(modulus) / 4,
          );
        }
      }),
      { numRuns: 500 },
    );
    expect(planned).toBeGreaterThan(100);
  });
});

test('rounding to steps errs by the precision at most, where doubles are all but too coarse for it', () => {
  for (const [clip, precision] of [
    [1, 3e-14],
    [1e3, 1.3e-10],
    [1, 1e-4],
    [1, 2 ** -40],
  ] as const) {
    const plan = planEncryptedSum({
      clients: 2,
      length: 2048,
      clip,
      precision,
      keys: 'key-holder',
    });
    const words = new Uint32Array(2 * plan.set.degree);
    const out = new Float64Array(2048);
    const roll = dice(11);
    for (let trial = 0; trial < 20; trial++) {
      // The coarser half of all doubles up to the clip, and the clip itself.
      const values = Float64Array.from({ length: 2048 }, () => clip * (1 - roll() / 2 ** 33));
      values[0] = clip;
      values[1] = -clip;
      packInto(words, plan, values, 0);
      new BigUint64Array(words.buffer).forEach((word, i, all) => {
        all[i] = word >> BigInt(spareBits(plan));
      });
      unpackInto(out, plan, words, 0, 1);
      const worst = values.reduce(
        (most, value, i) => Math.max(most, Math.abs((out[i] as number) - value)),
        0,
      );
      expect(worst / plan.errorBound).toBeLessThanOrEqual(1);
    }
    expect(plan.errorBound).toBe(precision);
  }
});
