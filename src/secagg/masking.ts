/**
 * Masks on vectors: a self mask, and one mask for every edge to a neighbour in U2, added by the one
 * with the lower roster position and subtracted by the other, so that an edge cancels in the sum.
 */

import type { AgreementKeyPair } from '../identity/suite.ts';
import { wipe } from '../internal/bytes.ts';
import { addStreamsInto, type SignedStream, withStreamsAdded } from '../prg/chacha20.ts';
import { packedLength, packInto } from '../ring/packing.ts';
import { encapsulates, pairMaskKey, selfMaskKey } from './keys.ts';
import type { KeyTerms, Terms } from './terms.ts';

/** One end of an edge: own masking key pair, and what is known of the other end. */
export type Edge = {
  readonly self: number;
  readonly peer: number;
  readonly keys: AgreementKeyPair;
  readonly peerKey: Uint8Array;
  /** The pair's KEM ciphertext and secret; empty in the X25519 suite. */
  readonly kemCiphertext: Uint8Array;
  readonly kemSecret: Uint8Array;
  readonly context: Uint8Array;
};

/** Whether the client at `self` adds (rather than subtracts) its mask with `peer`. */
export const addsMask = (self: number, peer: number): boolean => self < peer;

/**
 * The mask keys of an edge, one a field. Both ends derive the same.
 *
 * @throws ProtocolError `bad-key` if the peer's key is low-order.
 */
export function edgeKeys(terms: KeyTerms, edge: Edge): readonly Uint8Array[] {
  const secret = terms.suite.sharedSecret(edge.keys, edge.peerKey, edge.kemSecret);
  const [low, high] = edge.self < edge.peer ? [edge.self, edge.peer] : [edge.peer, edge.self];
  const own = edge.keys.publicKey;
  const pair = {
    ids: [low, high] as const,
    publicKeys: low === edge.self ? ([own, edge.peerKey] as const) : ([edge.peerKey, own] as const),
    kemCiphertext: edge.kemCiphertext,
    context: edge.context,
  };
  const keys = terms.fields.map(({ name }) => pairMaskKey(terms, secret, pair, name));
  wipe(secret);
  return keys;
}

/** The KEM half of an edge as this end sees it: its own encapsulation, or one to open. */
export function edgeKem(
  terms: Terms,
  self: number,
  keys: AgreementKeyPair,
  peer: {
    readonly index: number;
    readonly maskingCiphertext: Uint8Array;
    readonly maskingKemSecret: Uint8Array;
  },
  theirCiphertext: Uint8Array,
): Pick<Edge, 'kemCiphertext' | 'kemSecret'> {
  if (encapsulates(terms, self, peer.index)) {
    return { kemCiphertext: peer.maskingCiphertext, kemSecret: peer.maskingKemSecret };
  }
  return {
    kemCiphertext: theirCiphertext,
    kemSecret: terms.suite.decapsulate(keys, theirCiphertext),
  };
}

/** A mask: one stream for each field. Each key expands over one field only. */
export type Mask = readonly SignedStream[];

/** The self mask, which its owner adds. */
export const selfMask = (
  terms: KeyTerms,
  selfSeed: Uint8Array,
  client: number,
  context: Uint8Array,
): Mask =>
  terms.fields.map(({ name }) => ({
    key: selfMaskKey(terms, selfSeed, client, context, name),
    subtract: false,
  }));

/** An edge's mask as its `self` end applies it. @throws ProtocolError as {@link edgeKeys}. */
export const edgeMask = (terms: KeyTerms, edge: Edge): Mask =>
  edgeKeys(terms, edge).map((key) => ({ key, subtract: !addsMask(edge.self, edge.peer) }));

/** Applies masks to every field, in place. **Cost**: one keystream a mask over all fields. */
export function applyMasks(vectors: readonly Uint32Array[], masks: readonly Mask[]): void {
  vectors.forEach((vector, field) => {
    addStreamsInto(
      vector,
      masks.map((mask) => mask[field] as SignedStream),
    );
  });
}

/** Overwrites the keys of masks that have been applied. */
export const wipeMasks = (masks: readonly Mask[]): void =>
  wipe(...masks.flatMap((mask) => mask.map(({ key }) => key)));

/**
 * The payload of a mask message: every field by itself, one after the other, under its masks and packed,
 * piece by piece, so that no masked vector is ever in memory as a whole.
 *
 * @param out - `uploadLength(terms)` bytes
 * @param vectors - one for each field; they are not changed
 *
 * **Cost**: one keystream a mask over all fields.
 */
export function packMaskedInto(
  out: Uint8Array,
  terms: Terms,
  vectors: readonly Uint32Array[],
  masks: readonly Mask[],
): void {
  let start = 0;
  terms.fields.forEach(({ length, modulusBits }, field) => {
    const streams = masks.map((mask) => mask[field] as SignedStream);
    withStreamsAdded(vectors[field] as Uint32Array, streams, (words, from) => {
      const at = start + (from / 8) * modulusBits;
      packInto(out.subarray(at, at + packedLength(words.length, modulusBits)), words, modulusBits);
    });
    start += packedLength(length, modulusBits);
  });
}
