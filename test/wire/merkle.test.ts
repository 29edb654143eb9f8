import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { concat } from '../../src/internal/bytes.ts';
import {
  consistencyPath,
  inclusionPath,
  merkleRoot,
  merkleTree,
  verifyConsistency,
  verifyInclusion,
} from '../../src/wire/merkle.ts';
import * as twin from '../reference/merkle.ts';
import rfc9162 from '../vectors/rfc9162.json' with { type: 'json' };

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const ctLeaves = rfc9162.leaves.map(hex);
const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());

/** Distinct leaves of uneven lengths. */
const leavesOf = (n: number): Uint8Array[] =>
  Array.from({ length: n }, (_, i) => new Uint8Array(1 + (i % 5)).fill(i + 1));

describe('the reference tree of Certificate Transparency', () => {
  test('roots', () => {
    expect(toHex(merkleRoot([]))).toBe(rfc9162.emptyRoot);
    for (const [i, root] of rfc9162.roots.entries()) {
      expect(toHex(merkleRoot(ctLeaves.slice(0, i + 1)))).toBe(root);
      expect(toHex(twin.treeHash(ctLeaves.slice(0, i + 1)))).toBe(root);
    }
  });

  test.each(rfc9162.inclusion)('inclusion of $index in $size', ({ index, size, path }) => {
    const tree = merkleTree(ctLeaves.slice(0, size));
    expect(inclusionPath(tree, index).map(toHex)).toEqual(path);
    const leaf = ctLeaves[index] as Uint8Array;
    const claim = { root: tree.root, leaf, index, size, path: path.map(hex) };
    expect(verifyInclusion(claim)).toBe(true);
  });

  test.each(rfc9162.consistency)('consistency of $firstSize and $secondSize', (vector) => {
    const { firstSize, secondSize, path } = vector;
    const second = merkleTree(ctLeaves.slice(0, secondSize));
    expect(consistencyPath(second, firstSize).map(toHex)).toEqual(path);
    const firstRoot = merkleRoot(ctLeaves.slice(0, firstSize));
    const claim = { firstSize, firstRoot, secondSize, secondRoot: second.root };
    expect(verifyConsistency({ ...claim, path: path.map(hex) })).toBe(true);
  });
});

describe('against the recursive twin', () => {
  test('every inclusion and consistency path up to 40 leaves', () => {
    for (let n = 1; n <= 40; n++) {
      const leaves = leavesOf(n);
      const tree = merkleTree(leaves);
      expect(tree.size).toBe(n);
      expect(tree.root).toEqual(twin.treeHash(leaves));
      for (let i = 0; i < n; i++) {
        const path = inclusionPath(tree, i);
        expect(path).toEqual(twin.path(i, leaves));
        const leaf = leaves[i] as Uint8Array;
        expect(verifyInclusion({ root: tree.root, leaf, index: i, size: n, path })).toBe(true);
      }
      for (let m = 1; m <= n; m++) {
        const path = consistencyPath(tree, m);
        expect(path).toEqual(twin.proof(m, leaves));
        const firstRoot = twin.treeHash(leaves.slice(0, m));
        const claim = { firstSize: m, firstRoot, secondSize: n, secondRoot: tree.root, path };
        expect(verifyConsistency(claim)).toBe(true);
      }
    }
  });
});

