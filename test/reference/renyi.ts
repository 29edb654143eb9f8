/** Rényi and hockey-stick divergences straight from their definitions, slowly, one point at a time. */

/** Two distributions on the same points: probabilities, or densities times the width of a cell. */
export type Pair = { readonly p: readonly number[]; readonly q: readonly number[] };

/** ln Σ q·(p/q)^α / (α − 1). */
export function renyiDivergence({ p, q }: Pair, order: number): number {
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    const [a, b] = [p[i] as number, q[i] as number];
    if (a > 0) sum += b === 0 ? Number.POSITIVE_INFINITY : a * (a / b) ** (order - 1);
  }
  return Math.log(sum) / (order - 1);
}

/** Σ max(0, p − e^ε·q). */
export function hockeyStick({ p, q }: Pair, epsilon: number): number {
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    sum += Math.max(0, (p[i] as number) - Math.exp(epsilon) * (q[i] as number));
  }
  return sum;
}

const pairOf = (points: readonly number[], p: (x: number) => number, q: (x: number) => number) => {
  const [left, right] = [points.map(p), points.map(q)];
  const total = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
  const [leftTotal, rightTotal] = [total(left), total(right)];
  return { p: left.map((x) => x / leftTotal), q: right.map((x) => x / rightTotal) };
};

const steps = (from: number, to: number, step: number): readonly number[] =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + (i + 0.5) * step);

/** N(1, σ²), seen with probability `share` and else N(0, σ²), against N(0, σ²). */
export function gaussianPair(sigma: number, share: number, highestOrder: number): Pair {
  const bell = (x: number): number => Math.exp((-x * x) / (2 * sigma * sigma));
  const points = steps(-12 * sigma, highestOrder + 12 * sigma, sigma / 200);
  return pairOf(points, (x) => (1 - share) * bell(x) + share * bell(x - 1), bell);
}

/** Laplace noise around 0 against noise around 1. */
export function laplacePair(scale: number): Pair {
  const tent = (x: number): number => Math.exp(-Math.abs(x) / scale);
  const step = 1 / Math.ceil(2000 / scale);
  return pairOf(steps(Math.floor(-40 * scale), Math.ceil(40 * scale), step), tent, (x) =>
    tent(x - 1),
  );
}

const integers = (reach: number): readonly number[] =>
  Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);

/** Discrete Gaussian noise around 0 against noise around `shift`. */
export const discreteGaussianPair = (sigma: number, shift: number): Pair => {
  const weight = (x: number): number => Math.exp((-x * x) / (2 * sigma * sigma));
  return pairOf(integers(Math.ceil(20 * sigma) + shift), weight, (x) => weight(x - shift));
};

/** Discrete Laplace noise around 0 against noise around `shift`. */
export const discreteLaplacePair = (rate: number, shift: number): Pair => {
  const weight = (x: number): number => Math.exp(-rate * Math.abs(x));
  return pairOf(integers(Math.ceil(60 / rate) + shift), weight, (x) => weight(x - shift));
};

/** Answers of two units with different truths. */
export const responsePair = (noise: number, buckets: number): Pair => {
  const answers = (truth: number): readonly number[] =>
    Array.from({ length: buckets }, (_, i) => (i === truth ? 1 - noise : 0) + noise / buckets);
  return { p: answers(0), q: answers(1) };
};

/** A pair seen through a coin: with probability `share` what it is, else the second for both. */
export const sampledPair = ({ p, q }: Pair, share: number): Pair => ({
  p: p.map((x, i) => share * x + (1 - share) * (q[i] as number)),
  q,
});

/**
 * The Rényi divergence between a sum of `parties` discrete Gaussians and the same shifted, by adding one at a
 * time. All in logarithms: where σ is small, the weights that decide are far below the smallest double.
 */
export function summedGaussiansDivergence(
  facts: { readonly parties: number; readonly sigma: number; readonly shift: number },
  order: number,
): number {
  const { parties, sigma, shift } = facts;
  const reach = Math.ceil((order + 2) * shift + 12 * sigma * Math.sqrt(parties)) + 8;
  const points = integers(reach);
  const logSum = (terms: readonly number[]): number => {
    const most = terms.reduce((a, b) => Math.max(a, b));
    return most + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - most), 0));
  };
  const one = (x: number): number => (-x * x) / (2 * sigma * sigma);
  let law = points.map(one);
  for (let party = 1; party < parties; party++) {
    law = points.map((x) => logSum(points.map((y, i) => (law[i] as number) + one(x - y))));
  }
  const total = logSum(law);
  const terms: number[] = [];
  for (let i = shift; i < law.length; i++) {
    const [p, q] = [(law[i] as number) - total, (law[i - shift] as number) - total];
    terms.push(order * p + (1 - order) * q);
  }
  return logSum(terms) / (order - 1);
}
