/** What clients of recorded rounds drew for their lattice masks, and masks one by one. */
import { sha256 } from '../../../src/internal/sha256.ts';
import {
  hideBlock,
  RING_DEGREE,
  ringValues,
  setCode,
  withLatticeBench,
} from '../../../src/kernel/index.ts';
import { codeOf, packValues } from '../../../src/lattice/coding.ts';
import { drawGaussianFromInto } from '../../../src/lattice/gaussian.ts';
import { moveTo } from '../../../src/lattice/hiding.ts';
import { polynomialSeed } from '../../../src/lattice/polynomials.ts';
import { packedLength, packInto } from '../../../src/ring/packing.ts';
import type { LatticeForm } from '../../../src/secagg/terms.ts';
import { hex } from './hex.ts';
import type { LatticeVector } from './types.ts';

/** The draws that a mask step ends with: one call a secret, and then one a field, of eight blocks at most. */
export function latticeDraws({ layout }: LatticeForm, draws: readonly Uint8Array[]): LatticeVector {
  const { key, fields } = layout;
  const own = draws.slice(draws.length - key.secrets - fields.length);
  const drawn = own.map((bytes, i) => {
    const { coefficients = RING_DEGREE } = fields[i - key.secrets]?.shape ?? {};
    const out = new Int16Array(Math.ceil(coefficients / RING_DEGREE) * RING_DEGREE);
    drawGaussianFromInto(out, (words) => {
      if (4 * words.length !== bytes.length) throw new Error('lattice: other draws, or a rare tie');
      new Uint8Array(words.buffer, words.byteOffset, words.byteLength).set(bytes);
    });
    return [...out.subarray(0, coefficients)];
  });
  return { secrets: drawn.slice(0, key.secrets).flat(), errors: drawn.slice(key.secrets) };
}

/** Blocks 3, 4 and 5 of a round of four secrets, the last one cut short. */
const PLACE = { secrets: 4, firstBlock: 3, coefficients: 2 * RING_DEGREE + 5 } as const;

/** One field for each width: T, c, k. */
const SHAPES = [
  [25_501, 1, 21],
  [6, 12, 32],
  [2 ** 32, 1, 40],
] as const;

const hashOf = (...parts: readonly Uint8Array[]): string =>
  hex(sha256(Uint8Array.from(parts.flatMap((part) => [...part]))));

/** Masks with given secrets, errors and values: what a field becomes, for each shape. */
export function latticeVectors(roundId: Uint8Array): object {
  const { secrets, firstBlock, coefficients } = PLACE;
  const seed = polynomialSeed(roundId);
  return withLatticeBench(secrets, (bench) => {
    for (let g = 0; g < secrets; g++) {
      bench.coefficients.forEach((_, j) => {
        bench.coefficients[j] = ((7 * (g * RING_DEGREE + j)) % 15) - 7;
      });
      ringValues(bench, g);
    }
    const polynomials = [0, 1].map((j) => {
      moveTo(bench, seed, j, { polynomial: -1 });
      const { buffer, byteOffset, byteLength } = bench.polynomial;
      const all = new Uint8Array(buffer, byteOffset, byteLength);
      return [...bench.polynomial.subarray(0, 4), hashOf(all)];
    });
    const cases = SHAPES.map(([modulus, packing, wireBits]) => {
      const length = packing * coefficients;
      const shape = { length, low: 0, modulus, packing, coefficients, wireBits, residualBound: 0 };
      const code = codeOf(shape);
      setCode(bench, code);
      const values = Uint32Array.from({ length }, (_, i) => (i % modulus) - (i % 2) * 5);
      const at = { polynomial: -1 };
      packValues(bench.messages.subarray(0, 3 * RING_DEGREE), values, 0, shape);
      for (let i = 0; i < 3 * RING_DEGREE; i++) bench.errors[i] = ((5 * i) % 27) - 13;
      for (let i = 0; i < 3; i++) {
        const block = firstBlock + i;
        moveTo(bench, seed, Math.floor(block / secrets), at);
        hideBlock(bench, block % secrets, i, code);
      }
      const parts = [[bench.words, Math.min(wireBits, 32)] as const];
      if (wireBits > 32) parts.push([bench.lows, wireBits - 32]);
      const packed = parts.map(([words, bits]) => {
        const out = new Uint8Array(packedLength(coefficients, bits));
        packInto(out, words.subarray(0, coefficients), bits);
        return out;
      });
      const first = [...bench.words.subarray(0, 4)];
      return { T: modulus, c: packing, k: wireBits, first, payloadHash: hashOf(...packed) };
    });
    return { roundId: hex(roundId), ...PLACE, polynomials, cases };
  });
}
