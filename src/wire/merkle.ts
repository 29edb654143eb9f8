/**
 * Merkle trees over SHA-256, as in Certificate Transparency: a root commits to a list, a short path
 * proves that an entry is in it, another that a longer list only appended to a shorter one.
 */
import { UsageError } from '../errors.ts';
import { assertBytes, assertInteger } from '../internal/assert.ts';
import { equalBytes } from '../internal/bytes.ts';
import { sha256 } from '../internal/sha256.ts';

/** A hash tree with all its inner hashes. Made by {@link merkleTree}. */
export type MerkleTree = {
  /** Number of leaves. */
  readonly size: number;
  /** 32 bytes; of an empty tree, the hash of nothing. */
  readonly root: Uint8Array;
  /**
   * `levels[h][i]` is the hash over leaves i·2^h and following, 2^h of them or as many as there are;
   * `levels[0]` holds the leaf hashes and the last level the root alone.
   */
  readonly levels: readonly (readonly Uint8Array[])[];
};

/** Leaves and inner nodes are hashed with different prefixes: none can pass for the other. */
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

const hashLeaf = (leaf: Uint8Array): Uint8Array => sha256(LEAF, leaf);
const hashNode = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(NODE, left, right);

/**
 * Builds the tree of a list.
 *
 * @param leaves - any number of byte strings of any length; order matters
 * @throws UsageError `wrong-type`
 *
 * **Security:** binding if SHA-256 is collision resistant. A root says nothing about the number of
 * leaves: sign or hash the size together with it.
 *
 * **Source:** RFC 9162 §2.1.1 (RFC 6962 §2.1).
 *
 * **Cost:** 2n − 1 hashes, and as many kept.
 */
export function merkleTree(leaves: readonly Uint8Array[]): MerkleTree {
  for (const leaf of leaves) assertBytes('leaf', leaf);
  const levels: (readonly Uint8Array[])[] = [leaves.map(hashLeaf)];
  for (let level = levels[0] as readonly Uint8Array[]; level.length > 1; ) {
    level = parents(level);
    levels.push(level);
  }
  return Object.freeze({
    size: leaves.length,
    root: levels.at(-1)?.[0] ?? sha256(),
    levels: Object.freeze(levels),
  });
}

/** Pairs are hashed; an odd last one moves up as it is, which is the RFC's split at powers of two. */
function parents(level: readonly Uint8Array[]): readonly Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i] as Uint8Array;
    const right = level[i + 1];
    out.push(right === undefined ? left : hashNode(left, right));
  }
  return out;
}

/**
 * The root of a list, for those who need no paths.
 *
 * @param leaves - any number of byte strings of any length; order matters
 * @returns 32 bytes
 * @throws UsageError `wrong-type`
 *
 * **Source:** RFC 9162 §2.1.1.
 *
 * **Cost:** 2n − 1 hashes.
 */
export const merkleRoot = (leaves: readonly Uint8Array[]): Uint8Array => merkleTree(leaves).root;

/**
 * The proof that the leaf at `index` is in the tree.
 *
 * @param tree - made by {@link merkleTree}
 * @param index - from 0 to the tree's size − 1
 * @returns at most ⌈log2 n⌉ hashes of 32 bytes, from the bottom up
 * @throws UsageError `out-of-range`
 *
 * **Source:** RFC 9162 §2.1.3.1.
 *
 * **Cost:** no hashing.
 */
export function inclusionPath(tree: MerkleTree, index: number): readonly Uint8Array[] {
  assertInteger('leaf index', index, 0, tree.size - 1);
  const path: Uint8Array[] = [];
  for (let h = 0, i = index; h < tree.levels.length - 1; h++, i = Math.floor(i / 2)) {
    const sibling = tree.levels[h]?.[i ^ 1];
    if (sibling !== undefined) path.push(sibling);
  }
  return path;
}

/** The claim that `leaf` is entry `index` of the list of `size` entries under `root`. */
export type InclusionClaim = {
  readonly root: Uint8Array;
  readonly leaf: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly path: readonly Uint8Array[];
};

/**
 * Whether a leaf is in a tree.
 *
 * @param claim - `root` and `size` from a source you trust; the rest may be hostile
 * @returns the verdict; false, never an exception, for malformed input
 *
 * **Security:** sound if SHA-256 is collision resistant and `size` is the true one: an inclusion
 * path under a wrong size can prove the same leaf at another index. The path must have exactly the
 * right length, so one leaf has one proof.
 *
 * **Source:** RFC 9162 §2.1.3.2.
 *
 * **Cost:** at most 1 + ⌈log2 n⌉ hashes.
 */
