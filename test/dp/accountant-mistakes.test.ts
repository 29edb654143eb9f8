/** Mistakes of other accountants, each of which would give an ε that is too small. */
import { describe, expect, test } from 'vitest';
import { gaussianEpsilon } from '../../src/dp/accountants/gaussian.ts';
import {
  approximate,
  composed,
  type DpEvent,
  discreteGaussian,
  discreteLaplace,
  distributedDiscreteGaussian,
  epsilon,
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
} from '../../src/dp/index.ts';

const one = gaussian({ noiseMultiplier: 2 });
const norms = { l2Sensitivity: 10, l1Sensitivity: 40 };
const kinds: readonly (readonly [DpEvent, Neighbours])[] = [
  [one, 'zero-out'],
  [laplace({ noiseMultiplier: 2 }), 'zero-out'],
  [discreteGaussian({ sigma: 10, l2Sensitivity: 5, dimension: 1 }), 'zero-out'],
  [discreteGaussian({ sigma: 10, l2Sensitivity: 5, dimension: 9 }), 'zero-out'],
  [discreteLaplace({ rate: 0.2, sensitivity: 2 }), 'zero-out'],
  [skellam({ variance: 400, ...norms }), 'zero-out'],
  [
    distributedDiscreteGaussian({ parties: 4, localSigma: 10, dimension: 16, ...norms }),
    'zero-out',
  ],
  [randomisedResponse({ noise: 0.7, buckets: 3 }), 'replace-one'],
  [poissonSampled({ probability: 0.3, event: one }), 'add-or-remove'],
  [poissonSampled({ probability: 0.3, event: laplace({ noiseMultiplier: 2 }) }), 'add-or-remove'],
  [sampledWithoutReplacement({ population: 50, sample: 20, event: one }), 'replace-one'],
  [treeAggregation({ noiseMultiplier: 4, stepCounts: [10] }), 'zero-out'],
  [zeroConcentrated({ rho: 0.1 }), 'zero-out'],
  [approximate({ epsilon: 0.4, delta: 1e-9 }), 'zero-out'],
];

describe('a composition count is never ignored', () => {
  test.each(kinds.map(([event, neighbours]) => [event.kind, event, neighbours] as const))(
    '%s',
    (_, event, neighbours) => {
      const at = (events: DpEvent | readonly DpEvent[]): number =>
        epsilon(events, { delta: 1e-6, neighbours }).epsilon;
      const [single, five] = [at(event), at(repeated({ event, count: 5 }))];
      expect(five).toBeGreaterThan(1.5 * single);
      // Written out, or one in another, it is the same.
      for (const same of [
        at(Array<DpEvent>(5).fill(event)),
        at(repeated({ event: repeated({ event, count: 5 }), count: 1 })),
        at(composed({ events: [repeated({ event, count: 2 }), repeated({ event, count: 3 })] })),
      ]) {
        expect(Math.abs(same / five - 1)).toBeLessThan(1e-3);
      }
    },
  );
});

test('Poisson sampling is never the price of a sample of fixed size', () => {
  // With equal numbers the two differ by far, so neither is accepted in the place of the other.
  const fixed = sampledWithoutReplacement({ population: 1000, sample: 10, event: one });
  const poisson = poissonSampled({ probability: 0.01, event: one });
  const at = (event: DpEvent, neighbours: Neighbours) => () =>
    epsilon(repeated({ event, count: 10 }), { delta: 1e-6, neighbours });
  expect(at(fixed, 'replace-one')).not.toThrow();
  expect(at(poisson, 'add-or-remove')).not.toThrow();
  for (const wrong of [
    at(fixed, 'add-or-remove'),
    at(fixed, 'zero-out'),
    at(poisson, 'replace-one'),
  ]) {
    expect(wrong).toThrow(expect.objectContaining({ code: 'unsound-parameters' }));
  }
});

test('a variance and a standard deviation are told apart by every event that takes one', () => {
  // Noise of standard deviation 20 on every coordinate, in the terms of each event: the same price.
  const at = (event: DpEvent): number =>
    epsilon(event, { delta: 1e-6, neighbours: 'zero-out' }).epsilon;
  const expected = gaussianEpsilon(2, 1e-6);
  const noise = { ...norms, dimension: 16 };
  for (const event of [
    discreteGaussian({ sigma: 20, l2Sensitivity: 10, dimension: 16 }),
    skellam({ variance: 400, ...norms }),
    distributedDiscreteGaussian({ parties: 4, localSigma: 10, ...noise }),
    distributedDiscreteGaussian({ parties: 100, localSigma: 2, ...noise }),
  ]) {
    expect(at(event) / expected).toBeGreaterThan(1);
    expect(at(event) / expected).toBeLessThan(1.1);
  }
});
