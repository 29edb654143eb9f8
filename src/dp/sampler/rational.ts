/**
 * Exact fractions. A double is one already, numerator over a power of two, so the parameters of a noise
 * distribution are taken at their exact value and never rounded on the way to a table.
 */
import { UsageError } from '../../errors.ts';

/** num / den with den > 0. Not always in lowest terms. */
export type Rational = { readonly num: bigint; readonly den: bigint };

/**
 * A double at its exact value.
 *
 * @param value finite
 * @throws UsageError `not-finite`
 */
export function rationalOf(value: number): Rational {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new UsageError(
      'not-finite',
      `rationalOf: got ${String(value)}, expected a finite number`,
    );
  }
  let scaled = value;
  let shift = 0n;
  // Doubling is exact; at most 1,074 times, until nothing is left behind the point.
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    shift++;
  }
  return { num: BigInt(scaled), den: 1n << shift };
}

/**
 * A decimal at its exact value, which the nearest double may not have.
 *
 * @param text digits with at most one point, e.g. `12345.678`
 * @throws UsageError `out-of-range`
 */
export function rationalOfDecimal(text: string): Rational {
  const parts = /^(\d+)(?:\.(\d+))?$/.exec(text);
  if (parts === null) {
    throw new UsageError(
      'out-of-range',
      'rationalOfDecimal: expected digits with at most one point',
    );
  }
  const fraction = parts[2] ?? '';
  return { num: BigInt(`${parts[1]}${fraction}`), den: 10n ** BigInt(fraction.length) };
}

/** a · b. */
export const times = (a: Rational, b: Rational): Rational => ({
  num: a.num * b.num,
  den: a.den * b.den,
});

/** 1 / a, for a > 0. */
export const inverse = (a: Rational): Rational => ({ num: a.den, den: a.num });

/** a − b. */
export const minus = (a: Rational, b: Rational): Rational => ({
  num: a.num * b.den - b.num * a.den,
  den: a.den * b.den,
});

/** A whole number. */
export const whole = (value: number | bigint): Rational => ({ num: BigInt(value), den: 1n });

/** The nearest double or one beside it: for estimates only. For numbers from 2^-900 to 2^900. */
export function approximately({ num, den }: Rational): number {
  const excess = BigInt(Math.max(0, bitLength(num) - 900, bitLength(den) - 900));
  return Number(num >> excess) / Number(den >> excess);
}

/** Bits of |value|; 0 for 0. */
export const bitLength = (value: bigint): number =>
  value === 0n ? 0 : (value < 0n ? -value : value).toString(2).length;
