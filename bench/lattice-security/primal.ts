/**
 * Primal attacks: the secret and the error are an unusually short vector of a lattice, and reduction finds it.
 *
 * With m samples (A, b = As + e) the lattice of all (x, y) with Ax + y ≡ 0 mod q, and b embedded in it, holds
 * (s, e, 1). Scaling the part of the secret by ξ = σe/σs makes all coordinates of one width (Bai and
 * Galbraith 2014); the volume is then q^m·ξ^n. Reduced bases are taken to follow the geometric series
 * assumption: the i-th projected length is δ^(d−1−2i)·vol^(1/d).
 *
 * - `primalUnique`: BKZ alone. It succeeds when the projection of the short vector to the last β
 *   coordinates is shorter than what is there: σ√β ≤ δ^(2β−d−1)·vol^(1/d) (Alkim, Ducas, Pöppelmann,
 *   Schwabe 2016; checked by experiment in Albrecht, Göpfert, Virdia, Wunderer 2017).
 * - `primalDecode`: BKZ with smaller blocks, then one larger sieve at the end (Liu and Nguyen 2013).
 */
import type { Instance } from './instances.ts';
import { type CostModel, LEAST_BLOCK, logDelta } from './models.ts';
import { addLog2, least, logBallVolume, type Range, smallChiSquared } from './numbers.ts';

/** An attack with the parameters that make it cheapest. */
export type Attack = {
  readonly family: string;
  readonly model: string;
  /** log2 of the cost; `Infinity` if it never succeeds. */
  readonly cost: number;
  /** Block size of the reduction. */
  readonly block: number;
  /** Dimension of the lattice. */
  readonly dimension: number;
  /** What else was chosen, by name. */
  readonly chosen: Readonly<Record<string, number>>;
};

/** Blocks that are looked at. */
export const BLOCKS: Range = { low: LEAST_BLOCK, high: 2000, step: 97 };

/** ln of the scaled volume of a lattice of n secret coordinates in d dimensions, b not embedded. */
export const logVolume = (
  { logModulus, secretWidth, errorWidth }: Instance,
  secrets: number,
  dimension: number,
): number =>
  (dimension - secrets) * logModulus * Math.LN2 + secrets * Math.log(errorWidth / secretWidth);

/** Whether BKZ with that block finds the vector in d dimensions. */
const succeeds = (instance: Instance, block: number, dimension: number, norm: number): boolean =>
  Math.log(norm) <=
  (2 * block - dimension - 1) * logDelta(block) +
    (logVolume(instance, instance.dimension, dimension - 1) + Math.log(instance.errorWidth)) /
      dimension;

/** The dimension that suits a block best: where the right side above is largest, within the samples. */
function bestDimension(instance: Instance, block: number): number {
  const { dimension: n, logModulus, samples } = instance;
  const turn =
    n * (logModulus * Math.LN2 - Math.log(instance.errorWidth / instance.secretWidth)) +
    logModulus * Math.LN2 -
    Math.log(instance.errorWidth);
  const free = Math.round(Math.sqrt(turn / logDelta(block)));
  return Math.max(block, n + 2, Math.min(n + samples + 1, free));
}

/** Least β of the unique-shortest-vector attack for a target of that squared length in units of the width. */
function leastBlock(instance: Instance, squared: (block: number) => number): number {
  const { low, high } = BLOCKS;
  let fails = low - 1;
  let works = high + 1;
  while (works - fails > 1) {
    const block = (fails + works) >> 1;
    const norm = instance.errorWidth * Math.sqrt(squared(block));
    if (succeeds(instance, block, bestDimension(instance, block), norm)) works = block;
    else fails = block;
  }
  return works;
}

/** The least dimension in which the block still succeeds: some models charge for dimensions. */
function leastDimension(instance: Instance, block: number, norm: number): number {
  let low = instance.dimension + 2;
  let high = bestDimension(instance, block);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (succeeds(instance, block, middle, norm)) high = middle;
    else low = middle + 1;
  }
  return Math.max(block + 1, high);
}

