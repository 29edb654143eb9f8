/**
 * The parameters of lattice masks: the two tables that they were designed by, the derivation done a
 * second time in real numbers, and the refusals.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CapacityError, UsageError } from '../../src/errors.ts';
import { RING_DEGREE, RING_PRIMES } from '../../src/kernel/ring-tables.ts';
import { keyShape, latticeShape, packedModulus } from '../../src/lattice/parameters.ts';
import { N, primes, Q, scaleOf } from '../reference/lattice.ts';
import { caught } from '../ring/caught.ts';

/** What the greatest residue of a prime drifts on the wire, in units at k = 40: one way each. */
const drifts = primes.map(({ p, c }) => Number(c * BigInt(p) - (1n << 64n)) / 2 ** 24);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value);

/** x in real numbers: what the remainder of n words is below, but for 2^−40 over d of them. */
function boundReference(n: number, d: number, k: number): number {
  const h = 2 ** (40 - k);
  const drift = sum(drifts.map((one) => one ** 2)) / 12;
  const variance = n * (1 / 12 + drift / h ** 2 + ((6.6 * 2 ** k) / Number(Q)) ** 2);
  const tail = Math.sqrt(2 * (Math.log(2 * d) + 40 * Math.LN2) * variance);
  const mean = Math.abs(sum(drifts)) / 2;
  return tail + 1.5 + (n * mean + Math.max(...drifts.map(Math.abs))) / h;
}

/** The same if everything goes as wrong as it can. */
function worstReference(n: number, k: number): number {
  const h = 2 ** (40 - k);
  const oneDrift = Math.max(...drifts.map(Math.abs)) / h;
  return n * (0.5 + oneDrift + (93 * 2 ** k) / Number(Q)) + 1.5 + oneDrift;
}

/** Whether a step of the wire holds remainders of ±bound: δ ≥ 2·bound, exactly. */
const holds = (modulus: number, bound: number, k: number): boolean =>
  (scaleOf(BigInt(modulus)) << BigInt(k)) * 1024n >= 2n * BigInt(Math.ceil(1024 * bound)) * Q;

/** The field of `bits`-bit values. */
const field = (bits: number, clients: number) =>
  latticeShape({ clients, length: 1_000_000, low: 0, high: clients * (2 ** bits - 1) });

/** A sum of `bits` bits among n. */
const wide = (clients: number, bits: number, length: number = 1_000_000) =>
  latticeShape({ clients, length, low: 0, high: 2 ** bits - 1 });

describe('the tables', () => {
  test('the ring is the reference’s', () => {
    expect(RING_PRIMES.map(({ p }) => p)).toEqual(primes.map(({ p }) => p));
    expect(RING_DEGREE).toBe(N);
  });

  test.each([
    // Value bits, clients, then: word for c = 1, packing, word, bits a value.
    [1, 1000, 18, 3, 38, 12.7],
    [4, 100, 17, 3, 38, 12.7],
    [8, 100, 21, 2, 36, 18],
    [8, 500, 24, 1, 24, 24],
    [16, 100, 29, 1, 29, 29],
    [16, 500, 32, 1, 32, 32],
    [16, 1000, 34, 1, 34, 34],
    [24, 100, 37, 1, 37, 37],
  ])('%i-bit values of %i clients', (bits, clients, alone, packing, wireBits, each) => {
    const shape = field(bits, clients);
    expect(shape).toMatchObject({ packing, wireBits, modulus: clients * (2 ** bits - 1) + 1 });
    expect(wireBits / packing).toBeCloseTo(each, 1);
    const unpacked = Array.from({ length: 33 }, (_, i) => i + 8).find((k) =>
      holds(shape.modulus, boundReference(clients, 1e7, k), k),
    );
    expect(unpacked).toBe(alone);
  });

  test.each([
    // Clients up to, guard bits, guard bits of never being wrong.
    [5, 4, 4],
    [28, 5, 5],
    [125, 6, 8],
    [525, 7, 10],
    [2150, 8, 12],
    [8700, 9, 14],
    [34900, 10, 16],
  ])('up to %i clients: %i guard bits, %i for never wrong', (clients, guard, never) => {
    for (const wireBits of [28, 32]) {
      expect(wide(clients, wireBits - guard)).toMatchObject({ packing: 1, wireBits });
      // A hundredth more clients need one more.
      const more = Math.ceil(clients * 1.01);
      expect(wide(more, wireBits - guard).wireBits).toBe(wireBits + 1);
    }
    expect(holds(2 ** (32 - never), worstReference(clients, 32), 32)).toBe(true);
    expect(holds(2 ** (33 - never), worstReference(clients, 32), 32)).toBe(false);
  });
});

