/**
 * Numbers that are known to lie between two bounds: lower / 2^P and upper / 2^P for a precision P that
 * the caller keeps. Every operation rounds its bounds outwards, so what comes out is proven, however long
 * the chain. Slow and on public numbers only: tables are built with it, noise is not drawn with it.
 */
import { bitLength, type Rational } from './rational.ts';

/** From `lower` to `upper`, both ≥ 0, in units of 2^−P. */
export type Interval = { readonly lower: bigint; readonly upper: bigint };

/** Exactly 1. */
export const one = (precision: number): Interval => {
  const unit = 1n << BigInt(precision);
  return { lower: unit, upper: unit };
};

/** ⌈a / b⌉ for a ≥ 0 and b > 0. */
export const ceilDivide = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

/** a fraction ≥ 0, between its two neighbours. */
export function intervalOf({ num, den }: Rational, precision: number): Interval {
  const scaled = num << BigInt(precision);
  return { lower: scaled / den, upper: ceilDivide(scaled, den) };
}

/** a + b. */
export const add = (a: Interval, b: Interval): Interval => ({
  lower: a.lower + b.lower,
  upper: a.upper + b.upper,
});

/** a · b. */
export function multiply(a: Interval, b: Interval, precision: number): Interval {
  const shift = BigInt(precision);
  // −(−x >> s) is ⌈x / 2^s⌉.
  return { lower: (a.lower * b.lower) >> shift, upper: -(-(a.upper * b.upper) >> shift) };
}

/** a / b, for a `b` whose lower bound is above 0. */
export function divide(a: Interval, b: Interval, precision: number): Interval {
  const shift = BigInt(precision);
  return {
    lower: (a.lower << shift) / b.upper,
    upper: ceilDivide(a.upper << shift, b.lower),
  };
}

/** 1 − a, for a ≤ 1; cut at 0. */
export function complement(a: Interval, precision: number): Interval {
  const unit = 1n << BigInt(precision);
  return {
    lower: a.upper > unit ? 0n : unit - a.upper,
    upper: a.lower > unit ? 0n : unit - a.lower,
  };
}

/** The same interval in coarser or finer units. */
export function withPrecision(a: Interval, from: number, to: number): Interval {
  if (to >= from) {
    const shift = BigInt(to - from);
    return { lower: a.lower << shift, upper: a.upper << shift };
  }
  const shift = BigInt(from - to);
  return { lower: a.lower >> shift, upper: -(-a.upper >> shift) };
}

/**
 * e^(−x).
 *
 * @param x ≥ 0
 *
 * With y = x / 2^s ≤ 2^−8, e^y is a sum of positive terms, each at most 2^−8 of the one before; the bounds
 * of e^(−y) are then squared s times.
 *
 * **Cost**: about precision / 8 divisions and s squarings of integers somewhat longer than the precision.
 */
export function expOfMinus(x: Rational, precision: number): Interval {
  // e^(−x) < 2^(−x), so it is below one unit.
  if (x.num >= BigInt(precision) * x.den) return { lower: 0n, upper: 1n };
  const squarings = bitLength(x.num / x.den) + 8;
  const inner = precision + 2 * squarings + 16;
  const unit = 1n << BigInt(inner);
  const den = x.den << BigInt(squarings);
  let term: Interval = { lower: unit, upper: unit };
  let sum = term;
  for (let i = 1n; term.upper > 1n; i++) {
    term = {
      lower: (term.lower * x.num) / (den * i),
      upper: ceilDivide(term.upper * x.num, den * i),
    };
    sum = add(sum, term);
  }
  // All further terms together are below the last one, which is at most one unit.
  let power = divide(
    { lower: unit, upper: unit },
    { lower: sum.lower, upper: sum.upper + 1n },
    inner,
  );
  for (let i = 0; i < squarings; i++) power = multiply(power, power, inner);
  return withPrecision(power, inner, precision);
}
