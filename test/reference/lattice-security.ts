/**
 * Slow twins of the security estimate (bench/lattice-security): every block and every dimension is tried, and a
 * reduced basis is a list of lengths that is written out, summed and searched.
 */

/** An instance as the twins need it. */
type Sizes = {
  readonly dimension: number;
  readonly logModulus: number;
  readonly secretWidth: number;
  readonly errorWidth: number;
};

const delta = (block: number): number =>
  ((Math.PI * block) ** (1 / block) * (block / (2 * Math.PI * Math.E))) ** (1 / (2 * (block - 1)));

/** Natural logarithms of the lengths of the basis vectors before reduction, b embedded if `embedded`. */
function before(
  { dimension: n, logModulus, secretWidth, errorWidth }: Sizes,
  rank: number,
  embedded: boolean,
): readonly number[] {
  const samples = rank - n - (embedded ? 1 : 0);
  return [
    ...Array.from({ length: samples }, () => logModulus * Math.LN2),
    ...Array.from({ length: n }, () => Math.log(errorWidth / secretWidth)),
    ...(embedded ? [Math.log(errorWidth)] : []),
  ];
}

/** Logarithms of the projected lengths after reduction: a geometric series of the same product. */
export function reducedProfile(lengths: readonly number[], block: number): readonly number[] {
  const mean = lengths.reduce((a, b) => a + b, 0) / lengths.length;
  return lengths.map((_, i) => (lengths.length - 1 - 2 * i) * Math.log(delta(block)) + mean);
}

/** Least block with which the embedded short vector shows in its last block, over all dimensions up to `most`. */
export function leastUniqueBlock(sizes: Sizes, from: number, most: number): number {
  for (let block = from; ; block++) {
    for (let rank = Math.max(block + 1, sizes.dimension + 2); rank <= most; rank++) {
      const profile = reducedProfile(before(sizes, rank, true), block);
      const projected = Math.log(sizes.errorWidth * Math.sqrt(block));
      if (projected <= (profile[rank - block] as number)) return block;
    }
  }
}

/** ln of the volume of the unit ball, from V(d) = V(d − 2)·2π/d. */
export function logBall(dimension: number): number {
  let log = dimension % 2 === 0 ? 0 : Math.log(2);
  for (let d = dimension % 2 === 0 ? 2 : 3; d <= dimension; d += 2)
    log += Math.log((2 * Math.PI) / d);
  return log;
}

/** Dimensions of the sieve that decodes at the end of a reduced basis of that rank, the target included. */
export function leastDecoding(sizes: Sizes, block: number, rank: number): number {
  const profile = reducedProfile(before(sizes, rank, false), block);
  for (let last = 2; last <= rank; last++) {
    const logVolume = profile
      .slice(rank - last)
      .reduce((a, b) => a + b, Math.log(sizes.errorWidth));
    const expected = (logVolume - logBall(last + 1)) / (last + 1);
    if (expected >= Math.log(sizes.errorWidth * Math.sqrt(last + 1))) return last + 1;
  }
  return rank + 1;
}

/** Cheapest dual attack in core-SVP over all blocks and ranks in the range. */
export function cheapestDual(
  sizes: Sizes,
  blocks: readonly [number, number],
  most: number,
): number {
  const { dimension: n, logModulus, secretWidth, errorWidth } = sizes;
  let cheapest = Number.POSITIVE_INFINITY;
  for (let block = blocks[0]; block <= blocks[1]; block++) {
    for (let rank = Math.max(n + 1, block); rank <= most; rank++) {
      const length =
        delta(block) ** (rank - 1) * (2 ** logModulus * (secretWidth / errorWidth)) ** (n / rank);
      const advantage = Math.min(
        1,
        4 * Math.exp(-2 * (Math.PI * length * errorWidth * 2 ** -logModulus) ** 2),
      );
      const sieves = Math.max(1, 1 / (advantage ** 2 * 2 ** (0.2075 * block)));
      cheapest = Math.min(cheapest, 0.292 * block + Math.log2(sieves));
    }
  }
  return cheapest;
}

/** Number and probability of all integer vectors of squared length ≤ `most`, one by one. */
export function countGuesses(
  coordinates: number,
  width: number,
  most: number,
): { readonly size: number; readonly chance: number } {
  const reach = Math.ceil(Math.sqrt(most));
  const values = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  let vectors: readonly number[] = [0];
  for (let i = 0; i < coordinates; i++) {
    vectors = vectors.flatMap((r) => values.map((x) => r + x * x)).filter((r) => r <= most);
  }
  let mass = 0;
  for (let x = -200; x <= 200; x++) mass += Math.exp(-(x * x) / (2 * width * width));
  const weight = vectors.reduce((sum, r) => sum + Math.exp(-r / (2 * width * width)), 0);
  return { size: vectors.length, chance: weight / mass ** coordinates };
}

/** P(χ² < x) at `freedom` degrees, by the series of the incomplete Γ function. */
export function chiSquaredBelow(freedom: number, x: number): number {
  const [a, z] = [freedom / 2, x / 2];
  let term = 1 / a;
  let sum = term;
  for (let k = 1; term > sum * 1e-16; k++) {
    term *= z / (a + k);
    sum += term;
  }
  // ln Γ(a) = ln V⁻¹: the ball of dimension 2(a − 1) has the volume π^(a−1)/Γ(a).
  const logGamma = (a - 1) * Math.log(Math.PI) - logBall(freedom - 2);
  return sum * Math.exp(a * Math.log(z) - z - logGamma);
}