describe('latticeShape', () => {
  /** Facts that fit: sums up to 2^31 among 2,000 clients, up to 2^24 among 10^6. */
  const factsOf = (clients: number, bits: number) =>
    fc.record({
      clients: fc.integer({ min: 2, max: clients }),
      length: fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 2 ** 28 })),
      low: fc.integer({ min: 0, max: 20 }).map((low) => (low === 0 ? 0 : -(2 ** low))),
      high: fc.oneof(
        fc.integer({ min: 0, max: bits }).map((high) => 2 ** high - 1),
        fc.integer({ min: 0, max: 2 ** bits }),
        fc.integer({ min: 0, max: 2000 }),
      ),
    });
  const facts = fc.oneof(factsOf(2000, 31), factsOf(1_000_000, 24));

  test('the bound is the real number’s, or a very little more', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const { coefficients, residualBound, wireBits } = latticeShape(given);
        // d is 10^7 doubled until it is enough.
        const d = 1e7 * 2 ** Math.max(0, Math.ceil(Math.log2(coefficients / 1e7)));
        const real = boundReference(given.clients, d, wireBits);
        expect(residualBound).toBeGreaterThan(real);
        expect(residualBound).toBeLessThan(real * 1.001 + 4 / 1024);
        expect(Number.isInteger(residualBound * 1024)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('words hold the sums, shorter ones do not, and no other packing has fewer bits a value', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const shape = latticeShape(given);
        const { packing, wireBits, modulus } = shape;
        expect(modulus).toBe(Math.max(2, given.high - given.low + 1));
        expect(shape.coefficients).toBe(Math.ceil(given.length / packing));
        expect(shape.low).toBe(given.low);
        const radix = packedModulus(shape);
        expect(BigInt(radix)).toBe(BigInt(modulus) ** BigInt(packing));
        expect(radix).toBeLessThanOrEqual(2 ** 32);
        expect(holds(radix, shape.residualBound, wireBits)).toBe(true);
        for (let c = 1; modulus ** c <= 2 ** 32; c++) {
          const d = Math.ceil(given.length / c);
          for (let k = 8; k <= 40; k++) {
            const better =
              k * packing < wireBits * c || (k * packing === wireBits * c && c < packing);
            // The shape's own bound is at most that much larger than the real one.
            const bound = boundReference(given.clients, 2 * Math.max(d, 1e7), k) * 1.001 + 0.004;
            if (better) expect(holds(modulus ** c, bound, k), `c = ${c}, k = ${k}`).toBe(false);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a packed value of one client has 32 bits with its sign, noise and all', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 2000 }),
        fc.integer({ min: 0, max: 15 }),
        fc.integer({ min: 0, max: 2000 }),
        fc.boolean(),
        (clients, bits, tail, signed) => {
          const range = 2 ** bits - 1;
          const [low, high] = signed ? [-range, 0] : [0, range];
          const { modulus, packing } = latticeShape({
            clients,
            length: 10,
            low: clients * low - tail,
            high: clients * high + tail,
          });
          // The client's noise is as large as that of the sum.
          const most = BigInt(range + tail);
          let packed = 0n;
          for (let i = 0; i < packing; i++) packed = packed * BigInt(modulus) + most;
          expect(packed < 1n << 31n).toBe(true);
        },
      ),
    );
    // A client that alone holds the greatest sum breaks the condition, and does not fit.
    const { modulus, packing } = latticeShape({ clients: 2, length: 10, low: 0, high: 1 });
    expect(BigInt(modulus) ** BigInt(packing) - 1n).toBeGreaterThanOrEqual(1n << 31n);
  });

  test('is frozen, and the same for every length up to 10^7 coefficients', () => {
    const short = wide(100, 20, 1);
    expect(Object.isFrozen(short)).toBe(true);
    const { residualBound, wireBits } = wide(100, 20, 10_000_000);
    expect(short).toMatchObject({ residualBound, wireBits });
    expect(wide(100, 20, 10_000_001).residualBound).toBeGreaterThan(residualBound);
  });

  test('2^k ≥ 2·T·x alone would take a sum whose half step is below x', () => {
    // The largest T that 16,068 clients get, and the largest that the simpler condition gives.
    const { residualBound, wireBits } = latticeShape({
      clients: 16_068,
      length: 1,
      low: 0,
      high: 1_073_734_328,
    });
    const naive = Math.floor(2 ** wireBits / (2 * residualBound));
    expect(wireBits).toBe(40);
    expect(naive).toBeGreaterThan(1_073_734_329);
    expect(holds(naive, residualBound, wireBits)).toBe(false);
    const tried = { clients: 16_068, length: 1, low: 0, high: naive - 1 };
    expect(() => latticeShape(tried)).toThrow(CapacityError);
  });

  test('a field whose sum is always 0 has two sums, and −0 is 0', () => {
    expect(latticeShape({ clients: 2, length: 7, low: 0, high: 0 })).toMatchObject({
      low: 0,
      modulus: 2,
    });
    expect(latticeShape({ clients: 2, length: 7, low: -0, high: 5 }).low).toBe(0);
  });

  test('what does not fit is refused, and what would fit is named and fits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 1_000_000 }),
        fc.integer({ min: 0, max: 2 ** 22 }),
        fc.integer({ min: 2 ** 31, max: 2 ** 40 }),
        (clients, below, high) => {
          const given = { clients, length: 100, low: -below, high };
          const error = caught(() => {
            latticeShape(given);
            // It fits: nothing to be refused.
            throw new UsageError('out-of-range', 'fits');
          });
          if (error.message === 'fits') return;
          expect(error).toBeInstanceOf(CapacityError);
          expect(error.code).toBe('ring-overflow');
          const { maxModulus, maxBits, maxClients } = error.details as {
            maxModulus: number;
            maxBits: number;
            maxClients: number;
          };
          expect(error.message).toContain(`at most ${maxModulus} different sums (${maxBits} bits)`);
          expect(error.message).toContain(`at most ${maxClients} clients`);
          expect(2 ** maxBits <= maxModulus && maxModulus < 2 ** (maxBits + 1)).toBe(true);
          const fits = { ...given, low: 0, high: maxModulus - 1 };
          expect(latticeShape(fits).modulus).toBe(maxModulus);
          expect(() => latticeShape({ ...fits, high: maxModulus })).toThrow(CapacityError);
          const share = (n: number) => ({
            ...given,
            clients: n,
            low: 0,
            high: Number(
              (BigInt(high + below) * BigInt(n) + BigInt(clients) - 1n) / BigInt(clients),
            ),
          });
          if (maxClients > 0) expect(() => latticeShape(share(maxClients))).not.toThrow();
          const next = Math.max(2, maxClients + 1);
          expect(() => latticeShape(share(next))).toThrow(CapacityError);
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each([
    { clients: 1 },
    { clients: 1_000_001 },
    { clients: 2.5 },
    { length: 0 },
    { length: 2 ** 32 },
    { low: 1 },
    { low: Number.NaN },
    { high: -1 },
    { high: Number.POSITIVE_INFINITY },
  ])('%o is out of range', (wrong) => {
    const right = { clients: 10, length: 10, low: 0, high: 10 };
    const error = caught(() => latticeShape({ ...right, ...wrong }));
    expect(error.code).toBe('out-of-range');
    expect(error.message).toContain(Object.keys(wrong)[0]);
  });
});

describe('keyShape', () => {
  test.each([
    [1, 2, 1, 9],
    [99_999, 500, 1, 17],
    [100_000, 500, 4, 17],
    [9_999_999, 704, 4, 17],
    [9_999_999, 705, 4, 18],
    [10_000_000, 1_000_000, 8, 28],
  ])(
    '%i coefficients, %i clients: %i secrets, %i bits',
    (coefficients, clients, secrets, modulusBits) => {
      expect(keyShape(coefficients, clients)).toEqual({
        secrets,
        length: 2048 * secrets,
        modulusBits,
      });
    },
  );

  test('the ring holds every sum of secrets, and half of it does not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 1_000_000 }), (clients) => {
        const { modulusBits } = keyShape(1, clients);
        expect(1n << BigInt(modulusBits)).toBeGreaterThanOrEqual(186n * BigInt(clients) + 1n);
        expect(1n << BigInt(modulusBits - 1)).toBeLessThan(186n * BigInt(clients) + 1n);
      }),
    );
  });

  test('refuses what is no count', () => {
    expect(caught(() => keyShape(0, 10)).code).toBe('out-of-range');
    expect(caught(() => keyShape(10, 1)).code).toBe('out-of-range');
  });
});
