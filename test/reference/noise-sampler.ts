/**
 * The samplers of Canonne, Kamath and Steinke 2020 (arXiv 2004.00010, §5): discrete Laplace and Gaussian noise
 * from coins with rational probabilities. Exact, and their time depends on what is drawn: an oracle for tests.
 */
import { randomBytes } from 'node:crypto';

/** Uniform below `n`, from as many random bits as it takes. */
function below(n: bigint): bigint {
  const bits = n.toString(2).length;
  for (;;) {
    const bytes = randomBytes(Math.ceil(bits / 8));
    const value = BigInt(`0x${bytes.toString('hex')}`) & ((1n << BigInt(bits)) - 1n);
    if (value < n) return value;
  }
}

const coin = (num: bigint, den: bigint): boolean => below(den) < num;

/** True with probability e^(−num/den). */
function expCoin(num: bigint, den: bigint): boolean {
  // e^(−x) = e^(−1) · … · e^(−1) · e^(−fraction).
  let rest = num;
  for (; rest > den; rest -= den) if (!fractionCoin(den, den)) return false;
  return fractionCoin(rest, den);
}

/** The same for a fraction: the number of successes of coins x/1, x/2, x/3, … is even. */
function fractionCoin(num: bigint, den: bigint): boolean {
  let k = 1n;
  while (coin(num, den * k)) k++;
  return k % 2n === 1n;
}

/** P(x) ∝ e^(−|x| · num/den). */
export function laplaceOracle(num: bigint, den: bigint): number {
  for (;;) {
    const u = below(den);
    if (!expCoin(u, den)) continue;
    let v = 0n;
    while (expCoin(1n, 1n)) v++;
    const magnitude = (u + den * v) / num;
    const isNegative = coin(1n, 2n);
    if (isNegative && magnitude === 0n) continue;
    return Number(isNegative ? -magnitude : magnitude);
  }
}

/** P(x) ∝ e^(−x²/2σ²), σ² = num/den. */
export function gaussianOracle(num: bigint, den: bigint): number {
  const t = BigInt(Math.floor(Math.sqrt(Number(num) / Number(den)))) + 1n;
  for (;;) {
    const y = laplaceOracle(1n, t);
    const magnitude = BigInt(Math.abs(y));
    // (|y| − σ²/t)² / 2σ².
    const off = magnitude * t * den - num;
    if (expCoin(off * off, 2n * num * den * t * t)) return y;
  }
}
