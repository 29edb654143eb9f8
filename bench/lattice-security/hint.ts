/**
 * What the proof asks of the width, and what it loses: the sum of the secrets is made public, which is a hint about
 * each of them. The Hint-RLWE argument (Kim, Lee, Seo, Song, ePrint 2023/623, two-party form) answers with plain RLWE of
 * width σ0, 1/σ0² = 2(1/σ² + 1/σ²), provided that σ0 ≥ √2·η_ε of the integers in all dimensions involved.
 */

/** Statistical distance of one step, 2^−128. */
const EPSILON_BITS = 128;

/** The least width that the argument allows for that many coordinates: the formula below, turned round. */
export const leastHintWidth = (coordinates: number): number =>
  Math.sqrt(Math.log(2 * coordinates) + EPSILON_BITS * Math.LN2) / Math.PI;

/**
 * The most coordinates (of one secret and all its errors) for which the width is large enough: from
 * η_ε(Z^m) ≤ √(ln(2m(1 + 1/ε))/π), and a Gaussian of parameter s having the width s/√(2π).
 */
export const mostCoordinates = (provenWidth: number): number =>
  Math.floor(Math.exp(Math.PI ** 2 * provenWidth ** 2 - EPSILON_BITS * Math.LN2) / 2);

/** log2 of the factor by which the chain over clients and secrets multiplies an attacker's advantage: (h − 1)·G. */
export const proofLoss = (clients: number, secrets: number): number =>
  Math.log2((clients - 1) * secrets);
