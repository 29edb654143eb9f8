/** Scale and noise for a target: they fit, they reach it, and numbers that do not fit are refused. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type DistributedRequest,
  distributedParameters,
  epsilon,
  integerL1Norm,
  roundedL2Norm,
  scaleFor,
  sumNoiseMultiplier,
} from '../../src/dp/index.ts';
import { CapacityError, PrivacyError, UsageError } from '../../src/errors.ts';

const base: DistributedRequest = {
  kind: 'skellam',
  epsilon: 2,
  delta: 1e-6,
  neighbours: 'zero-out',
  clients: 500,
  dimension: 2048,
  bits: 18,
  clip: 1.5,
};

describe('what was found', () => {
  test.each([
    ['skellam', {}],
    ['discrete-gaussian', {}],
    ['skellam', { rounds: 30, probability: 0.05, neighbours: 'add-or-remove' }],
    ['discrete-gaussian', { clients: 5, dimension: 64, bits: 24, epsilon: 0.3 }],
  ] as const)('%s %o costs at most the target and fits', (kind, change) => {
    const request = { ...base, kind, ...change };
    const found = distributedParameters(request);
    expect(found.epsilon).toBeLessThanOrEqual(request.epsilon);
    expect(found.epsilon).toBeGreaterThan(request.epsilon * (1 - 1e-6));
    expect(epsilon(found.event, request).epsilon).toBeLessThanOrEqual(found.epsilon);
    // Four standard deviations of a coordinate of the sum are half of the modulus.
    const variance =
      (request.clip * found.scale * request.clients) ** 2 / request.dimension +
      request.clients * (found.localSigma ** 2 + 1 / 4);
    expect((4 * Math.sqrt(variance)) / 2 ** (request.bits - 1)).toBeCloseTo(1, 6);
    expect(Object.isFrozen(found)).toBe(true);
  });

  test('more bits are a finer scale, more clients less noise for each', () => {
    const at = (change: Partial<DistributedRequest>) =>
      distributedParameters({ ...base, ...change });
    expect(at({ bits: 20 }).scale).toBeGreaterThan(3 * at({}).scale);
    const local = ({ localSigma, scale }: ReturnType<typeof at>): number => localSigma / scale;
    expect(local(at({ clients: 2000 }))).toBeLessThan(0.6 * local(at({})));
  });
});

describe('what does not fit', () => {
  test('too few bits are named, together with enough of them', () => {
    for (const kind of ['skellam', 'discrete-gaussian'] as const) {
      for (const bits of [1, 4, 7, 9]) {
        let details: Readonly<Record<string, unknown>> = {};
        try {
          distributedParameters({ ...base, kind, bits, epsilon: 0.5 });
        } catch (error) {
          expect(error).toBeInstanceOf(CapacityError);
          expect((error as CapacityError).code).toBe('noise-too-large');
          details = (error as CapacityError).details;
        }
        const fitting = details.fitting as number;
        expect(fitting).toBeGreaterThan(bits);
        const found = distributedParameters({ ...base, kind, bits: fitting, epsilon: 0.5 });
        expect(found.epsilon).toBeLessThanOrEqual(0.5);
      }
    }
  });

  test('a scale exists exactly where rounding alone fits', () => {
    const facts = {
      localStandardDeviation: 0.1,
      clip: 1,
      clients: 1000,
      dimension: 100,
      deviations: 4,
      flatness: 1,
    };
    // 2^(2b) > 1000 · 16
    expect(scaleFor({ ...facts, bits: 7 })).toBeGreaterThan(0);
    expect(() => scaleFor({ ...facts, bits: 6 })).toThrow(/7 bits/);
  });

  test.each([
    ['no clients', { clients: 0 }],
    ['33 bits', { bits: 33 }],
    ['no clip', { clip: 0 }],
    ['NaN', { clip: Number.NaN }],
    ['half a round', { rounds: 0.5 }],
    ['a probability of 2', { probability: 2 }],
    ['β of 1', { beta: 1 }],
    ['no deviations', { deviations: 0 }],
    ['ε of 0', { epsilon: 0 }],
  ])('refused: %s', (_, change) => {
    expect(() => distributedParameters({ ...base, ...change })).toThrow(UsageError);
  });

  test('Poisson sampling under replace-one', () => {
    expect(() =>
      distributedParameters({ ...base, probability: 0.5, neighbours: 'replace-one' }),
    ).toThrow(expect.objectContaining({ code: 'unsound-parameters' }));
  });
});

describe('norms', () => {
  test('rounding never shortens the bound, and adds at most √d', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 1e6, noNaN: true }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.integer({ min: 1, max: 2 ** 20 }),
        (l2, beta, dimension) => {
          const bound = roundedL2Norm({ l2, beta, dimension });
          expect(bound).toBeGreaterThanOrEqual(l2);
          expect(bound).toBeLessThanOrEqual(l2 + Math.sqrt(dimension));
          expect(integerL1Norm(bound, dimension)).toBeLessThanOrEqual(bound * Math.sqrt(dimension));
        },
      ),
    );
  });

  test('the split of adaptive clipping adds up, and is refused where it cannot', () => {
    const z = sumNoiseMultiplier(1.2, 4);
    expect(z ** -2 + 8 ** -2).toBeCloseTo(1.2 ** -2, 14);
    expect(z).toBeGreaterThan(1.2);
    for (const bits of [0.5, 0.6]) {
      expect(() => sumNoiseMultiplier(1.2, bits)).toThrow(PrivacyError);
    }
    expect(() => sumNoiseMultiplier(Number.NaN, 1)).toThrow(UsageError);
    expect(() => sumNoiseMultiplier(1, 0)).toThrow(UsageError);
  });
});
