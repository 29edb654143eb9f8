/** Calibration: never above the target, hardly below it, and refused where there is no such noise. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Accountant,
  calibrate,
  type DpEvent,
  discreteLaplace,
  epsilon,
  gaussian,
  laplace,
  poissonSampled,
  repeated,
  skellam,
} from '../../src/dp/index.ts';
import { PrivacyError, UsageError } from '../../src/errors.ts';

const sampled =
  (probability: number, count: number) =>
  (noiseMultiplier: number): DpEvent =>
    repeated({
      count,
      event: poissonSampled({ probability, event: gaussian({ noiseMultiplier }) }),
    });

describe('the result', () => {
  test('is never above the target, and a little less noise is', { timeout: 60_000 }, () => {
    const accountants = fc.constantFrom<Accountant>('best', 'rdp');
    fc.assert(
      fc.property(
        fc.double({ min: -1.5, max: 1.2, noNaN: true }),
        fc.double({ min: -9, max: -3, noNaN: true }),
        fc.constantFrom(1, 0.3, 0.01),
        fc.integer({ min: 1, max: 1000 }),
        accountants,
        (logEpsilon, logDelta, probability, count, accountant) => {
          const at = { delta: 10 ** logDelta, neighbours: 'zero-out', accountant } as const;
          const target = 10 ** logEpsilon;
          const event = sampled(probability, count);
          const accuracy = 1e-3;
          const noise = calibrate({ ...at, epsilon: target, event, accuracy });
          expect(epsilon(event(noise), at).epsilon).toBeLessThanOrEqual(target);
          const less = epsilon(event(noise * (1 - 2 * accuracy)), at).epsilon;
          expect(less).toBeGreaterThan(target * (1 - 1e-4));
        },
      ),
      { numRuns: 25 },
    );
  });

  test('is in the unit that the caller chose', () => {
    const at = { epsilon: 1, delta: 1e-6, neighbours: 'zero-out' } as const;
    const scale = calibrate({ ...at, event: (b) => laplace({ noiseMultiplier: b }) });
    expect(scale).toBeGreaterThan(0.999);
    expect(scale).toBeLessThan(1.00001);
    const variance = calibrate({
      ...at,
      event: (v) => skellam({ variance: v, l2Sensitivity: 100, l1Sensitivity: 1000 }),
    });
    const sigma = calibrate({ ...at, event: (z) => gaussian({ noiseMultiplier: z }) });
    expect(Math.sqrt(variance) / 100 / sigma).toBeGreaterThan(1);
    expect(Math.sqrt(variance) / 100 / sigma).toBeLessThan(1.15);
  });

  test('covers several events at once', () => {
    const at = { delta: 1e-6, neighbours: 'zero-out' } as const;
    const events = (z: number): readonly DpEvent[] => [
      gaussian({ noiseMultiplier: z }),
      laplace({ noiseMultiplier: 10 * z }),
    ];
    const noise = calibrate({ ...at, epsilon: 2, event: events, accuracy: 1e-4 });
    expect(epsilon(events(noise), at).epsilon).toBeLessThanOrEqual(2);
  });

  test('takes few prices', () => {
    let asked = 0;
    calibrate({
      epsilon: 4,
      delta: 1e-6,
      neighbours: 'zero-out',
      accountant: 'rdp',
      event: (noise) => {
        asked++;
        return sampled(0.02, 5000)(noise);
      },
    });
    expect(asked).toBeLessThan(25);
  });
});

describe('refusals', () => {
  const at = { epsilon: 1, delta: 1e-6, neighbours: 'zero-out' } as const;

  test('noise that the event does not listen to', () => {
    expect(() => calibrate({ ...at, event: () => gaussian({ noiseMultiplier: 1 }) })).toThrow(
      PrivacyError,
    );
  });

  test('a rate where a scale was meant: more of it costs more', () => {
    const wrong = () =>
      calibrate({ ...at, event: (rate) => discreteLaplace({ rate, sensitivity: 2 }) });
    expect(wrong).toThrow(expect.objectContaining({ code: 'unsound-parameters' }));
    expect(wrong).toThrow(/costs more with noise/);
  });

  test.each([
    ['ε of 0', { epsilon: 0 }],
    ['an infinite ε', { epsilon: Infinity }],
    ['a negative ε', { epsilon: -1 }],
    ['δ of 0', { delta: 0 }],
    ['δ of 1', { delta: 1 }],
    ['no accuracy', { accuracy: 0 }],
  ])('%s', (_, change) => {
    const event = (noiseMultiplier: number) => gaussian({ noiseMultiplier });
    expect(() => calibrate({ ...at, event, ...change })).toThrow(UsageError);
  });

  test('noise that costs nothing at all needs the least there is', () => {
    expect(calibrate({ ...at, event: () => [] })).toBeLessThan(1e-9);
  });
});
