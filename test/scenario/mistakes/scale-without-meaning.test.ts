/**
 * Seen elsewhere: bits, clients and noise that do not fit together give a scale of NaN, of zero or below one, and
 * the run goes on with it.
 */
import { CapacityError, real, skellam } from 'veilsum';
import { distributedParameters } from 'veilsum/dp';
import { expect, test } from 'vitest';
import type { PlannedPrivacy } from '../../../src/round/price.ts';
import { noisyPlanFor, party } from '../../support/round.ts';

const request = {
  kind: 'skellam',
  epsilon: 1,
  delta: 1e-6,
  neighbours: 'zero-out',
  clients: 1_000,
  dimension: 1_024,
  clip: 1,
} as const;

test('the naive formula: a scale that is no number, and a sum that is none', () => {
  const [k, n, bits, variance] = [4, request.clients, 6, 0.01];
  const scale = Math.sqrt(2 ** (2 * bits) - n * k * k) / (2 * k * Math.sqrt(n * variance));
  expect(scale).toBeNaN();
  expect(Int32Array.of(0.7 * scale)[0]).toBe(0);
});

test('ours: too few bits are an error that names enough, and enough have a scale', () => {
  for (let bits = 1; bits <= 32; bits++) {
    let found: { readonly scale: number; readonly localSigma: number };
    try {
      found = distributedParameters({ ...request, bits });
    } catch (error) {
      expect(error).toBeInstanceOf(CapacityError);
      const fitting = (error as CapacityError).details.fitting as number;
      expect(fitting).toBeGreaterThan(bits);
      found = distributedParameters({ ...request, bits: fitting });
    }
    expect(found.scale).toBeGreaterThan(0);
    expect(found.scale).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(found.localSigma).toBeGreaterThan(0);
  }
});

test('ours: so it is with the bits of a plan’s field', async () => {
  const people = await party(4);
  const trust = { corrupt: 0, absent: 0.3, coordinator: 'semi-honest' } as const;
  const noise = skellam({ epsilon: 0.01, delta: 1e-6 });
  const planned = (bits: number) =>
    noisyPlanFor(people, {
      fields: { update: real({ length: 50, clip: { norm: 'l2', bound: 1 }, bits }) },
      trust,
      noise,
    });
  let fitted = 0;
  for (let bits = 2; bits <= 24; bits++) {
    try {
      const { privacy, shapes } = planned(bits);
      expect((privacy as PlannedPrivacy).epsilon).toBeLessThanOrEqual(noise.epsilon);
      expect((privacy as PlannedPrivacy).wrapProbability).toBeLessThanOrEqual(2 ** -40);
      expect(shapes[0]?.modulusBits).toBeGreaterThan(bits);
      fitted++;
    } catch (error) {
      expect(error).toBeInstanceOf(CapacityError);
      expect(['ring-overflow', 'noise-too-large']).toContain((error as CapacityError).code);
    }
  }
  expect(fitted).toBeGreaterThan(3);
  expect(fitted).toBeLessThan(23);
});
