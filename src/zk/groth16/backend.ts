/**
 * What a pairing library must be able to do for the verifier, and nothing more. There are two: noble
 * (everywhere, no WebAssembly) and the WebAssembly curve of snarkjs (where that peer is installed).
 * Both see the same canonical bytes, after the same checks, and must give the same verdicts.
 *
 * The values are opaque: a point of one back end means nothing to the other.
 */

declare const kind: unique symbol;

/** A point of G1 other than infinity. */
export type G1Point = { readonly [kind]: 'G1' };

/** A point of the twist's curve other than infinity; in G2 only once `isInSubgroup` said so. */
export type G2Point = { readonly [kind]: 'G2' };

/** A point of G2 with the coefficients of its Miller loop worked out. */
export type Lines = { readonly [kind]: 'lines' };

/** A product of Miller loops, before the final exponentiation. */
export type Miller = { readonly [kind]: 'Miller' };

/** Pairs that come together: their lines must be held in memory at once, 20 KB each on WebAssembly. */
export const MAX_PAIRS = 32;

/** One factor of a product of pairings. */
export type Pair = readonly [point: G1Point, lines: Lines];

/** The operations. All arguments are public, so none needs constant time. */
export type PairingBackend = {
  readonly name: 'noble' | 'wasm';
  /** 64 bytes, coordinates below p and not both zero; `undefined` if the point is not on the curve. */
  readonly g1: (bytes: Uint8Array) => G1Point | undefined;
  /** 128 bytes, coordinates below p and not all zero; `undefined` if it is not on the twist. */
  readonly g2: (bytes: Uint8Array) => G2Point | undefined;
  /** Whether a point of the twist has order r. Most have not: the cofactor has 254 bits. */
  readonly isInSubgroup: (point: G2Point) => boolean;
  readonly negate: (point: G1Point) => G1Point;
  /** Σ scalar·point, scalars from 0 to r − 1; `undefined` stands for infinity. */
  readonly combine: (points: readonly G1Point[], scalars: readonly bigint[]) => G1Point | undefined;
  readonly lines: (point: G2Point) => Lines;
  /** The product of the pairs' loops, which share their squarings; at most `MAX_PAIRS`. */
  readonly miller: (pairs: readonly Pair[]) => Miller;
  /** Whether the product of all factors is one after the final exponentiation. */
  readonly isOne: (factors: readonly Miller[]) => boolean;
};