describe('what must not verify', () => {
  const n = 13;
  const leaves = leavesOf(n);
  const tree = merkleTree(leaves);
  const flip = (bytes: Uint8Array): Uint8Array =>
    bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte));

  test('another leaf, index, root or hash; a shorter or longer path', () => {
    for (let index = 0; index < n; index++) {
      const path = inclusionPath(tree, index);
      const leaf = leaves[index] as Uint8Array;
      const claim = { root: tree.root, leaf, index, size: n, path };
      for (let other = 0; other < n + 2; other++) {
        if (other !== index) expect(verifyInclusion({ ...claim, index: other })).toBe(false);
      }
      expect(verifyInclusion({ ...claim, leaf: flip(leaf) })).toBe(false);
      expect(verifyInclusion({ ...claim, root: flip(tree.root) })).toBe(false);
      expect(verifyInclusion({ ...claim, path: path.slice(0, -1) })).toBe(false);
      expect(verifyInclusion({ ...claim, path: path.slice(1) })).toBe(false);
      expect(verifyInclusion({ ...claim, path: [...path, tree.root] })).toBe(false);
      for (const [at, hash] of path.entries()) {
        expect(verifyInclusion({ ...claim, path: path.with(at, flip(hash)) })).toBe(false);
      }
    }
  });

  test('a position beyond the list, even of one leaf, whose path is empty anyway', () => {
    const leaf = hex('aa');
    const claim = { root: merkleRoot([leaf]), leaf, index: 0, size: 1, path: [] };
    expect(verifyInclusion(claim)).toBe(true);
    expect(verifyInclusion({ ...claim, index: 1 })).toBe(false);
    expect(verifyInclusion({ ...claim, size: 0 })).toBe(false);
  });

  test('a rewritten past', () => {
    for (let m = 1; m < n; m++) {
      const path = consistencyPath(tree, m);
      const firstRoot = merkleRoot(leaves.slice(0, m));
      const claim = { firstSize: m, firstRoot, secondSize: n, secondRoot: tree.root, path };
      const rewritten = merkleRoot(leaves.slice(0, m).with(0, hex('ff')));
      expect(verifyConsistency({ ...claim, firstRoot: rewritten })).toBe(false);
      const other = merkleTree(leaves.with(0, hex('ff')));
      const forged = { ...claim, secondRoot: other.root, path: consistencyPath(other, m) };
      expect(verifyConsistency(forged)).toBe(false);
      expect(verifyConsistency({ ...claim, path: path.slice(0, -1) })).toBe(false);
      expect(verifyConsistency({ ...claim, path: [...path, firstRoot] })).toBe(false);
      for (const [at, hash] of path.entries()) {
        expect(verifyConsistency({ ...claim, path: path.with(at, flip(hash)) })).toBe(false);
      }
      const swapped = { ...claim, firstRoot: tree.root, secondRoot: firstRoot };
      expect(verifyConsistency(swapped)).toBe(false);
    }
  });

  test('equal sizes need equal roots and no path; the empty list is the start of any', () => {
    const same = { firstSize: n, firstRoot: tree.root, secondSize: n, secondRoot: tree.root };
    expect(verifyConsistency({ ...same, path: [] })).toBe(true);
    expect(verifyConsistency({ ...same, path: [tree.root] })).toBe(false);
    expect(verifyConsistency({ ...same, firstRoot: flip(tree.root), path: [] })).toBe(false);
    const empty = { ...same, firstSize: 0, firstRoot: merkleRoot([]), path: [] };
    expect(verifyConsistency(empty)).toBe(true);
    expect(verifyConsistency({ ...empty, firstRoot: tree.root })).toBe(false);
    expect(verifyConsistency({ ...empty, path: [tree.root] })).toBe(false);
    expect(verifyConsistency({ ...empty, secondSize: 0 })).toBe(false);
    expect(verifyConsistency({ ...empty, secondSize: 0, secondRoot: merkleRoot([]) })).toBe(true);
  });

  test('an inner node passed off as a leaf, or the other way round', () => {
    // Without the prefixes, the leaf "left ‖ right" would hash to the inner node over both.
    const two = leavesOf(2);
    const { root, levels } = merkleTree(two);
    const inner = concat(...(levels[0] as readonly Uint8Array[]));
    expect(merkleRoot([inner])).not.toEqual(root);
    expect(merkleRoot([concat(Uint8Array.of(1), inner)])).not.toEqual(root);
    expect(verifyInclusion({ root, leaf: inner, index: 0, size: 1, path: [] })).toBe(false);
    // The textbook attack on a tree of four: a tree of two whose leaves are the inner nodes.
    const four = merkleTree(leavesOf(4));
    const [left, right] = four.levels[1] as readonly [Uint8Array, Uint8Array];
    expect(merkleRoot([left, right])).not.toEqual(four.root);
    const claim = { root: four.root, leaf: left, index: 0, size: 2, path: [right] };
    expect(verifyInclusion(claim)).toBe(false);
    // The prefixes themselves, by hand.
    const leafHash = (leaf: Uint8Array) => sha256(concat(Uint8Array.of(0), leaf));
    const hashes = two.map(leafHash);
    expect(root).toEqual(sha256(concat(Uint8Array.of(1), ...hashes)));
  });
});

describe('hostile claims', () => {
  const anything = fc.anything();

  test('give a verdict of false, never an exception', () => {
    const { root } = merkleTree(leavesOf(5));
    fc.assert(
      fc.property(anything, anything, anything, anything, anything, (a, b, c, d, e) => {
        const inclusion = { root: a, leaf: b, index: c, size: d, path: e };
        expect(verifyInclusion(inclusion as never)).toBe(false);
        const rest = { index: 0, size: 5, leaf: leavesOf(1)[0] as Uint8Array, root };
        expect(verifyInclusion({ ...rest, path: e as never })).toBe(false);
        const roots = { firstRoot: a, secondRoot: b, firstSize: c, secondSize: d, path: e };
        expect(verifyConsistency(roots as never)).toBe(false);
      }),
    );
  });

  test('with vast sizes or paths end soon', () => {
    const hash = new Uint8Array(32);
    const size = Number.MAX_SAFE_INTEGER;
    for (const path of [new Array(53).fill(hash), new Array(1e6).fill(hash), new Array(5), []]) {
      const claim = { root: hash, leaf: hash, index: size - 1, size, path };
      expect(verifyInclusion(claim)).toBe(false);
      const pair = { firstSize: 2 ** 52, firstRoot: hash, secondSize: size, secondRoot: hash };
      expect(verifyConsistency({ ...pair, path })).toBe(false);
    }
  });
});

test('the maker of a path hears of its own mistakes', () => {
  const tree = merkleTree(leavesOf(3));
  for (const index of [-1, 3, 0.5]) expect(() => inclusionPath(tree, index)).toThrow(UsageError);
  for (const size of [-1, 4, 0.5]) expect(() => consistencyPath(tree, size)).toThrow(UsageError);
  expect(() => inclusionPath(merkleTree([]), 0)).toThrow(UsageError);
  expect(() => merkleTree(['leaf' as never])).toThrow(UsageError);
  expect(consistencyPath(tree, 0)).toEqual([]);
});
