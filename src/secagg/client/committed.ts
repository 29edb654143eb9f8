/**
 * Vectors that were committed to at `share` and are masked at `mask`: the same words, kept by the
 * client in between, so that what it masks is what it committed to.
 */
import { UsageError } from '../../errors.ts';
import { assertBytes, assertLength } from '../../internal/assert.ts';
import { commitmentsLength, proofsLength, type Terms } from '../terms.ts';

/** What a client commits to, and the commitments. */
export type Committed = {
  /** One for each field of the terms, words mod 2^32; only the low b bits count. Secret. */
  readonly vectors: readonly Uint32Array[];
  /** As many bytes as the terms say. */
  readonly commitments: Uint8Array;
  /** As many bytes as the terms say; left out where they ask for none. */
  readonly proofs?: Uint8Array;
};

/** @throws UsageError `wrong-length` */
export function assertVectors({ fields }: Terms, vectors: readonly Uint32Array[]): void {
  assertLength('vectors', vectors, fields.length);
  fields.forEach(({ name, length }, i) => {
    assertLength(`field "${name}"`, vectors[i] as Uint32Array, length);
  });
}

/** @throws UsageError `wrong-type` where commitments are missing or not asked for; `wrong-length` */
export function assertCommitted(terms: Terms, committed: Committed | undefined): void {
  if ((terms.commitments === undefined) !== (committed === undefined)) {
    const [got, expected] =
      committed === undefined
        ? ['no vectors', 'some, with their commitments: the terms ask for them']
        : ['vectors', 'none before mask: the terms ask for no commitments'];
    throw new UsageError('wrong-type', `share: got ${got}, expected ${expected}`);
  }
  if (committed === undefined) return;
  assertBytes('commitments', committed.commitments, commitmentsLength(terms));
  assertBytes('proofs', committed.proofs ?? new Uint8Array(0), proofsLength(terms));
  assertVectors(terms, committed.vectors);
}

/** All vectors, one after the other: their words as this machine keeps them (big-endian ones are refused). */
export function bytesOfVectors(vectors: readonly Uint32Array[]): Uint8Array {
  const words = vectors.reduce((sum, { length }) => sum + length, 0);
  const out = new Uint32Array(words);
  let at = 0;
  for (const vector of vectors) {
    out.set(vector, at);
    at += vector.length;
  }
  return new Uint8Array(out.buffer);
}

/** Bytes that {@link bytesOfVectors} gives for these terms. */
export const vectorsLength = ({ fields }: Terms): number =>
  4 * fields.reduce((sum, { length }) => sum + length, 0);

/** The vectors again: views, not copies. */
export function vectorsOfBytes({ fields }: Terms, bytes: Uint8Array): readonly Uint32Array[] {
  let at = bytes.byteOffset;
  return fields.map(({ length }) => {
    const vector = new Uint32Array(bytes.buffer, at, length);
    at += 4 * length;
    return vector;
  });
}
