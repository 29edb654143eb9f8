/**
 * Points of BN254's G1, y² = x³ + 3 over 𝔽_p: their bytes, and additions in affine coordinates that
 * share one field inversion. Everything that is added here is public, or hidden by a blinding term.
 */
import { bn254 } from '@noble/curves/bn254.js';
import { CodecError } from '../../errors.ts';

/** The field's prime p. */
export const FIELD_PRIME: bigint = bn254.fields.Fp.ORDER;

/** The prime number of points: scalars live modulo this. */
export const GROUP_ORDER: bigint = bn254.fields.Fr.ORDER;

/** An affine point; the point at infinity is (0, 0), which is not on the curve. */
export type Point = { readonly x: bigint; readonly y: bigint };

/** Bytes of a point: x, then y, most significant byte first (EIP-196). */
export const POINT_BYTES = 64;

/** The neutral element. */
export const INFINITY: Point = { x: 0n, y: 0n };

/** Whether a point is the neutral element. */
export const isInfinity = (point: Point): boolean => point.x === 0n && point.y === 0n;

/** The point with the other y. */
export const negated = (point: Point): Point =>
  point.y === 0n ? point : { x: point.x, y: FIELD_PRIME - point.y };

const HALF = POINT_BYTES / 2;

/** Writes a point; infinity is 64 zero bytes. */
export function encodePoint(point: Point): Uint8Array {
  const out = new Uint8Array(POINT_BYTES);
  writeBigEndian(point.x, out.subarray(0, HALF));
  writeBigEndian(point.y, out.subarray(HALF));
  return out;
}

/**
 * Reads a point.
 *
 * @param bytes exactly 64 bytes
 * @returns the point, or `undefined` for another length, a coordinate that is not below p, a point
 *   off the curve, and for infinity: no honest commitment is infinity
 *
 * **Source**: EIP-196. G1 has a prime number of points, so on the curve means in the group.
 */
export function readPoint(bytes: Uint8Array): Point | undefined {
  if (bytes.length !== POINT_BYTES) return undefined;
  const x = readBigEndian(bytes.subarray(0, HALF));
  const y = readBigEndian(bytes.subarray(HALF));
  if (x >= FIELD_PRIME || y >= FIELD_PRIME) return undefined;
  return (y * y - (x * x * x + 3n)) % FIELD_PRIME === 0n ? { x, y } : undefined;
}

/**
 * Reads a point whose bytes come from outside.
 *
 * @param what names the bytes in the error
 * @throws CodecError `malformed` where {@link readPoint} gives nothing
 */
export function decodePoint(what: string, bytes: Uint8Array): Point {
  const point = readPoint(bytes);
  if (point !== undefined) return point;
  throw new CodecError(
    'malformed',
    `${what}: got ${bytes.length} bytes that are no point, expected x and y below p, ${POINT_BYTES} bytes, on the curve and not infinity`,
  );
}

/** A number from bytes, most significant first. */
export function readBigEndian(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let value = 0n;
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) value = (value << 64n) | view.getBigUint64(at);
  for (; at < bytes.length; at++) value = (value << 8n) | BigInt(bytes[at] as number);
  return value;
}

/** A number below 2^256 into 32 bytes, most significant first, zeros in front. */
export function writeBigEndian(value: bigint, out: Uint8Array): void {
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  let rest = value;
  for (let at = 24; at >= 0; at -= 8) {
    view.setBigUint64(at, rest & 0xffff_ffff_ffff_ffffn);
    rest >>= 64n;
  }
}

/**
 * Inverts every element modulo p at the price of one inversion; zeros stay zero.
 *
 * @param values residues from 0 to p − 1, replaced in place
 */
export function invertAll(values: bigint[]): void {
  const before: bigint[] = new Array(values.length);
  let product = 1n;
  for (let i = 0; i < values.length; i++) {
    before[i] = product;
    const value = values[i] as bigint;
    if (value !== 0n) product = (product * value) % FIELD_PRIME;
  }
  let inverse = bn254.fields.Fp.inv(product);
  for (let i = values.length - 1; i >= 0; i--) {
    const value = values[i] as bigint;
    if (value === 0n) continue;
    values[i] = (inverse * (before[i] as bigint)) % FIELD_PRIME;
    inverse = (inverse * value) % FIELD_PRIME;
  }
}

/**
 * left[i] + right[i] for all i.
 *
 * @param left points, any of them infinity
 * @param right as many points; equal and opposite ones are added correctly
 *
 * **Cost**: about six field multiplications each, half of what projective formulas take.
 */
export function addPairs(left: readonly Point[], right: readonly Point[]): Point[] {
  const slopes: bigint[] = new Array(left.length);
  for (let i = 0; i < left.length; i++) {
    const a = left[i] as Point;
    const b = right[i] as Point;
    // Zero marks what needs no slope: an infinity on either side, or a sum that is infinity.
    if (isInfinity(a) || isInfinity(b)) slopes[i] = 0n;
    else if (a.x !== b.x) slopes[i] = b.x > a.x ? b.x - a.x : b.x - a.x + FIELD_PRIME;
    else slopes[i] = a.y === b.y ? (2n * a.y) % FIELD_PRIME : 0n;
  }
  invertAll(slopes);
  const sums: Point[] = new Array(left.length);
  for (let i = 0; i < left.length; i++) {
    sums[i] = sumOf(left[i] as Point, right[i] as Point, slopes[i] as bigint);
  }
  return sums;
}

function sumOf(a: Point, b: Point, inverse: bigint): Point {
  if (inverse === 0n) {
    if (isInfinity(a)) return b;
    return isInfinity(b) ? a : INFINITY;
  }
  const rise = a.x === b.x ? 3n * a.x * a.x : b.y - a.y + FIELD_PRIME;
  const slope = (rise * inverse) % FIELD_PRIME;
  const x = residue(slope * slope - a.x - b.x);
  return { x, y: residue(slope * (a.x - x) - a.y) };
}

function residue(value: bigint): bigint {
  const rest = value % FIELD_PRIME;
  return rest < 0n ? rest + FIELD_PRIME : rest;
}

/** Below this many points, an inversion of their own is not worth its price. */
const FEW = 8;

/** The sum of any number of points, in a tree of {@link addPairs}. */
export function sumPoints(points: readonly Point[]): Point {
  let level = points;
  while (level.length > FEW) {
    const half = level.length >> 1;
    const sums = addPairs(level.slice(0, half), level.slice(half, 2 * half));
    if (level.length & 1) sums.push(level[level.length - 1] as Point);
    level = sums;
  }
  let sum = projective(INFINITY);
  for (const point of level) sum = sum.add(projective(point));
  return affine(sum);
}

/** A point of noble's own kind, for scalar multiplication and doublings. */
export type Projective = InstanceType<typeof bn254.G1.Point>;

/** To noble's kind of point; nothing is checked. */
export const projective = (point: Point): Projective =>
  isInfinity(point) ? bn254.G1.Point.ZERO : bn254.G1.Point.fromAffine(point);

/** From noble's kind of point, at the price of an inversion. */
export function affine(point: Projective): Point {
  if (point.is0()) return INFINITY;
  const { x, y } = point.toAffine();
  return { x, y };
}
