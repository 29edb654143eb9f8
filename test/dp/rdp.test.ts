/** The Rényi accountant against divergences from their definitions, and its behaviour at the ends. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RDP_ORDERS, rdpCurve, rdpDelta, rdpEpsilon } from '../../src/dp/accountants/rdp.ts';
import {
  approximate,
  composed,
  type DpEvent,
  discreteGaussian,
  discreteLaplace,
  distributedDiscreteGaussian,
  gaussian,
  laplace,
  type Neighbours,
  poissonSampled,
  randomisedResponse,
  repeated,
  sampledWithoutReplacement,
  skellam,
  treeAggregation,
  zeroConcentrated,
} from '../../src/dp/events.ts';
import {
  discreteGaussianPair,
  discreteLaplacePair,
  gaussianPair,
  laplacePair,
  type Pair,
  renyiDivergence,
  responsePair,
  sampledPair,
  summedGaussiansDivergence,
} from '../reference/renyi.ts';

const ORDERS = [1.1, 1.5, 2, 2.7, 4, 6.3, 9];

const ADD = 'add-or-remove';

const curveOf = (event: DpEvent, orders = ORDERS, neighbours: Neighbours = 'add-or-remove') => [
  ...rdpCurve(event, orders, neighbours).divergences,
];

describe('exact curves are the divergences, rounded up', () => {
  const cases: (readonly [string, DpEvent, Pair, Neighbours])[] = [
    ['gaussian', gaussian({ noiseMultiplier: 1.3 }), gaussianPair(1.3, 1, 9), ADD],
    ['laplace', laplace({ noiseMultiplier: 0.7 }), laplacePair(0.7), ADD],
    ['laplace, wide', laplace({ noiseMultiplier: 20 }), laplacePair(20), ADD],
    [
      'discrete laplace',
      discreteLaplace({ rate: 0.5, sensitivity: 1 }),
      discreteLaplacePair(0.5, 1),
      ADD,
    ],
    [
      'discrete laplace, 4',
      discreteLaplace({ rate: 0.3, sensitivity: 4 }),
      discreteLaplacePair(0.3, 4),
      ADD,
    ],
    [
      'response',
      randomisedResponse({ noise: 0.4, buckets: 5 }),
      responsePair(0.4, 5),
      'replace-one',
    ],
    [
      'binary response',
      randomisedResponse({ noise: 0.9, buckets: 2 }),
      responsePair(0.9, 2),
      'replace-one',
    ],
    ...(
      [
        [0.01, 1],
        [0.3, 0.6],
        [0.75, 3],
        [0.99, 0.8],
      ] as const
    ).map(
      ([probability, noiseMultiplier]) =>
        [
          `sampled gaussian ${probability} ${noiseMultiplier}`,
          poissonSampled({ probability, event: gaussian({ noiseMultiplier }) }),
          gaussianPair(noiseMultiplier, probability, 9),
          ADD,
        ] as const,
    ),
  ];
  test.each(cases)('%s', (_name, event, pair, neighbours) => {
    for (const [i, got] of curveOf(event, ORDERS, neighbours).entries()) {
      const expected = renyiDivergence(pair, ORDERS[i] as number);
      expect(Math.abs(got - expected)).toBeLessThan(1e-9 + 1e-6 * expected);
    }
  });
});

describe('bounds lie above the divergences', () => {
  const inner: readonly (readonly [string, DpEvent, Pair])[] = [
    [
      'discrete gaussian',
      discreteGaussian({ sigma: 1.2, l2Sensitivity: 2, dimension: 1 }),
      discreteGaussianPair(1.2, 2),
    ],
    ['laplace', laplace({ noiseMultiplier: 1.5 }), laplacePair(1.5)],
    [
      'discrete laplace',
      discreteLaplace({ rate: 0.6, sensitivity: 2 }),
      discreteLaplacePair(0.6, 2),
    ],
  ];
  test.each(inner)('%s, sampled', (_, event, pair) => {
    for (const probability of [0.02, 0.4]) {
      const sampled = sampledPair(pair, probability);
      const reversed = { p: sampled.q, q: sampled.p };
      for (const [i, got] of curveOf(poissonSampled({ probability, event })).entries()) {
        const order = ORDERS[i] as number;
        expect(got).toBeGreaterThanOrEqual(renyiDivergence(sampled, order) * (1 - 1e-9) - 1e-14);
        expect(got).toBeGreaterThanOrEqual(renyiDivergence(reversed, order) * (1 - 1e-9) - 1e-14);
      }
    }
  });

  test('sampling never costs more than no sampling, and costs more with more of it', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 0.99, noNaN: true }),
        fc.double({ min: 0.3, max: 30, noNaN: true }),
        (probability, noiseMultiplier) => {
          const event = gaussian({ noiseMultiplier });
          const full = curveOf(event);
          const some = curveOf(poissonSampled({ probability, event }));
          const more = curveOf(
            poissonSampled({ probability: Math.min(1, probability * 1.01), event }),
          );
          const general = curveOf(
            poissonSampled({
              probability,
              event: zeroConcentrated({ rho: 0.5 / noiseMultiplier ** 2 }),
            }),
          );
          for (let i = 0; i < ORDERS.length; i++) {
            expect(some[i]).toBeLessThanOrEqual((full[i] as number) * (1 + 1e-10));
            expect(some[i]).toBeLessThanOrEqual((more[i] as number) * (1 + 1e-10));
            expect(some[i]).toBeLessThanOrEqual((general[i] as number) * (1 + 1e-10));
            expect(some[i]).toBeGreaterThanOrEqual(0);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('orders between whole ones join them without a step', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -6, max: -0.01, noNaN: true }),
        fc.double({ min: -1, max: 1.5, noNaN: true }),
        fc.integer({ min: 2, max: 40 }),
        (logShare, logNoise, order) => {
          const event = poissonSampled({
            probability: 10 ** logShare,
            event: gaussian({ noiseMultiplier: 10 ** logNoise }),
          });
          const [at, beside] = curveOf(event, [order, order + 1e-9]) as [number, number];
          // The sum at a whole order and the integral beside it are computed in different ways.
          expect(Math.abs(beside / at - 1)).toBeLessThan(1e-7);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('Skellam noise costs at least what Gaussian noise of its variance costs', () => {
    const whole = [2, 3, 4, 8, 32];
    const curve = curveOf(skellam({ variance: 400, l2Sensitivity: 10, l1Sensitivity: 30 }), whole);
    const plain = curveOf(gaussian({ noiseMultiplier: 2 }), whole);
    for (const [i, r] of curve.entries()) {
      expect(r).toBeGreaterThan(plain[i] as number);
      expect(r).toBeLessThan((plain[i] as number) * 1.1);
    }
  });

  test('one party is a discrete Gaussian, many small ones cost more', () => {
    const norms = { l2Sensitivity: 4, l1Sensitivity: 16, dimension: 16 };
    const one = curveOf(distributedDiscreteGaussian({ parties: 1, localSigma: 8, ...norms }));
    const whole = curveOf(discreteGaussian({ sigma: 8, l2Sensitivity: 4, dimension: 16 }));
    const many = curveOf(distributedDiscreteGaussian({ parties: 256, localSigma: 0.5, ...norms }));
    for (let i = 0; i < ORDERS.length; i++) {
      expect(one[i]).toBeCloseTo(whole[i] as number, 12);
      expect(many[i]).toBeGreaterThan((whole[i] as number) * 1.01);
    }
  });

  test('few parties with little noise each cost at least what their sum does', () => {
    const orders = [2, 3, 5, 9, 15];
    for (const sigma of [0.08, 0.1, 0.13, 0.16, 0.2, 0.3, 0.45, 0.5, 0.7, 1.2]) {
      for (const parties of [1, 2, 3, 4]) {
        for (const shift of [1, 2]) {
          const norms = { l2Sensitivity: shift, l1Sensitivity: shift, dimension: 1 };
          const curve = curveOf(
            distributedDiscreteGaussian({ parties, localSigma: sigma, ...norms }),
            orders,
          );
          for (const [i, order] of orders.entries()) {
            const truth = summedGaussiansDivergence({ parties, sigma, shift }, order);
            expect(curve[i]).toBeGreaterThanOrEqual(truth * (1 - 1e-12));
            // One party's noise alone is always a bound.
            const alone = (order * (shift / sigma) ** 2) / 2;
            expect(curve[i]).toBeLessThanOrEqual(alone * (1 + 1e-12));
          }
        }
      }
    }
  });

  test('the price of distributed noise falls with each share of it, also across ½', () => {
    const at = (localSigma: number): number =>
      curveOf(
        distributedDiscreteGaussian({
          parties: 8,
          localSigma,
          l2Sensitivity: 3,
          l1Sensitivity: 5,
          dimension: 3,
        }),
        [2],
      )[0] as number;
    for (let sigma = 0.3; sigma < 2; sigma += 0.01) {
      expect(at(sigma + 0.01)).toBeLessThan(at(sigma));
    }
  });

  test('the rest of a long sum of parties is bounded, not left out', () => {
    const at = (parties: number) =>
      curveOf(
        distributedDiscreteGaussian({
          parties,
          localSigma: 0.5 * Math.sqrt(20_000 / parties),
          l2Sensitivity: 4,
          l1Sensitivity: 16,
          dimension: 16,
        }),
      )[3] as number;
    expect(at(20_000)).toBeGreaterThan(at(10_000));
    expect(at(10_000)).toBeGreaterThan(at(5_000));
  });
});

describe('trees of events', () => {
  const step = poissonSampled({ probability: 0.01, event: gaussian({ noiseMultiplier: 1 }) });

  test('repeated is composed, nested or not', () => {
    const [a, b, c] = [
      curveOf(repeated({ event: step, count: 6 })),
      curveOf(composed({ events: Array(6).fill(step) })),
      curveOf(repeated({ event: repeated({ event: step, count: 2 }), count: 3 })),
    ];
    for (let i = 0; i < ORDERS.length; i++) {
      expect(a[i]).toBeCloseTo(b[i] as number, 14);
      expect(a[i]).toBeCloseTo(c[i] as number, 14);
    }
  });

  test('a sample of a sample is a sample', () => {
    const twice = poissonSampled({
      probability: 0.1,
      event: poissonSampled({ probability: 0.1, event: gaussian({ noiseMultiplier: 1 }) }),
    });
    for (const [i, r] of curveOf(twice).entries()) {
      expect(r / (curveOf(step)[i] as number)).toBeCloseTo(1, 9);
    }
  });

  test('sampled with certainty is not sampled, sampled never is nothing', () => {
    const event = gaussian({ noiseMultiplier: 2 });
    expect(curveOf(poissonSampled({ probability: 1, event }))).toEqual(curveOf(event));
    expect(curveOf(poissonSampled({ probability: 0, event }))).toEqual(ORDERS.map(() => 0));
    const all = sampledWithoutReplacement({ population: 7, sample: 7, event });
    expect(curveOf(all, ORDERS, 'replace-one')).toEqual(curveOf(event));
    const nothing = poissonSampled({ probability: 0.5, event: composed({ events: [] }) });
    expect(curveOf(nothing)).toEqual(ORDERS.map(() => 0));
  });

  test('two Gaussian releases on one sample are one of their joint noise', () => {
    const joint = poissonSampled({
      probability: 0.2,
      event: repeated({ event: gaussian({ noiseMultiplier: 2 }), count: 4 }),
    });
    const one = poissonSampled({ probability: 0.2, event: gaussian({ noiseMultiplier: 1 }) });
    for (const [i, r] of curveOf(joint).entries()) {
      expect(r / (curveOf(one)[i] as number)).toBeCloseTo(1, 11);
    }
  });

  test('a tree costs its depth', () => {
    const depths = [1, 2, 3, 4, 7, 8, 1000].map((leaves) => {
      const event = treeAggregation({ noiseMultiplier: 1, stepCounts: [leaves, 1] });
      return (
        (curveOf(event, [2])[0] as number) /
        (curveOf(gaussian({ noiseMultiplier: 1 }), [2])[0] as number)
      );
    });
    expect(depths.map(Math.round)).toEqual([1, 2, 2, 3, 3, 4, 10]);
  });

  test('the δ of (ε, δ) events is taken off, and eats the whole of it if it must', () => {
    const pure = approximate({ epsilon: 0.5, delta: 0 });
    const some = approximate({ epsilon: 0.5, delta: 1e-7 });
    const at = (event: DpEvent) =>
      rdpEpsilon(repeated({ event, count: 10 }), { delta: 2e-6, neighbours: 'zero-out' }).epsilon;
    expect(at(some)).toBeGreaterThan(at(pure));
    expect(at(approximate({ epsilon: 0.5, delta: 2e-7 }))).toBe(Number.POSITIVE_INFINITY);
    const { delta } = rdpDelta(some, { epsilon: 4, neighbours: 'zero-out' });
    expect(delta).toBeGreaterThanOrEqual(1e-7);
    const sampled = poissonSampled({ probability: 0.1, event: some });
    expect(rdpCurve(sampled, [2], 'zero-out').delta).toBeCloseTo(1e-8, 20);
  });
});

describe('at the ends', () => {
  test('no noise at all is infinity or the largest loss, never NaN', () => {
    const answer = randomisedResponse({ noise: 0, buckets: 3 });
    expect(curveOf(answer, ORDERS, 'replace-one')).toEqual(ORDERS.map(() => Infinity));
    const request = { delta: 1e-5, neighbours: 'replace-one' } as const;
    expect(rdpEpsilon(answer, request).epsilon).toBe(Infinity);
    expect(rdpDelta(answer, { epsilon: 3, neighbours: 'replace-one' }).delta).toBe(1);
  });

  test('probabilities next to none leave no order without a price', () => {
    for (const [probability, noiseMultiplier] of [
      [2.0738e-146, 8.388e6],
      [2.9183e-110, 2.5332e39],
      [2.7515e-56, 0.101],
      [5e-324, 1],
    ] as const) {
      const event = poissonSampled({ probability, event: gaussian({ noiseMultiplier }) });
      const curve = curveOf(event);
      for (const r of curve) expect(r).toBeGreaterThan(0);
      expect(curve).toEqual([...curve].sort((a, b) => a - b));
    }
  });

  test('whatever the numbers, prices are no NaN and not negative', () => {
    const tiny = fc.double({ min: -60, max: 60, noNaN: true }).map((x) => 10 ** x);
    const events: fc.Arbitrary<DpEvent> = fc.oneof(
      tiny.map((noiseMultiplier) => gaussian({ noiseMultiplier })),
      tiny.map((noiseMultiplier) => laplace({ noiseMultiplier })),
      tiny.map((rate) => discreteLaplace({ rate, sensitivity: 3 })),
      fc
        .tuple(tiny, tiny)
        .map(([variance, l1]) => skellam({ variance, l2Sensitivity: 1, l1Sensitivity: l1 })),
      fc.tuple(tiny, tiny).map(([epsilon]) => approximate({ epsilon, delta: 1e-9 })),
    );
    fc.assert(
      fc.property(events, fc.double({ min: 0, max: 1, noNaN: true }), (event, probability) => {
        for (const each of [event, poissonSampled({ probability, event })]) {
          for (const r of curveOf(each)) expect(r).toBeGreaterThanOrEqual(0);
          const price = rdpEpsilon(each, { delta: 1e-6, neighbours: 'add-or-remove' });
          expect(price.epsilon).toBeGreaterThanOrEqual(0);
          expect(price.errorBound).toBeGreaterThanOrEqual(0);
          const { delta } = rdpDelta(each, { epsilon: 1, neighbours: 'add-or-remove' });
          expect(delta).toBeGreaterThanOrEqual(0);
          expect(delta).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('orders too close to 1, too high or not finite are refused', () => {
    for (const order of [1, 1.001, 5000, Number.NaN, Infinity]) {
      expect(() => curveOf(gaussian({ noiseMultiplier: 1 }), [order])).toThrow(/orders\[0\]/);
    }
    expect(RDP_ORDERS).toHaveLength(156);
  });
});