const unique = (
  family: string,
  instance: Instance,
  model: CostModel,
  squared: (block: number) => number,
  chosen: Readonly<Record<string, number>>,
): Attack => {
  const block = leastBlock(instance, squared);
  if (block > BLOCKS.high) {
    return { family, model: model.name, cost: Infinity, block, dimension: 0, chosen };
  }
  const norm = instance.errorWidth * Math.sqrt(squared(block));
  const dimension = leastDimension(instance, block, norm);
  const cost = model.reduce(block, dimension);
  return { family, model: model.name, cost, block, dimension, chosen };
};

/** BKZ on the embedded lattice until the short vector shows. */
export const primalUnique = (instance: Instance, model: CostModel): Attack =>
  unique('primal', instance, model, (block) => block, {});

/**
 * The same against the luckiest of 2^targets targets, with the targets themselves free of charge.
 *
 * Clients of a round share the public polynomials, and each secret comes in 2,048 rotations: an attacker may
 * go for the one whose projection happens to be shortest. Reduction would have to be shared by all targets
 * and closest-vector calls cost nothing, so this is **a bound on what many targets can give**, not an attack.
 */
export const primalLuckiest = (instance: Instance, model: CostModel, targets: number): Attack =>
  unique('primal, many targets', instance, model, (block) => smallChiSquared(block, targets), {
    targets,
  });

/**
 * The last block in which a target of width σ is the shortest vector after BKZ-β: the least η whose
 * projected lattice, b embedded, has no shorter vector to be expected.
 *
 * @returns η + 1, dimensions of the closing sieve, or d + 1 where none will do
 */
export function decodingDimension(
  dimension: number,
  logVol: number,
  block: number,
  width: number,
): number {
  const slope = logDelta(block);
  const found = (rank: number): boolean => {
    const projected = (rank / dimension) * logVol - (dimension - rank) * rank * slope;
    const expected = (projected + Math.log(width) - logBallVolume(rank + 1)) / (rank + 1);
    return expected >= Math.log(width) + Math.log(rank + 1) / 2;
  };
  if (!found(dimension)) return dimension + 1;
  let fails = 1;
  let works = dimension;
  while (works - fails > 1) {
    const rank = (fails + works) >> 1;
    if (found(rank)) works = rank;
    else fails = rank;
  }
  return works + 1;
}

/** The dimension in which BKZ-β shrinks the end of the basis least: √(n·ln(q/ξ)/ln δ). */
export function decodingLattice(instance: Instance, secrets: number, block: number): number {
  const { logModulus, secretWidth, errorWidth, samples } = instance;
  const gain = logModulus * Math.LN2 + Math.log(secretWidth / errorWidth);
  const free = Math.ceil(Math.sqrt((secrets * gain) / logDelta(block)));
  return Math.max(block, secrets + 1, Math.min(free, secrets + samples));
}

/** Reduction with a smaller block, then one sieve of a larger dimension that decodes. */
export function primalDecode(instance: Instance, model: CostModel): Attack {
  const { dimension: n, errorWidth } = instance;
  const at = (block: number, less: number): Attack => {
    const dimension = decodingLattice(instance, n, block) - less;
    const volume = logVolume(instance, n, dimension);
    const sieve = decodingDimension(dimension, volume, block, errorWidth);
    const works = sieve <= dimension && block <= dimension && dimension > n;
    const cost = works ? addLog2(model.reduce(block, dimension), model.shortest(sieve)) : Infinity;
    return {
      family: 'primal + sieve',
      model: model.name,
      cost,
      block,
      dimension,
      chosen: { sieve },
    };
  };
  const fewer = { low: 0, high: n >> 1, step: Math.ceil(n / 16) };
  const found = least([fewer, BLOCKS], ([less, block]) => at(block as number, less as number).cost);
  return at(found.at[1] as number, found.at[0] as number);
}
