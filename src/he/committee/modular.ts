/**
 * Residues modulo primes below 2^60, a word of two halves each as SEAL has them. For secrets: no
 * branch and no index depends on a value, and no BigInt holds one. Products have one short factor;
 * a long one is multiplied digit by digit.
 */
import type { Polynomials } from '../blob.ts';

/** Bits of a short factor. */
export const DIGIT_BITS = 16;
const DIGIT = 2 ** DIGIT_BITS;

/** Words of residues: the lower half of each first; prime after prime. */
export type Words = Uint32Array<ArrayBuffer>;

/** A prime as the loops need it. */
export type Prime = {
  readonly value: bigint;
  readonly low: number;
  readonly high: number;
  /** The nearest double to 1/prime. */
  readonly inverse: number;
};

/** Splits a prime from 2^16 to 2^60. */
export const splitPrime = (value: bigint): Prime =>
  Object.freeze({
    value,
    low: lowOf(value),
    high: highOf(value),
    inverse: 1 / Number(value),
  });

/** The halves of a public number below 2^64. */
export const lowOf = (value: bigint): number => Number(value & 0xffff_ffffn);
export const highOf = (value: bigint): number => Number(value >> 32n);

/**
 * words[at] ← a·m + b·n modulo the prime, and a, b, m, n are public or secret alike.
 *
 * @param m short factors, at most 2^16, as is `n`
 * @param aLow halves of residues, as are the others; `bLow` may be up to 2^33 with n = 1
 *
 * The quotient in doubles is wrong by at most 1: sum and quotient are below 2^18·prime and 2^18, and
 * doubles have 53 bits. So the remainder is above −prime and below 2·prime; each product of halves is
 * below 2^50, and exact.
 */
export function stepInto(
  words: Words,
  at: number,
  prime: Prime,
  aLow: number,
  aHigh: number,
  m: number,
  bLow: number,
  bHigh: number,
  n: number,
): void {
  const { low, high, inverse } = prime;
  const a = aHigh * 4_294_967_296 + aLow;
  const b = bHigh * 4_294_967_296 + bLow;
  const quotient = Math.floor((a * m + b * n) * inverse);
  const lower = aLow * m + bLow * n - quotient * low;
  const carry = Math.floor(lower * 2 ** -32);
  let l = lower - carry * 4_294_967_296;
  let h = aHigh * m + bHigh * n - quotient * high + carry;
  // Into the range of residues: the prime is taken away unless that is negative already; then added if it is.
  let mask = ~(h >> 31);
  l -= (low & mask) >>> 0;
  h -= high & mask;
  let over = Math.floor(l * 2 ** -32);
  l -= over * 4_294_967_296;
  h += over;
  mask = h >> 31;
  l += (low & mask) >>> 0;
  h += high & mask;
  over = Math.floor(l * 2 ** -32);
  words[at] = l - over * 4_294_967_296;
  words[at + 1] = h + over;
}

/**
 * out ← a·m + b·n, coefficient by coefficient.
 *
 * @param out may be `a` or `b`; all three hold `degree` residues for each prime
 * @param m from 0 to 2^16, public, as is `n`
 */
export function combineInto(
  out: Words,
  primes: readonly Prime[],
  a: Words,
  m: number,
  b: Words,
  n: number,
): void {
  const width = out.length / primes.length;
  primes.forEach((prime, row) => {
    rowInto(out, row * width, width, prime, a, m, b, n);
  });
}

/** out ← out + term. */
export const addInto = (out: Words, primes: readonly Prime[], term: Words): void =>
  combineInto(out, primes, out, 1, term, 1);

/** The loop of {@link combineInto} over the words of one prime. */
function rowInto(
  out: Words,
  from: number,
  width: number,
  prime: Prime,
  a: Words,
  m: number,
  b: Words,
  n: number,
): void {
  for (let at = from; at < from + width; at += 2) {
    const aLow = a[at] as number;
    const aHigh = a[at + 1] as number;
    stepInto(out, at, prime, aLow, aHigh, m, b[at] as number, b[at + 1] as number, n);
  }
}

/**
 * out ← a·factor.
 *
 * @param out not `a`
 * @param factors one for each prime, public, from 0 to the prime
 *
 * **Cost**: four passes.
 */
export function scaleInto(
  out: Words,
  primes: readonly Prime[],
  a: Words,
  factors: readonly bigint[],
): void {
  const width = out.length / primes.length;
  out.fill(0);
  primes.forEach((prime, row) => {
    const factor = factors[row] as bigint;
    for (let shift = 64 - DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS) {
      const digit = Number((factor >> BigInt(shift)) & BigInt(DIGIT - 1));
      rowInto(out, row * width, width, prime, out, DIGIT, a, digit);
    }
  });
}

/** out ← −a; `out` is not `a`. */
export const negateInto = (out: Words, primes: readonly Prime[], a: Words): void =>
  scaleInto(
    out,
    primes,
    a,
    primes.map(({ value }) => value - 1n),
  );

/** 1/a modulo a prime, of public numbers. */
export function inverseOf(a: bigint, prime: bigint): bigint {
  let result = 1n;
  let power = ((a % prime) + prime) % prime;
  for (let exponent = prime - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * power) % prime;
    power = (power * power) % prime;
  }
  return result;
}

/**
 * Uniform residues, by rejection: a draw is cut to the bits of the prime and thrown away if it is not
 * below it. What is thrown away tells nothing of what stays.
 *
 * @param draw fills what it is given with uniform words; each time with others
 */
export function uniformInto(
  out: Words,
  primes: readonly Prime[],
  draw: (words: Words) => void,
): void {
  const width = out.length / primes.length;
  const drawn: Words = new Uint32Array(8_192);
  primes.forEach((prime, row) => {
    const ones = (1n << BigInt(prime.value.toString(2).length)) - 1n;
    const lowMask = lowOf(ones);
    const highMask = highOf(ones);
    const end = (row + 1) * width;
    let at = row * width;
    while (at < end) {
      draw(drawn);
      for (let i = 0; i < drawn.length && at < end; i += 2) {
        const low = ((drawn[i] as number) & lowMask) >>> 0;
        const high = (drawn[i + 1] as number) & highMask;
        out[at] = low;
        out[at + 1] = high;
        if (high < prime.high || (high === prime.high && low < prime.low)) at += 2;
      }
    }
  });
  drawn.fill(0);
}

/** Whether all residues modulo one of the primes are zero. */
export function hasZeroRow(words: Words, primes: readonly Prime[]): boolean {
  const width = words.length / primes.length;
  return primes.some((_, row) =>
    words.subarray(row * width, (row + 1) * width).every((word) => word === 0),
  );
}

/** The bytes of words, as they lie. */
export const bytesOf = ({ words }: Polynomials): Uint8Array<ArrayBuffer> =>
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
