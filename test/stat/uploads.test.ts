/**
 * What a coordinator sees of a client that says nothing but zeros, or nothing but its greatest value:
 * numbers without a pattern. Thresholds are set so that an honest run fails with a chance below 1e-9.
 */
import { describe, expect, test } from 'vitest';
import { integer } from '../../src/index.ts';
import { unpackInto } from '../../src/ring/packing.ts';
import { decodeEnvelope } from '../../src/wire/envelope.ts';
import { party, planFor, play } from '../support/round.ts';
import { linearComplexity } from './linear-complexity.ts';
import { mersenneTwister } from './mersenne-twister.ts';

const LENGTH = 45_000;
/** Chosen so that sums of four clients take exactly 24 bits of the ring. */
const MAX = Math.floor((2 ** 24 - 1) / 4);
const BITS = 24;

/** The ring elements that each client uploads in one round, when all of them say `value`. */
async function uploadsOf(
  people: Awaited<ReturnType<typeof party>>,
  value: number,
): Promise<ReadonlyMap<string, Uint32Array>> {
  const plan = planFor(people, {
    fields: { x: integer({ length: LENGTH, min: 0, max: MAX }) },
    trust: { corrupt: 0, absent: 0.25, coordinator: 'active' },
  });
  expect(plan.shapes[0]?.modulusBits).toBe(BITS);
  const seen = new Map<string, Uint32Array>();
  const { result } = await play(people, plan, {
    inputs: () => ({ x: new Float64Array(LENGTH).fill(value) }),
    uplink: (phase, id, message) => {
      if (phase === 'mask') {
        const { payload } = decodeEnvelope(message, { header: 1_000, payload: 4 * LENGTH });
        const elements = new Uint32Array(LENGTH);
        unpackInto(elements, payload, BITS);
        seen.set(id, elements);
      }
      return [message];
    },
  });
  expect(result.sum.x.every((sum) => sum === 4 * value)).toBe(true);
  expect(seen.size).toBe(4);
  return seen;
}

/** χ² of counts against equal ones. */
function chiSquare(values: Iterable<number>, cells: number): number {
  const counts = new Float64Array(cells);
  let n = 0;
  for (const value of values) {
    counts[value] = (counts[value] as number) + 1;
    n++;
  }
  const expected = n / cells;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/**
 * Bounds that χ² with f degrees of freedom leaves with a chance below 2·e^−x: Laurent and Massart,
 * Ann. Statist. 28(5), 2000, Lemma 1. x = 28 gives 1.4e-12 a test.
 */
const X = 28;
const upper = (f: number): number => f + 2 * Math.sqrt(f * X) + 2 * X;
const lower = (f: number): number => f - 2 * Math.sqrt(f * X);
/** Deviation of the mean of n ±1 products left with a chance below 2·e^−x: Hoeffding. */
const correlation = (n: number): number => Math.sqrt((2 * X) / n);

function expectUniform(values: Iterable<number>, cells: number): void {
  const found = chiSquare(values, cells);
  expect(found).toBeLessThan(upper(cells - 1));
  expect(found).toBeGreaterThan(lower(cells - 1));
}

function* bytesOf(words: Uint32Array, shift: number): Generator<number> {
  for (const word of words) yield (word >>> shift) & 0xff;
}

const lowBits = (words: Uint32Array, bit = 0): Uint8Array =>
  Uint8Array.from(words, (word) => (word >>> bit) & 1);

/** Mean of the products of two sequences of bits as ±1. */
function correlated(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] === b[i] ? 1 : -1;
  return Math.abs(sum / a.length);
}

