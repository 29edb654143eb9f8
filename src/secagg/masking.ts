/**
 * Masks on vectors: a self mask, and one mask for every edge to a neighbour in U2, added by the one
 * with the lower roster position and subtracted by the other, so that an edge cancels in the sum.
 */

import type { AgreementKeyPair } from '../identity/suite.ts';
import { wipe } from '../internal/bytes.ts';
import { hideVectors } from '../lattice/hiding.ts';
import type { LatticeField } from '../lattice/layout.ts';
import { addStreamsInto, type SignedStream, withStreamsAdded } from '../prg/chacha20.ts';
import { packedLength, packInto } from '../ring/packing.ts';
import { encapsulates, pairMaskKey, selfMaskKey } from './keys.ts';
import {
  hiddenPlaces,
  type KeyTerms,
  type LatticeForm,
  maskedFields,
  type Terms,
  type WireField,
} from './terms.ts';

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
 * The mask keys of an edge, one for each vector that travels under masks. Both ends derive the same.
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
  const keys = maskedFields(terms.wire).map(({ name }) => pairMaskKey(terms, secret, pair, name));
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

/** A mask: one stream for each vector that travels under masks. Each key expands over one vector only. */
export type Mask = readonly SignedStream[];

/** The self mask, which its owner adds. */
export const selfMask = (
  terms: KeyTerms,
  selfSeed: Uint8Array,
  client: number,
  context: Uint8Array,
): Mask =>
  maskedFields(terms.wire).map(({ name }) => ({
    key: selfMaskKey(terms, selfSeed, client, context, name),
    subtract: false,
  }));

/** An edge's mask as its `self` end applies it. @throws ProtocolError as {@link edgeKeys}. */
export const edgeMask = (terms: KeyTerms, edge: Edge): Mask =>
  edgeKeys(terms, edge).map((key) => ({ key, subtract: !addsMask(edge.self, edge.peer) }));

/**
 * Applies masks to every vector that they are for, in place: those come first.
 *
 * **Cost**: one keystream a mask over these vectors.
 */
export function applyMasks(vectors: readonly Uint32Array[], masks: readonly Mask[]): void {
  const [first] = masks;
  first?.forEach((_, i) => {
    addStreamsInto(
      vectors[i] as Uint32Array,
      masks.map((mask) => mask[i] as SignedStream),
    );
  });
}

/** Overwrites the keys of masks that have been applied. */
export const wipeMasks = (masks: readonly Mask[]): void =>
  wipe(...masks.flatMap((mask) => mask.map(({ key }) => key)));

/**
 * The payload of a mask message but for proofs: every vector that travels by itself, one after the other, under
 * its masks and packed, piece by piece, so that no hidden vector is ever in memory as a whole.
 *
 * @param out - `vectorBytes(terms)` bytes
 * @param vectors - one for each field; they are not changed
 *
 * **Cost**: one keystream a mask over all vectors under masks; for fields under lattice masks `hideVectors`.
 */
export function packMaskedInto(
  out: Uint8Array,
  terms: Terms,
  vectors: readonly Uint32Array[],
  masks: readonly Mask[],
): void {
  const { lattice, wire } = terms;
  const starts = startsOf(wire);
  const masked = vectors.filter((_, i) => lattice?.fields.includes(i) !== true);
  const key = lattice === undefined ? undefined : packHiddenInto(out, terms, lattice, vectors);
  if (key !== undefined) masked.push(key);
  try {
    masked.forEach((vector, i) => {
      const { modulusBits } = wire[i] as WireField;
      const streams = masks.map((mask) => mask[i] as SignedStream);
      withStreamsAdded(vector, streams, (words, from) => {
        packPiece(out, starts[i] as number, words, from, modulusBits);
      });
    });
  } finally {
    if (key !== undefined) wipe(key);
  }
}

/** Where each vector begins. */
function startsOf(wire: readonly WireField[]): readonly number[] {
  let start = 0;
  return wire.map(({ length, modulusBits }) => {
    const at = start;
    start += packedLength(length, modulusBits);
    return at;
  });
}

/** Packs words from number `from` on of a vector that begins at `start`; `from` is a multiple of eight. */
function packPiece(
  out: Uint8Array,
  start: number,
  words: Uint32Array,
  from: number,
  bits: number,
): void {
  const at = start + (from / 8) * bits;
  packInto(out.subarray(at, at + packedLength(words.length, bits)), words, bits);
}

/** The part under lattice masks; gives the key vector that opens it. */
function packHiddenInto(
  out: Uint8Array,
  { roundId, wire }: Terms,
  { layout, fields }: LatticeForm,
  vectors: readonly Uint32Array[],
): Uint32Array {
  const starts = startsOf(wire);
  const given = fields.map((field) => vectors[field] as Uint32Array);
  const places = hiddenPlaces(wire, layout);
  return hideVectors(layout, roundId, given, (field, words, lows, from) => {
    const place = places[field] as number;
    const { wireBits } = (layout.fields[field] as LatticeField).shape;
    packPiece(out, starts[place] as number, words, from, Math.min(wireBits, 32));
    if (wireBits > 32) packPiece(out, starts[place + 1] as number, lows, from, wireBits - 32);
  });
}
