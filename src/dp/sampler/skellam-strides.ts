/**
 * A Skellam law at multiples of a stride only. Orders of Bessel functions in the millions are too many to
 * step through, so probabilities come from the characteristic function φ(θ) = e^(−μ(1 − cos θ)) instead:
 * its mean over M equidistant angles, each turned by −nθ, is P(n) + P(n ± M) + …, and few angles count.
 */
import { ceilDivide, expOfMinus, type Interval } from './interval.ts';
import type { Folded } from './probabilities.ts';
import { approximately, type Rational } from './rational.ts';

/** Deviations from which on tails are below 2^−260; see {@link negligible}. */
const REACH = 20;

/**
 * stride · P(x = stride · y) for |y| = 0, 1, …, those of y and −y together.
 *
 * @param variance from 2^20; its root is more than 8 strides
 * @param stride an integer from 2 to 2^10
 * @param bits what is left out is at most 2^−bits; at most 160
 * @returns terms that add up to 1 but for at most (stride − 1) · e^(−μ(1 − cos(2π / stride)))
 *
 * With M = stride · L angles, stride · P(stride · y) = (1/L) Σ_m φ(2πm/M) cos(2πmy/L), less what lies beyond
 * ±M/2. L is chosen so that M/2 is {@link REACH} deviations: there the tail of the law is at most
 * 2·e^(−n²/2(μ + n/3)) ≤ 2·e^(−199) (Bernstein's inequality for a sum of small independent jumps, n = 20√μ).
 *
 * **Cost**: about 100 long multiplications for each of the 14 √μ / stride terms.
 */
export function stridedSkellam(variance: Rational, stride: number, bits: number): Folded {
  const precision = 256;
  const root = Math.sqrt(approximately(variance));
  const count = 2 * Math.ceil((REACH * root) / stride);
  const { factors, error } = characteristic(variance, stride * count, stride, bits, precision);
  const cosines = circle(count, precision);
  const half = count / 2;
  const shift = BigInt(precision);
  const total = BigInt(count);
  const enough = 1n << BigInt(precision - bits - 2);
  const terms: Interval[] = [];
  for (let y = 0; ; y++) {
    let sum = factors[0] as bigint;
    let angle = 0;
    for (let m = 1; m < factors.length; m++) {
      angle = (angle + y) % count;
      const cosine = cosines[angle <= half ? angle : count - angle] as bigint;
      sum += ((factors[m] as bigint) * cosine) >> (shift - 1n);
    }
    const sides = y === 0 ? 1n : 2n;
    const term = {
      lower: sum > error ? (sides * (sum - error)) / total : 0n,
      upper: ceilDivide(sides * (sum > 0n ? sum + error : error), total),
    };
    const before = terms.at(-1);
    if (before !== undefined && y > 1) {
      // Neighbouring terms of a log-concave law shrink by ever more: a geometric series bounds the rest.
      const drop = before.lower - term.upper;
      const tail = drop > 0n ? ceilDivide(term.upper * before.lower, drop) : undefined;
      if (tail !== undefined && tail <= enough) return { precision, terms, tail };
      if (y > half) throw new RangeError(`stridedSkellam: bounds are too wide for 2^-${bits}`);
    }
    terms.push(term);
  }
}

/**
 * φ(2πm/M) for m = 0, 1, …, in units of 2^−precision and rounded down, until the rest is negligible.
 *
 * @returns also the most that a sum of all of them times cosines, which are wrong by at most 2^22 units, can
 *   be wrong by, over both m and −m: for what is left out, φ falls with m, and there are fewer than M
 */
