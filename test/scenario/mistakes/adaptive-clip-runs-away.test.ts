/**
 * Seen elsewhere: the clipping bound moves the wrong way, so that it runs to nothing or to infinity; or a round's
 * noise is sized by the bound of the next one, which is not what its vectors were clipped to.
 */
import { adaptiveClip, adaptiveRound, nextClip, withinClip } from 'veilsum/dp';
import { describe, expect, test } from 'vitest';

/** Norms of a thousand clients: half of them are below 5. */
const norms = Array.from({ length: 1_000 }, (_, i) => (i + 1) / 100);
const MEDIAN = 5;

describe('the wrong sign', () => {
  test('the naive bound: from either side it runs away', () => {
    const run = (start: number): number => {
      let clip = start;
      for (let t = 0; t < 400; t++) {
        const share = norms.filter((norm) => norm <= clip).length / norms.length;
        clip *= Math.exp(0.2 * (share - 0.5));
      }
      return clip;
    };
    expect(run(MEDIAN / 2)).toBeLessThan(1e-12);
    expect(run(MEDIAN * 2)).toBeGreaterThan(1e12);
  });

  test.each([MEDIAN / 1_000, MEDIAN / 2, MEDIAN * 2, MEDIAN * 1_000])(
    'ours: from %d it comes to the median',
    (clip) => {
      let state = adaptiveClip({ clip, quantile: 0.5, rate: 0.2 });
      for (let t = 0; t < 400; t++) {
        const round = adaptiveRound(state, { noiseMultiplier: 1, bitSigma: 20 });
        const signs = norms.reduce((sum, norm) => sum + withinClip(round, norm), 0);
        state = nextClip(state, { noisySum: signs, contributors: norms.length });
      }
      expect(Math.abs(state.clip / MEDIAN - 1)).toBeLessThan(0.02);
    },
  );
});

describe('noise of the next bound', () => {
  const multiplier = 1;
  const start = { clip: 100, quantile: 0.5, rate: 2 } as const;

  test('the naive round: the bound falls, and its noise is too little for what was clipped before', () => {
    const clippedTo = start.clip;
    const nextBound = clippedTo * Math.exp(-start.rate * (1 - start.quantile));
    const sigma = multiplier * nextBound;
    expect(sigma / clippedTo).toBeLessThan(multiplier / 2.7);
  });

  test('ours: bound and noise come in one record, made before the sum is seen', () => {
    let state = adaptiveClip(start);
    for (let t = 0; t < 20; t++) {
      const round = adaptiveRound(state, { noiseMultiplier: multiplier, bitSigma: 50 });
      expect(round.clip).toBe(state.clip);
      expect(round.sigma).toBeGreaterThanOrEqual(multiplier * round.clip);
      expect(Object.isFrozen(round)).toBe(true);
      const signs = norms.reduce((sum, norm) => sum + withinClip(round, norm), 0);
      state = nextClip(state, { noisySum: signs, contributors: norms.length });
      // The sum moved the bound, and the round that it belongs to has not changed.
      expect(round.sigma / round.clip).toBeCloseTo(1, 3);
    }
  });
});
