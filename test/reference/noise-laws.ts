/**
 * Slow twins of the noise laws and of what a table gives, by other ways than the library's: every weight by
 * itself from its exponential series, Skellam as a difference of two Poisson numbers.
 */
import type { AliasTable } from '../../src/kernel/index.ts';

/** Fixed point with 320 bits behind the point; errors of all that follows stay below 2^−280. */
export const UNIT_BITS = 320n;
export const UNIT: bigint = 1n << UNIT_BITS;

/** A double as numerator and denominator. */
export function exactly(value: number): readonly [bigint, bigint] {
  const bits = new BigUint64Array(Float64Array.of(value).buffer)[0] as bigint;
  const exponent = Number((bits >> 52n) & 0x7ffn) - 1075;
  const mantissa = (bits & ((1n << 52n) - 1n)) | (1n << 52n);
  return exponent >= 0 ? [mantissa << BigInt(exponent), 1n] : [mantissa, 1n << BigInt(-exponent)];
}

/** e^(−num/den), by e^(−x) = (e^(−x/2^s))^(2^s). */
function decay(num: bigint, den: bigint): bigint {
  const guard = 64n;
  const one = UNIT << guard;
  if (num > 250n * den) return 0n;
  const s = 16;
  let term = one;
  let sum = one;
  for (let i = 1n; term !== 0n; i++) {
    term = (-term * num) / (den * i * BigInt(2 ** s));
    sum += term;
  }
  for (let i = 0; i < s; i++) sum = (sum * sum) >> (UNIT_BITS + guard);
  return sum >> guard;
}

/** P(x = 0), P(x = 1), … in units of 2^−320, up to where nothing is left. */
type Law = readonly bigint[];

const overSum = (weights: readonly bigint[]): Law => {
  const sum = weights.reduce((total, w, x) => total + (x === 0 ? w : 2n * w), 0n);
  return weights.map((w) => (w << UNIT_BITS) / sum);
};

/** P(x) ∝ e^(−x²/2σ²). */
export function gaussianLaw(sigma: number): Law {
  const [n, d] = exactly(sigma);
  const weights = Array.from({ length: Math.ceil(20 * sigma) + 2 }, (_, x) =>
    decay(BigInt(x * x) * d * d, 2n * n * n),
  );
  return overSum(weights);
}

/** P(x) ∝ e^(−rate · |x|). */
export function laplaceLaw(rate: number): Law {
  const [n, d] = exactly(rate);
  const a = decay(n, d);
  const weights = [UNIT];
  while ((weights.at(-1) as bigint) > 0n && weights.length * rate < 200) {
    weights.push(((weights.at(-1) as bigint) * a) >> UNIT_BITS);
  }
  return overSum(weights);
}

/** The difference of two Poisson numbers, summed up over all pairs. */
export function skellamLaw(variance: number): Law {
  const [n, d] = exactly(variance);
  const lambda = variance / 2;
  const mode = Math.floor(lambda);
  const most = Math.ceil(lambda + 22 * Math.sqrt(lambda) + 120);
  // Relative to the mode: P(j + 1) / P(j) = λ / (j + 1).
  const poisson: bigint[] = new Array<bigint>(most).fill(0n);
  poisson[mode] = UNIT;
  for (let j = mode + 1; j < most; j++) {
    poisson[j] = ((poisson[j - 1] as bigint) * n) / (2n * d * BigInt(j));
  }
  for (let j = mode; j > 0; j--) {
    poisson[j - 1] = ((poisson[j] as bigint) * 2n * d * BigInt(j)) / n;
  }
  const weights: bigint[] = [];
  for (let x = 0; x < 20 * Math.sqrt(variance) + 100 && x < most; x++) {
    let sum = 0n;
    for (let j = 0; j + x < most; j++) {
      sum += (poisson[j] as bigint) * (poisson[j + x] as bigint);
    }
    weights.push(sum >> UNIT_BITS);
  }
  return overSum(weights);
}

/** What one table gives, exactly: the probability of each value in units of 2^−320. */
export function tableLaw({ columns, factor, sign }: AliasTable): Map<number, bigint> {
  const count = BigInt(columns.length / 6);
  const full = 1n << 124n;
  const law = new Map<number, bigint>();
  const give = (value: number, share: bigint): void => {
    if (share > 0n) law.set(value, (law.get(value) ?? 0n) + share);
  };
  for (let at = 0; at < columns.length; at += 6) {
    let threshold = 0n;
    for (let limb = 3; limb >= 0; limb--) {
      const part = columns[at + limb] as number;
      if (part >= 2 ** 31) throw new Error(`column ${at / 6}: limb ${limb} has 32 bits`);
      threshold = (threshold << 31n) | BigInt(part);
    }
    for (const [word, share] of [
      [columns[at + 4], threshold],
      [columns[at + 5], full - threshold],
    ] as const) {
      const value = ((word as number) | 0) * factor;
      if (sign === 'drawn') {
        give(value, share);
        give(-value, share);
      } else {
        give(value, 2n * share);
      }
    }
  }
  // Powers of two: the quotient is whole.
  for (const [value, share] of law) law.set(value, (share * UNIT) / (2n * count * full));
  return law;
}

/** The law of the sum over all tables, by multiplying out every pair. */
export function sumLaw(tables: readonly AliasTable[]): Map<number, bigint> {
  const [first, second] = tables as [AliasTable, AliasTable | undefined];
  const near = tableLaw(first);
  if (second === undefined) return near;
  const sum = new Map<number, bigint>();
  for (const [far, q] of tableLaw(second)) {
    for (const [x, p] of near) {
      const value = second.sign === 'kept' && x < 0 ? x - far : x + far;
      sum.set(value, (sum.get(value) ?? 0n) + p * q);
    }
  }
  for (const [value, share] of sum) sum.set(value, share >> UNIT_BITS);
  return sum;
}

/** Half of Σ |p − q|, and what `sums` and `law` lack to 1: in units of 2^−320. */
export function distanceTo(law: Law, sums: ReadonlyMap<number, bigint>): bigint {
  let distance = 0n;
  let seen = 0n;
  for (const [value, share] of sums) {
    const truth = law[Math.abs(value)] ?? 0n;
    distance += share > truth ? share - truth : truth - share;
    seen += truth;
  }
  return (distance + (UNIT - seen)) / 2n;
}
