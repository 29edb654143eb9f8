/** Lattice masks against a peer that sends what it likes, a runtime that fails, and work inside work. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { LatticeBench } from '../../src/kernel/lattice.ts';
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
          expect.objectContaining({
            code: 'lattice-residual',
            details: expect.objectContaining({ beyond: true }),
          }),
        );
      }
    },
  );
});

type Room = Awaited<ReturnType<typeof roomOn>>;

describe('memory of work on blocks', () => {
  const shape = latticeShape({ clients: 10, length: 20_000, low: -(10 ** 8), high: 10 ** 8 });
  const layout = latticeLayout([shape], 10);
  const vector = Uint32Array.from({ length: shape.length }, (_, i) => i * 997);

  /** Whether there is nothing in a bench's memory but its tables and parameters, which are public. */
  function isClean({ words, inside: { tables, code } }: LatticeBench): boolean {
    const all = new Uint8Array(words.buffer).slice();
    for (const { byteOffset, byteLength } of [tables, code]) {
      all.fill(0, byteOffset, byteOffset + byteLength);
    }
    return all.every((byte) => byte === 0);
  }

  /** Hides the vector and gives what comes of it; `meanwhile` is called for each piece. */
  function hidden({ hideVectors }: Room, meanwhile: () => void = () => {}) {
    const sums = {
      words: new Uint32Array(shape.coefficients),
      lows: new Uint32Array(shape.coefficients),
    };
    const key = hideVectors(layout, ROUND, [vector], (_, words, lows, from) => {
      meanwhile();
      sums.words.set(words, from);
      sums.lows.set(lows, from);
    });
    return { key, sums };
  }

  const isOpened = ({ keySumOf, openVectors }: Room, { key, sums }: ReturnType<typeof hidden>) => {
    const [out] = openVectors(layout, ROUND, keySumOf(layout, key, 1), [sums]);
    return out?.every((word, i) => word === vector[i]) === true;
  };

  test('is wiped, once it is done', async () => {
    const room = await roomOn('wasm');
    const bench = room.kernel.withLatticeBench(1, (same) => same);
    const during: boolean[] = [];
    const all = hidden(room, () => during.push(isClean(bench)));
    expect(during).toEqual([false, false]);
    expect(isClean(bench)).toBe(true);
    expect(isOpened(room, all)).toBe(true);
    expect(isClean(bench)).toBe(true);
  });

  test.each([1, 2, 3])('is wiped where the generator fails half-way, at call %i', async (call) => {
    const room = await roomOn('wasm');
    const bench = room.kernel.withLatticeBench(1, (same) => same);
    const { crypto } = globalThis;
    let calls = 0;
    vi.stubGlobal('crypto', {
      getRandomValues: (out: Uint8Array<ArrayBuffer>) => {
        crypto.getRandomValues(out.subarray(0, out.length / 2));
        if (++calls === call) throw new Error('no entropy');
        return crypto.getRandomValues(out);
      },
    });
    expect(() => hidden(room)).toThrow('no entropy');
    expect(calls).toBe(call);
    expect(isClean(bench)).toBe(true);
    vi.unstubAllGlobals();
    expect(isOpened(room, hidden(room))).toBe(true);
  });

  test('is wiped where the caller fails, and is nobody else’s while it is in use', async () => {
    const room = await roomOn('wasm');
    const bench = room.kernel.withLatticeBench(1, (same) => same);
    const failing = (): void => {
      throw new Error('the caller’s');
    };
    expect(() => hidden(room, failing)).toThrow('the caller’s');
    expect(isClean(bench)).toBe(true);
    const inner: boolean[] = [];
    const outer = hidden(room, () => {
      expect(() => hidden(room, failing)).toThrow('the caller’s');
      inner.push(isOpened(room, hidden(room)));
    });
    expect(inner).toEqual([true, true]);
    expect(isOpened(room, outer)).toBe(true);
  });
});
