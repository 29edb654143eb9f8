import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CapacityError } from '../../src/errors.ts';
import { modulusBits } from '../../src/ring/capacity.ts';
import { fitsRing } from '../reference/ring.ts';
import { caught } from './caught.ts';

describe('modulusBits', () => {
  test('known cases', () => {
    expect(modulusBits({ clients: 100, levels: 2 ** 18 })).toBe(25);
    expect(modulusBits({ clients: 1, levels: 2 ** 32 })).toBe(32);
    expect(modulusBits({ clients: 1, levels: 1 })).toBe(1);
    expect(modulusBits({ clients: 1, levels: 2 })).toBe(1);
    expect(modulusBits({ clients: 3, levels: 2 })).toBe(2);
    expect(modulusBits({ clients: 4, levels: 2 })).toBe(3);
    expect(modulusBits({ clients: 3, levels: 2, maxWeight: 5, tail: 1 })).toBe(5);
    expect(modulusBits({ clients: 3, levels: 2, maxWeight: 5 })).toBe(4);
  });

  test('the least ring that fits, or an error that names what does; by bigint', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 2 ** 32 - 1 })),
        fc.oneof(
          fc.integer({ min: 0, max: 33 }).map((k) => 2 ** k),
          fc.integer({ min: 1, max: 2 ** 34 }),
        ),
        fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2 ** 32 - 1 })),
        fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 33 })),
        (clients, levels, maxWeight, tail) => {
          const fits = (bits: number, n: number, l: number) =>
            fitsRing(bits, n, l, maxWeight, tail);
          if (fits(32, clients, levels)) {
            const bits = modulusBits({ clients, levels, maxWeight, tail });
            expect(fits(bits, clients, levels)).toBe(true);
            if (bits > 1) expect(fits(bits - 1, clients, levels)).toBe(false);
            return;
          }
          const error = caught(() => modulusBits({ clients, levels, maxWeight, tail }));
          expect(error).toBeInstanceOf(CapacityError);
          expect(error.code).toBe('ring-overflow');
          const { maxBits, maxLevels, maxClients } = error.details as Record<string, number> & {
            maxBits: number;
            maxLevels: number;
            maxClients: number;
          };
          expect(error.message).toContain(`at most ${maxClients} clients`);
          if (maxLevels > 0) expect(fits(32, clients, maxLevels)).toBe(true);
          expect(fits(32, clients, maxLevels + 1)).toBe(false);
          if (maxBits > 0) {
            expect(fits(32, clients, 2 ** maxBits)).toBe(true);
            expect(error.message).toContain(`at most ${maxBits} bits`);
          }
          expect(fits(32, clients, 2 ** (maxBits + 1))).toBe(false);
          if (maxClients > 0) expect(fits(32, maxClients, levels)).toBe(true);
          expect(fits(32, maxClients + 1, levels)).toBe(false);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('an edge: one client more than fits', () => {
    expect(modulusBits({ clients: 256, levels: 2 ** 24 })).toBe(32);
    const error = caught(() => modulusBits({ clients: 257, levels: 2 ** 24 }));
    expect(error.details).toMatchObject({ maxBits: 23, maxClients: 256 });
  });

  test('parameters out of range', () => {
    for (const bad of [
      { clients: 0, levels: 4 },
      { clients: 1.5, levels: 4 },
      { clients: 4, levels: 0 },
      { clients: 4, levels: Number.NaN },
      { clients: 4, levels: 4, maxWeight: 0 },
      { clients: 4, levels: 4, tail: -1 },
      { clients: 4, levels: 4, tail: Number.POSITIVE_INFINITY },
    ]) {
      expect(caught(() => modulusBits(bad)).code).toBe('out-of-range');
    }
  });
});
