/** Mechanisms that need no round: what they add, what they promise, and what they refuse. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  adaptiveClip,
  adaptiveRound,
  nextClip,
  withinClip,
} from '../../src/dp/mechanisms/adaptive-clip.ts';
import { addDiscreteGaussian, addDiscreteLaplace } from '../../src/dp/mechanisms/central.ts';
import { clipInto, clipLayersInto, layersOf } from '../../src/dp/mechanisms/clipping.ts';
import { respondAtRandom } from '../../src/dp/mechanisms/local-response.ts';
import { sumNoiseMultiplier } from '../../src/dp/sensitivity.ts';
import { exactly } from '../reference/noise-laws.ts';
import { caught } from '../ring/caught.ts';

const codesOf = (calls: readonly (() => unknown)[]): readonly string[] =>
  calls.map((call) => caught(call).code);

describe('central noise', () => {
  const n = 200_000;
  const truth = Array.from({ length: n }, (_, i) => 1_000_003 * i);

  test('discrete Gaussian noise has its variance, and the event its numbers', () => {
    const { values, event, distance } = addDiscreteGaussian(truth, { sigma: 7, l2Sensitivity: 2 });
    const variance = values.reduce((sum, v, i) => sum + (v - (truth[i] as number)) ** 2, 0) / n;
    // Standard error 49·√(2/n); 6.5 of them.
    expect(Math.abs(variance - 49)).toBeLessThan(6.5 * 49 * Math.sqrt(2 / n));
    expect(event).toEqual({
      kind: 'discrete-gaussian',
      sigma: 7,
      l2Sensitivity: 2,
      dimension: n,
    });
    expect(distance).toBeLessThan(n * 2 ** -120);
  });

  test('discrete Laplace noise has its variance; several integers cost rate times sensitivity', () => {
    const { values, event } = addDiscreteLaplace(truth, { rate: 0.25, l1Sensitivity: 3 });
    const variance = values.reduce((sum, v, i) => sum + (v - (truth[i] as number)) ** 2, 0) / n;
    const expected = 1 / (Math.cosh(0.25) - 1);
    expect(Math.abs(variance / expected - 1)).toBeLessThan(6.5 * Math.sqrt(5.1 / n));
    if (event.kind !== 'approximate') throw new Error(event.kind);
    expect(event.delta).toBe(0);
    expect(event.epsilon).toBeGreaterThanOrEqual(0.75);
    expect(event.epsilon).toBeLessThan(0.75 + 1e-12);
    const one = addDiscreteLaplace([5], { rate: 0.25, l1Sensitivity: 3, scan: true });
    expect(one.event).toEqual({ kind: 'discrete-laplace', rate: 0.25, sensitivity: 3 });
    expect(Number.isInteger(one.values[0])).toBe(true);
  });

  test('what is no integer is refused, by index and without its value', () => {
    const noise = { sigma: 3, l2Sensitivity: 1 };
    const wrong: readonly (readonly [ArrayLike<number>, string])[] = [
      [[1, 0.5], 'out-of-range'],
      [[1, 2 ** 53], 'out-of-range'],
      [[1, Number.NaN], 'not-finite'],
      [[1, Number.NEGATIVE_INFINITY], 'not-finite'],
      [[1, '2' as unknown as number], 'wrong-type'],
      [[], 'wrong-length'],
      [undefined as unknown as number[], 'wrong-type'],
    ];
    for (const [values, code] of wrong) {
      expect(caught(() => addDiscreteGaussian(values, noise)).code).toBe(code);
    }
    const { message } = caught(() => addDiscreteGaussian([1, 0.123], noise));
    expect(message).toContain('[1]');
    expect(message).not.toContain('0.123');
  });

  test('noise that is none, or too wide, is refused', () => {
    const gauss =
      (sigma: number, l2Sensitivity = 1) =>
      () =>
        addDiscreteGaussian([1], { sigma, l2Sensitivity });
    const laplace =
      (rate: number, l1Sensitivity = 1) =>
      () =>
        addDiscreteLaplace([1], { rate, l1Sensitivity });
    expect(codesOf([gauss(2 ** 22), laplace(2 ** -25)])).toEqual([
      'ring-overflow',
      'ring-overflow',
    ]);
    const calls = [gauss(0), gauss(-1), gauss(3, 0), laplace(0), laplace(-1), laplace(1, 0.5)];
    expect(new Set(codesOf(calls))).toEqual(new Set(['out-of-range']));
    expect(new Set(codesOf([gauss(Number.NaN), laplace(Number.NaN)]))).toEqual(
      new Set(['not-finite']),
    );
  });
});

describe('randomised response', () => {
  test('an answer stays, or becomes any other, as often as it says', () => {
    for (const [noise, buckets] of [
      [0.5, 4],
      [0.2, 3],
      [1, 5],
    ] as const) {
      const n = 300_000;
      const { answers } = respondAtRandom(new Uint32Array(n).fill(1), { noise, buckets });
      const counts = new Float64Array(buckets);
      for (const answer of answers) counts[answer] = (counts[answer] as number) + 1;
      counts.forEach((count, bucket) => {
        const p = noise / buckets + (bucket === 1 ? 1 - noise : 0);
        const error = Math.abs(count / n - p);
        expect(error, `${bucket} of ${buckets}`).toBeLessThan(6.5 * Math.sqrt((p * (1 - p)) / n));
      });
    }
  });

  test('every answer counts, and each is charged', () => {
    const options = { noise: 0.25, buckets: 7 };
    const event = { kind: 'randomised-response', ...options };
    expect(respondAtRandom([6], options).event).toEqual(event);
    const many = respondAtRandom([0, 6, 3], { ...options, scan: true });
    expect(many.event).toEqual({ kind: 'repeated', event, count: 3 });
    expect(many.distance).toBeLessThan(2 ** -118);
    expect(many.answers.every((answer) => answer < 7)).toBe(true);
    // With hardly any noise, all of a thousand stay: they are not mixed up.
    const answers = Uint32Array.from({ length: 1_000 }, (_, i) => i);
    const still = respondAtRandom(answers, { noise: 2 ** -40, buckets: 1_000 });
    expect(still.answers).toEqual(answers);
  });

  test('wrong numbers are refused', () => {
    const call = (answers: readonly number[], noise: number, buckets: number) => () =>
      respondAtRandom(answers, { noise, buckets });
    const ranges = [
      call([4], 0.5, 4),
      call([-1], 0.5, 4),
      call([1.5], 0.5, 4),
      call([Number.NaN], 0.5, 4),
      call([1], 0, 4),
      call([1], 1.01, 4),
      call([0], 0.5, 1),
      call([0], 0.5, 2 ** 16),
    ];
    expect(new Set(codesOf(ranges))).toEqual(new Set(['out-of-range']));
    expect(caught(call([], 0.5, 4)).code).toBe('wrong-length');
    expect(caught(call([1], Number.NaN, 4)).code).toBe('not-finite');
    expect(caught(call([1, 4321], 0.5, 4)).message).not.toContain('4321');
  });
});

/** Σx² of doubles as numerator over 2^2148, exactly. */
function exactSquares(values: Float64Array): bigint {
  let sum = 0n;
  for (const value of values) {
    if (value === 0) continue;
    const [num, den] = exactly(Math.abs(value));
    sum += (num * num * (1n << 2148n)) / (den * den);
  }
  return sum;
}

