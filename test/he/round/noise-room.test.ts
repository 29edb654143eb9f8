/** Spare bits under a message: noise up to the bound is rounded away, beyond it is not, and none leaves. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { polynomials } from '../../../src/he/blob.ts';
import { coefficientsOf, encodeLattice } from '../../../src/he/codec.ts';
import { exactCombiner } from '../../../src/he/committee/index.ts';
import { liveHandles, openSeal, type Seal } from '../../../src/he/index.ts';
import { noiseRoom } from '../../../src/he/noise-bounds.ts';
import { dataPrimes, type ParameterSet, parameterSet } from '../../../src/he/parameters.ts';
import { messageBits } from '../../../src/he/plan.ts';
import { answerLength, checkAnswer, widenPlaintextInto } from '../../../src/he/round/answers.ts';
import { generateHolderKey, keyHolderKey } from '../../../src/he/round/key-holder.ts';
import type { EncryptedRound } from '../../../src/he/round/plan.ts';
import { addInto, openLatticeSum } from '../../../src/he/sum/lattice-sum.ts';
import { bigsOf } from '../committee/support.ts';
import { dice } from '../support.ts';
import { castOf, planFor } from './support.ts';

let seal: Seal;
let round: EncryptedRound;
beforeAll(async () => {
  seal = await openSeal();
  round = planFor(await castOf(2));
});

const modulusOf = (set: ParameterSet): bigint =>
  dataPrimes(set).reduce((all, prime) => all * prime);

/** One message a coefficient, of all bits, the ends of the range among them. */
function messagesOf(set: ParameterSet, bits: number, seed: number): readonly bigint[] {
  const roll = dice(seed);
  const ends = [0n, (1n << BigInt(bits)) - 1n];
  return Array.from({ length: set.degree }, (_, i) =>
    i % 4 < 2
      ? (ends[i % 2] as bigint)
      : BigInt.asUintN(bits, (BigInt(roll()) << 32n) | BigInt(roll())),
  );
}

/** q·M/2^bits and noise of this magnitude, its signs by a pattern, as SEAL keeps it: prime after prime. */
function noisy(
  set: ParameterSet,
  bits: number,
  messages: readonly bigint[],
  noise: (i: number) => bigint,
): BigUint64Array {
  const q = modulusOf(set);
  const unit = 1n << BigInt(bits);
  const xs = messages.map((message, i) => (q * message + unit / 2n) / unit + noise(i) + q);
  return BigUint64Array.from(dataPrimes(set).flatMap((prime) => xs.map((x) => x % prime)));
}

/** The room, a little less than that, or more than any noise that opens. */
const insideRoom = (set: ParameterSet, bits: number): bigint =>
  BigInt(Math.floor(2 ** (noiseRoom(set, bits) - 1e-12))) - 2n;
const halfUnit = (set: ParameterSet, bits: number): bigint => modulusOf(set) >> BigInt(bits + 1);
const beyondRoom = (set: ParameterSet, bits: number): bigint =>
  halfUnit(set, bits) + (halfUnit(set, bits) >> 38n) + 5n;

/** Noise of one magnitude, and both signs. */
const signed =
  (magnitude: bigint) =>
  (i: number): bigint =>
    (i * 7) % 5 < 2 ? -magnitude : magnitude;

/** A round of one key holder with these fields, its key, and what it answers to a noisy sum. */
function keyHolder(name: 'exact-2048' | 'exact-4096', fields: number, fieldBits: number) {
  const set = parameterSet(name);
  const sum = { ...round.sum, set, fields, fieldBits, ciphertexts: 1 };
  const plan: EncryptedRound = { ...round, sum };
  const { secret } = generateHolderKey(plan, seal);
  const { open } = keyHolderKey(plan, seal, secret);
  /** c1 is this multiple of 1, so it brings the secret's −1, 0 or 1 so many times. */
  const answerTo = (body: BigUint64Array, factor: bigint): Uint8Array => {
    const mask = new BigUint64Array(body.length);
    mask[0] = factor;
    const halves = [
      ['body', body],
      ['mask', mask],
    ] as const;
    const sums = halves.map(([kind, words]) => {
      const into = openLatticeSum(set, kind, plan.roundId, 1);
      const head = { set, kind, roundId: plan.roundId, index: 0 };
      addInto(into, 0, encodeLattice(head, new Uint8Array(words.buffer)));
      return into;
    });
    const answer = new Uint8Array(answerLength(plan));
    open(sums, [0], answer);
    for (const one of sums) one[Symbol.dispose]();
    checkAnswer(plan, 0, answer);
    return answer;
  };
  const messagesIn = (answer: Uint8Array): readonly bigint[] => {
    const words = new Uint32Array(2 * set.degree);
    widenPlaintextInto(words, plan, answer);
    return [...bigsOf(words)];
  };
  return { set, plan, secret, answerTo, messagesIn };
}

const differing = (a: readonly bigint[], b: readonly bigint[]): number =>
  a.filter((value, i) => value !== b[i]).length;

