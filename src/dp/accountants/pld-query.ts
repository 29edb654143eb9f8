/** Questions to composed losses: ε at a δ and δ at an ε, from above and from below. */
import type { Composite } from './pld-compose.ts';

/** The truth lies between these two. */
export type Bounds = { readonly upper: number; readonly lower: number };

/**
 * The hockey stick of a window in units of e^(logScale − theta·bottom): at its k-th loss it is
 * above[k] − e^(k·mesh)·weighted[k].
 */
type Sums = { readonly above: Float64Array; readonly weighted: Float64Array };

/** Beyond e^−650, weights begin to underflow: no answer is taken from there. */
const DEEPEST = 650;

/** Rounding of sums and logarithms at the very end. */
const ROUNDING = 4e-15;

/** Sums from the top of the window downwards, every mass moved by `noise` and then at least 0. */
function sumsOf({ tilted, first, theta, mesh }: Composite, noise: number): Sums {
  const length = tilted.length;
  const above = new Float64Array(length + 1);
  const weighted = new Float64Array(length + 1);
  const downTilt = Math.exp(-theta * mesh);
  const down = Math.exp(-mesh);
  let start = ((first % length) + length) % length;
  // A single loss is not wrapped.
  if (theta === 0) start = 0;
  let sum = 0;
  let lower = 0;
  for (let block = (length - 1) & ~63; block >= 0; block -= 64) {
    // Weights by products within a block only, so that their errors do not add up.
    const end = Math.min(block + 64, length);
    let weight = Math.exp(-theta * block * mesh);
    let both = Math.exp(-(theta + 1) * block * mesh);
    let place = start + block;
    for (let k = block; k < end; k++, place++) {
      if (place >= length) place -= length;
      const mass = Math.max(0, (tilted[place] as number) + noise);
      above[k] = mass * weight;
      weighted[k] = mass * both;
      weight *= downTilt;
      both *= downTilt * down;
    }
    for (let k = end - 1; k >= block; k--) {
      sum += above[k] as number;
      lower += weighted[k] as number;
      above[k] = sum;
      weighted[k] = lower;
    }
  }
  return { above, weighted };
}

const stick = ({ above, weighted }: Sums, k: number, mesh: number): number =>
  (above[k] as number) - Math.exp(k * mesh) * (weighted[k] as number);

const scaleOf = ({ logScale, theta, first, mesh }: Composite): number =>
  Math.exp(logScale - theta * first * mesh);

/**
 * How far the composite's hockey stick may be above the true one at the k-th loss of the window: the
 * grid's share, as the head of `pld.ts` derives it, and what wrapped.
 */
function surplus(composite: Composite, upper: Sums, k: number): number {
  const { mesh, first, count, relativeError, fromBelow, fromAbove } = composite;
  const mass = (upper.above[k] as number) - (upper.above[k + 1] ?? 0);
  const grid = 0.5 * count * Math.expm1(mesh) * mass * scaleOf(composite) * (1 + relativeError);
  return grid + fromBelow + fromAbove((first + k) * mesh);
}

/**
 * Bounds of the ε at a δ, 0 or more.
 *
 * @param delta above the composite's infinity
 * @returns undefined where ε lies below the window, or where what was cut is more than δ
 *
 * **Cost**: two passes over the window.
 */
export function epsilonAt(composite: Composite, delta: number): Bounds | undefined {
  const { mesh, first, tilted, noise, relativeError, lossError, infinity } = composite;
  const bottom = first * mesh;
  const scale = scaleOf(composite);
  const budget = (delta - infinity - composite.above) / (scale * (1 + relativeError));
  if (!(budget > 0)) return undefined;
  const upper = sumsOf(composite, noise);
  let low = 0;
  if (stick(upper, 0, mesh) <= budget) {
    return first > 0 ? undefined : { upper: 0, lower: 0 };
  }
  let high = tilted.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (stick(upper, middle, mesh) <= budget) high = middle;
    else low = middle;
  }
  if ((composite.theta + 1) * high * mesh > DEEPEST) return undefined;
  // Linear in e^ε between the two; a rounded quotient never leaves them.
  const ratio = ((upper.above[high] as number) - budget) / (upper.weighted[high] as number);
  const crossing = ratio > 0 ? Math.log(ratio) : 0;
  const inside = Math.min(high * mesh, Math.max(low * mesh, crossing));
  const found = (bottom + inside + lossError) * (1 + ROUNDING) + ROUNDING;

  const lower = noise === 0 ? upper : sumsOf(composite, -noise);
  const atLeast = (k: number): number =>
    infinity * (1 - ROUNDING) +
    scale * (1 - relativeError) * stick(lower, k, mesh) -
    surplus(composite, upper, k) -
    2 * composite.raised * delta;
  let k = high;
  while (k >= 0 && atLeast(k) < delta) k--;
  if (k < 0) return { upper: Math.max(0, found), lower: 0 };
  let least = bottom + k * mesh;
  if (k < high) {
    const [here, next] = [atLeast(k), atLeast(k + 1)];
    least += Math.log1p(Math.expm1(mesh) * ((here - delta) / (here - next)));
  }
  least = (least - lossError) * (1 - ROUNDING) - ROUNDING;
  return { upper: Math.max(0, found), lower: Math.max(0, Math.min(least, found)) };
}

/**
 * Bounds of the δ at an ε.
 *
 * @param epsilon from 0
 * @returns undefined where ε lies outside of the window
 *
 * **Cost**: as {@link epsilonAt}.
 */
export function deltaAt(composite: Composite, epsilon: number): Bounds | undefined {
  const { mesh, first, tilted, noise, relativeError, lossError, infinity } = composite;
  const scale = scaleOf(composite);
  // Both from the k-th loss on, which is the first above.
  const value = (sums: Sums, at: number): readonly [number, number] => {
    const offset = at - first * mesh;
    const k = Math.max(0, Math.ceil(offset / mesh));
    const exponent = Math.exp(offset) * (sums.weighted[Math.min(k, tilted.length)] as number);
    return [Math.max(0, (sums.above[Math.min(k, tilted.length)] as number) - exponent), k];
  };
  const depth = epsilon - first * mesh;
  if (depth < lossError || depth > tilted.length * mesh) return undefined;
  if ((composite.theta + 1) * depth > DEEPEST) return undefined;
  const upperSums = sumsOf(composite, noise);
  const [high] = value(upperSums, epsilon * (1 - ROUNDING) - lossError);
  const upper = scale * high * (1 + relativeError) + infinity + composite.above;
  const lowerSums = noise === 0 ? upperSums : sumsOf(composite, -noise);
  const [low, k] = value(lowerSums, epsilon * (1 + ROUNDING) + lossError);
  const excess = Math.max(
    surplus(composite, upperSums, Math.min(k, tilted.length)),
    surplus(composite, upperSums, Math.max(0, k - 1)),
  );
  const least =
    scale * low * (1 - relativeError) +
    infinity * (1 - ROUNDING) -
    excess -
    composite.raised * upper;
  return { upper: Math.min(1, upper), lower: Math.max(0, Math.min(least, upper, 1)) };
}