describe('clipping', () => {
  const finite = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.double({ min: -1, max: 1, noNaN: true }),
  );

  test('the exact norm is never above the bound', () => {
    fc.assert(
      fc.property(
        fc.array(finite, { maxLength: 40 }),
        fc.double({ min: 1e-90, max: 1e90, noNaN: true }),
        (list, bound) => {
          // No subnormal numbers: the exact reader has no use for them.
          const values = Float64Array.from(list, (v) => (Math.abs(v) < 1e-290 ? 0 : v));
          clipInto(values, bound);
          const kept = values.map((v) => (Math.abs(v) < 1e-290 ? 0 : v));
          expect(exactSquares(kept) <= exactSquares(Float64Array.of(bound))).toBe(true);
        },
      ),
    );
  });

  test('vectors exactly at the bound, where floats round to both sides', () => {
    for (let i = 1; i < 500; i++) {
      const values = Float64Array.from({ length: 11 }, (_, j) => Math.sin(i * 13 + j) * i);
      const bound = Math.hypot(...values);
      clipInto(values, bound);
      expect(exactSquares(values) <= exactSquares(Float64Array.of(bound))).toBe(true);
    }
  });

  test('short vectors stay, long ones keep their direction', () => {
    const short = Float64Array.of(0.3, -0.4);
    expect(clipInto(short, 0.51)).toBe(false);
    expect([...short]).toEqual([0.3, -0.4]);
    const long = Float64Array.of(3, -4);
    expect(clipInto(long, 1)).toBe(true);
    expect(long[0]).toBeCloseTo(0.6, 12);
    expect(long[1]).toBeCloseTo(-0.8, 12);
    const huge = Float64Array.of(1e308, 1e308);
    expect(clipInto(huge, 1)).toBe(true);
    expect(huge[0]).toBeCloseTo(Math.SQRT1_2, 12);
    expect(clipInto(new Float64Array(3), 1)).toBe(false);
    expect(clipInto(new Float64Array(0), 1)).toBe(false);
  });

  test('a norm of NaN or infinity does not pass', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const values = Float64Array.of(9, value, 9);
      expect(caught(() => clipInto(values, 1)).code).toBe('not-finite');
      expect(values[0]).toBe(9);
      const layers = layersOf([
        { length: 1, bound: 1 },
        { length: 2, bound: 1 },
      ]);
      expect(caught(() => clipLayersInto(values, layers)).code).toBe('not-finite');
      expect(values[0]).toBe(9);
    }
    const bounds = [0, -1, Number.NaN, 1e101].map((b) => () => clipInto(Float64Array.of(1), b));
    expect(codesOf(bounds)).toEqual(['out-of-range', 'out-of-range', 'not-finite', 'out-of-range']);
    expect(caught(() => clipInto([1] as unknown as Float64Array, 1)).code).toBe('wrong-type');
  });

  test('layers are charged together, not each by itself', () => {
    const layers = layersOf([
      { length: 2, bound: 3 },
      { length: 1, bound: 4 },
    ]);
    expect(layers.bound).toBeGreaterThanOrEqual(5);
    expect(layers.bound).toBeLessThan(5 + 1e-13);
    const values = Float64Array.of(30, 40, 7);
    clipLayersInto(values, layers);
    expect([...values].map((v) => Number(v.toFixed(9)))).toEqual([1.8, 2.4, 4]);
    const bound = exactSquares(Float64Array.of(layers.bound));
    expect(exactSquares(values) <= bound).toBe(true);
    expect(caught(() => clipLayersInto(new Float64Array(4), layers)).code).toBe('wrong-length');
    expect(caught(() => layersOf([])).code).toBe('wrong-length');
    expect(caught(() => layersOf([{ length: 0, bound: 1 }])).code).toBe('out-of-range');
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-90, max: 1e90, noNaN: true }), {
          minLength: 1,
          maxLength: 20,
        }),
        (bounds) => {
          const joint = layersOf(bounds.map((bound) => ({ length: 1, bound }))).bound;
          const squares = exactSquares(Float64Array.from(bounds));
          expect(exactSquares(Float64Array.of(joint)) >= squares).toBe(true);
        },
      ),
    );
  });
});

