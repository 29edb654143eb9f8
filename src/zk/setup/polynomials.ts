/**
 * A circuit's polynomials at a point that is known: what a setup with known secrets needs instead of
 * a file of powers.
 *
 * Rows stand at the roots of unity of order N = 2^k. For each wire, u, v and w are the polynomials that
 * take its coefficients in a, b and c there; one more row for each public wire has it in a alone, which
 * keeps the public wires' polynomials apart.
 */
import { R } from '../groth16/field.ts';
import { scalars as F } from '../poseidon.ts';
import type { Rows, Terms } from './r1cs.ts';

/** The values of all wires' polynomials at one point. */
export type WireValues = {
  readonly u: readonly bigint[];
  readonly v: readonly bigint[];
  readonly w: readonly bigint[];
};

/** 5 generates the multiplicative group. */
const GENERATOR = 5n;

/** The k of the smallest N = 2^k with room for the rows, the one, and the public wires. */
export const powerFor = ({ rows, publics }: Rows): number =>
  Math.ceil(Math.log2(rows.length + publics + 1));

/**
 * The Lagrange polynomials of the 2^power roots of unity at τ: ω^i·(τ^N − 1) / (N·(τ − ω^i)).
 *
 * @param power - 0 to 28
 * @param tau - no root of unity of that order
 */
export function lagrangeAt(power: number, tau: bigint): readonly bigint[] {
  const size = 1n << BigInt(power);
  const omega = F.pow(GENERATOR, (R - 1n) / size);
  const scale = F.div(F.sub(F.pow(tau, size), 1n), size);
  const roots: bigint[] = [];
  for (let i = 0n, root = 1n; i < size; i++, root = (root * omega) % R) roots.push(root);
  const inverses = F.invertBatch(roots.map((root) => F.sub(tau, root)));
  return roots.map((root, i) => (((root * scale) % R) * (inverses[i] as bigint)) % R);
}

/**
 * The polynomials of all wires at the point that `lagrange` belongs to.
 *
 * **Cost**: one multiplication for each term.
 */
export function wireValuesAt(circuit: Rows, lagrange: readonly bigint[]): WireValues {
  const { rows, wires, publics } = circuit;
  const zeros = (): bigint[] => new Array<bigint>(wires).fill(0n);
  const [u, v, w] = [zeros(), zeros(), zeros()];
  const add = (to: bigint[], terms: Terms, at: bigint): void => {
    for (const [wire, coefficient] of terms) {
      to[wire] = ((to[wire] as bigint) + coefficient * at) % R;
    }
  };
  for (const [i, { a, b, c }] of rows.entries()) {
    const at = lagrange[i] as bigint;
    add(u, a, at);
    add(v, b, at);
    add(w, c, at);
  }
  for (let wire = 0; wire <= publics; wire++) {
    add(u, [[wire, 1n]], lagrange[rows.length + wire] as bigint);
  }
  return { u, v, w };
}