describe('masked uploads', async () => {
  const people = await party(4);
  const zeros = await uploadsOf(people, 0);
  const greatest = await uploadsOf(people, MAX);

  test.each([
    ['zeros', zeros],
    ['the greatest value', greatest],
  ])('%s: every byte of every element is uniform, and so are pairs of neighbours', (_, uploads) => {
    for (const words of uploads.values()) {
      for (const shift of [0, 8, 16]) expectUniform(bytesOf(words, shift), 256);
      const pairs = Uint32Array.from(
        { length: LENGTH / 2 },
        (_, i) => ((words[2 * i] as number) & 31) | (((words[2 * i + 1] as number) & 31) << 5),
      );
      expectUniform(pairs, 1_024);
    }
  });

  test('the bounds notice a bias: values below the greatest, and masks from too few bits', () => {
    const narrow = Uint32Array.from({ length: LENGTH }, () => Math.floor(Math.random() * 250));
    expect(chiSquare(narrow, 256)).toBeGreaterThan(upper(255));
    const even = Uint32Array.from({ length: LENGTH }, (_, i) => i % 256);
    expect(chiSquare(even, 256)).toBeLessThan(lower(255));
  });

  test('no two uploads go together: not two clients, not two rounds, not neighbours, not bits', () => {
    const all = [...zeros.values(), ...greatest.values()];
    for (let i = 0; i < all.length; i++) {
      for (let j = 0; j < i; j++) {
        for (const bit of [0, 1, 12, 23]) {
          const [a, b] = [lowBits(all[i] as Uint32Array, bit), lowBits(all[j] as Uint32Array, bit)];
          expect(correlated(a, b)).toBeLessThan(correlation(LENGTH));
        }
      }
      const words = all[i] as Uint32Array;
      const bits = lowBits(words);
      for (const lag of [1, 2, 16, 624]) {
        const shifted = bits.subarray(lag);
        expect(correlated(bits.subarray(0, -lag), shifted)).toBeLessThan(correlation(LENGTH - lag));
      }
      expect(correlated(bits, lowBits(words, 23))).toBeLessThan(correlation(LENGTH));
    }
    // The same test on what one stream for two rounds would give: the difference is the plaintext.
    const reused = (zeros.get('client-0') as Uint32Array).map((word) => word + MAX + 1);
    expect(correlated(lowBits(zeros.get('client-0') as Uint32Array), lowBits(reused))).toBe(1);
  });
});

describe('full linear complexity of the low bits', () => {
  /** |L − N/2| > 60 has a chance of about 2^−119 (Rueppel, 1986). */
  const expectRandom = (bits: Uint8Array): void =>
    expect(Math.abs(linearComplexity(bits) - bits.length / 2)).toBeLessThan(60);

  test('of small sequences, against the definition', () => {
    /** The least L for which some register of that length gives the sequence: all are tried. */
    const slow = (bits: readonly number[]): number => {
      for (let length = 0; ; length++) {
        for (let taps = 0; taps < 2 ** length; taps++) {
          const fits = bits.every((bit, i) => {
            if (i < length) return true;
            let sum = 0;
            for (let j = 1; j <= length; j++) {
              sum ^= (taps >>> (j - 1)) & 1 & (bits[i - j] as number);
            }
            return sum === bit;
          });
          if (fits) return length;
        }
      }
    };
    for (let word = 0; word < 2 ** 9; word++) {
      const bits = Array.from({ length: 9 }, (_, i) => (word >>> i) & 1);
      expect(linearComplexity(Uint8Array.from(bits))).toBe(slow(bits));
    }
  });

  test('of registers whose length is known, across words', () => {
    for (const [length, tap] of [
      [31, 3],
      [33, 13],
      [127, 1],
      [521, 32],
    ] as const) {
      // x^length + x^tap + 1 is irreducible, so any non-zero start needs the whole register.
      const bits = new Uint8Array(4 * length);
      bits[0] = 1;
      for (let i = length; i < bits.length; i++) {
        bits[i] = (bits[i - length] as number) ^ (bits[i - tap] as number);
      }
      expect(linearComplexity(bits)).toBe(length);
    }
  });

  test('a Mersenne Twister fails: 19,937, however long', () => {
    const next = mersenneTwister(5_489);
    // The published first output for this seed, so it is the real one.
    expect(next()).toBe(3_499_211_612);
    const bits = Uint8Array.from({ length: LENGTH }, () => next() & 1);
    const found = linearComplexity(bits);
    expect(found).toBe(19_937);
    expect(() => expectRandom(bits)).toThrow();
  });

  test('an upload of zeros, and one of the greatest value, pass', async () => {
    const people = await party(4);
    for (const value of [0, MAX]) {
      const uploads = await uploadsOf(people, value);
      expectRandom(lowBits(uploads.get('client-2') as Uint32Array));
    }
  });
});
