/**
 * The slow twin of the parameter search: every probability an exact fraction of binomials in bigint,
 * every bound an exact power of two. Nothing is rounded, so where the fast search agrees with this
 * one, its floating point has decided as exact arithmetic does.
 */

const ROWS = new Map<string, bigint>();

/** n over k; zero outside. */
export function binomial(n: number, k: number): bigint {
  if (k < 0 || k > n || n < 0) return 0n;
  const key = `${n},${k}`;
  const known = ROWS.get(key);
  if (known !== undefined) return known;
  let value = 1n;
  for (let i = 0; i < Math.min(k, n - k); i++) value = (value * BigInt(n - i)) / BigInt(i + 1);
  ROWS.set(key, value);
  return value;
}

/** Σ over i from `low` to `high` of the draws with i marked ones; over C(population, drawn). */
function draws(population: number, marked: number, drawn: number, low: number, high: number) {
  let sum = 0n;
  for (let i = Math.max(0, low); i <= Math.min(high, drawn, marked); i++) {
    sum += binomial(marked, i) * binomial(population - marked, drawn - i);
  }
  return sum;
}

/** Least t with Pr[Hyp > t] ≤ 2^−bits / n. */
export function leastUpperExact(n: number, marked: number, drawn: number, bits: bigint): number {
  const all = binomial(n, drawn);
  let t = 0;
  while (draws(n, marked, drawn, t + 1, drawn) * BigInt(n) * 2n ** bits > all) t++;
  return t;
}

/** Largest t with Pr[Hyp < t] ≤ 2^−bits / n. */
export function greatestLowerExact(n: number, marked: number, drawn: number, bits: bigint): number {
  const all = binomial(n, drawn);
  let t = 0;
  while (t < drawn && draws(n, marked, drawn, 0, t) * BigInt(n) * 2n ** bits <= all) t++;
  return t;
}

/** n(n−k−1)/2 · C(bad, k) / C(n, k) < 2^−41: the chance that two runs of k/2 are bad. */
export const connectedExact = (n: number, bad: number, k: number): boolean =>
  BigInt(n) * BigInt(n - k - 1) * binomial(bad, k) * 2n ** 41n < 2n * binomial(n, k);

/** What the twin is asked: counts, since rates were turned into counts before. */
export type ExactFacts = {
  readonly n: number;
  readonly corrupt: number;
  readonly absent: number;
  readonly malicious: boolean;
};

/** Degree, threshold, and the survivors that a client may count on among its neighbours. */
export type ExactResult = { readonly k: number; readonly t: number; readonly t2: number };

/** The search at one degree; undefined if the degree does not serve. */
export function atDegree(facts: ExactFacts, k: number): ExactResult | undefined {
  const { n, corrupt, absent, malicious } = facts;
  if (!connectedExact(n, corrupt + absent, k)) return undefined;
  const most = leastUpperExact(n, corrupt, k, 41n);
  // ⌈(t1 + k − 1.25) / 2⌉ in eighths
  const t1 = malicious ? Math.ceil((4 * (most + k) - 5) / 8) : most;
  const t2 = greatestLowerExact(n, n - absent, k, 20n);
  return t2 > t1 ? { k, t: Math.max(t1 + 1, 2), t2 } : undefined;
}

/** The whole search; undefined where no even degree below n − 1 serves. */
export function searchExact(
  facts: ExactFacts,
  accepts: (found: ExactResult) => boolean = () => true,
): ExactResult | undefined {
  for (let k = 2; k < facts.n - 1; k += 2) {
    const found = atDegree(facts, k);
    if (found !== undefined && accepts(found)) return found;
  }
  return undefined;
}

/** n · Pr[Hyp(n, n−absent, k/2) ≤ w] ≤ 2^−20. */
export const windowPassesExact = (n: number, absent: number, half: number, w: number): boolean =>
  BigInt(n) * draws(n, n - absent, half, 0, w) * 2n ** 20n <= binomial(n, half);
