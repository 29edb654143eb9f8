/**
 * Where to look: how to tilt the losses, and which stretch of the composed losses to compute.
 *
 * What is wanted is δ(ε) = E[(1 − e^(ε − L))⁺] for a sum L of many losses, where δ may be 10^−30 while a
 * transform in doubles is good to 10^−16. So each loss l gets the weight e^(θl), and the result is
 * weighted back: with θ near the saddle point the tilted sum is centred near ε, δ is a bulk quantity of
 * it, and absolute errors of the transform become relative errors of δ.
 *
 * A transform of length N adds up losses modulo its width W = N·mesh. A loss that comes back W too high
 * is weighted back e^(−θW) times too little: with θW large enough, nothing is seen of losses below the
 * window. Losses above the window are few, and counted apart. So the window begins just below ε.
 *
 * Everything here is an estimate from sketches. A bad one makes the answer loose, or missing, not wrong:
 * whatever the window leaves out is bounded afterwards.
 */
import type { Sketch } from './pld-dots.ts';
import { FFT_ERROR_PER_LEVEL } from './pld-fft.ts';

/** Something that happens `count` times. */
export type SketchedStep = { readonly sketch: Sketch; readonly count: number };

/** One point of the curve δ(ε) as the saddle point sees it. */
export type Estimate = {
  readonly epsilon: number;
  readonly logDelta: number;
  /** The tilt that centres the losses that matter. */
  readonly theta: number;
};

/** What to compute. */
export type Window = {
  /** Losses are weighted with e^(theta·l). */
  readonly theta: number;
  /** Larger tilts, for bounds of what lies above the window and of what wraps into it from there. */
  readonly tailTheta: number;
  readonly wrapTheta: number;
  /** The least loss of the window, in meshes. */
  readonly first: number;
  /** Losses in the window: a power of two. */
  readonly length: number;
};

/** What is left out may be this much of δ. */
const LEFT_OUT = 1e-9;
/** Noise of the transform that is gladly accepted, relative to δ. */
const NOISE = 1e-9;
const LEAST_THETA = 1e-12;
const MIN_LENGTH = 1024;
/** Longer windows are not asked for. */
const MAX_SUMS = 2 ** 24;

/** K(θ) = Σ count·ln E[e^(θl)], with its first two derivatives. */
type Cumulants = { readonly k: number; readonly mean: number; readonly variance: number };

function cumulants(steps: readonly SketchedStep[], theta: number): Cumulants {
  let k = 0;
  let mean = 0;
  let variance = 0;
  for (const { sketch, count } of steps) {
    const { losses, masses } = sketch;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < losses.length; i++) {
      if ((masses[i] as number) > 0) most = Math.max(most, losses[i] as number);
    }
    if (most === Number.NEGATIVE_INFINITY) continue;
    let sum = 0;
    let first = 0;
    let second = 0;
    for (let i = 0; i < losses.length; i++) {
      const loss = losses[i] as number;
      const weight = (masses[i] as number) * Math.exp(theta * (loss - most));
      sum += weight;
      first += weight * loss;
      second += weight * loss * loss;
    }
    const average = first / sum;
    k += count * (Math.log(sum) + theta * most);
    mean += count * average;
    variance += count * Math.max(0, second / sum - average * average);
  }
  return { k, mean, variance };
}

/** Lugannani and Rice's trick for (1 − e^(ε − L))⁺: its transform 1/(θ(θ + 1)) joins the exponent. */
function saddle(steps: readonly SketchedStep[], theta: number): Estimate {
  const { k, mean, variance } = cumulants(steps, theta);
  const epsilon = mean - 1 / theta - 1 / (theta + 1);
  const spread = variance + theta ** -2 + (theta + 1) ** -2;
  const logDelta =
    k -
    theta * epsilon -
    Math.log(theta) -
    Math.log1p(theta) -
    0.5 * Math.log(2 * Math.PI * spread);
  return { epsilon, logDelta, theta };
}

/** The θ at which a decreasing function of θ crosses 0; the nearest end if it does not. */
function crossing(value: (theta: number) => number, most: number): number {
  let low = Math.min(1, most / 2);
  let high = low;
  if (value(low) > 0) {
    while (high < most && value(high) > 0) {
      low = high;
      high = Math.min(most, high * 4);
    }
  } else {
    while (low > LEAST_THETA && value(low) <= 0) {
      high = low;
      low /= 4;
    }
  }
  for (let i = 0; i < 40 && high / low > 1.0005; i++) {
    const middle = Math.sqrt(low * high);
    if (value(middle) > 0) low = middle;
    else high = middle;
  }
  return Math.sqrt(low * high);
}

/** Beyond this tilt the grid's highest point alone counts. */
const mostTheta = (mesh: number): number => 20 / mesh;

/**
 * About where δ(ε) takes a value.
 *
 * @param logDelta ln δ
 */
