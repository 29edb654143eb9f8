/**
 * Where kernels are tested: a stretch of memory, in an instance or outside of any, in which vectors lie
 * at odd places with other bytes around them, all of which are looked at afterwards.
 */
import { expect } from 'vitest';
import {
  homeOf,
  kernelPath,
  residentVectors,
  SCRATCH_BYTES,
  SCRATCHES,
  sharedInstance,
  TABLES,
  type View,
} from '../../src/kernel/wasm.ts';

/** A place for vectors. */
export type Arena = {
  readonly name: string;
  /** Copies of vectors, each at an odd element, with at least 8 bytes around each. */
  readonly place: <T extends readonly View[]>(...vectors: T) => T;
  /** Runs `work`, and fails if it changes a byte outside of `out`. */
  readonly only: (out: View, work: () => void) => void;
};

function arenaIn(name: string, region: Uint8Array): Arena {
  return {
    name,
    place: <T extends readonly View[]>(...vectors: T): T => {
      let at = region.byteOffset;
      return vectors.map((vector) => {
        const size = vector.BYTES_PER_ELEMENT;
        at = (Math.ceil((at + 8) / (2 * size)) * 2 + 1) * size;
        const Type = vector.constructor as new (b: ArrayBufferLike, at: number, n: number) => View;
        const copy = new Type(region.buffer, at, vector.length);
        copy.set(vector as Uint8Array & Float64Array);
        at += vector.byteLength;
        expect(at + 8).toBeLessThanOrEqual(region.byteOffset + region.length);
        return copy;
      }) as unknown as T;
    },
    only: (out, work) => {
      const expected = region.slice();
      work();
      expected.set(
        new Uint8Array(out.buffer, out.byteOffset, out.byteLength),
        out.byteOffset - region.byteOffset,
      );
      expect(Buffer.compare(region, expected)).toBe(0);
    },
  };
}

/** Arenas of `bytes` each: one in an instance's memory, one in an ordinary buffer. */
export function arenas(bytes: number): readonly Arena[] {
  expect(kernelPath(), 'these tests are of WebAssembly').toBe('wasm');
  const [resident] = residentVectors([Math.max(bytes / 4, 65_536)]) as [Uint32Array];
  expect(homeOf(resident)).toBeDefined();
  const plain = new Uint8Array(bytes);
  expect(homeOf(plain)).toBeUndefined();
  const regions = [new Uint8Array(resident.buffer, resident.byteOffset, bytes), plain];
  for (const region of regions)
    region.forEach((_, i) => {
      region[i] = (i * 167 + 13) & 255;
    });
  return regions.map((region, i) => arenaIn(i === 0 ? 'resident' : 'plain', region));
}

/** All the lengths where a kernel's tail can go wrong. */
export const TAILS: readonly number[] = Array.from({ length: 71 }, (_, n) => n);

/** Fails if anything is left in the instance through which vectors from elsewhere go. */
export function expectNothingLeft(): void {
  const { bytes } = sharedInstance() as NonNullable<ReturnType<typeof sharedInstance>>;
  const left = bytes.subarray(TABLES, SCRATCHES[2] + SCRATCH_BYTES);
  expect(left.every((byte) => byte === 0)).toBe(true);
}
