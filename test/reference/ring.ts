/**
 * Slow, readable twins of the ring room, in bigint: each is the definition written down, with none
 * of the tricks of the fast one.
 */

/** The residue of `value` modulo 2^bits, 0 or more. */
export const residue = (value: bigint, bits: number): bigint => {
  const modulus = 1n << BigInt(bits);
  return ((value % modulus) + modulus) % modulus;
};

/** The representative of `value` modulo 2^bits in [−2^(bits−1), 2^(bits−1)). */
export const centredResidue = (value: bigint, bits: number): bigint => {
  const least = residue(value, bits);
  return least < 1n << BigInt(bits - 1) ? least : least - (1n << BigInt(bits));
};

/** A packed vector: the digits of one large number to base 2^bits, written to base 256. */
export const packedReference = (vector: readonly bigint[], bits: number): Uint8Array => {
  let number = 0n;
  vector.forEach((value, i) => {
    number += residue(value, bits) << BigInt(i * bits);
  });
  const bytes: number[] = [];
  for (let left = vector.length * bits; left > 0; left -= 8) {
    bytes.push(Number(number & 255n));
    number >>= 8n;
  }
  return Uint8Array.from(bytes);
};

/** The vector that {@link packedReference} packed. */
export const unpackedReference = (bytes: Uint8Array, length: number, bits: number): bigint[] => {
  let number = 0n;
  bytes.forEach((byte, i) => {
    number += BigInt(byte) << BigInt(8 * i);
  });
  return Array.from({ length }, (_, i) => residue(number >> BigInt(i * bits), bits));
};

/** Σ z². */
export const squaredNormReference = (integers: Iterable<number>): bigint => {
  let total = 0n;
  for (const z of integers) total += BigInt(z) * BigInt(z);
  return total;
};

/**
 * Whether `candidate` is the whole part of min((c + √d)², c² + d/4 + c + √d/2, d·c²): the smaller of
 * the two rounding bounds of arXiv 2102.06387 Theorem 1 at β = e^(−1/2), or the trivial one.
 * Roots are compared by squaring, so nothing is rounded.
 */
export const isSquaredNormBound = (candidate: bigint, c: bigint, d: bigint): boolean => {
  // k ≤ a + b·√d, for b ≥ 0
  const atMost = (k: bigint, a: bigint, b: bigint): boolean => k <= a || (k - a) ** 2n <= b * b * d;
  const fits = (k: bigint): boolean =>
    atMost(k, c * c + d, 2n * c) && atMost(4n * k, 4n * c * c + d + 4n * c, 2n) && k <= d * c * c;
  return fits(candidate) && !fits(candidate + 1n);
};

/** Whether sums of `clients` · `weight` times 0 … `levels` − 1, plus `tail`, have 2^bits residues. */
export const fitsRing = (
  bits: number,
  clients: number,
  levels: number,
  weight: number,
  tail: number,
): boolean =>
  1n << BigInt(bits) >=
  BigInt(clients) * (BigInt(levels) - 1n) * BigInt(weight) + 1n + BigInt(tail);
