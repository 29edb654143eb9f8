/**
 * The sets that everybody must agree on: U2, whose shares are in, and U3, whose vectors are in.
 * Clients see them as bitmaps over the roster and check their own and their neighbours' entries
 * against a Merkle root, so that one hash, signed by a quorum, stands for the whole set.
 */
import { equalBytes, lengthPrefixed, u32, utf8 } from '../internal/bytes.ts';
import { sha256 } from '../internal/sha256.ts';
import { windowHolds } from './graph.ts';
import type { Terms } from './terms.ts';

/** The leaf of a member of U2: its place, and the two messages that brought it there. */
export const u2Leaf = (index: number, advertHash: Uint8Array, shareHash: Uint8Array): Uint8Array =>
  lengthPrefixed(u32(index), advertHash, shareHash);

/** H(U2): 32 bytes over the bitmap and the Merkle root of the leaves in roster order. */
export const hashOfU2 = (terms: Terms, bitmap: Uint8Array, root: Uint8Array): Uint8Array =>
  sha256(lengthPrefixed(utf8('veilsum/v1 U2'), terms.roundId, bitmap, root));

/** H(U3): 32 bytes over the bitmap. */
export const hashOfU3 = (terms: Terms, bitmap: Uint8Array): Uint8Array =>
  sha256(lengthPrefixed(utf8('veilsum/v1 U3'), terms.roundId, bitmap));

/**
 * The hash of a client's vector commitments, 32 bytes, that stands in its share header; nothing where
 * there are none.
 *
 * ⚠ Share headers are in U2, and every mask header signs H(U2) before any commitment is revealed: so
 * nobody chooses a commitment after seeing another. Whoever could would take Com(A*) less the sum of
 * the others', and any A* would open. The sender is hashed with them: else one would promise, unseen,
 * the very commitments of another, and repeat them when they are revealed.
 */
export const hashOfCommitments = (
  terms: Terms,
  index: number,
  commitments: Uint8Array,
): Uint8Array =>
  commitments.length === 0
    ? commitments
    : sha256(
        lengthPrefixed(utf8('veilsum/v1 commitments'), terms.roundId, u32(index), commitments),
      );

/** Whether revealed commitments are those whose hash the client shared. */
export const keepsPromise = (
  terms: Terms,
  index: number,
  commitments: Uint8Array,
  promised: Uint8Array | undefined,
): boolean =>
  promised !== undefined && equalBytes(hashOfCommitments(terms, index, commitments), promised);

/**
 * The window rule (active model, sparse graph): every k/2 consecutive ring positions hold at least
 * w+1 survivors, so at least one honest one, whomever the coordinator calls dropped. Gaps between
 * honest survivors stay below k/2 and they remain connected: no cut, no partial sum.
 */
export const keepsWindows = (terms: Terms, members: readonly number[]): boolean =>
  terms.coordinator !== 'active' ||
  terms.parameters.complete ||
  windowHolds(terms.graph, members, terms.parameters.window);
