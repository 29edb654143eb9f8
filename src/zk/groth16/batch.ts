/** Many claims at once, each of one or several equations, and who it was if they do not hold. */
import { randomBytes } from '../../internal/random.ts';
import type { PairingBackend } from './backend.ts';
import { type Equation, equationsHold } from './equations.ts';

/** A claim: all its equations hold. */
export type Claim = {
  readonly index: number;
  readonly equations: readonly Equation[];
};

/** Bytes of a batch coefficient. */
const COEFFICIENT_BYTES = 16;

/**
 * The claims that are false, by their `index`, in their order.
 *
 * Each equation is raised to a fresh random 128-bit power and all are multiplied. If the product is not
 * one, the list is halved, with fresh powers, until the culprits stand alone.
 *
 * **Security**: a false claim passes with odds of at most 2^−128, whatever the others are. No two
 * equations share a power, not even of one claim: they could make up for each other.
 * **Cost**: what is paid for each claim is paid at most ⌈log2 n⌉ + 1 times, and what is paid for all at
 * most 2n times; once if all hold.
 *
 * @param backend - of the key that all equations are about
 * @param claims - all read before the first call
 */
export function falseClaims(
  backend: PairingBackend,
  claims: readonly Claim[],
  isKnownFalse: boolean = false,
): readonly number[] {
  if (claims.length === 0) return [];
  // The rest of a list that failed has passed.
  if (!isKnownFalse && holdTogether(backend, claims)) return [];
  const [first] = claims;
  if (claims.length === 1) return [(first as Claim).index];
  const half = claims.length >> 1;
  const left = falseClaims(backend, claims.slice(0, half));
  const right = falseClaims(backend, claims.slice(half), left.length === 0);
  return [...left, ...right];
}

function holdTogether(backend: PairingBackend, claims: readonly Claim[]): boolean {
  const equations = claims.flatMap((claim) => claim.equations);
  const coefficients = equations.length === 1 ? [1n] : equations.map(() => randomCoefficient());
  return equationsHold(backend, equations, coefficients);
}

/** Uniform below 2^128. */
function randomCoefficient(): bigint {
  const view = new DataView(randomBytes(COEFFICIENT_BYTES).buffer);
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
}