export function estimateEpsilon(
  steps: readonly SketchedStep[],
  logDelta: number,
  mesh: number,
): Estimate {
  const theta = crossing((t) => saddle(steps, t).logDelta - logDelta, mostTheta(mesh));
  const found = saddle(steps, theta);
  if (found.epsilon > 0) return { ...found, logDelta };
  return { ...estimateDelta(steps, 0, mesh), logDelta };
}

/** About the value of δ(ε). */
export function estimateDelta(
  steps: readonly SketchedStep[],
  epsilon: number,
  mesh: number,
): Estimate {
  const theta = crossing((t) => epsilon - saddle(steps, t).epsilon, mostTheta(mesh));
  return { ...saddle(steps, theta), epsilon };
}

/** About where a function of a tilt, `from` … `most`, is least; it falls first and rises then. */
function least(value: (theta: number) => number, from: number, most: number): number {
  let theta = from;
  let lowest = value(theta);
  for (let factor = 2; factor > 1.02; factor = Math.sqrt(factor)) {
    for (const ratio of [factor, 1 / factor]) {
      for (;;) {
        const next = Math.min(Math.max(from, theta * ratio), most);
        const found = value(next);
        if (!(found < lowest)) break;
        theta = next;
        lowest = found;
      }
    }
  }
  return theta;
}

/**
 * The window for an estimate.
 *
 * @param most no sum of losses is above this
 * @param margin e^margin is how wrong the estimate of δ may be
 * @param modulus the mean modulus of the composed spectrum, which decides how much noise the transform
 *   makes: 1 at most; left out: what a smooth bell would have
 */
export function windowFor(
  steps: readonly SketchedStep[],
  estimate: Estimate,
  mesh: number,
  most: number,
  margin: number,
  modulus?: number,
): Window {
  const { epsilon, theta: centre } = estimate;
  const steepest = mostTheta(mesh);
  const logLeast = estimate.logDelta + Math.log(LEFT_OUT);
  // P(L > top) ≤ e^(K(s) − s·top) for every s > 0.
  const top = (s: number): number => (cumulants(steps, s).k - logLeast) / s;
  const tailTheta = least(top, centre, steepest);
  const highest = Math.min(top(tailTheta), most) + 4 * mesh;
  const bottom = Math.max(-mesh, epsilon - margin / centre - 4 * mesh);

  const [flat, steep] = bearable(steps, estimate, mesh, modulus);
  const width = Math.max(highest - bottom, -logLeast / steep);
  let length = MIN_LENGTH;
  let theta = centre;
  let wrapTheta = centre;
  for (; length < MAX_SUMS; length *= 2) {
    const span = length * mesh;
    if (span < width) continue;
    // What wraps upwards is bounded by e^(−θW); the least tilt that does keeps what wraps downwards
    // smallest, which is e^(θW)·P(L ≥ ε + W) for one turn.
    theta = Math.min(steep, Math.max(flat, -logLeast / span));
    if (epsilon - margin / centre + span >= most) break;
    const wrapped = (s: number): number => cumulants(steps, s).k - s * (epsilon + span);
    wrapTheta = least(wrapped, theta * 1.1, steepest);
    if (wrapped(wrapTheta) + theta * span <= logLeast) break;
  }
  // What the power of two leaves over goes half below the estimate, in case that it was too high.
  // Not so far, though, that the weights at the estimate would underflow.
  const spare = Math.min(0.5 * (length * mesh - (highest - bottom)), 200 / (theta + 1));
  const first = Math.floor(Math.max(-mesh, bottom - spare) / mesh);
  return { theta, tailTheta, wrapTheta: Math.max(wrapTheta, 1.05 * theta), first, length };
}

/** The tilts between which the transform's noise is small beside δ, or nearly as small as it gets. */
function bearable(
  steps: readonly SketchedStep[],
  { epsilon, logDelta, theta: centre }: Estimate,
  mesh: number,
  modulus: number | undefined,
): readonly [number, number] {
  let count = 0;
  for (const step of steps) count += step.count;
  const { variance } = cumulants(steps, centre);
  const mean = modulus ?? Math.min(1, mesh / Math.sqrt(2 * Math.PI * variance + mesh * mesh));
  const perMass = Math.log(40 * count * FFT_ERROR_PER_LEVEL * mean) - Math.log(mesh) - logDelta;
  const noise = (theta: number): number =>
    perMass + cumulants(steps, theta).k - theta * epsilon - Math.log(theta) - Math.log1p(theta);
  const accepted = Math.max(Math.log(NOISE), noise(centre) + Math.LN2);
  const outermost = (direction: 1 | -1): number => {
    let theta = centre;
    for (let factor = 2; factor > 1.02; factor = Math.sqrt(factor)) {
      for (;;) {
        const next = theta * factor ** direction;
        if (next > mostTheta(mesh) || next < LEAST_THETA || !(noise(next) < accepted)) break;
        theta = next;
      }
    }
    return theta;
  };
  return [outermost(-1), outermost(1)];
}
