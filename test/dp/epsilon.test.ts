/** The minimum over accountants: what it answers, what it refuses, and that it never contradicts itself. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  approximate,
  composed,
  type DpEvent,
  deltaFor,
  discreteGaussian,
  discreteLaplace,
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
import { PrivacyError, UsageError } from '../../src/errors.ts';

const request = { delta: 1e-6, neighbours: 'zero-out' } as const;

describe('the least of the prices', () => {
  test.each([
    ['one Gaussian', gaussian({ noiseMultiplier: 1 }), 'analytic-gaussian', 4.886554117462164],
    [
      'a tree',
      treeAggregation({ noiseMultiplier: 2, stepCounts: [15] }),
      'analytic-gaussian',
      4.886554117462164,
    ],
    ['a pure release', approximate({ epsilon: 0.3, delta: 0 }), undefined, 0.3],
    ['one Laplace', laplace({ noiseMultiplier: 2 }), 'exact', 0.5],
    ['ρ alone', zeroConcentrated({ rho: 0.5 }), 'zero-concentrated', 5.1],
  ] as const)('%s', (_, event, method, about) => {
    const price = epsilon(event, request);
    if (method !== undefined) expect(price.method).toBe(method);
    expect(price.epsilon).toBeLessThanOrEqual(about * 1.05);
    expect(price.epsilon).toBeGreaterThanOrEqual(about * 0.95);
  });

  test('several events are all of them, none cost nothing', () => {
    const list = [laplace({ noiseMultiplier: 3 }), gaussian({ noiseMultiplier: 5 })];
    expect(epsilon(list, request)).toEqual(epsilon(composed({ events: list }), request));
    expect(epsilon([], request).epsilon).toBe(0);
    expect(deltaFor([], { epsilon: 0, neighbours: 'zero-out' }).delta).toBe(0);
  });

  test('one accountant alone is never below the best', () => {
    const event = repeated({
      count: 100,
      event: poissonSampled({ probability: 0.02, event: gaussian({ noiseMultiplier: 1.5 }) }),
    });
    const best = epsilon(event, request);
    const [rdp, pld] = (['rdp', 'pld'] as const).map((accountant) =>
      epsilon(event, { ...request, accountant }),
    );
    expect(best.epsilon).toBeLessThanOrEqual(rdp?.epsilon ?? 0);
    expect(best.epsilon).toBeLessThanOrEqual(pld?.epsilon ?? 0);
    expect(rdp).toMatchObject({ method: 'rdp' });
    expect(rdp?.order).toBeGreaterThan(1);
    expect(best.lower).toBeLessThanOrEqual(best.epsilon);
  });

  test('what no accountant asked for supports is refused', () => {
    const event = skellam({ variance: 100, l2Sensitivity: 3, l1Sensitivity: 9 });
    expect(() => epsilon(event, { ...request, accountant: 'pld' })).toThrow(
      expect.objectContaining({ code: 'unsupported-event' }),
    );
  });
});

describe('ε and δ belong together', () => {
  const noise = fc.double({ min: -0.5, max: 1.5, noNaN: true }).map((x) => 10 ** x);
  const leaf: fc.Arbitrary<DpEvent> = fc.oneof(
    noise.map((noiseMultiplier) => gaussian({ noiseMultiplier })),
    noise.map((noiseMultiplier) => laplace({ noiseMultiplier })),
    noise.map((sigma) => discreteGaussian({ sigma, l2Sensitivity: 1, dimension: 1 })),
    noise.map((x) => discreteLaplace({ rate: 1 / x, sensitivity: 2 })),
    noise.map((x) => zeroConcentrated({ rho: 0.1 / x })),
    noise.map((x) => approximate({ epsilon: 0.1 / x, delta: 1e-9 })),
  );
  const tree: fc.Arbitrary<DpEvent> = fc.oneof(
    leaf,
    fc.array(leaf, { maxLength: 3 }).map((events) => composed({ events })),
    fc
      .tuple(leaf, fc.integer({ min: 1, max: 20 }))
      .map(([event, count]) => repeated({ event, count })),
    fc
      .tuple(leaf, fc.double({ min: 0.001, max: 1, noNaN: true }))
      .map(([event, probability]) => poissonSampled({ event, probability })),
  );
  const logDelta = fc.double({ min: -9, max: -1, noNaN: true });

  test('the δ at the ε of a δ is at most that δ, or hardly above it', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(tree, logDelta, (event, log) => {
        const delta = 10 ** log;
        const price = epsilon(event, { delta, neighbours: 'add-or-remove' });
        expect(price.epsilon).toBeGreaterThanOrEqual(0);
        expect(price.errorBound).toBeGreaterThanOrEqual(0);
        expect(price.lower ?? 0).toBeLessThanOrEqual(price.epsilon);
        if (price.epsilon === Infinity) return;
        const back = deltaFor(event, { epsilon: price.epsilon, neighbours: 'add-or-remove' });
        // δ is asked for on a coarser grid than ε is.
        expect(back.delta).toBeLessThanOrEqual(delta * (1 + 1e-3) + back.errorBound);
      }),
      { numRuns: 60 },
    );
  });

  test('ε falls with δ and rises with more events', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(leaf, logDelta, (event, log) => {
        const at = (delta: number, count: number): number =>
          epsilon(repeated({ event, count }), { delta, neighbours: 'add-or-remove' }).epsilon;
        const one = at(10 ** log, 3);
        expect(at(10 ** (log + 0.2), 3)).toBeLessThanOrEqual(one * (1 + 1e-3) + 1e-6);
        expect(at(10 ** log, 4)).toBeGreaterThanOrEqual(one * (1 - 1e-3) - 1e-6);
      }),
      { numRuns: 40 },
    );
  });
});

describe('refusals', () => {
  const event = gaussian({ noiseMultiplier: 1 });
  test.each([0, 1, -1, 2, Number.NaN, Infinity, '0.1' as never])('δ = %s', (delta) => {
    expect(() => epsilon(event, { delta, neighbours: 'zero-out' })).toThrow(UsageError);
  });

  test.each([-1, Number.NaN, Infinity])('ε = %s', (at) => {
    expect(() => deltaFor(event, { epsilon: at, neighbours: 'zero-out' })).toThrow(UsageError);
  });

  test('an unknown relation, and none', () => {
    for (const neighbours of ['substitute', undefined] as unknown as Neighbours[]) {
      expect(() => epsilon(event, { delta: 1e-5, neighbours })).toThrow(UsageError);
    }
  });

  test('an unknown event', () => {
    const unknown = { kind: 'exponential', epsilon: 1 } as unknown as DpEvent;
    for (const events of [unknown, [unknown], repeat(unknown)]) {
      expect(() => epsilon(events, request)).toThrow(
        expect.objectContaining({ code: 'unsupported-event' }),
      );
    }
  });

  test.each([
    ['poisson-sampled', poissonSampled({ probability: 0.1, event }), ['replace-one']],
    [
      'sampled-without-replacement',
      sampledWithoutReplacement({ population: 10, sample: 1, event }),
      ['add-or-remove', 'zero-out'],
    ],
    [
      'randomised-response',
      randomisedResponse({ noise: 0.5, buckets: 2 }),
      ['add-or-remove', 'zero-out'],
    ],
  ] as const)('%s under the wrong relation, however deep', (kind, inner, refused) => {
    for (const neighbours of ['add-or-remove', 'zero-out', 'replace-one'] as const) {
      const deep = composed({ events: [event, repeated({ event: inner, count: 3 })] });
      const price = (): unknown => epsilon(deep, { delta: 1e-5, neighbours });
      const isRefused = (refused as readonly string[]).includes(neighbours);
      if (!isRefused) expect(price).not.toThrow();
      else {
        expect(price).toThrow(PrivacyError);
        expect(price).toThrow(expect.objectContaining({ code: 'unsound-parameters' }));
        expect(price).toThrow(kind);
      }
    }
  });
});

const repeat = (event: DpEvent): DpEvent => ({ kind: 'repeated', event, count: 2 });
