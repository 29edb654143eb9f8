/** Events: what the constructors make, and what they and the reader of stored events refuse. */
import { describe, expect, test } from 'vitest';
import {
  approximate,
  assertEvent,
  composed,
  type DpEvent,
  discreteGaussian,
  discreteLaplace,
  distributedDiscreteGaussian,
  gaussian,
  laplace,
  poissonSampled,
  randomisedResponse,
  repeated,
  sampledWithoutReplacement,
  skellam,
  treeAggregation,
  zeroConcentrated,
} from '../../src/dp/events.ts';
import { PrivacyError, UsageError } from '../../src/errors.ts';

const one = gaussian({ noiseMultiplier: 2 });
const sensitivities = { l2Sensitivity: 3, l1Sensitivity: 9 };
const all: readonly DpEvent[] = [
  one,
  laplace({ noiseMultiplier: 0.5 }),
  discreteGaussian({ sigma: 4, l2Sensitivity: 1, dimension: 1 }),
  discreteLaplace({ rate: 0.25, sensitivity: 3 }),
  skellam({ variance: 100, ...sensitivities }),
  distributedDiscreteGaussian({ parties: 10, localSigma: 3, dimension: 64, ...sensitivities }),
  randomisedResponse({ noise: 0.5, buckets: 4 }),
  poissonSampled({ probability: 0.01, event: one }),
  sampledWithoutReplacement({ population: 100, sample: 10, event: one }),
  treeAggregation({ noiseMultiplier: 8, stepCounts: [100, 50] }),
  zeroConcentrated({ rho: 0.1 }),
  approximate({ epsilon: 1, delta: 0 }),
  composed({ events: [one, laplace({ noiseMultiplier: 3 })] }),
  repeated({ event: one, count: 1000 }),
];

describe('constructors', () => {
  test.each(all.map((event) => [event.kind, event] as const))('%s', (kind, event) => {
    expect(event.kind).toBe(kind);
    expect(Object.isFrozen(event)).toBe(true);
    // Through JSON and back it is the same event.
    expect(assertEvent(JSON.parse(JSON.stringify(event)))).toEqual(event);
  });

  test('an event shares nothing with what it was made of', () => {
    const stepCounts = [4, 5];
    const tree = treeAggregation({ noiseMultiplier: 1, stepCounts });
    stepCounts[0] = 1;
    expect(tree).toEqual({ kind: 'tree-aggregation', noiseMultiplier: 1, stepCounts: [4, 5] });
  });

  test.each([
    ['no noise', () => gaussian({ noiseMultiplier: 0 })],
    ['negative noise', () => laplace({ noiseMultiplier: -1 })],
    ['NaN', () => gaussian({ noiseMultiplier: Number.NaN })],
    ['infinite noise', () => gaussian({ noiseMultiplier: Infinity })],
    ['a probability above 1', () => poissonSampled({ probability: 1.01, event: one })],
    ['a probability below 0', () => poissonSampled({ probability: -0.01, event: one })],
    ['half a count', () => repeated({ event: one, count: 0.5 })],
    ['no count', () => repeated({ event: one, count: 0 })],
    [
      'more in the sample than there are',
      () => sampledWithoutReplacement({ population: 9, sample: 10, event: one }),
    ],
    ['one bucket', () => randomisedResponse({ noise: 0.1, buckets: 1 })],
    ['no tree', () => treeAggregation({ noiseMultiplier: 1, stepCounts: [] })],
    ['a sensitivity that is not whole', () => discreteLaplace({ rate: 1, sensitivity: 1.5 })],
    ['a surplus key', () => gaussian({ noiseMultiplier: 1, sigma: 2 } as never)],
    ['an inherited key', () => gaussian(Object.create({ noiseMultiplier: 1 }))],
    ['a δ of 2', () => approximate({ epsilon: 1, delta: 2 })],
    ['an event that is none', () => repeated({ event: 7 as never, count: 2 })],
  ])('refuses %s', (_, attempt) => {
    expect(attempt).toThrow(UsageError);
  });
});

describe('stored events', () => {
  test.each([
    ['exponential', { kind: 'exponential', epsilon: 1 }],
    ['the name of a method', { kind: 'toString' }],
    ['no kind', { noiseMultiplier: 1 }],
    ['a kind that is no text', { kind: 3 }],
    ['an unknown kind inside', { kind: 'repeated', count: 2, event: { kind: 'staircase' } }],
  ])('an unknown kind is refused: %s', (_, value) => {
    expect(() => assertEvent(value)).toThrow(
      expect.objectContaining({ code: 'unsupported-event', name: PrivacyError.name }),
    );
  });

  test.each([
    ['null', null],
    ['an array', []],
    ['text', 'gaussian'],
    ['a missing key', { kind: 'gaussian' }],
    ['a surplus key', { kind: 'gaussian', noiseMultiplier: 1, note: '' }],
    ['a number as text', { kind: 'gaussian', noiseMultiplier: '1' }],
    ['a list with a hole', { kind: 'tree-aggregation', noiseMultiplier: 1, stepCounts: Array(2) }],
    ['a list that is none', { kind: 'composed', events: { length: 0 } }],
  ])('refused: %s', (_, value) => {
    expect(() => assertEvent(value)).toThrow(UsageError);
  });

  test('32 events in each other pass, 33 do not', () => {
    const nested = (depth: number): unknown =>
      depth === 0 ? one : { kind: 'repeated', count: 1, event: nested(depth - 1) };
    expect(assertEvent(nested(32)).kind).toBe('repeated');
    expect(() => assertEvent(nested(33))).toThrow(/nested deeper/);
  });

  test('10,000 records pass, 10,001 do not, however they are spread', () => {
    const list = (length: number) => ({ kind: 'composed', events: Array(length).fill(one) });
    expect(assertEvent(list(9_999)).kind).toBe('composed');
    expect(() => assertEvent(list(10_000))).toThrow(/more than 10000/);
    const two = { kind: 'composed', events: [list(5_000), list(5_000)] };
    expect(() => assertEvent(two)).toThrow(/more than 10000/);
  });
});