describe('adaptive clipping', () => {
  const start = { clip: 1, quantile: 0.5, rate: 0.2 };

  test('the multiplier of Andrew et al., Theorem 1, and never below it', () => {
    for (const [z, sigma, expected] of [
      [0.6, 2, 0.6068660849090083],
      [0.3, 1, 0.30343304245450414],
    ] as const) {
      const found = sumNoiseMultiplier(z, sigma);
      expect(found).toBeGreaterThanOrEqual(expected);
      expect(found).toBeLessThan(expected * (1 + 1e-14));
      expect(found ** -2 + (2 * sigma) ** -2).toBeLessThanOrEqual(z ** -2);
    }
  });

  test('bits that cost more than the whole are refused, never a complex number', () => {
    for (const [z, sigma] of [
      [2, 1],
      [2.5, 1],
      [1, 0.5],
      [1 - 1e-12, 0.5],
    ] as const) {
      const error = caught(() => sumNoiseMultiplier(z, sigma));
      expect([error.name, error.code]).toEqual(['PrivacyError', 'unsound-parameters']);
    }
    const wrong = [0, -1, Number.NaN].map((z) => () => sumNoiseMultiplier(z, 1));
    expect(codesOf(wrong)).toEqual(['out-of-range', 'out-of-range', 'not-finite']);
  });

  test('clip and noise come from the same bound, and the round is charged', () => {
    const state = adaptiveClip({ ...start, clip: 4 });
    const round = adaptiveRound(state, { noiseMultiplier: 0.6, bitSigma: 2 });
    expect(round.clip).toBe(4);
    expect(round.sigma / round.clip).toBeCloseTo(0.6068660849090083, 12);
    // A sign is twice a bit: so is the noise.
    expect(round.signSigma).toBe(4);
    expect(round.event).toEqual({ kind: 'gaussian', noiseMultiplier: 0.6 });
    const later = nextClip(state, { noisySum: 100, contributors: 100 });
    const next = adaptiveRound(later, { noiseMultiplier: 0.6, bitSigma: 2 });
    expect(next.sigma / next.clip).toBeCloseTo(round.sigma / round.clip, 12);
  });

  test('too many within the bound: it falls; too few: it rises', () => {
    const state = adaptiveClip(start);
    expect(nextClip(state, { noisySum: 50, contributors: 100 }).clip).toBeLessThan(1);
    expect(nextClip(state, { noisySum: -50, contributors: 100 }).clip).toBeGreaterThan(1);
    expect(nextClip(state, { noisySum: 0, contributors: 100 }).clip).toBe(1);
    expect(withinClip(adaptiveRound(state, { noiseMultiplier: 1, bitSigma: 5 }), 1)).toBe(1);
    expect(withinClip(adaptiveRound(state, { noiseMultiplier: 1, bitSigma: 5 }), 1.01)).toBe(-1);
  });

  test('it finds the quantile, from above and from below, and stays there', () => {
    const norms = Array.from({ length: 1_000 }, (_, i) => 1 + i / 100);
    for (const clip of [1e-3, 1e3]) {
      let state = adaptiveClip({ clip, quantile: 0.8, rate: 0.2 });
      for (let t = 0; t < 200; t++) {
        const round = adaptiveRound(state, { noiseMultiplier: 1, bitSigma: 10 });
        const sum = norms.reduce((total, norm) => total + withinClip(round, norm), 0);
        // Noise of the round's size, the same every time the test runs.
        const noisySum = sum + round.signSigma * Math.sin(t * 12.9);
        state = nextClip(state, { noisySum, contributors: norms.length });
      }
      expect(state.clip).toBeGreaterThan(8.5);
      expect(state.clip).toBeLessThan(9.5);
    }
  });

  test('wild sums move it by one step at most, and wrong ones not at all', () => {
    const state = adaptiveClip(start);
    const low = nextClip(state, { noisySum: 1e300, contributors: 10 }).clip;
    const high = nextClip(state, { noisySum: -1e300, contributors: 10 }).clip;
    expect(low).toBeCloseTo(Math.exp(-0.1), 12);
    expect(high).toBeCloseTo(Math.exp(0.1), 12);
    const round = adaptiveRound(state, { noiseMultiplier: 1, bitSigma: 5 });
    const wrong = [
      () => nextClip(state, { noisySum: Number.NaN, contributors: 10 }),
      () => nextClip(state, { noisySum: 1, contributors: 0 }),
      () => withinClip(round, Number.NaN),
      () => withinClip(round, -1),
      () => adaptiveClip({ ...start, clip: 0 }),
      () => adaptiveClip({ ...start, quantile: 1 }),
      () => adaptiveClip({ ...start, rate: 0 }),
    ];
    expect(codesOf(wrong)).toEqual([
      'not-finite',
      'out-of-range',
      'not-finite',
      'out-of-range',
      'out-of-range',
      'out-of-range',
      'out-of-range',
    ]);
  });
});
