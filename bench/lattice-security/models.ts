/**
 * What lattice reduction costs, by the published models. Nobody has run BKZ with blocks of 400, so every
 * security level is a statement "in this model", and levels of different models must not be compared.
 *
 * | name                 | one call on a block of β | calls | unit |
 * | -------------------- | ------------------------ | ----- | ---- |
 * | `core-svp`           | 2^(0.292β)               | 1     | none: a lower bound that drops all lower-order terms |
 * | `core-svp-quantum`   | 2^(0.265β)               | 1     | the same, quantum sieve of Laarhoven |
 * | `core-svp-walk`      | 2^(0.257β)               | 1     | the same, quantum walks of Chailloux and Loyer |
 * | `bdgl16`             | 2^(0.292β + 16.4)        | 8d    | operations; the model of the HE standard of 2018 |
 * | `bdgl16-quantum`     | 2^(0.265β + 16.4)        | 8d    | the same, quantum column of that standard |
 * | `matzov`             | 2^(0.2961β′ + 20.39)     | C(d−β)| gates; β′ = β less the dimensions for free |
 *
 * **Source** core-SVP: Alkim, Ducas, Pöppelmann, Schwabe 2016 (with 0.292 of Becker, Ducas, Gama, Laarhoven
 * 2016 and 0.265 of Laarhoven's thesis); 0.257: Chailloux and Loyer 2021; `bdgl16`: Albrecht, Player,
 * Scott's estimator, and the Homomorphic Encryption Standard of 2018; `matzov`: the gate counts of
 * Albrecht, Gheorghiu, Postlethwaite, Schanck 2020 as corrected in MATZOV's report of 2022, fitted by a
 * line in the lattice-estimator of 2026; dimensions for free: Ducas 2018.
 */

/** How reduction and sieving are priced. Costs are base-2 logarithms. */
export type CostModel = {
  readonly name: string;
  /** Who can run it. */
  readonly machine: 'classical' | 'quantum';
  /** BKZ with blocks of β on d dimensions. */
  readonly reduce: (block: number, dimension: number) => number;
  /** One call that finds a shortest (or closest) vector in `dimension` dimensions. */
  readonly shortest: (dimension: number) => number;
  /** The largest sieve that costs about as much as that reduction: a dual attack takes its vectors from it. */
  readonly sieveBeside: (block: number, dimension: number) => number;
  /** That sieve. */
  readonly sieve: (dimension: number) => number;
  /** Rounding a target to the lattice by Babai's planes in d dimensions. */
  readonly planes: (dimension: number) => number;
};

/** A sieve leaves 2^(0.2075β) vectors behind (all of the list), and needs memory for as many. */
export const SIEVE_LIST = 0.2075;

/** Blocks below this are not what the formula for the root-Hermite factor is good for. */
export const LEAST_BLOCK = 60;

/** ln of the root-Hermite factor δ(β) = ((πβ)^(1/β)·β/(2πe))^(1/(2(β−1))) (Chen 2013). */
export const logDelta = (block: number): number =>
  (Math.log(Math.PI * block) / block + Math.log(block / (2 * Math.PI * Math.E))) /
  (2 * (block - 1));

function bare(name: string, machine: 'classical' | 'quantum', exponent: number): CostModel {
  const cost = (block: number): number => exponent * block;
  return {
    name,
    machine,
    reduce: cost,
    shortest: cost,
    sieveBeside: (block) => block,
    sieve: () => Number.NEGATIVE_INFINITY, // the last call of the reduction is the sieve
    planes: () => 0,
  };
}

function standard(name: string, machine: 'classical' | 'quantum', exponent: number): CostModel {
  const shortest = (dimension: number): number => exponent * dimension + 16.4;
  return {
    name,
    machine,
    reduce: (block, dimension) =>
      shortest(block) + (block < dimension ? Math.log2(8 * dimension) : 0),
    shortest,
    sieveBeside: (block) => block,
    sieve: () => Number.NEGATIVE_INFINITY,
    planes: (dimension) => 2 * Math.log2(dimension),
  };
}

const SLOPE = 0.29613500308205365;
const OFFSET = 20.387885985467914;
/** Sieves of all dimensions up to β together, against the last: 1/(1 − 2^−slope). */
const PROGRESSIVE = -Math.log2(1 - 2 ** -SLOPE);

const forFree = (block: number): number =>
  Math.max(0, (block * Math.log(4 / 3)) / Math.log(block / (2 * Math.PI * Math.E)));

const matzov: CostModel = {
  name: 'matzov',
  machine: 'classical',
  reduce: (block, dimension) =>
    2 * PROGRESSIVE +
    Math.log2(Math.max(1, dimension - block)) +
    SLOPE * (block - forFree(block)) +
    OFFSET,
  shortest: (dimension) => 2 * PROGRESSIVE + SLOPE * (dimension - forFree(dimension)) + OFFSET,
  sieveBeside: (block, dimension) =>
    Math.min(
      dimension,
      Math.floor(
        block -
          Math.floor(forFree(block)) +
          (Math.log2(Math.max(1, dimension - block)) + PROGRESSIVE) / SLOPE,
      ),
    ),
  sieve: (dimension) => PROGRESSIVE + SLOPE * dimension + OFFSET,
  planes: (dimension) => 2 * Math.log2(dimension),
};

/** Core-SVP for a classical attacker: the most cautious of the classical models, and the one we claim by. */
export const coreSvp: CostModel = bare('core-svp', 'classical', 0.292);

/** Core-SVP for an attacker with a quantum computer that sieves. */
export const coreSvpQuantum: CostModel = bare('core-svp-quantum', 'quantum', 0.265);

/** All models, the most cautious classical one first. */
export const costModels: readonly CostModel[] = [
  coreSvp,
  standard('bdgl16', 'classical', 0.292),
  matzov,
  coreSvpQuantum,
  bare('core-svp-walk', 'quantum', 0.257),
  standard('bdgl16-quantum', 'quantum', 0.265),
];

/** The model of that name. */
export function costModel(name: string): CostModel {
  const model = costModels.find((candidate) => candidate.name === name);
  if (model === undefined) throw new Error(`no cost model "${name}"`);
  return model;
}
