/**
 * How much noise a sum of ciphertexts can hold: what decides whether it still opens to the right
 * number, and how much a committee must add so that the rest of it tells nothing. Coefficients, not
 * slots; logarithms are base 2.
 */
import { dataPrimes, type ParameterSet, specialPrime } from './parameters.ts';

/** SEAL's error is a difference of two binomials of 21 coins: variance 10.5, at most 21 in magnitude. */
const ERROR_VARIANCE = 10.5;
const ERROR_BOUND = 21;

/** Statistical security of flooding, in bits. */
export const FLOODING_BITS = 40;

/**
 * Noise is drawn a little wider than the formula says, at most by this factor, for the carry of its
 * lower bits (see committee/gaussian.ts).
 */
export const FLOODING_EXCESS: number = 1 + 2 ** -14;

/** All that may go wrong goes wrong with at most this probability, 2^−60, over the whole vector. */
const FAILURE_BITS = 60;

/** log2 of the modulus that ciphertexts have, rounded down a little. */
export const dataModulusBits = (set: ParameterSet): number =>
  dataPrimes(set).reduce((sum, prime) => sum + Math.log2(Number(prime)), 0) - 2 ** -41;

/**
 * log2 of the room for noise: what is below it is rounded away, and a sum of `bits` bits comes back.
 *
 * A message M lies in the upper bits of a plaintext, as 2^(plainBits − bits)·M. SEAL encodes that as
 * round(q·M/2^bits): what it rounds off, at most half a unit for each client, is counted as noise. So
 * x = q·M/2^bits + ν for a sum, as if the plaintext modulus were 2^bits.
 *
 * A committee's combiner rounds 2^bits·x/q at once, and finds M while |ν| < q/2^(bits + 1). A key
 * holder's SEAL rounds 2^plainBits·x/q, and the holder then to multiples of 2^spare: the first may move
 * what the second sees by half, so 2^plainBits·|ν|/q + 1/2 must stay below 2^(spare − 1).
 */
export function noiseRoom(set: ParameterSet, bits: number): number {
  const spare = set.plainBits - bits;
  const lost = set.keys === 'committee' || spare === 0 ? 0 : 2 ** -spare;
  return dataModulusBits(set) - bits - 1 + Math.log2(1 - lost);
}

/**
 * How many deviations a sub-Gaussian coefficient stays within, but for 2^−60 over `coefficients` of them.
 *
 * **Source**: P(|X| > z·σ) ≤ 2·exp(−z²/2), and a union.
 */
export const tailFactor = (coefficients: number): number =>
  Math.sqrt(2 * Math.LN2 * (FAILURE_BITS + 1 + Math.log2(coefficients)));

/**
 * The greatest noise coefficient of `clients` ciphertexts that were made as the scheme says, for a
 * key of one holder: its noise is a sum of independent, bounded terms.
 *
 * **Source**: noise e·u + e1 + e2·s over the special prime, and the two roundings of that division;
 * Hoeffding given key and s, with ‖s‖² ≤ N and ‖e‖² ≤ 2·N·10.5.
 */
export function honestNoise(set: ParameterSet, clients: number, ciphertexts: number): number {
  const { degree } = set;
  const special = specialPrime(set);
  const product = ERROR_VARIANCE * (3 * degree + 1);
  const variance =
    special === undefined ? product : product / Number(special) ** 2 + (degree + 1) / 4;
  // And half a unit each for rounding the message to the modulus.
  return tailFactor(degree * ciphertexts) * Math.sqrt(clients * variance) + clients;
}

/**
 * The greatest noise coefficient of `clients` ciphertexts, whichever of the coins that SEAL can toss
 * their makers chose, for a key to which each of `members` gave such a part: the bound B that flooding
 * hides. Greater coins, in an upload or in a part of the key, are beyond it.
 */
export function worstNoise(set: ParameterSet, clients: number, members: number): number {
  const { degree } = set;
  const special = specialPrime(set);
  const product = (2 * members * degree + 1) * ERROR_BOUND;
  const one =
    special === undefined
      ? product + 1
      : product / Number(special) + (1 + members * degree) / 2 + 1;
  return clients * one;
}

/**
 * The deviation of the flooding that each member adds to each coefficient of its share, so that any
 * one honest member's alone hides the noise.
 *
 * @param ciphertexts all that are ever opened with the key
 *
 * **Source**: σ = √(24·N·τ)·2^(s/2)·B, s = {@link FLOODING_BITS} (after Li, Micciancio, Schultz and
 * Sorrell, Securing Approximate Homomorphic Encryption Using Differential Privacy, 2022), with B a bound
 * for the worst case.
 *
 * That source bounds the divergence between noise and noise shifted by v ≤ B by v²/2σ² in each
 * coefficient, for a continuous Gaussian. What is drawn is in whole numbers; committee/gaussian.ts shows
 * that the same bound holds for it.
 */
export const floodingDeviation = (
  set: ParameterSet,
  clients: number,
  members: number,
  ciphertexts: number,
): number =>
  Math.sqrt(24 * set.degree * ciphertexts) *
  2 ** (FLOODING_BITS / 2) *
  worstNoise(set, clients, members);

/**
 * The greatest noise coefficient of an opened sum, all members' flooding included.
 *
 * Clients may choose their noise together, so it is counted times their number, in {@link worstNoise}.
 * Members draw theirs apart: variances add up. One that draws otherwise can spoil the sum anyway.
 *
 * **Source**: discrete Gaussians are sub-Gaussian with their σ (Canonne, Kamath, Steinke 2020), and a sum
 * of independent ones with the root of the sum of σ²; see {@link tailFactor}.
 */
export const openedNoise = (
  set: ParameterSet,
  clients: number,
  members: number,
  ciphertexts: number,
): number =>
  worstNoise(set, clients, members) +
  FLOODING_EXCESS *
    Math.sqrt(members) *
    tailFactor(set.degree * ciphertexts) *
    floodingDeviation(set, clients, members, ciphertexts);
