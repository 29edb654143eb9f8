/**
 * Equations between pairings, one or many at once. Each says that a product of pairings is one. Many
 * are checked as one: each is raised to a random exponent of its own, and all are multiplied.
 *
 * It knows nothing of Groth16: a verifier with further equations (proofs of knowledge over other
 * points) hands them in beside the others, each with an exponent of its own.
 */
import {
  type G1Point,
  type G2Point,
  type Lines,
  MAX_PAIRS,
  type Miller,
  type Pair,
  type PairingBackend,
} from './backend.ts';
import { R } from './field.ts';

/** e(scalar·point, Q), where Q is fixed, so that its terms in all equations merge into one pairing. */
export type Term = {
  readonly lines: Lines;
  readonly point: G1Point;
  /** 0 to r − 1. */
  readonly scalar: bigint;
  /** The Miller loop of (point, lines), if it is at hand: used where this term stays alone. */
  readonly miller?: Miller;
};

/** The product of the pairing and the terms is one. */
export type Equation = {
  readonly pair?: readonly [G1Point, G2Point];
  readonly terms: readonly Term[];
};

/**
 * Whether Π equation^coefficient is one.
 *
 * **Security**: if each coefficient is uniform over 2^128 values and unknown when the equations were
 * made, a false equation passes with odds of at most 2^−128. Points of G2 must be in the subgroup.
 * **Cost**: for each pair a Miller loop, the lines of its point, and a multiplication; for each fixed
 * point a Miller loop and one sum of multiples; one final exponentiation. Loops share squarings.
 *
 * @param coefficients - as many as equations, 0 to r − 1
 */
export function equationsHold(
  backend: PairingBackend,
  equations: readonly Equation[],
  coefficients: readonly bigint[],
): boolean {
  const fixed: Pair[] = [];
  const factors: Miller[] = [];
  for (const [lines, terms] of merged(equations, coefficients)) {
    const [first] = terms;
    if (terms.length === 1 && first?.scalar === 1n && first.miller !== undefined) {
      factors.push(first.miller);
      continue;
    }
    const point = backend.combine(
      terms.map((term) => term.point),
      terms.map((term) => term.scalar),
    );
    if (point !== undefined) fixed.push([point, lines]);
  }
  let pairs: Pair[] = [];
  for (const pair of allPairs(backend, equations, coefficients, fixed)) {
    pairs.push(pair);
    if (pairs.length < MAX_PAIRS) continue;
    factors.push(backend.miller(pairs));
    pairs = [];
  }
  if (pairs.length > 0) factors.push(backend.miller(pairs));
  return backend.isOne(factors);
}

/** The pairs of all equations, each made when its turn comes, and the fixed ones. */
function* allPairs(
  backend: PairingBackend,
  equations: readonly Equation[],
  coefficients: readonly bigint[],
  fixed: readonly Pair[],
): Generator<Pair> {
  for (const [i, { pair }] of equations.entries()) {
    if (pair === undefined) continue;
    const coefficient = coefficients[i] as bigint;
    const point = coefficient === 1n ? pair[0] : backend.combine([pair[0]], [coefficient]);
    if (point !== undefined) yield [point, backend.lines(pair[1])];
  }
  yield* fixed;
}

/** The terms of each fixed point of G2, with one entry for each point of G1. */
function merged(
  equations: readonly Equation[],
  coefficients: readonly bigint[],
): ReadonlyMap<Lines, readonly Term[]> {
  const byLines = new Map<Lines, Map<G1Point, Term>>();
  for (let i = 0; i < equations.length; i++) {
    const coefficient = coefficients[i] as bigint;
    for (const term of (equations[i] as Equation).terms) {
      const byPoint = byLines.get(term.lines) ?? new Map<G1Point, Term>();
      byLines.set(term.lines, byPoint);
      const before = byPoint.get(term.point)?.scalar ?? 0n;
      byPoint.set(term.point, { ...term, scalar: (before + coefficient * term.scalar) % R });
    }
  }
  return new Map([...byLines].map(([lines, byPoint]) => [lines, [...byPoint.values()]]));
}
