/** Committees open sums: exactly whatever coins clients chose, and approximately within the bound. */
import { beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import type { Polynomials } from '../../../src/he/blob.ts';
import { type Combiner, exactCombiner, realCombiner } from '../../../src/he/committee/index.ts';
import { combineInto, type Words } from '../../../src/he/committee/modular.ts';
import { primesOf } from '../../../src/he/committee/oracle.ts';
import { liveHandles, type Seal } from '../../../src/he/handles.ts';
import { noiseRoom, openedNoise, worstNoise } from '../../../src/he/noise-bounds.ts';
import { dataPrimes, type ParameterSet } from '../../../src/he/parameters.ts';
import { type EncryptedSumPlan, messageBits, planEncryptedSum } from '../../../src/he/plan.ts';
import { openSeal } from '../../../src/he/seal.ts';
import { dice } from '../support.ts';
import { bigsOf, clientOf, correlation, makeCommittee, type Pair, partsOf } from './support.ts';

let seal: Seal;
beforeAll(async () => {
  seal = await openSeal();
});

const COMMITTEES = [
  { members: 5, threshold: 5, active: [0, 1, 2, 3, 4] },
  { members: 5, threshold: 3, active: [0, 2, 4] },
  { members: 10, threshold: 7, active: [0, 1, 3, 5, 6, 8, 9] },
];

/** Adds the same noise of this magnitude to each coefficient of c0, with signs by a pattern. */
function pushed(set: ParameterSet, first: Polynomials, magnitude: bigint): void {
  const words = bigsOf(first.words);
  dataPrimes(set).forEach((prime, row) => {
    for (let i = 0; i < set.degree; i++) {
      const noise = (i * 7) % 5 < 2 ? prime - (magnitude % prime) : magnitude % prime;
      const at = row * set.degree + i;
      words[at] = ((words[at] as bigint) + noise) % prime;
    }
  });
}

/** As if so many clients had sent the same ciphertext, every coin alike. */
function timesInto(plan: EncryptedSumPlan, { first, mask }: Pair, clients: number): void {
  const { data } = primesOf(plan.set);
  for (const { words } of [first, mask]) combineInto(words, data, words, clients, words, 0);
}

/** In a test; so three committees open 368,640 values. */
const CIPHERTEXTS = 5;

/** The plan with so many fields of which the noise comes nearest to its room. */
function fullest(members: number, fields: number): EncryptedSumPlan {
  let best: EncryptedSumPlan | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (let clipBits = 13; clipBits < 45; clipBits++) {
    const facts = {
      length: CIPHERTEXTS * 8_192 * fields,
      clip: 2 ** clipBits,
      precision: 0,
    } as const;
    const planOf = (clients: number): EncryptedSumPlan | undefined => {
      try {
        return planEncryptedSum({ ...facts, clients, keys: { members }, scheme: 'bfv' });
      } catch {
        return undefined;
      }
    };
    let clients = 0;
    for (let step = 2 ** 15; step >= 1; step /= 2) {
      if ((planOf(clients + step)?.fields ?? 0) >= fields) clients += step;
    }
    const plan = clients === 0 ? undefined : planOf(clients);
    if (plan?.fields !== fields) continue;
    const noise = openedNoise(plan.set, clients, members, plan.ciphertexts);
    const full = Math.log2(noise) - noiseRoom(plan.set, messageBits(plan));
    if (full > most) [best, most] = [plan, full];
  }
  return best as EncryptedSumPlan;
}

describe.each(COMMITTEES)('$threshold of $members', ({ members, threshold, active }) => {
  test.each([2, 1])(
    'exact sums in %i fields: none wrong, with all noise that clients can choose',
    (fields) => {
      const plan = fullest(members, fields);
      const { set, clients } = plan;
      const bits = messageBits(plan);
      const noise = openedNoise(set, clients, members, plan.ciphertexts);
      expect(Math.log2(noise) - noiseRoom(set, bits)).toBeGreaterThan(-0.03);
      expect(bits).toBeLessThan(set.plainBits);
      const spare = BigInt(set.plainBits - bits);
      const fieldBits = BigInt(plan.fieldBits);
      const levels = 2 * plan.clip + 1;
      let values = 0;
      let wrong = 0;
      {
        const made = makeCommittee(seal, set, { members, threshold });
        using client = clientOf(seal, set, made.publicKey);
        const roll = dice(members * 31 + threshold);
        const level = (): bigint => BigInt(Math.floor((roll() / 2 ** 32) * levels));
        const vectors = Array.from({ length: plan.ciphertexts }, () =>
          Array.from({ length: set.degree }, () => Array.from({ length: fields }, level)),
        );
        // An honest ciphertext has next to no noise, beside what any coins can give.
        const extreme = BigInt(Math.floor(worstNoise(set, 1, members) * 0.99));
        const sums = vectors.map((vector) => {
          const pair = client.coefficients(
            vector.map((of) => of.reduceRight((all, one) => (all << fieldBits) + one, 0n) << spare),
          );
          pushed(set, pair.first, extreme);
          timesInto(plan, pair, clients);
          return pair;
        });
        const parts = partsOf(
          seal,
          plan,
          made,
          active,
          sums.map(({ mask }) => mask),
        );
        using combiner = exactCombiner(seal, plan, threshold);
        vectors.forEach((vector, k) => {
          const { first } = sums[k] as Pair;
          const got = bigsOf(combiner.combine(first, parts[k] as readonly Polynomials[]));
          vector.forEach((of, i) => {
            let word = got[i] as bigint;
            for (const one of of) {
              values++;
              wrong += Number(BigInt.asUintN(plan.fieldBits, word) !== one * BigInt(clients));
              word >>= fieldBits;
            }
            wrong += Number(word !== 0n);
          });
        });
      }
      expect(values).toBe(CIPHERTEXTS * 8_192 * fields);
      expect(wrong).toBe(0);
      expect(liveHandles(seal)).toBe(0);
    },
    60_000,
  );

  test('approximate sums: within the bound, with all noise that clients can choose', () => {
    const sum = { clients: 100, length: 2_048, clip: 1, precision: 1e-4, keys: { members } };
    const real = planEncryptedSum({ ...sum, scheme: 'ckks' });
    const { set } = real;
    const scale = 2 ** real.scaleBits;
    let worst = 0;
    {
      const made = makeCommittee(seal, set, { members, threshold });
      using client = clientOf(seal, set, made.publicKey);
      const roll = dice(members);
      const values = Float64Array.from({ length: set.places }, () => roll() / 2 ** 31 - 1);
      const pair = client.reals(values, scale);
      timesInto(real, pair, 100);
      const [parts] = partsOf(seal, real, made, active, [pair.mask]);
      using combiner: Combiner<Float64Array> = realCombiner(seal, real, threshold);
      const got = combiner.combine(pair.first, parts as readonly Polynomials[]);
      expect(got.length).toBe(values.length);
      values.forEach((value, i) => {
        worst = Math.max(worst, Math.abs((got[i] as number) / 100 - value));
      });
    }
    expect(set.name).toBe('approximate-committee-4096');
    expect(worst).toBeLessThan(real.errorBound);
    // And the bound is no idle one.
    expect(worst).toBeGreaterThan(real.errorBound / 10_000);
    expect(liveHandles(seal)).toBe(0);
  }, 60_000);
});

describe('what does not fit', () => {
  const sum = { clients: 10, length: 16_384, clip: 1_000, precision: 0, keys: { members: 5 } };
  // All of the plaintext is the message: no spare bits.
  const plan = { ...planEncryptedSum({ ...sum, scheme: 'bfv' }), fields: 2, fieldBits: 29 };
  const committee = { members: 5, threshold: 3 };
  const numbers = (words: Words): number[] => Array.from(bigsOf(words), (word) => Number(word));

  test('one share short is an error; without the check, garbage without a signal', () => {
    {
      const made = makeCommittee(seal, plan.set, committee);
      using client = clientOf(seal, plan.set, made.publicKey);
      const roll = dice(9);
      // All 58 bits in use, so that a signal would show.
      const values = Array.from(
        { length: plan.set.degree },
        () => (BigInt(roll() >>> 6) << 32n) | BigInt(roll()),
      );
      const { first, mask } = client.coefficients(values);
      const [parts] = partsOf(seal, plan, made, [1, 2, 4], [mask]);
      const [a, b, c] = parts as readonly [Polynomials, Polynomials, Polynomials];
      using whole = exactCombiner(seal, plan, 3);
      expect(Array.from(bigsOf(whole.combine(first, [a, b, c])))).toEqual(values);
      expect(() => whole.combine(first, [a, b])).toThrow(UsageError);
      expect(() => whole.combine(first, [a, b, b])).toThrow(/twice/);
      using short = exactCombiner(seal, plan, 2);
      for (const some of [
        [a, b],
        [a, c],
        [b, c],
      ]) {
        const garbage = numbers(short.combine(first, some));
        expect(garbage.some((value, i) => value === Number(values[i]))).toBe(false);
        // Five deviations of an estimate over 8192 coefficients.
        expect(Math.abs(correlation(garbage, values.map(Number)))).toBeLessThan(0.056);
      }
      whole[Symbol.dispose]();
      expect(() => whole.combine(first, [a, b, c])).toThrow(/disposal/);
    }
    expect(liveHandles(seal)).toBe(0);
  }, 60_000);

  test('noise beyond the room of the set, so that the bounds matter', () => {
    {
      const { set } = plan;
      const made = makeCommittee(seal, set, committee);
      using client = clientOf(seal, set, made.publicKey);
      const values = Array.from({ length: set.degree }, (_, i) => BigInt(i));
      const { first, mask } = client.coefficients(values);
      const [p, r] = dataPrimes(set) as readonly [bigint, bigint];
      pushed(set, first, (p * r) >> 59n);
      const [parts] = partsOf(seal, plan, made, [0, 1, 2], [mask]);
      using combiner = exactCombiner(seal, plan, 3);
      const got = bigsOf(combiner.combine(first, parts as readonly Polynomials[]));
      const wrong = values.filter((value, i) => got[i] !== value).length;
      // At half a unit it is the flooding that decides.
      expect(wrong).toBeGreaterThan(set.degree / 4);
      expect(wrong).toBeLessThan((set.degree * 3) / 4);
    }
    expect(liveHandles(seal)).toBe(0);
  }, 60_000);

  test('a share for another active set', () => {
    {
      const made = makeCommittee(seal, plan.set, committee);
      using client = clientOf(seal, plan.set, made.publicKey);
      const roll = dice(10);
      const values = Array.from({ length: plan.set.degree }, () => BigInt(roll()) << 26n);
      const { first, mask } = client.coefficients(values);
      const [here] = partsOf(seal, plan, made, [0, 1, 2], [mask]);
      const [there] = partsOf(seal, plan, made, [1, 2, 3], [mask]);
      const [a, b, c] = here as readonly [Polynomials, Polynomials, Polynomials];
      const [d, e, f] = there as readonly [Polynomials, Polynomials, Polynomials];
      using combiner = exactCombiner(seal, plan, 3);
      expect(Array.from(bigsOf(combiner.combine(first, [a, b, c])))).toEqual(values);
      expect(Array.from(bigsOf(combiner.combine(first, [d, e, f])))).toEqual(values);
      for (const mixed of [
        [a, b, f],
        [a, e, c],
        [d, b, f],
      ]) {
        const garbage = numbers(combiner.combine(first, mixed));
        expect(Math.abs(correlation(garbage, values.map(Number)))).toBeLessThan(0.056);
      }
    }
    expect(liveHandles(seal)).toBe(0);
  }, 60_000);
});
