/**
 * The coordinator's side: with the sum of the clients' secrets, one pass over the sum of their words gives
 * the sum of their vectors. How long it takes has nothing to do with who dropped out.
 */
import { ProtocolError } from '../errors.ts';
import {
  BENCH_BLOCKS,
  hideBlock,
  type LatticeBench,
  type LatticeCode,
  openBlock,
  RING_DEGREE,
  ringValues,
  setCode,
  withLatticeBench,
} from '../kernel/index.ts';
import { codeOf, unpackSums } from './coding.ts';
import { GAUSSIAN_BOUND } from './gaussian-table.ts';
import { moveTo } from './hiding.ts';
import { blocksOf, type LatticeField, type LatticeLayout } from './layout.ts';
import { polynomialSeed } from './polynomials.ts';

/** The sums of one field's words as they came: see `TakeHidden`; `lows` are empty for k ≤ 32. */
export type HiddenSums = { readonly words: Uint32Array; readonly lows: Uint32Array };

/** Part of a field: blocks `from` to `to` − 1 of it. */
export type BlockRange = { readonly field: number; readonly from: number; readonly to: number };

/**
 * The sum of the key vectors as signed integers.
 *
 * @param sum G·2,048 residues modulo 2^w
 * @param contributors how many key vectors are in it
 * @throws ProtocolError `lattice-key` if a coefficient is larger than 93 for each contributor: some contributor
 *   sent no key vector, or the masks were not all taken away
 */
export function keySumOf(
  { key }: LatticeLayout,
  sum: Uint32Array,
  contributors: number,
): Int32Array {
  const shift = 32 - key.modulusBits;
  const out = new Int32Array(sum.length);
  const most = GAUSSIAN_BOUND * contributors;
  let within = true;
  sum.forEach((word, i) => {
    out[i] = (word << shift) >> shift;
    if (Math.abs(out[i] as number) > most) within = false;
  });
  if (within) return out;
  throw new ProtocolError(
    'lattice-key',
    `lattice: the sum of ${contributors} keys has coefficients beyond ${most}: some contributor sent what is no key`,
    [],
    { most },
  );
}

/**
 * Opens sums.
 *
 * @param keySum from {@link keySumOf}
 * @param sums one for each field of the layout; overwritten
 * @returns one vector for each field, words mod 2^32 that stand for signed integers; in the memory of its sums
 *   where a coefficient is a value
 * @throws ProtocolError `lattice-residual` if the words of some field do not lie where steps and errors put them:
 *   some contributor's key is not the one of its words, or the sums are over other clients than the keys; or
 *   if they lie beyond the greatest sum that the plan allows. No value is given then
 *
 * **Cost**: as {@link openRange} over all blocks.
 */
export function openVectors(
  layout: LatticeLayout,
  roundId: Uint8Array,
  keySum: Int32Array,
  sums: readonly HiddenSums[],
): readonly Uint32Array[] {
  return layout.fields.map(({ shape }, field) => {
    const given = sums[field] as HiddenSums;
    const out = shape.packing === 1 ? given.words : new Uint32Array(shape.length);
    openRange(out, layout, roundId, keySum, given, { field, from: 0, to: blocksOf(shape) });
    return out;
  });
}

/**
 * Opens some blocks of one field: all that is needed is public but the sum of the keys, so that ranges can be
 * opened anywhere and in any order.
 *
 * @param out the whole field's values; those of the range are written. Where a coefficient is a value it may be
 *   `sums.words`
 * @param sums the whole field's
 * @throws ProtocolError as {@link openVectors}; `out` then has zeros in the range
 *
 * **Security**: what is opened is what the coordinator learns anyway.
 * **Cost**: six to seven keystreams over the vector; half a megabyte of memory.
 */
export function openRange(
  out: Uint32Array,
  layout: LatticeLayout,
  roundId: Uint8Array,
  keySum: Int32Array,
  sums: HiddenSums,
  { field, from, to }: BlockRange,
): void {
  const { shape, firstBlock } = layout.fields[field] as LatticeField;
  const { secrets } = layout.key;
  const seed = polynomialSeed(roundId);
  const code = codeOf(shape);
  const worst = withLatticeBench(secrets, (bench) => {
    setCode(bench, code);
    for (let g = 0; g < secrets; g++) {
      bench.coefficients.set(keySum.subarray(g * RING_DEGREE, (g + 1) * RING_DEGREE));
      ringValues(bench, g);
    }
    const at = { polynomial: -1 };
    let most = 0;
    for (let block = from; block < to; block += BENCH_BLOCKS) {
      const blocks = Math.min(BENCH_BLOCKS, to - block);
      const start = block * RING_DEGREE;
      const end = Math.min(start + blocks * RING_DEGREE, shape.coefficients);
      const load = end - start;
      bench.words.set(sums.words.subarray(start, end));
      if (shape.wireBits > 32) bench.lows.set(sums.lows.subarray(start, end));
      for (let i = 0; i < blocks; i++) {
        const number = firstBlock + block + i;
        moveTo(bench, seed, Math.floor(number / secrets), at);
        const which = number % secrets;
        const count = Math.min(RING_DEGREE, load - i * RING_DEGREE);
        if (count < RING_DEGREE) padBlock(bench, which, i, count, code);
        most = Math.max(most, openBlock(bench, which, i, code));
      }
      const { buffer, byteOffset } = bench.messages;
      const steps = new Uint32Array(buffer, byteOffset, load);
      unpackSums(out, steps, start * shape.packing, shape);
    }
    return most;
  });
  if (worst <= shape.residualBound + 0.25) return;
  // Between the greatest sum and 2^k there is room for steps that no plan has.
  const beyond = worst > 0.75 * code.delta;
  out.fill(0, from * RING_DEGREE * shape.packing, to * RING_DEGREE * shape.packing);
  throw new ProtocolError(
    'lattice-residual',
    !beyond
      ? `lattice: sums are off by up to ${worst.toFixed(1)} units of the wire, expected at most ` +
          `${shape.residualBound}: some contributor sent a key that is not that of its words (masks hide which one)`
      : 'lattice: a sum is beyond the greatest that the plan allows: some contributor did not keep to it ' +
          '(masks hide which one)',
    [],
    { got: worst, expected: shape.residualBound, beyond },
  );
}

/**
 * The last block's coefficients beyond the vector never travelled. What would have come if all of them were
 * zero, and without errors, takes their place: the mask itself.
 */
function padBlock(
  bench: LatticeBench,
  which: number,
  i: number,
  count: number,
  code: LatticeCode,
): void {
  const [from, to] = [i * RING_DEGREE, (i + 1) * RING_DEGREE];
  const words = bench.words.slice(from, from + count);
  const lows = bench.lows.slice(from, from + count);
  bench.messages.fill(0, from, to);
  bench.errors.fill(0, from, to);
  hideBlock(bench, which, i, code);
  bench.words.set(words, from);
  bench.lows.set(lows, from);
}