export function verifyInclusion(claim: InclusionClaim): boolean {
  const { root, leaf, index, size, path } = claim;
  if (!isHash(root) || !(leaf instanceof Uint8Array) || !isPath(path)) return false;
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  let hash = hashLeaf(leaf);
  let used = 0;
  // i: position on this level; last: position of the level's last node.
  for (
    let i = index, last = size - 1;
    last > 0;
    i = Math.floor(i / 2), last = Math.floor(last / 2)
  ) {
    if (i === last && i % 2 === 0) continue; // no sibling: moves up as it is
    const sibling = path[used++];
    if (sibling === undefined) return false;
    hash = i % 2 === 0 ? hashNode(hash, sibling) : hashNode(sibling, hash);
  }
  return used === path.length && equalBytes(hash, root);
}

/**
 * The proof that the tree's first `firstSize` leaves are the list that an earlier root stood for.
 *
 * @param tree - the longer list
 * @param firstSize - length of the shorter one, from 0 to the tree's size
 * @returns hashes of 32 bytes; none where the sizes are equal or the shorter list is empty
 * @throws UsageError `out-of-range`
 *
 * **Source:** RFC 9162 §2.1.4.1.
 *
 * **Cost:** no hashing.
 */
export function consistencyPath(tree: MerkleTree, firstSize: number): readonly Uint8Array[] {
  assertInteger('size of the earlier list', firstSize, 0, tree.size);
  if (firstSize === 0 || firstSize === tree.size) return [];
  // The largest complete subtree at the right edge of the shorter list: node i on level h.
  let h = 0;
  let i = firstSize - 1;
  while (i % 2 === 1) {
    i = (i - 1) / 2;
    h += 1;
  }
  // If it is the whole shorter list, the verifier knows its hash; else it comes first.
  const path = i === 0 ? [] : [node(tree, h, i)];
  for (; h < tree.levels.length - 1; h++, i = Math.floor(i / 2)) {
    const sibling = tree.levels[h]?.[i ^ 1];
    if (sibling !== undefined) path.push(sibling);
  }
  return path;
}

/** A node that is there by construction. */
function node(tree: MerkleTree, h: number, i: number): Uint8Array {
  const found = tree.levels[h]?.[i];
  if (found === undefined) {
    throw new UsageError(
      'wrong-type',
      'Merkle tree: got one without inner hashes, expected one made by merkleTree',
    );
  }
  return found;
}

/** The claim that the list under `secondRoot` starts with the whole list under `firstRoot`. */
export type ConsistencyClaim = {
  readonly firstSize: number;
  readonly firstRoot: Uint8Array;
  readonly secondSize: number;
  readonly secondRoot: Uint8Array;
  readonly path: readonly Uint8Array[];
};

/**
 * Whether a longer list only appended to a shorter one.
 *
 * The empty list is the beginning of every list; its root is the hash of nothing.
 *
 * @param claim - the two sizes and roots as they were vouched for; the path may be hostile
 * @returns the verdict; false, never an exception, for malformed input
 *
 * **Security:** sound if SHA-256 is collision resistant and both sizes are the true ones.
 *
 * **Source:** RFC 9162 §2.1.4.2.
 *
 * **Cost:** at most 2⌈log2 n⌉ hashes.
 */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const { firstSize, firstRoot, secondSize, secondRoot, path } = claim;
  if (!isHash(firstRoot) || !isHash(secondRoot) || !isPath(path)) return false;
  if (!isCount(firstSize) || !isCount(secondSize) || firstSize > secondSize) return false;
  if (firstSize === 0) {
    return (
      path.length === 0 &&
      equalBytes(firstRoot, sha256()) &&
      (secondSize > 0 || equalBytes(firstRoot, secondRoot))
    );
  }
  if (firstSize === secondSize) return path.length === 0 && equalBytes(firstRoot, secondRoot);
  let i = firstSize - 1;
  let last = secondSize - 1;
  while (i % 2 === 1) {
    i = (i - 1) / 2;
    last = Math.floor(last / 2);
  }
  let used = 0;
  const seed = i === 0 ? firstRoot : path[used++];
  if (seed === undefined) return false;
  // The same walk to the top rebuilds both roots: the first from left siblings only.
  let first = seed;
  let second = seed;
  for (; last > 0; i = Math.floor(i / 2), last = Math.floor(last / 2)) {
    if (i === last && i % 2 === 0) continue;
    const sibling = path[used++];
    if (sibling === undefined) return false;
    if (i % 2 === 1) {
      first = hashNode(sibling, first);
      second = hashNode(sibling, second);
    } else second = hashNode(second, sibling);
  }
  return used === path.length && equalBytes(first, firstRoot) && equalBytes(second, secondRoot);
}

const isHash = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && value.length === 32;

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

/** No list below 2^53 leaves needs more hashes than this. */
const isPath = (value: unknown): value is readonly Uint8Array[] =>
  Array.isArray(value) && value.length <= 54 && value.every(isHash);
