/** From a stranger's bytes to a point, or to what is wrong with them. Every point passes here. */
import type { G1Point, G2Point, PairingBackend } from './backend.ts';
import { areCoordinates } from './field.ts';

/** Bytes of a point of G1, and of one of the twist. */
export const G1_BYTES = 64;
export const G2_BYTES = 128;

/** What is wrong with the bytes of a point, curve aside. */
export type EncodingFault = 'point-not-canonical' | 'point-at-infinity';

/** What is wrong with the bytes of a point. */
export type PointFault = EncodingFault | 'point-off-curve' | 'point-off-subgroup';

/**
 * What is wrong with the bytes of points of either group: a coordinate of p or more, or all zero,
 * which stands for infinity (EIP-196, EIP-197) and is allowed nowhere.
 */
export function encodingFault(point: Uint8Array): EncodingFault | undefined {
  if (!areCoordinates(point)) return 'point-not-canonical';
  return point.every((byte) => byte === 0) ? 'point-at-infinity' : undefined;
}

/** A point of G1 from 64 bytes. The curve has order r, so whatever is on it is in the group. */
export function readG1(backend: PairingBackend, bytes: Uint8Array): G1Point | PointFault {
  return encodingFault(bytes) ?? backend.g1(bytes) ?? 'point-off-curve';
}

/**
 * A point of G2 from 128 bytes.
 *
 * **Security**: the twist has many more points than G2. With one of those the pairing is no longer
 * bilinear, and nothing that is proved of Groth16 holds. snarkjs does not look.
 */
export function readG2(backend: PairingBackend, bytes: Uint8Array): G2Point | PointFault {
  const point = encodingFault(bytes) ?? backend.g2(bytes) ?? 'point-off-curve';
  if (typeof point === 'string' || backend.isInSubgroup(point)) return point;
  return 'point-off-subgroup';
}
