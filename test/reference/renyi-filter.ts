/**
 * The ledger's arithmetic once more, slowly: divergences by numerical integration, the limit from the
 * formula, and the exact δ of Gaussian noise, by which no accountant of the library is asked.
 */

/** Simpson's rule. */
function integral(f: (x: number) => number, from: number, to: number, steps = 20_000): number {
  const h = (to - from) / steps;
  let sum = f(from) + f(to);
  for (let i = 1; i < steps; i++) sum += f(from + i * h) * (i % 2 === 1 ? 4 : 2);
  return (sum * h) / 3;
}

/** D_α(P‖Q) of two densities on the line, ln p and ln q given. */
const divergence = (
  logP: (x: number) => number,
  logQ: (x: number) => number,
  order: number,
  reach: number,
): number =>
  Math.log(
    // In two pieces, for Laplace's density has a corner at 0 and at 1.
    [
      [-reach, 0],
      [0, 1],
      [1, reach],
    ].reduce(
      (sum, [from, to]) =>
        sum +
        integral(
          (x) => Math.exp(order * logP(x) + (1 - order) * logQ(x)),
          from as number,
          to as number,
        ),
      0,
    ),
  ) /
  (order - 1);

/** Gaussian noise of this standard deviation on a number of sensitivity 1. */
export function gaussianDivergence(sigma: number, order: number): number {
  const log = (x: number): number =>
    (-0.5 * x * x) / (sigma * sigma) - Math.log(sigma * Math.sqrt(2 * Math.PI));
  return divergence(log, (x) => log(x - 1), order, order + 40 * sigma);
}

/** Laplace noise of this scale on a number of sensitivity 1. */
export function laplaceDivergence(scale: number, order: number): number {
  const log = (x: number): number => -Math.abs(x) / scale - Math.log(2 * scale);
  return divergence(log, (x) => log(x - 1), order, 60 * scale + 1);
}

/** The largest divergence that converts to (ε, δ); Canonne, Kamath and Steinke's formula, solved. */
export const limitOf = (order: number, epsilon: number, delta: number): number =>
  Math.max(
    epsilon - Math.log(1 - 1 / order) + Math.log(delta * order) / (order - 1),
    -Math.log1p(-delta * delta),
  );

const normalTail = (x: number): number =>
  integral((t) => Math.exp(-0.5 * t * t), x, Math.max(x, 0) + 40) / Math.sqrt(2 * Math.PI);

/** The exact δ of Gaussian noise of this multiplier at ε (Balle and Wang 2018, Theorem 8). */
export const gaussianDelta = (sigma: number, epsilon: number): number =>
  normalTail(epsilon * sigma - 0.5 / sigma) -
  Math.exp(epsilon) * normalTail(epsilon * sigma + 0.5 / sigma);
