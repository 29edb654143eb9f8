/** The accountant of privacy losses against exact prices, other tools, and itself. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gaussianEpsilon } from '../../src/dp/accountants/gaussian.ts';
import { pldDelta, pldEpsilon } from '../../src/dp/accountants/pld.ts';
import { rdpEpsilon } from '../../src/dp/accountants/rdp.ts';
import {
  approximate,
  composed,
  type DpEvent,
  discreteGaussian,
  discreteLaplace,
  gaussian,
  laplace,
  poissonSampled,
  randomisedResponse,
  repeated,
  skellam,
  treeAggregation,
  zeroConcentrated,
} from '../../src/dp/events.ts';
import { gaussianDelta, sampledAddDelta, sampledRemoveDelta } from '../../src/dp/hockey-stick.ts';
import * as twin from '../reference/losses.ts';

const neighbours = 'add-or-remove';
const times = (event: DpEvent, count: number): DpEvent => repeated({ event, count });
const psg = (probability: number, noiseMultiplier: number): DpEvent =>
  poissonSampled({ probability, event: gaussian({ noiseMultiplier }) });

describe('exact prices', () => {
  // With a probability just below 1 the Gaussians are not recognised as one, but composed.
  test.each([1e-3, 1e-6, 1e-9, 1e-12, 1e-15, 1e-20, 1e-30, 1e-100])(
    'a hundred Gaussians are one, at δ = %f',
    (delta) => {
      const event = times(psg(1 - 2 ** -53, 15), 100);
      const exact = gaussianEpsilon(1.5, delta);
      const price = pldEpsilon(event, { delta, neighbours });
      expect(price?.epsilon).toBeGreaterThanOrEqual(exact * (1 - 1e-12));
      expect(price?.epsilon).toBeLessThanOrEqual(exact + 2e-5);
      expect(price?.lower).toBeLessThanOrEqual(exact * (1 + 1e-12));
      expect(price?.lower).toBeGreaterThanOrEqual(exact - 5e-5);
      const back = pldDelta(event, { epsilon: exact, neighbours });
      expect(back?.delta).toBeGreaterThanOrEqual(delta * (1 - 1e-9));
      expect(back?.delta).toBeLessThanOrEqual(delta * (1 + 1e-3));
    },
  );

  test('one Gaussian whose ε is beyond the exponents of doubles', () => {
    for (const sigma of [0.02, 0.05, 0.3]) {
      const exact = gaussianEpsilon(sigma, 1e-5);
      const price = pldEpsilon(gaussian({ noiseMultiplier: sigma }), { delta: 1e-5, neighbours });
      expect(price?.lower).toBeLessThanOrEqual(exact * (1 + 1e-12));
      expect(price?.epsilon).toBeGreaterThanOrEqual(exact * (1 - 1e-12));
      expect(price?.epsilon).toBeLessThanOrEqual(exact * (1 + 1e-6));
    }
  });

  test('steps so small that the usual grid is coarser than all of them', () => {
    const event = times(psg(1 - 2 ** -53, 1e4), 1_000_000);
    const exact = gaussianEpsilon(10, 1e-6);
    const price = pldEpsilon(event, { delta: 1e-6, neighbours });
    expect(price?.epsilon).toBeGreaterThanOrEqual(exact);
    expect(price?.epsilon).toBeLessThanOrEqual(exact * 1.03);
    expect(price?.lower).toBeLessThanOrEqual(exact);
  });

  test('a few Laplaces that all lose the most', () => {
    for (const delta of [1e-3, 1e-6, 1e-12, 1e-20]) {
      const price = pldEpsilon(times(laplace({ noiseMultiplier: 1 }), 2), { delta, neighbours });
      // Both lose 1 with probability ¼, so δ(ε) is at least ¼·(1 − e^(ε − 2)).
      const least = 2 + Math.log1p(-4 * delta);
      expect(price?.epsilon).toBeGreaterThanOrEqual(least - 1e-14);
      expect(price?.epsilon).toBeLessThanOrEqual(2 + 1e-9);
    }
  });

  test('one sampled Gaussian, in the worse direction', () => {
    for (const [q, sigma, epsilon] of [
      [0.01, 1, 0.1],
      [0.5, 2, 0.3],
      [0.2, 0.7, 0.05],
    ] as const) {
      const base = (e: number): number => gaussianDelta(sigma, e);
      const exact = Math.max(
        sampledRemoveDelta(q, epsilon, base),
        sampledAddDelta(q, epsilon, base),
      );
      const price = pldDelta(psg(q, sigma), { epsilon, neighbours });
      expect(price?.delta).toBeGreaterThanOrEqual(exact);
      expect(price?.delta).toBeLessThanOrEqual(exact * (1 + 1e-6));
    }
  });

  test('two Laplaces, by quadrature over the first', () => {
    // Sum over the first's losses: an atom at each end and a density e^((l−1)/2)/4 between, for b = 1.
    const one = (e: number): number =>
      e < -1 ? -Math.expm1(e) : e < 1 ? -Math.expm1((e - 1) / 2) : 0;
    const two = (e: number): number => {
      const n = 20_000;
      let sum = 0.5 * one(e - 1) + 0.5 * Math.exp(-1) * one(e + 1);
      for (let i = 0; i < n; i++) {
        const l = -1 + (2 * (i + 0.5)) / n;
        sum += (0.25 * Math.exp((l - 1) / 2) * one(e - l) * 2) / n;
      }
      return sum;
    };
    for (const epsilon of [0.3, 1, 1.5, 1.9]) {
      const price = pldDelta(times(laplace({ noiseMultiplier: 1 }), 2), { epsilon, neighbours });
      expect(price?.delta).toBeCloseTo(two(epsilon), 8);
    }
  });

  test('discrete mechanisms, outcome by outcome', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.3, max: 2, noNaN: true }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        fc.double({ min: 0.02, max: 0.9, noNaN: true }),
        fc.double({ min: 0, max: 3, noNaN: true }),
        (size, sensitivity, count, probability, epsilon) => {
          const outcomes = twin
            .discreteLaplace(size, sensitivity)
            .filter(([p, q]) => p + q > 1e-4 / 4 ** count);
          const lost = 1 - outcomes.reduce((sum, [p]) => sum + p, 0);
          for (const [event, pairs] of [
            [discreteLaplace({ rate: size, sensitivity }), [outcomes]],
            [
              poissonSampled({
                probability,
                event: discreteLaplace({ rate: size, sensitivity }),
              }),
              [
                twin.sampled(outcomes, probability, 'remove'),
                twin.sampled(outcomes, probability, 'add'),
              ],
            ],
          ] as const) {
            const exact = Math.max(
              ...pairs.map((pair) => twin.hockeyStick(twin.times(pair, count), epsilon)),
            );
            const price = pldDelta(times(event, count), { epsilon, neighbours });
            const delta = price?.delta as number;
            expect(delta).toBeGreaterThanOrEqual(exact - 1e-12);
            expect(delta - (price?.errorBound as number)).toBeLessThanOrEqual(
              exact + count * (lost + 1e-4) + 1e-12,
            );
            expect(delta).toBeLessThanOrEqual(exact + count * (lost + 2e-4));
          }
        },
      ),
      { numRuns: 15 },
    );
  });

  test('responses, approximate promises, and δ that is used up', () => {
    const answer = randomisedResponse({ noise: 0.5, buckets: 4 });
    const price = pldEpsilon(times(answer, 4), { delta: 1e-3, neighbours: 'replace-one' });
    const pair = twin.times(twin.response(0.5, 4), 4);
    const exact = twin.leastEpsilon((e) => twin.hockeyStick(pair, e), 1e-3);
    expect(price?.epsilon).toBeGreaterThanOrEqual(exact - 1e-12);
    expect(price?.epsilon).toBeLessThanOrEqual(exact + 1e-3);
    const promise = approximate({ epsilon: 1, delta: 1e-6 });
    const one = pldEpsilon(promise, { delta: 2e-6, neighbours });
    expect(one?.epsilon).toBeLessThanOrEqual(1 + 1e-9);
    expect(one).not.toHaveProperty('lower');
    expect(pldEpsilon(promise, { delta: 1e-7, neighbours })?.epsilon).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(pldDelta(promise, { epsilon: 3, neighbours })?.delta).toBeCloseTo(1e-6, 15);
    const open = randomisedResponse({ noise: 0, buckets: 2 });
    const all = pldEpsilon(open, { delta: 0.5, neighbours: 'replace-one' });
    expect(all).toMatchObject({ epsilon: Number.POSITIVE_INFINITY, errorBound: 0 });
    expect(pldEpsilon(composed({ events: [] }), { delta: 1e-6, neighbours })?.epsilon).toBe(0);
  });

  test('trees of Gaussians, and events that are wrapped in others', () => {
    const delta = 1e-6;
    const tree = treeAggregation({ noiseMultiplier: 8, stepCounts: [1000] });
    const exact = gaussianEpsilon(8 / Math.sqrt(10), delta);
    expect(pldEpsilon(tree, { delta, neighbours })?.epsilon).toBeCloseTo(exact, 6);
    const inner = poissonSampled({ probability: 0.1, event: psg(0.2, 1) });
    expect(pldEpsilon(times(inner, 50), { delta, neighbours })?.epsilon).toBeCloseTo(
      pldEpsilon(times(psg(0.02, 1), 50), { delta, neighbours })?.epsilon as number,
      9,
    );
    expect(pldEpsilon(psg(0, 1), { delta, neighbours })?.epsilon).toBe(0);
  });
});

type Case = {
  readonly family: string;
  readonly params: Readonly<Record<string, number>>;
  readonly value: Readonly<Record<string, number>>;
};
const vectors = JSON.parse(
  readFileSync(new URL('../vectors/dp.json', import.meta.url), 'utf8'),
) as { readonly cases: readonly Case[] };

describe('other tools', () => {
  const sampledGaussians = vectors.cases.filter(({ family }) => family === 'pld_poisson_gaussian');
  test.each(sampledGaussians)('$params', ({ params, value }) => {
    const { q, sigma, steps, delta } = params as Record<string, number>;
    const event = times(psg(q as number, sigma as number), steps as number);
    const price = pldEpsilon(event, { delta: delta as number, neighbours });
    const epsilon = price?.epsilon as number;
    expect(epsilon).toBeGreaterThan(value.prv_lower as number);
    expect(epsilon).toBeLessThan(value.prv_upper as number);
    expect(epsilon).toBeLessThan((value['epsilon_pld_dx1e-4'] as number) + 1e-6);
    expect(price?.lower).toBeLessThan(value['epsilon_pld_dx2e-5'] ?? epsilon);
  });
});

describe('what holds for any events', () => {
  const event = fc.oneof(
    fc.double({ min: 0.5, max: 20, noNaN: true }).map((z) => gaussian({ noiseMultiplier: z })),
    fc.double({ min: 0.5, max: 20, noNaN: true }).map((b) => laplace({ noiseMultiplier: b })),
    fc
      .tuple(
        fc.double({ min: 1e-4, max: 1, noNaN: true }),
        fc.double({ min: 0.5, max: 9, noNaN: true }),
      )
      .map(([q, z]) => psg(q, z)),
    fc
      .tuple(fc.double({ min: 1, max: 20, noNaN: true }), fc.integer({ min: 1, max: 3 }))
      .map(([sigma, s]) => discreteGaussian({ sigma, l2Sensitivity: s, dimension: 1 })),
    fc
      .tuple(fc.double({ min: 0.05, max: 1, noNaN: true }), fc.integer({ min: 1, max: 3 }))
      .map(([rate, sensitivity]) => discreteLaplace({ rate, sensitivity })),
  );
  const some = fc
    .array(fc.tuple(event, fc.integer({ min: 1, max: 30 })), { minLength: 1, maxLength: 3 })
    .map((list) => composed({ events: list.map(([inner, count]) => times(inner, count)) }));
  const logDelta = fc.double({ min: -60, max: -0.7, noNaN: true });
  const mesh = 2e-3;

  test('numbers are numbers, bounds are in order, and less δ or more events cost more', () => {
    fc.assert(
      fc.property(some, logDelta, (events, exponent) => {
        const delta = Math.exp(exponent);
        const price = pldEpsilon(events, { delta, neighbours, mesh });
        if (price === undefined) throw new Error('no price');
        expect(price.epsilon).toBeGreaterThanOrEqual(0);
        expect(price.lower).toBeLessThanOrEqual(price.epsilon);
        expect(price.errorBound).toBeGreaterThanOrEqual(0);
        const stricter = pldEpsilon(events, { delta: delta / 3, neighbours, mesh });
        expect(stricter?.epsilon).toBeGreaterThanOrEqual(price.lower as number);
        const again = pldEpsilon(times(events, 2), { delta, neighbours, mesh });
        expect(again?.epsilon).toBeGreaterThanOrEqual(price.lower as number);
        const back = pldDelta(events, { epsilon: price.epsilon, neighbours, mesh });
        // A few have no price at this ε: what matters lies too deep below the window's top.
        if (back === undefined) return;
        expect(back.delta - back.errorBound).toBeLessThanOrEqual(delta);
      }),
      { numRuns: 25 },
    );
  });

  test('finer and coarser grids never contradict each other', () => {
    fc.assert(
      fc.property(some, logDelta, (events, exponent) => {
        const delta = Math.exp(exponent);
        const coarse = pldEpsilon(events, { delta, neighbours, mesh: 4e-3 });
        const fine = pldEpsilon(events, { delta, neighbours, mesh: 1e-3 });
        expect(fine?.epsilon).toBeGreaterThanOrEqual(coarse?.lower as number);
        expect(coarse?.epsilon).toBeGreaterThanOrEqual(fine?.lower as number);
      }),
      { numRuns: 25 },
    );
  });

  test('the Rényi accountant finds no less than what is proven', () => {
    fc.assert(
      fc.property(some, fc.double({ min: -30, max: -3, noNaN: true }), (events, exponent) => {
        const delta = Math.exp(exponent);
        const price = pldEpsilon(events, { delta, neighbours, mesh });
        const renyi = rdpEpsilon(events, { delta, neighbours });
        expect(renyi.epsilon).toBeGreaterThanOrEqual(price?.lower as number);
      }),
      { numRuns: 25 },
    );
  });
});

describe('losses in several bells', () => {
  // A unit is rarely sampled, and then loses much: the saddle point looks for ε at twice its place.
  const rare = times(psg(1e-4, 0.5), 2);

  test.each([4e-3, 2e-3, 1e-3, 1e-4])('mesh %s: ε is looked for where it is', (mesh) => {
    const price = pldEpsilon(rare, { delta: 5e-10, neighbours, mesh });
    expect(price?.epsilon).toBeCloseTo(1.6, 1);
    expect(price?.errorBound).toBeLessThan(1e-3);
  });

  test('and so is δ', () => {
    const { epsilon } = pldEpsilon(rare, { delta: 5e-10, neighbours }) as { epsilon: number };
    const back = pldDelta(rare, { epsilon, neighbours, mesh: 1e-3 });
    expect((back?.delta as number) / 5e-10).toBeCloseTo(1, 2);
    expect((back?.errorBound as number) / 5e-10).toBeLessThan(1e-2);
  });
});

describe('refusals', () => {
  const delta = 1e-6;
  test.each<readonly [string, DpEvent]>([
    ['skellam', skellam({ variance: 9, l2Sensitivity: 1, l1Sensitivity: 1 })],
    ['zero-concentrated', zeroConcentrated({ rho: 0.1 })],
    ['many dimensions', discreteGaussian({ sigma: 9, l2Sensitivity: 2, dimension: 2 })],
    [
      'a shared sample',
      poissonSampled({ probability: 0.1, event: times(laplace({ noiseMultiplier: 1 }), 2) }),
    ],
    ['no room for a grid', laplace({ noiseMultiplier: 1e-9 })],
    ['a part of it', composed({ events: [psg(0.1, 1), zeroConcentrated({ rho: 0.1 })] })],
  ])('%s has no price here', (_, event) => {
    expect(pldEpsilon(event, { delta, neighbours })).toBeUndefined();
    expect(pldDelta(event, { epsilon: 1, neighbours })).toBeUndefined();
  });

  test('a δ below what doubles hold has none either', () => {
    expect(pldEpsilon(psg(0.1, 1), { delta: 1e-300, neighbours })).toBeUndefined();
  });

  test('numbers and relations that make no sense are refused', () => {
    const event = psg(0.1, 1);
    for (const bad of [0, 1, -1, Number.NaN, 2]) {
      expect(() => pldEpsilon(event, { delta: bad, neighbours })).toThrow('pld: delta');
    }
    for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => pldDelta(event, { epsilon: bad, neighbours })).toThrow('pld: epsilon');
    }
    expect(() => pldEpsilon(event, { delta, neighbours, mesh: 0 })).toThrow('pld: mesh');
    expect(() => pldEpsilon(event, { delta, neighbours: 'replace-one' })).toThrow(
      'poisson-sampled: got the relation replace-one',
    );
  });
});

describe('work is capped', () => {
  const differing = (kinds: number): DpEvent =>
    composed({ events: Array.from({ length: kinds }, (_, i) => psg(0.01, 1 + i / 1000)) });
  const request = { delta: 1e-5, neighbours: 'zero-out' } as const;

  test('twenty that differ cost what a given mesh finds, and no less than its proven least', () => {
    const capped = pldEpsilon(differing(20), request);
    const given = pldEpsilon(differing(20), { ...request, mesh: 4e-4 });
    expect(capped?.epsilon).toBeCloseTo(given?.epsilon as number, 3);
    expect(capped?.epsilon).toBeGreaterThanOrEqual(given?.lower as number);
    expect(given?.epsilon).toBeGreaterThanOrEqual(capped?.lower as number);
  });

  test('hundreds are priced on a coarser mesh, thousands are left to other accountants', () => {
    const capped = pldEpsilon(differing(300), request);
    expect(capped?.epsilon).toBeGreaterThan(0.42);
    expect(pldEpsilon(differing(1000), request)).toBeUndefined();
    // The truth lies between twenty's and the Rényi price.
    expect(rdpEpsilon(differing(300), request).epsilon).toBeGreaterThan(capped?.lower as number);
  });

  test('a million atoms and a billion steps are priced', () => {
    const wide = discreteGaussian({ sigma: 27_000, l2Sensitivity: 20_000, dimension: 1 });
    const narrow = discreteGaussian({ sigma: 270, l2Sensitivity: 200, dimension: 1 });
    const sampled = (event: DpEvent): DpEvent =>
      times(poissonSampled({ probability: 0.1, event }), 100);
    const price = pldEpsilon(sampled(wide), request);
    expect(price?.epsilon).toBeCloseTo(pldEpsilon(sampled(narrow), request)?.epsilon as number, 4);
    const long = times(psg(0.001, 1000), 1e9);
    const steps = pldEpsilon(long, request);
    expect(steps === undefined || steps.epsilon > 0.07).toBe(true);
  });
});
