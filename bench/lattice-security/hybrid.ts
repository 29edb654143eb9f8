/**
 * Hybrid primal attacks: guess some coordinates of the secret, and reduce a lattice without them.
 *
 * Guesses are taken in order of likelihood: all integer vectors of squared length ≤ R on ζ coordinates. How many there
 * are, and how likely they are under the discrete Gaussian, is counted exactly: the coefficients of the ζ-th
 * power of the theta series. A run costs one reduction and one decoding per guess, and is repeated until the
 * guess is right.
 *
 * - `primalGuess`: each guess is decoded by a closing sieve (Albrecht, Curtis, Wunderer 2019).
 * - `primalMeet`: each guess is decoded by Babai's planes, and the guesses are met in the middle, √ of their number
 *   (Howgrave-Graham 2007). Collisions are taken to be found **always and for free, memory included**; the honest
 *   probability of a collision (Son and Cheon 2019) is far less, so this is a bound in the attacker's favour.
 *
 * A Gaussian of width 3.3 has 3.8 bits in each coordinate and no sparse form, which is what these attacks live on.
 */
import type { Instance } from './instances.ts';
import { type CostModel, logDelta } from './models.ts';
import { addLog2, least, withinNormal } from './numbers.ts';
import { type Attack, BLOCKS, decodingDimension, decodingLattice, logVolume } from './primal.ts';

/** A set of guesses: how many, and how likely the secret is among them (both as base-2 logarithms). */
export type Guesses = { readonly size: number; readonly chance: number };

/** Most coordinates that are guessed. */
export const MOST_GUESSED = 96;

/** Squared lengths that are counted, as a multiple of the mean; and how many radii are tried. */
const REACH = 1.6;
const RADII = 40;

const counted = new Map<number, readonly (readonly Guesses[])[]>();

/**
 * The sets of guesses on 0, 1, … coordinates of a discrete Gaussian, the single most likely guess first.
 *
 * @param width standard deviation of the Gaussian before rounding, exp(−x²/2width²)
 */
export function guessesOf(width: number): readonly (readonly Guesses[])[] {
  const known = counted.get(width);
  if (known !== undefined) return known;
  const most = Math.ceil(REACH * MOST_GUESSED * width ** 2);
  let mass = 1;
  for (let x = 1; x <= 20 * width; x++) mass += 2 * Math.exp(-(x * x) / (2 * width * width));
  const all: (readonly Guesses[])[] = [];
  let counts = new Float64Array(most + 1);
  counts[0] = 1;
  for (let guessed = 0; guessed <= MOST_GUESSED; guessed++) {
    all.push(setsOf(counts, guessed, width, Math.log2(mass)));
    const next = new Float64Array(most + 1);
    for (let r = 0; r <= most; r++) {
      let sum = counts[r] as number;
      for (let x = 1; x * x <= r; x++) sum += 2 * (counts[r - x * x] as number);
      next[r] = sum;
    }
    counts = next;
  }
  counted.set(width, all);
  return all;
}

function setsOf(
  counts: Float64Array,
  guessed: number,
  width: number,
  logMass: number,
): readonly Guesses[] {
  const reach = Math.ceil(REACH * guessed * width ** 2);
  const every = Math.max(1, Math.ceil(reach / RADII));
  const sets: Guesses[] = [];
  let size = 0;
  let chance = 0;
  for (let r = 0; r <= reach; r++) {
    const count = counts[r] as number;
    size += count;
    // In logarithms: counts of 96 coordinates reach 2^400, weights 2^−400.
    if (count > 0) {
      chance +=
        2 ** (Math.log2(count) - (r * Math.LOG2E) / (2 * width * width) - guessed * logMass);
    }
    if (r % every === 0) sets.push({ size: Math.log2(size), chance: Math.log2(chance) });
  }
  return sets;
}

/** log2 of the chance that Babai's planes decode an error of that width on a basis reduced with that block. */
export function planesChance(
  dimension: number,
  logVol: number,
  block: number,
  width: number,
): number {
  const slope = logDelta(block);
  let chance = 0;
  for (let i = dimension - 1; i >= 0; i--) {
    const half = Math.exp((dimension - 1 - 2 * i) * slope + logVol / dimension) / (2 * width);
    if (half >= 9) break; // earlier planes are further apart
    chance += Math.log2(withinNormal(half));
  }
  return chance;
}

function hybrid(
  family: string,
  instance: Instance,
  model: CostModel,
  /** log2 of a guess's cost and of the chance that it is decoded when right. */
  decode: (
    dimension: number,
    logVol: number,
    block: number,
  ) => { readonly cost: number; readonly chance: number },
  /** What the number of guesses is raised to: 1, or 1/2 where they meet in the middle. */
  power: number,
): Attack {
  const guesses = guessesOf(instance.secretWidth);
  const lattice = (block: number, guessed: number): number =>
    decodingLattice(instance, instance.dimension - guessed, block);
  const price = ([guessed, block]: readonly number[]): number => {
    const dimension = lattice(block as number, guessed as number);
    const volume = logVolume(instance, instance.dimension - (guessed as number), dimension);
    const each = decode(dimension, volume, block as number);
    const reduction = model.reduce(block as number, dimension);
    return (guesses[guessed as number] as readonly Guesses[]).reduce(
      (best, { size, chance }) =>
        Math.min(best, addLog2(reduction, power * size + each.cost) - chance - each.chance),
      Number.POSITIVE_INFINITY,
    );
  };
  const found = least([{ low: 0, high: MOST_GUESSED, step: 12 }, BLOCKS], price);
  const [guessed, block] = found.at as readonly [number, number];
  const dimension = lattice(block, guessed);
  return { family, model: model.name, cost: found.cost, block, dimension, chosen: { guessed } };
}

/** Guesses, each decoded by a closing sieve. With nothing guessed it is `primalDecode` at its usual dimension. */
export const primalGuess = (instance: Instance, model: CostModel): Attack =>
  hybrid(
    'primal + guess',
    instance,
    model,
    (dimension, logVol, block) => {
      const sieve = decodingDimension(dimension, logVol, block, instance.errorWidth);
      return { cost: sieve <= dimension ? model.shortest(sieve) : Infinity, chance: 0 };
    },
    1,
  );

/** Guesses met in the middle, each decoded by Babai's planes. */
export const primalMeet = (instance: Instance, model: CostModel): Attack =>
  hybrid(
    'primal + guess, met',
    instance,
    model,
    (dimension, logVol, block) => ({
      cost: model.planes(dimension),
      chance: planesChance(dimension, logVol, block, instance.errorWidth),
    }),
    1 / 2,
  );