function characteristic(
  variance: Rational,
  angles: number,
  stride: number,
  bits: number,
  precision: number,
): { readonly factors: readonly bigint[]; readonly error: bigint } {
  const unit = 1n << BigInt(precision);
  const factors: bigint[] = [unit];
  // Aliases lie below 2^−260 of the whole, and so below a unit a term.
  let error = BigInt(angles);
  const enough = 1n << BigInt(precision - bits - 40);
  const pi = piBounds(precision);
  for (let m = 1; ; m++) {
    const { lower, upper } = versine(pi, 2 * m, angles, precision);
    const scale = variance.den << BigInt(precision);
    const most = expOfMinus({ num: variance.num * lower, den: scale }, precision).upper;
    if (most * BigInt(stride) <= enough) {
      return { factors, error: error + most * BigInt(angles) };
    }
    const least = expOfMinus({ num: variance.num * upper, den: scale }, precision).lower;
    factors.push(least);
    error += 2n * (most - least + (1n << 22n) + 1n);
  }
}

/** 1 − cos(π · num / den), for an angle below 1: t²/2 − t⁴/24 + …, whose terms fall and alternate. */
function versine(pi: Interval, num: number, den: number, precision: number): Interval {
  const shift = BigInt(precision);
  const n = BigInt(num);
  const d = BigInt(den);
  const low = (pi.lower * n) / d;
  const high = ceilDivide(pi.upper * n, d);
  const square = { lower: (low * low) >> shift, upper: -(-(high * high) >> shift) };
  let lower = 0n;
  let upper = 0n;
  let term = { lower: square.lower / 2n, upper: ceilDivide(square.upper, 2n) };
  for (let i = 2n; ; i++) {
    const isAdded = i % 2n === 0n;
    lower += isAdded ? term.lower : -term.upper;
    upper += isAdded ? term.upper : -term.lower;
    const divisor = (2n * i - 1n) * (2n * i);
    term = {
      lower: ((term.lower * square.lower) >> shift) / divisor,
      upper: ceilDivide(-(-(term.upper * square.upper) >> shift), divisor),
    };
    // The rest of an alternating series is at most its first term.
    if (term.upper <= 1n) return { lower: lower - 1n, upper: upper + 1n };
  }
}

/**
 * cos(2πj / count) for j = 0 … count/2, wrong by at most 8(j + 1) units, j below 2^18: each is the one before
 * turned by one step, the step is wrong by at most 6 units, and each turn rounds by less than two more.
 */
function circle(count: number, precision: number): readonly bigint[] {
  const shift = BigInt(precision);
  const unit = 1n << shift;
  const angle = (piBounds(precision).lower * 2n) / BigInt(count);
  const [stepCosine, stepSine] = rotation(angle, precision);
  const cosines: bigint[] = [unit];
  let [cosine, sine] = [unit, 0n];
  for (let j = 1; j <= count / 2; j++) {
    const next = (cosine * stepCosine - sine * stepSine) >> shift;
    sine = (sine * stepCosine + cosine * stepSine) >> shift;
    cosine = next;
    cosines.push(cosine);
  }
  return cosines;
}

/** Cosine and sine of an angle below 1, to a few units. */
function rotation(angle: bigint, precision: number): readonly [bigint, bigint] {
  // With guard bits the roundings of all terms together stay below a unit.
  const guard = 32n;
  const shift = BigInt(precision) + guard;
  const t = angle << guard;
  const sums: [bigint, bigint] = [0n, 0n];
  let term = 1n << shift;
  for (let i = 0n; term !== 0n; i++) {
    const side = i % 2n === 0n ? 0 : 1;
    sums[side] += i % 4n < 2n ? term : -term;
    term = ((term * t) >> shift) / (i + 1n);
  }
  return [sums[0] >> guard, sums[1] >> guard];
}

/** π = 16 arctan(1/5) − 4 arctan(1/239) (Machin), between bounds a few units of 2^−precision apart. */
function piBounds(precision: number): Interval {
  const guard = 32n;
  const unit = 1n << (BigInt(precision) + guard);
  const arctan = (inverse: bigint): bigint => {
    let sum = 0n;
    let power = unit / inverse;
    for (let i = 1n; power !== 0n; i += 2n) {
      sum += (i % 4n === 1n ? power : -power) / i;
      power /= inverse * inverse;
    }
    return sum;
  };
  // Each of a few hundred terms is wrong by at most two units before the guard bits are cut.
  const value = (16n * arctan(5n) - 4n * arctan(239n)) >> guard;
  return { lower: value - 1n, upper: value + 2n };
}
