/**
 * The two primes of BN254 and numbers as 32 bytes, most significant first. One number has one
 * encoding: whatever is not below its prime is refused, never reduced.
 */

/** The order of the groups: public inputs and scalars are below it. */
export const R: bigint =
  21888242871839275222246405745257275088548364400416034343698204186575808495617n;

/** The field of the coordinates. */
export const P: bigint =
  21888242871839275222246405745257275088696311157297823662689037894645226208583n;

/** x of the curve family: p and r are polynomials in it. */
export const CURVE_X: bigint = 4965661367192848881n;

/** Bytes of a coordinate or a scalar. */
export const FIELD_BYTES = 32;

/** 32 bytes at `at` as a number. */
export function numberAt(bytes: Uint8Array, at: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, FIELD_BYTES);
  let value = 0n;
  for (let i = 0; i < FIELD_BYTES; i += 8) value = (value << 64n) | view.getBigUint64(i);
  return value;
}

/** Writes a number from 0 to 2^256 − 1 to the 32 bytes at `at`. */
export function writeNumber(out: Uint8Array, at: number, value: bigint): void {
  const view = new DataView(out.buffer, out.byteOffset + at, FIELD_BYTES);
  for (let i = 0; i < FIELD_BYTES; i += 8) {
    view.setBigUint64(i, BigInt.asUintN(64, value >> BigInt(192 - 8 * i)));
  }
}

/** Whether every one of the 32-byte numbers that fill `bytes` is a coordinate: below p. */
export function areCoordinates(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += FIELD_BYTES) if (numberAt(bytes, at) >= P) return false;
  return true;
}
