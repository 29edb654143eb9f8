/** Each attack against a twin that tries everything, and what must grow with what. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dualDistinguish, dualGuess, dualLuckiest } from '../../bench/lattice-security/dual.ts';
import { leastHintWidth, mostCoordinates, proofLoss } from '../../bench/lattice-security/hint.ts';
import {
  guessesOf,
  planesChance,
  primalGuess,
  primalMeet,
} from '../../bench/lattice-security/hybrid.ts';
import { type Instance, published, suite } from '../../bench/lattice-security/instances.ts';
import { coreSvp, costModel } from '../../bench/lattice-security/models.ts';
import {
  type Attack,
  decodingDimension,
  logVolume,
  primalDecode,
  primalLuckiest,
  primalUnique,
} from '../../bench/lattice-security/primal.ts';
import {
  cheapestDual,
  countGuesses,
  leastDecoding,
  leastUniqueBlock,
  reducedProfile,
} from '../reference/lattice-security.ts';

const small: Instance = {
  name: 'small',
  dimension: 150,
  logModulus: 9,
  secretWidth: 1,
  errorWidth: 2,
  samples: 250,
};

describe('twins', () => {
  test('the unique short vector, over every dimension and twenty blocks below', () => {
    for (const instance of [small, { ...small, secretWidth: 0.5 }, { ...small, logModulus: 8 }]) {
      const { block } = primalUnique(instance, coreSvp);
      expect(block).toBeGreaterThan(80);
      expect(block).toBe(leastUniqueBlock(instance, block - 20, 401));
    }
  });

  test('decoding at the end of a written-out profile', () => {
    for (const [block, rank] of [
      [70, 300],
      [90, 350],
      [120, 280],
    ] as const) {
      const volume = logVolume(small, small.dimension, rank);
      expect(decodingDimension(rank, volume, block, small.errorWidth)).toBe(
        leastDecoding(small, block, rank),
      );
    }
  });

  test('the dual attack, over every block and dimension', () => {
    const { cost } = dualDistinguish(small, coreSvp);
    expect(cost).toBeCloseTo(cheapestDual(small, [60, 200], 400), 1);
  });

  test('guesses, counted one by one', () => {
    const sets = guessesOf(1.1)[3] ?? [];
    for (const [radius, { size, chance }] of sets.entries()) {
      const counted = countGuesses(3, 1.1, radius);
      expect(2 ** size).toBeCloseTo(counted.size, 6);
      expect(2 ** chance).toBeCloseTo(counted.chance, 12);
    }
    expect(sets.length).toBeGreaterThan(4);
    expect(guessesOf(3.3)[0]).toEqual([{ size: 0, chance: expect.closeTo(0, 12) }]);
  });

  test('the most likely guess, and what a coordinate of width 3.3 holds', () => {
    const zero = guessesOf(3.3)[1]?.[0];
    expect(zero?.chance).toBeCloseTo(Math.log2(1 / (3.3 * Math.sqrt(2 * Math.PI))), 6);
    const many = guessesOf(3.3)[96] ?? [];
    const likely = many.find(({ chance }) => chance > -1);
    // About the entropy of 96 coordinates, 3.77 bits each.
    expect((likely?.size ?? 0) / 96).toBeCloseTo(3.77, 1);
  });

  test('planes: the product over all of them', () => {
    const lengths = Array.from({ length: 300 }, (_, i) => (i < 150 ? Math.log(4096) : Math.log(2)));
    const volume = lengths.reduce((a, b) => a + b, 0);
    const inside = (t: number): number => {
      let sum = 0;
      for (let i = 0; i < 20_000; i++) {
        const x = ((i + 0.5) * t) / 20_000;
        sum += Math.exp((-x * x) / 2) * (t / 20_000);
      }
      return Math.min(1, sum * Math.sqrt(2 / Math.PI));
    };
    const product = reducedProfile(lengths, 80)
      .map((log) => Math.log2(inside(Math.min(9, Math.exp(log) / 4))))
      .reduce((a, b) => a + b, 0);
    expect(product).toBeLessThan(-1);
    expect(planesChance(300, volume, 80, 2)).toBeCloseTo(product, 4);
  });
});

describe('order', () => {
  const gates = costModel('matzov');
  const attacks: readonly ((x: Instance) => Attack)[] = [
    (x) => primalUnique(x, coreSvp),
    (x) => primalDecode(x, gates),
    (x) => primalGuess(x, gates),
    (x) => primalMeet(x, coreSvp),
    (x) => dualDistinguish(x, coreSvp),
  ];
  // A search may miss the last tenths of a bit.
  const slack = 0.3;
  const sizes = fc.record({
    name: fc.constant('random'),
    dimension: fc.integer({ min: 300, max: 1500 }),
    logModulus: fc.double({ min: 10, max: 40, noNaN: true }),
    secretWidth: fc.constantFrom(0.8, 1.6, 3.3),
    errorWidth: fc.constantFrom(2, 3.3, 50),
    samples: fc.constantFrom(800, Number.POSITIVE_INFINITY),
  });

  test.each(attacks.map((attack, i) => [i, attack] as const))(
    'attack %i: a larger modulus, a narrower error or secret, a smaller ring, more samples are never harder',
    (_, attack) => {
      fc.assert(
        fc.property(sizes, (x) => {
          const { cost } = attack(x);
          const easier: readonly Instance[] = [
            { ...x, logModulus: x.logModulus + 1.5 },
            { ...x, errorWidth: x.errorWidth / 2 },
            { ...x, dimension: x.dimension - 60 },
            { ...x, samples: 2 * x.samples },
          ];
          for (const other of easier) {
            const found = attack(other).cost;
            if (found !== Infinity || cost !== Infinity) expect(found).toBeLessThan(cost + slack);
          }
        }),
        { numRuns: 6 },
      );
    },
  );

  test('a closing sieve helps where calls cost, luck helps, and guesses never hurt', () => {
    expect(primalDecode(suite, gates).cost).toBeLessThan(primalUnique(suite, gates).cost - 1);
    expect(primalLuckiest(suite, coreSvp, 30).cost).toBeLessThan(primalUnique(suite, coreSvp).cost);
    expect(dualLuckiest(suite, coreSvp, 30).cost).toBeLessThan(
      dualDistinguish(suite, coreSvp).cost,
    );
    expect(dualGuess(suite, gates, true).cost).toBeLessThan(dualGuess(suite, gates, false).cost);
  });

  test('hybrids are no dead code: they win where the secret is narrow', () => {
    const narrow: Instance = { ...suite, secretWidth: 0.25, errorWidth: 60 };
    const met = primalMeet(narrow, coreSvp);
    expect(met.chosen.guessed).toBeGreaterThan(30);
    expect(met.cost).toBeLessThan(primalMeet({ ...narrow, secretWidth: 3.3 }, coreSvp).cost - 20);
    expect(primalGuess(narrow, coreSvp).chosen.guessed).toBeGreaterThan(0);
    expect(dualGuess(published.kyber768 as Instance, coreSvp, true).cost).toBeLessThan(
      primalUnique(published.kyber768 as Instance, coreSvp).cost - 5,
    );
  });
});

describe('the hint argument', () => {
  test('the width suffices for 10^7 coordinates, and the two forms agree', () => {
    expect(leastHintWidth(1e7)).toBeCloseTo(3.27, 2);
    expect(mostCoordinates(leastHintWidth(1e7))).toBeCloseTo(1e7, -3);
    expect(mostCoordinates(suite.errorWidth)).toBeGreaterThan(5e7);
    expect(mostCoordinates(3.2)).toBeLessThan(1e7);
  });

  test('the chain: two clients with one secret lose nothing', () => {
    expect(proofLoss(2, 1)).toBe(0);
    expect(proofLoss(1025, 8)).toBe(13);
  });
});
