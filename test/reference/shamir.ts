/**
 * The slow twin of Shamir's sharing: one field element at a time, schoolbook multiplication of
 * polynomials in bigint, inverses by exponentiation. No tables, no lanes.
 */

/** A field by its degree and reduction polynomial. */
export type SlowField = { readonly bits: number; readonly polynomial: bigint };

export const SLOW8: SlowField = { bits: 8, polynomial: 0x11bn };
export const SLOW16: SlowField = { bits: 16, polynomial: 0x1100bn };

/** Carry-less product, reduced. */
export function times(field: SlowField, a: bigint, b: bigint): bigint {
  let product = 0n;
  for (let bit = 0n; b >> bit !== 0n; bit++) if ((b >> bit) & 1n) product ^= a << bit;
  for (let degree = 2 * field.bits - 2; degree >= field.bits; degree--) {
    if ((product >> BigInt(degree)) & 1n) {
      product ^= field.polynomial << BigInt(degree - field.bits);
    }
  }
  return product;
}

/** a^(2^bits − 2) = 1/a. */
export function inverse(field: SlowField, a: bigint): bigint {
  let result = 1n;
  for (let i = 1; i < field.bits; i++) {
    a = times(field, a, a);
    result = times(field, result, a);
  }
  return result;
}

/** The bytes as field elements (little-endian where an element has two bytes). */
export const elements = (field: SlowField, bytes: Uint8Array): bigint[] =>
  Array.from({ length: (8 * bytes.length) / field.bits }, (_, i) =>
    field.bits === 8
      ? BigInt(bytes[i] as number)
      : BigInt(bytes[2 * i] as number) | (BigInt(bytes[2 * i + 1] as number) << 8n),
  );

/** Field elements back to bytes. */
export const toBytes = (field: SlowField, values: readonly bigint[]): Uint8Array =>
  Uint8Array.from(
    values.flatMap((value) =>
      field.bits === 8 ? [Number(value)] : [Number(value & 255n), Number(value >> 8n)],
    ),
  );

/** The polynomials with these coefficient vectors (constant term first) at x, by Horner. */
export function evaluateSlowly(
  field: SlowField,
  coefficients: readonly Uint8Array[],
  x: number,
): Uint8Array {
  const rows = coefficients.map((row) => elements(field, row));
  let sum = (rows[0] as bigint[]).map(() => 0n);
  for (const row of rows.toReversed()) {
    sum = sum.map((value, lane) => times(field, value, BigInt(x)) ^ (row[lane] as bigint));
  }
  return toBytes(field, sum);
}

/** Lagrange interpolation at zero. */
export function combineSlowly(
  field: SlowField,
  shares: readonly { readonly x: number; readonly value: Uint8Array }[],
): Uint8Array {
  let sum: bigint[] = [];
  for (const { x, value } of shares) {
    let weight = 1n;
    for (const other of shares) {
      if (other.x === x) continue;
      weight = times(field, weight, BigInt(other.x));
      weight = times(field, weight, inverse(field, BigInt(other.x ^ x)));
    }
    sum = elements(field, value).map(
      (element, lane) => (sum[lane] ?? 0n) ^ times(field, element, weight),
    );
  }
  return toBytes(field, sum);
}
