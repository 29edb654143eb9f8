/**
 * Bounds on a probability from how often something happened (Clopper and Pearson 1934), by bisection over the
 * exact tails of the binomial law. No normal approximation: they hold for every count and any level.
 */

/** ln n!, by Stirling's series; off by less than 1e-12 of itself. */
function logFactorial(n: number): number {
  if (n < 20) {
    let sum = 0;
    for (let i = 2; i <= n; i++) sum += Math.log(i);
    return sum;
  }
  const series = 1 / (12 * n) - 1 / (360 * n ** 3) + 1 / (1260 * n ** 5);
  return (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + series;
}

const logProbability = (n: number, k: number, p: number): number =>
  logFactorial(n) -
  logFactorial(k) -
  logFactorial(n - k) +
  (k === 0 ? 0 : k * Math.log(p)) +
  (k === n ? 0 : (n - k) * Math.log1p(-p));

/** ln P(X ≤ k) for X binomial with n and p. Meant for k below the mean: then few terms count. */
export function logLowerTail(n: number, k: number, p: number): number {
  let term = 1;
  let sum = 1;
  for (let i = k; i > 0 && term > sum * 1e-17; i--) {
    term *= (i * (1 - p)) / ((n - i + 1) * p);
    sum += term;
  }
  return logProbability(n, k, p) + Math.log(sum);
}

/**
 * The largest probability at which `count` of `n` or fewer still happen with a chance of `level`.
 *
 * @param level - the chance that the true probability is above what is returned
 */
export function upperBound(n: number, count: number, level: number): number {
  if (count >= n) return 1;
  // Rounding moves a logarithm by far less than this.
  const target = Math.log(level) - 1e-6;
  let low = count / n;
  let high = 1;
  for (let i = 0; i < 200 && high - low > 1e-12 * high; i++) {
    const middle = (low + high) / 2;
    if (logLowerTail(n, count, middle) < target) high = middle;
    else low = middle;
  }
  return high;
}

/** The least probability at which `count` of `n` or more still happen with a chance of `level`. */
export const lowerBound = (n: number, count: number, level: number): number =>
  1 - upperBound(n, n - count, level);