describe('a key holder', () => {
  const shapes = fc
    .record({
      name: fc.constantFrom('exact-2048' as const, 'exact-4096' as const),
      fields: fc.integer({ min: 1, max: 4 }),
      fieldBits: fc.integer({ min: 1, max: 46 }),
      seed: fc.nat(),
    })
    .filter(({ name, fields, fieldBits }) => fields * fieldBits <= parameterSet(name).plainBits);

  test('property: every message comes back with noise up to the room, and none with more', () => {
    fc.assert(
      fc.property(shapes, ({ name, fields, fieldBits, seed }) => {
        const bits = fields * fieldBits;
        const { set, answerTo, messagesIn } = keyHolder(name, fields, fieldBits);
        const messages = messagesOf(set, bits, seed);
        const opened = (noise: bigint) =>
          messagesIn(answerTo(noisy(set, bits, messages, signed(noise)), 1n));
        expect(opened(insideRoom(set, bits))).toEqual(messages);
        // Below zero, rounding twice gives what it takes above.
        const beyond = beyondRoom(set, bits) + halfUnit(set, set.plainBits);
        expect(differing(opened(beyond), messages)).toBe(set.degree);
      }),
      { numRuns: 30 },
    );
    expect(liveHandles(seal)).toBe(0);
  });

  test('is not promised the half of a unit that rounding twice can take', () => {
    const { set, answerTo, messagesIn } = keyHolder('exact-4096', 3, 15);
    const messages = messagesOf(set, 45, 1);
    // With one spare bit: above half of what a single rounding would bear.
    const noise = (halfUnit(set, 45) * 3n) / 4n;
    const got = messagesIn(
      answerTo(
        noisy(set, 45, messages, () => noise),
        1n,
      ),
    );
    expect(differing(got, messages)).toBe(set.degree);
    expect(noiseRoom(set, 46)).toBe(noiseRoom(set, 45));
  });

  test('that answered with spare bits would give its key away; this one keeps them', () => {
    const { set, plan, secret, answerTo, messagesIn } = keyHolder('exact-4096', 2, 20);
    const messages = messagesOf(set, 40, 2);
    // A unit of the plaintext times 1 in the place of c1: what is opened is a message and the secret.
    const unit = modulusOf(set) >> 46n;
    const body = noisy(set, 40, messages, () => 0n);
    expect(messagesIn(answerTo(body, unit))).toEqual(messages);
    expect(answerTo(body, unit)).toEqual(answerTo(body, 1n));
    expect(answerTo(body, unit)).toHaveLength(5 * set.degree);
    // The naive holder: all of the plaintext is the message to it.
    const sum = { ...plan.sum, fields: 2, fieldBits: 23 };
    const naive: EncryptedRound = { ...plan, sum };
    const sums = (['body', 'mask'] as const).map((kind) => {
      const words = kind === 'body' ? body : new BigUint64Array(body.length);
      if (kind === 'mask') words[0] = unit;
      const into = openLatticeSum(set, kind, plan.roundId, 1);
      const head = { set, kind, roundId: plan.roundId, index: 0 };
      addInto(into, 0, encodeLattice(head, new Uint8Array(words.buffer)));
      return into;
    });
    const answer = new Uint8Array(answerLength(naive));
    keyHolderKey(naive, seal, secret).open(sums, [0], answer);
    const words = new Uint32Array(2 * set.degree);
    widenPlaintextInto(words, naive, answer);
    const spare = [...bigsOf(words)].map((word) => BigInt.asIntN(6, word));
    // A ternary secret, coefficient after coefficient, and no zeros alone.
    expect(new Set(spare)).toEqual(new Set([-1n, 0n, 1n]));
    expect(spare.filter((value) => value !== 0n).length).toBeGreaterThan(set.degree / 2);
  });
});

describe('a combiner', () => {
  const set = parameterSet('exact-committee-8192');
  const shapes = fc
    .record({
      fields: fc.integer({ min: 1, max: 4 }),
      fieldBits: fc.integer({ min: 1, max: 53 }),
      seed: fc.nat(),
    })
    .filter(({ fields, fieldBits }) => fields * fieldBits <= set.plainBits);

  test('property: every message comes back with noise up to the room, and none with more', () => {
    fc.assert(
      fc.property(shapes, ({ fields, fieldBits, seed }) => {
        const plan = { set, scaleBits: 0, fields, fieldBits };
        const bits = messageBits(plan);
        const messages = messagesOf(set, bits, seed);
        using combiner = exactCombiner(seal, plan, 2);
        const opened = (noise: bigint) => {
          const first = polynomials(coefficientsOf(set, 'mask'));
          bigsOf(first.words).set(noisy(set, bits, messages, signed(noise)));
          const none = [0, 1].map(() => polynomials(coefficientsOf(set, 'mask')));
          return [...bigsOf(combiner.combine(first, none))];
        };
        expect(opened(insideRoom(set, bits))).toEqual(messages);
        expect(differing(opened(beyondRoom(set, bits)), messages)).toBe(set.degree);
      }),
      { numRuns: 20 },
    );
    expect(liveHandles(seal)).toBe(0);
  });
});
