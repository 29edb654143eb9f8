/**
 * Dual attacks: short vectors of the dual lattice turn samples into numbers that are small modulo q if there
 * is a secret behind them, and evenly spread if not.
 *
 * - `dualDistinguish`: as in Alkim, Ducas, Pöppelmann, Schwabe 2016. BKZ-β gives dual vectors of length
 *   ℓ = δ^(d−1)·(q·σs/σe)^(n/d) in the scaled lattice; each has the advantage ε = 4·exp(−2π²τ²), τ = ℓσe/q,
 *   and one sieve is taken to leave 2^(0.2075β) of them, all as short as the shortest. It takes 1/ε².
 * - `dualGuess`: as in MATZOV's report of 2022 (after Guo and Johansson 2021, and Espitau, Joux and
 *   Kharchenko 2020): `enumerate` coordinates of the secret are guessed in order of likelihood, `transform`
 *   further ones are switched to a small modulus p and all their values are scored by one Fourier transform,
 *   the rest is left to the dual vectors of a sieve that costs about as much as the reduction. Lengths
 *   are those of a sieve's list, √(4/3) times the shortest.
 *
 * `dualGuess` rests on the scores of wrong guesses being independent. Ducas and Pulles (2023/302) show that this
 * fails where the published attacks on Kyber work, so its figures are **what is claimed, not what is
 * believed**; later variants (Carrier, Meyer-Hilfiger, Shen, Tillich 2022/1750) avoid the assumption
 * and come out near them.
 */
import type { Instance } from './instances.ts';
import { type CostModel, logDelta, SIEVE_LIST } from './models.ts';
import { addLog2, least, smallChiSquared } from './numbers.ts';
import { type Attack, BLOCKS } from './primal.ts';

/** d for which δ^d·c^(n/d) is least, and no more samples than there are; `gain` is ln c. */
function dualDimension(secrets: number, gain: number, block: number, samples: number): number {
  const free = Math.round(Math.sqrt((secrets * gain) / logDelta(block)));
  return Math.max(secrets + 1, block, Math.min(free, secrets + samples));
}

function distinguish(
  family: string,
  instance: Instance,
  model: CostModel,
  /** Length of secret and error together, against what is usual in that dimension. */
  shorter: (dimension: number) => number,
): Attack {
  const { dimension: n, logModulus, secretWidth, errorWidth, samples } = instance;
  const gain = logModulus * Math.LN2 + Math.log(secretWidth / errorWidth);
  const at = (block: number): Attack => {
    const dimension = dualDimension(n, gain, block, samples);
    const logLength = (dimension - 1) * logDelta(block) + (n / dimension) * gain;
    const width = errorWidth * shorter(dimension);
    const tau = Math.exp(logLength + Math.log(width) - logModulus * Math.LN2);
    const advantage = Math.min(0, 2 - 2 * Math.PI ** 2 * tau ** 2 * Math.LOG2E);
    const sieves = Math.max(0, -2 * advantage - SIEVE_LIST * block);
    const cost = model.reduce(block, dimension) + sieves;
    return { family, model: model.name, cost, block, dimension, chosen: { sieves } };
  };
  return at(least([BLOCKS], ([block]) => at(block as number).cost).at[0] as number);
}

/** Distinguishing alone. `chosen.sieves` is log2 of how often reduction and sieve are repeated. */
export const dualDistinguish = (instance: Instance, model: CostModel): Attack =>
  distinguish('dual', instance, model, () => 1);

/**
 * The same against the luckiest of 2^targets secrets, the one whose secret and error are shortest, with the
 * targets free of charge: a bound like `primalLuckiest`. (Rotations are no targets of their own here, having one length.)
 */
export const dualLuckiest = (instance: Instance, model: CostModel, targets: number): Attack =>
  distinguish('dual, many targets', instance, model, (dimension) =>
    Math.sqrt(smallChiSquared(dimension, targets) / dimension),
  );

/** Gates of a multiplication and of an addition in the transform, as MATZOV counts them. */
const MULTIPLY = 32 ** 2;
const ADD = 5 * 32;

/** Bits of entropy of a Gaussian coordinate of that width. */
const entropy = (width: number): number =>
  (0.5 +
    Math.log(Math.sqrt(2 * Math.PI) * width) -
    Math.log(Math.tanh(Math.PI ** 2 * width ** 2))) /
  Math.LN2;

/**
 * Dual vectors, guesses and a Fourier transform.
 *
 * @param transforms false for no Fourier transform: guesses by enumeration alone
 */
export function dualGuess(instance: Instance, model: CostModel, transforms: boolean): Attack {
  const { dimension: n, logModulus, secretWidth, errorWidth, samples } = instance;
  const logQ = logModulus * Math.LN2;
  const gain = logQ + Math.log(secretWidth / errorWidth);
  const bits = entropy(secretWidth);
  const alpha = Math.PI ** 2 * secretWidth ** 2;
  const misses = Math.exp(8 * alpha * Math.exp(-2 * alpha) * Math.tanh(alpha));
  const order = -Math.log2(1 - Math.exp(-1 / (2 * secretWidth ** 2)));
  const perGuess = bits + Math.log2((2 * misses) / Math.sqrt(Math.E));

  const latticeOf = (block: number, guessed: number): number =>
    dualDimension(n - guessed, gain, block, samples);
  const price = (at: readonly number[]): number => {
    const [p, enumerate, transform, block] = at as [number, number, number, number];
    const secrets = n - enumerate - transform;
    const dimension = latticeOf(block, enumerate + transform);
    if (dimension < block) return Infinity;
    const sieve = model.sieveBeside(block, dimension);
    const logWidth =
      Math.log(errorWidth) +
      (secrets / dimension) * gain +
      Math.log((4 / 3) * (sieve / (2 * Math.PI * Math.E))) / 2 +
      (dimension - sieve) * logDelta(block);
    const spread = 4 * (Math.exp(logWidth - logQ) * Math.PI) ** 2;
    const rounding = (transform / 3) * ((secretWidth * Math.PI) / p) ** 2;
    const vectors =
      (spread + rounding) * Math.LOG2E +
      Math.log2(enumerate * bits + transform * Math.log(p) + Math.LN2);
    const repeats = Math.max(0, vectors - SIEVE_LIST * sieve);
    const sampling = repeats + addLog2(model.reduce(block, dimension), model.sieve(sieve));
    const table = Math.log2(4 * ADD) + vectors;
    const scoring =
      transform === 0
        ? table
        : addLog2(Math.log2(MULTIPLY * transform) + (transform + 1) * Math.log2(p), table);
    return addLog2(sampling, order + enumerate * perGuess + scoring);
  };
  const found = least(
    [
      transforms ? { low: 2, high: 26, step: 6 } : { low: 2, high: 2, step: 1 },
      { low: 0, high: 80, step: 20 },
      transforms ? { low: 1, high: 401, step: 50 } : { low: 0, high: 0, step: 1 },
      BLOCKS,
    ],
    price,
  );
  const [p, enumerate, transform, block] = found.at as [number, number, number, number];
  const dimension = latticeOf(block, enumerate + transform);
  return {
    family: transforms ? 'dual + guess + transform' : 'dual + guess',
    model: model.name,
    cost: found.cost,
    block,
    dimension,
    chosen: transforms ? { enumerate, transform, p } : { enumerate },
  };
}
