/**
 * Slow, readable twins of the accountant of privacy losses: hockey sticks by summing over every outcome,
 * grids by the definition, convolutions term by term, and Fourier transforms by the defining sum.
 */

/** A finite pair: P's and Q's mass of each outcome. */
export type Outcomes = readonly (readonly [p: number, q: number])[];

/** δ(ε) = Σ max(0, P − e^ε·Q). */
export const hockeyStick = (outcomes: Outcomes, epsilon: number): number =>
  outcomes.reduce((sum, [p, q]) => sum + Math.max(0, p - Math.exp(epsilon) * q), 0);

/** Both of two releases. */
export const both = (a: Outcomes, b: Outcomes): Outcomes =>
  a.flatMap(([p, q]) => b.map(([r, s]): readonly [number, number] => [p * r, q * s]));

/** `count` releases; outcomes with equal ratios are kept apart, so keep it small. */
export const times = (outcomes: Outcomes, count: number): Outcomes =>
  count === 1 ? outcomes : both(times(outcomes, count - 1), outcomes);

/** Poisson sampling: the unit is there under P (`remove`) or under Q (`add`). */
export const sampled = (outcomes: Outcomes, q: number, direction: 'remove' | 'add'): Outcomes =>
  outcomes.map(([p, r]) =>
    direction === 'remove' ? [(1 - q) * r + q * p, r] : [p, (1 - q) * p + q * r],
  );

/** The least ε ≥ 0 with δ(ε) ≤ delta. */
export function leastEpsilon(stick: (epsilon: number) => number, delta: number): number {
  if (stick(0) <= delta) return 0;
  let low = 0;
  let high = 1;
  while (stick(high) > delta) high *= 2;
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (stick(middle) > delta) low = middle;
    else high = middle;
  }
  return high;
}

/** Randomised response among `buckets` answers: of two neighbours' true answers, the first and second. */
export function response(noise: number, buckets: number): Outcomes {
  const lie = noise / buckets;
  const truth = 1 - noise + lie;
  const rest = Array.from({ length: buckets - 2 }, (): readonly [number, number] => [lie, lie]);
  return [[truth, lie], [lie, truth], ...rest];
}

/** P(x) ∝ e^(−rate·|x|) on the integers, and the same moved; far enough out for doubles. */
export function discreteLaplace(rate: number, shift: number): Outcomes {
  const scale = (1 - Math.exp(-rate)) / (1 + Math.exp(-rate));
  const reach = Math.ceil(40 / rate) + shift;
  return Array.from({ length: 2 * reach + 1 }, (_, i): readonly [number, number] => {
    const x = i - reach;
    return [scale * Math.exp(-rate * Math.abs(x)), scale * Math.exp(-rate * Math.abs(x - shift))];
  });
}

/** N_Z(0, σ²) and the same moved. */
export function discreteGaussian(sigma: number, shift: number): Outcomes {
  const reach = Math.ceil(12 * sigma) + shift;
  const weight = (x: number): number => Math.exp(-(x * x) / (2 * sigma * sigma));
  let total = 0;
  for (let x = -2 * reach; x <= 2 * reach; x++) total += weight(x);
  return Array.from({ length: 2 * reach + 1 }, (_, i): readonly [number, number] => {
    const x = i - reach;
    return [weight(x) / total, weight(x - shift) / total];
  });
}

/** Convolves masses `count` times, term by term. */
export function convolved(masses: readonly number[], count: number): number[] {
  let result = [1];
  for (let i = 0; i < count; i++) {
    const next = new Array<number>(result.length + masses.length - 1).fill(0);
    result.forEach((a, j) => {
      masses.forEach((b, k) => {
        next[j + k] = (next[j + k] as number) + a * b;
      });
    });
    result = next;
  }
  return result;
}

/** δ(ε) of losses mesh·first, mesh·(first + 1), …. */
export const stickOfLosses = (
  masses: ArrayLike<number>,
  first: number,
  mesh: number,
  epsilon: number,
): number => {
  let sum = 0;
  for (let i = 0; i < masses.length; i++) {
    sum += (masses[i] as number) * Math.max(0, -Math.expm1(epsilon - mesh * (first + i)));
  }
  return sum;
};

/** Real and imaginary part of Σ x_j·e^(−2πijk/N) for k = 0 … N/2. */
export const spectrum = (values: readonly number[]): (readonly [number, number])[] =>
  Array.from({ length: values.length / 2 + 1 }, (_, k) => {
    let real = 0;
    let imaginary = 0;
    values.forEach((x, j) => {
      const angle = (2 * Math.PI * ((j * k) % values.length)) / values.length;
      real += x * Math.cos(angle);
      imaginary -= x * Math.sin(angle);
    });
    return [real, imaginary];
  });
