/** Merkle trees by the recursive definitions of RFC 9162 §2.1, word for word and quadratic. */
import { createHash } from 'node:crypto';

type Bytes = Uint8Array;

const sha256 = (...parts: readonly Bytes[]): Bytes => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

/** The largest power of two smaller than `n`. */
const split = (n: number): number => {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
};

/** §2.1.1: MTH(D). */
export function treeHash(list: readonly Bytes[]): Bytes {
  if (list.length === 0) return sha256();
  if (list.length === 1) return sha256(Uint8Array.of(0), list[0] as Bytes);
  const k = split(list.length);
  return sha256(Uint8Array.of(1), treeHash(list.slice(0, k)), treeHash(list.slice(k)));
}

/** §2.1.3.1: PATH(m, D). */
export function path(m: number, list: readonly Bytes[]): Bytes[] {
  if (list.length <= 1) return [];
  const k = split(list.length);
  return m < k
    ? [...path(m, list.slice(0, k)), treeHash(list.slice(k))]
    : [...path(m - k, list.slice(k)), treeHash(list.slice(0, k))];
}

/** §2.1.4.1: PROOF(m, D) for 0 < m < n. */
export const proof = (m: number, list: readonly Bytes[]): Bytes[] => subproof(m, list, true);

/** §2.1.4.1: SUBPROOF(m, D, b). */
function subproof(m: number, list: readonly Bytes[], known: boolean): Bytes[] {
  if (m === list.length) return known ? [] : [treeHash(list)];
  const k = split(list.length);
  return m <= k
    ? [...subproof(m, list.slice(0, k), known), treeHash(list.slice(k))]
    : [...subproof(m - k, list.slice(k), false), treeHash(list.slice(0, k))];
}
