/**
 * Hockey-stick divergences of single mechanisms: the exact δ at a given ε, also at an ε below 0. None
 * of them is rounded outwards; {@link gaussianDeltaError} and the relative error of the others are for
 * those who must be sure.
 */
import { erfcx, ndtr } from './special.ts';

/**
 * δ(ε) of Gaussian noise between N(0, σ²) and N(1, σ²); both directions are equal.
 *
 * @param sigma standard deviation / sensitivity, above 0
 * @param epsilon any
 *
 * **Source**: Balle and Wang 2018 (arXiv 1805.06530), Theorem 8, with e^ε·φ(b) = φ(a) put in.
 */
export function gaussianDelta(sigma: number, epsilon: number): number {
  // H_{e^ε}(P‖Q) = 1 − e^ε + e^ε·H_{e^−ε}(Q‖P), a sum of what is positive.
  if (epsilon < 0) return -Math.expm1(epsilon) + Math.exp(epsilon) * gaussianDelta(sigma, -epsilon);
  const a = 0.5 / sigma - epsilon * sigma;
  const b = -0.5 / sigma - epsilon * sigma;
  const bell = 0.5 * Math.exp(-0.5 * a * a);
  if (bell === 0) return a > 0 ? 1 : 0;
  const second = erfcx(-b * Math.SQRT1_2);
  const delta = a > 0 ? ndtr(a) - bell * second : bell * (erfcx(-a * Math.SQRT1_2) - second);
  return Math.min(1, Math.max(0, delta));
}

/** A bound of the absolute error of {@link gaussianDelta}, at an ε of at least 0. */
export function gaussianDeltaError(sigma: number, epsilon: number): number {
  const a = 0.5 / sigma - epsilon * sigma;
  const size = 8 + a * a + Math.abs(a) * (0.5 / sigma + epsilon * sigma);
  return 4e-16 * size * ndtr(a);
}

/**
 * δ(ε) of Laplace noise of scale b between centres 0 and 1; both directions are equal.
 *
 * @param scale b, above 0
 * @param epsilon any
 */
export function laplaceDelta(scale: number, epsilon: number): number {
  const loss = 1 / scale;
  if (epsilon <= 0) return -Math.expm1(epsilon <= -loss ? epsilon : 0.5 * (epsilon - loss));
  // ε − 1/b = (ε·b − 1)/b, and the product is taken to both its doubles: where ε is near the largest loss,
  // the rounding of 1/b would decide.
  const product = epsilon * scale;
  if (product >= 2) return 0;
  const beyond = product - 1 + productError(epsilon, scale, product);
  return beyond >= 0 ? 0 : -Math.expm1((0.5 * beyond) / scale);
}

/** a·b − product, exactly, for a product of about 1 (Dekker 1971). */
function productError(a: number, b: number, product: number): number {
  if (product < 0.5) return 0;
  const [aHigh, bHigh] = [upperHalf(a), upperHalf(b)];
  const [aLow, bLow] = [a - aHigh, b - bHigh];
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** The upper 26 bits of a double. */
function upperHalf(x: number): number {
  const spread = 134217729 * x;
  return spread - (spread - x);
}

/**
 * δ(ε) of discrete Gaussian noise on one integer; both directions are equal. The terms of the two tails
 * are subtracted pair by pair, so that every summand is positive: relative error below 10^−12, and what
 * {@link discreteGaussianSlack} of ε makes out beside.
 *
 * @param sigma the parameter σ in integer units, at most 10^6
 * @param sensitivity whole, from 1
 * @param epsilon any
 *
 * **Source**: Canonne, Kamath and Steinke 2020 (arXiv 2004.00010), Theorem 7.
 * **Cost**: up to 40 σ terms.
 */
export function discreteGaussianDelta(sigma: number, sensitivity: number, epsilon: number): number {
  if (epsilon < 0) {
    const reverse = discreteGaussianDelta(sigma, sensitivity, -epsilon);
    return -Math.expm1(epsilon) + Math.exp(epsilon) * reverse;
  }
  const half = 0.5 / (sigma * sigma);
  const threshold = (epsilon * sigma * sigma) / sensitivity - sensitivity / 2;
  // Below −40 σ there is no mass that a double could hold.
  const first = Math.max(Math.floor(threshold), Math.floor(-40 * sigma) - 1);
  let sum = 0;
  for (let x = first; ; x++) {
    const mass = Math.exp(-half * x * x);
    const kept = -Math.expm1(epsilon - sensitivity * (2 * x + sensitivity) * half);
    sum += mass * Math.max(0, kept);
    if (x > 0 && x > first + 2 && mass * (sigma + 1) <= 1e-17 * sum) break;
    if (x > 0 && mass === 0) break;
  }
  return Math.min(1, sum / thetaSum(sigma));
}

/**
 * How far losses in {@link discreteGaussianDelta} may be off: where ε is nearly the loss of an outcome, that
 * much less of ε makes the result certainly no less than the exact one, but for its relative error.
 *
 * @param epsilon at least 0
 */
export const discreteGaussianSlack = (epsilon: number): number => 2 ** -49 * (epsilon + 2);

/** Σ e^(−x²/2σ²) over the integers. */
function thetaSum(sigma: number): number {
  const rate = sigma > 1 ? 2 * Math.PI * Math.PI * sigma * sigma : 0.5 / (sigma * sigma);
  let sum = 0;
  for (let k = 12; k > 0; k--) sum += 2 * Math.exp(-rate * k * k);
  // Poisson's summation formula turns a wide sum into a narrow one.
  return (1 + sum) * (sigma > 1 ? Math.sqrt(2 * Math.PI) * sigma : 1);
}

/**
 * δ(ε) of a Poisson sample, the unit being there against it not being there:
 * (1 − q)Q + qP − e^ε·Q = q·(P − e^ε′·Q).
 *
 * @param probability q, above 0 and at most 1
 * @param epsilon any
 * @param delta δ of the mechanism without sampling, P against Q, at any ε
 */
export function sampledRemoveDelta(
  probability: number,
  epsilon: number,
  delta: (epsilon: number) => number,
): number {
  const grown = Math.expm1(epsilon) / probability;
  if (grown <= -1) return -Math.expm1(epsilon);
  // Above 700, e^ε itself may be no double.
  return probability * delta(epsilon > 700 ? epsilon - Math.log(probability) : Math.log1p(grown));
}

/**
 * δ(ε) of a Poisson sample, the unit not being there against it being there:
 * Q − e^ε·((1 − q)Q + qP) = (1 − e^ε(1 − q))·(Q − e^ε′·P).
 *
 * @param probability q, above 0 and at most 1
 * @param epsilon any
 * @param delta δ of the mechanism without sampling, Q against P, at any ε
 */
export function sampledAddDelta(
  probability: number,
  epsilon: number,
  delta: (epsilon: number) => number,
): number {
  // 1 − e^ε(1 − q) = e^ε·q − (e^ε − 1)
  const left = epsilon > 700 ? -1 : Math.exp(epsilon) * probability - Math.expm1(epsilon);
  if (left <= 0) return probability === 1 ? delta(epsilon) : 0;
  return left * delta(epsilon + Math.log(probability) - Math.log(left));
}
