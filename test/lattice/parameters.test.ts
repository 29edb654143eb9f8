/**
 * The parameters of lattice masks: the two tables that they were designed by, the derivation done a
 * second time in another arithmetic, and the refusals.
 */
import { describe, expect, test } from 'vitest';
import { latticeShape } from '../../src/lattice/parameters.ts';

/** The field of `bits`-bit values. */
const field = (bits: number, clients: number) =>
  latticeShape({ clients, length: 1_000_000, low: 0, high: clients * (2 ** bits - 1) });

describe('latticeShape', () => {
  test.each([
    // value bits, clients, packing, bits of a word
    [1, 1000, 3, 38],
    [4, 100, 3, 38],
    [8, 100, 2, 36],
    [8, 500, 1, 24],
    [16, 100, 1, 29],
    [16, 500, 1, 32],
    [16, 1000, 1, 34],
    [24, 100, 1, 37],
  ])('%i-bit values of %i clients: %i in a word of %i bits', (bits, clients, packing, wireBits) => {
    expect(field(bits, clients)).toMatchObject({ packing, wireBits, low: 0 });
  });
});
