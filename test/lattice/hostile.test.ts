/** Lattice masks against a peer that sends what it likes, a runtime that fails, and work inside work. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { codeOf } from '../../src/lattice/coding.ts';
import { latticeLayout } from '../../src/lattice/layout.ts';
import type { HiddenSums } from '../../src/lattice/opening.ts';
import { type LatticeShape, latticeShape } from '../../src/lattice/parameters.ts';

const ROUND = new Uint8Array(32).fill(1);

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** The room afresh: on the kernel's module, or on its twin where there is no WebAssembly. */
async function roomOn(path: 'wasm' | 'twin') {
  if (path === 'twin') vi.stubGlobal('WebAssembly', undefined);
  vi.resetModules();
  const kernel = await import('../../src/kernel/lattice.ts');
  const { hideVectors } = await import('../../src/lattice/hiding.ts');
  const { keySumOf, openVectors } = await import('../../src/lattice/opening.ts');
  return { kernel, hideVectors, keySumOf, openVectors };
}

/** Words that open, under keys that add up to nothing, to steps above the least sum. */
function wordsOf(shape: LatticeShape, steps: number): HiddenSums {
  const { offset, delta, middle } = codeOf(shape);
  const all = 2 ** shape.wireBits;
  const unit = 2 ** Math.max(0, shape.wireBits - 32);
  const value = (Math.round(steps * delta + middle) - offset + all) % all;
  return {
    words: Uint32Array.of(Math.floor(value / unit)),
    lows: Uint32Array.of(value % unit),
  };
}

describe.each(['wasm', 'twin'] as const)('%s: sums beyond the greatest one', (path) => {
  test.each([
    ['10,001 sums, two in a coefficient', -5_000, 5_000, 2],
    ['2^16 sums, two in a coefficient', -32_768, 32_767, 2],
    ['2^32 sums', -(2 ** 31), 2 ** 31 - 1, 1],
  ])(
    '%s: the greatest opens, and whatever is beyond is refused',
    async (_name, low, high, packing) => {
      const { openVectors } = await roomOn(path);
      const shape = latticeShape({ clients: 2, length: packing, low, high });
      expect(shape.packing).toBe(packing);
      const layout = latticeLayout([shape], 2);
      const none = new Int32Array(layout.key.length);
      const opened = (steps: number) =>
        openVectors(layout, ROUND, none, [wordsOf(shape, steps)])[0]?.join();
      const most = shape.modulus ** packing;
      const every = (value: number) => new Array(packing).fill(value >>> 0).join();
      expect(opened(0)).toBe(every(low));
      expect(opened(most - 1)).toBe(every(high));
      // q is no multiple of T^c, so there is room for steps that no plan has.
      const room = Math.floor(2 ** shape.wireBits / codeOf(shape).delta) - most;
      expect(room).toBeGreaterThan(10);
      for (const more of [0, 1, room - 1]) {
        expect(() => opened(most + more)).toThrow(
          expect.objectContaining({ code: 'lattice-residual' }),
        );
      }
    },
  );
});
