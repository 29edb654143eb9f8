/**
 * The distribution of a sum of many losses, in a window, by one Fourier transform each way, with a bound
 * on everything that rounding, wrapping and cutting may have done to it.
 */
import type { Dots } from './pld-dots.ts';
import { FFT_ERROR_PER_LEVEL, fftPlan, forwardInto, inverseInto } from './pld-fft.ts';
import type { Window } from './pld-window.ts';

const U = 2 ** -53;

/** A window is at most this wide, so that no weight within it leaves the range of doubles. */
export const MAX_WIDTH = 600;

/** Losses that occur `count` times. */
export type Step = { readonly dots: Dots; readonly count: number };

/**
 * Composed losses. The mass at loss j·mesh is e^(logScale − theta·j·mesh)·tilted[j mod length], for
 * every j from `first` up to first + length − 1.
 */
export type Composite = {
  readonly mesh: number;
  readonly first: number;
  readonly tilted: Float64Array;
  readonly theta: number;
  readonly logScale: number;
  /** How many losses were added up. */
  readonly count: number;
  /** Every entry of `tilted` may be off by this. */
  readonly noise: number;
  /** The mean modulus of the spectrum, which decides how much noise there is. */
  readonly modulus: number;
  /** δ may be off by this beside, relative. */
  readonly relativeError: number;
  /** Losses may be off by this. */
  readonly lossError: number;
  /** P's mass of infinite loss that is really there. */
  readonly infinity: number;
  /** At most the mass that was moved to infinity, or lies above the window. */
  readonly above: number;
  /** At most what sums that wrapped may have added to δ(ε), from either side of the window. */
  readonly fromBelow: number;
  readonly fromAbove: (epsilon: number) => number;
  /** At most what moving up low losses may have added to δ, relative to δ. */
  readonly raised: number;
};

/**
 * Adds up losses.
 *
 * @param steps on one mesh; at least one
 * @param window which sums are wanted
 * @returns undefined where there are so many losses that rounding decides (about 10^11)
 *
 * **Cost**: one transform of the window's length for each step, one back, and log₂(count) products for
 * each frequency; 16 bytes for each place.
 */
export function compose(steps: readonly Step[], window: Window): Composite | undefined {
  const { theta, length, first } = window;
  const { mesh } = (steps[0] as Step).dots;
  const plan = fftPlan(length);
  const perOutput = FFT_ERROR_PER_LEVEL * Math.log2(length) + 8 * U;
  const product = new Float64Array(length);
  const factor = steps.length > 1 ? new Float64Array(length) : product;
  const total = totals(steps);
  if (!(total.count * perOutput < 0.01)) return undefined;
  let logScale = 0;
  let relativeError = total.relativeError + 256 * U + length * U;
  for (const [i, { dots, count }] of steps.entries()) {
    const target = i === 0 ? product : factor;
    target.fill(0);
    const logMoment = tiltInto(target, dots, theta);
    logScale += count * logMoment;
    // The rounding of θ·l, of its exponential, and of count·ln M.
    const widest = Math.max(-dots.first, dots.first + dots.masses.length) * mesh;
    relativeError += count * (4 + 3 * theta * widest) * U + count * Math.abs(logMoment) * 4 * U;
    forwardInto(plan, target);
    powerInto(target, count);
    if (i > 0) multiplyInto(product, factor);
  }
  const mean = meanModulus(product);
  // An error e of a factor z of modulus at most 1 is one of count·|z|^(count − 1)·e in its power; where
  // |z| ≥ ½ that is at most 2·count·|z|^count·e, and elsewhere it is below count·2^(1 − count)·e.
  let noise = perOutput * mean;
  for (const { count } of steps) {
    noise += 1.1 * count * perOutput * (2 * mean + 2 ** (1 - Math.min(count, 1000)));
  }
  inverseInto(plan, product);
  for (let i = 0; i < length; i++) product[i] = (product[i] as number) * (2 / length);
  relativeError += Math.abs(logScale) * 4 * U + Math.abs(theta * (first + length) * mesh) * 4 * U;
  return {
    mesh,
    first,
    tilted: product,
    theta,
    logScale,
    noise: noise + 1e-100,
    modulus: mean,
    ...total,
    relativeError,
    ...beyond(steps, window, total.cut),
  };
}

/**
 * A single loss as the sum of one: nothing to add up, so nothing to tilt and nothing lost.
 *
 * @param dots as they are
 * @param epsilon about where it will be asked: far below it there is nothing to know, and weights
 *   would overflow. What is asked there all the same is outside of the window
 */
export function single(dots: Dots, epsilon: number): Composite {
  const { masses, first, mesh } = dots;
  const { count, relativeError, lossError, infinity, cut, raised } = totals([{ dots, count: 1 }]);
  const reach = MAX_WIDTH / 2 / mesh;
  // Nobody asks below 0.
  const bottom = Math.floor(Math.max(-2, epsilon / mesh - reach));
  const skipped = Math.min(masses.length - 1, Math.max(0, bottom - first));
  const end = Math.min(masses.length, skipped + Math.floor(2 * reach));
  let above = cut;
  for (let i = end; i < masses.length; i++) above += masses[i] as number;
  return {
    mesh,
    first: first + skipped,
    tilted: masses.subarray(skipped, end),
    theta: 0,
    logScale: 0,
    count,
    noise: 0,
    modulus: 1,
    relativeError: relativeError + (256 + masses.length) * U,
    lossError,
    infinity,
    above,
    fromBelow: 0,
    fromAbove: () => 0,
    raised,
  };
}

type Totals = {
  readonly count: number;
  readonly relativeError: number;
  readonly lossError: number;
  readonly infinity: number;
  readonly cut: number;
  readonly raised: number;
};

function totals(steps: readonly Step[]): Totals {
  let count = 0;
  let relativeError = 0;
  let lossError = 0;
  let logFinite = 0;
  let cut = 0;
  let raised = 0;
  for (const step of steps) {
    const { dots } = step;
    count += step.count;
    relativeError += step.count * dots.relativeError;
    lossError += step.count * dots.lossError;
    logFinite += step.count * Math.log1p(-dots.infinity);
    cut += step.count * dots.cutAbove;
    // Moved losses matter only where all others together are above ε + |lowest|, which has at most
    // the probability δ(ε)/(1 − e^(−|lowest|)).
    raised += (step.count * dots.cutBelow) / -Math.expm1(dots.first * dots.mesh);
  }
  const infinity = Math.max(0, -Math.expm1(logFinite) * (1 + 8 * U));
  return { count, relativeError, lossError, infinity, cut, raised };
}

/** Weights, normalises and wraps masses; the logarithm of what they were divided by. */
function tiltInto(target: Float64Array, dots: Dots, theta: number): number {
  const { masses, first, mesh } = dots;
  const logMoment = logMomentOf(dots, theta);
  const mask = target.length - 1;
  for (let i = 0; i < masses.length; i++) {
    const mass = masses[i] as number;
    if (mass > 0) {
      const at = (first + i) & mask;
      const weighted = mass * Math.exp(theta * ((first + i) * mesh) - logMoment);
      target[at] = (target[at] as number) + weighted;
    }
  }
  return logMoment;
}

/** ln Σ mass·e^(θl). */
function logMomentOf({ masses, first, mesh }: Dots, theta: number): number {
  // Weights grow with the loss, so the last one is the largest.
  const highest = first + masses.length - 1;
  let most = Number.NEGATIVE_INFINITY;
  let sum = 0;
  // The largest term, in steps of 64 places: e^(64·θ·mesh) is all that this can be wrong by.
  for (let i = 0; i < masses.length; i += 64) {
    let part = 0;
    for (let j = i; j < Math.min(i + 64, masses.length); j++) part += masses[j] as number;
    if (part > 0) most = Math.max(most, Math.log(part) + theta * mesh * (first + i));
  }
  if (most === Number.NEGATIVE_INFINITY) return theta * mesh * highest;
  for (let i = 0; i < masses.length; i++) {
    const mass = masses[i] as number;
    if (mass > 0) sum += mass * Math.exp(theta * ((first + i) * mesh) - most);
  }
  return most + Math.log(sum);
}

/** Every number of a spectrum to a power, by squaring. */
function powerInto(spectrum: Float64Array, power: number): void {
  if (power === 1) return;
  const bits = power.toString(2);
  const realPower = (x: number): number => x ** power;
  spectrum[0] = realPower(spectrum[0] as number);
  spectrum[1] = realPower(spectrum[1] as number);
  for (let i = 2; i < spectrum.length; i += 2) {
    const zr = spectrum[i] as number;
    const zi = spectrum[i + 1] as number;
    let r = zr;
    let s = zi;
    for (let bit = 1; bit < bits.length; bit++) {
      const square = r * r - s * s;
      s = 2 * r * s;
      r = square;
      if (bits.charCodeAt(bit) === 49) {
        const real = r * zr - s * zi;
        s = r * zi + s * zr;
        r = real;
      }
      // Subnormal numbers are slow, and this is nothing already.
      if (r < 1e-120 && r > -1e-120 && s < 1e-120 && s > -1e-120) {
        r = 0;
        s = 0;
        break;
      }
    }
    spectrum[i] = r;
    spectrum[i + 1] = s;
  }
}

function multiplyInto(spectrum: Float64Array, other: Float64Array): void {
  spectrum[0] = (spectrum[0] as number) * (other[0] as number);
  spectrum[1] = (spectrum[1] as number) * (other[1] as number);
  for (let i = 2; i < spectrum.length; i += 2) {
    const ar = spectrum[i] as number;
    const ai = spectrum[i + 1] as number;
    const br = other[i] as number;
    const bi = other[i + 1] as number;
    spectrum[i] = ar * br - ai * bi;
    spectrum[i + 1] = ar * bi + ai * br;
  }
}

/** The mean of the moduli over all frequencies, both halves of the spectrum. */
function meanModulus(spectrum: Float64Array): number {
  let sum = Math.abs(spectrum[0] as number) + Math.abs(spectrum[1] as number);
  for (let i = 2; i < spectrum.length; i += 2) {
    const r = spectrum[i] as number;
    const s = spectrum[i + 1] as number;
    sum += 2 * Math.sqrt(r * r + s * s);
  }
  return sum / spectrum.length;
}

/** What is above the window, and what wrapping adds. */
function beyond(
  steps: readonly Step[],
  { theta, tailTheta, wrapTheta, first, length }: Window,
  cut: number,
): Pick<Composite, 'above' | 'fromBelow' | 'fromAbove'> {
  const { mesh } = (steps[0] as Step).dots;
  let most = 0;
  for (const { dots, count } of steps) most += count * (dots.first + dots.masses.length - 1);
  const width = length * mesh;
  // A sum that wraps upwards k times, from below the window, weighs e^(−kθW) of what it did.
  const fromBelow = Math.exp(-theta * width) / -Math.expm1(-theta * width);
  // No sum lies above the window.
  if (most < first + length) return { above: cut, fromBelow, fromAbove: () => 0 };
  // P(L ≥ top), by Chernoff's bound.
  const top = (first + length) * mesh;
  const tail = Math.exp(composedLogMoment(steps, tailTheta) - tailTheta * top);
  // One that wraps downwards k times and still counts lies above ε + kW, and weighs e^(kθW) times as
  // much: Σ e^(kθW)·P(L ≥ ε + kW), again by Chernoff's bound.
  const gain = (theta - wrapTheta) * width;
  const logWrapped = composedLogMoment(steps, wrapTheta) + gain - Math.log(-Math.expm1(gain));
  const fromAbove = (epsilon: number): number =>
    epsilon + width > most * mesh ? 0 : Math.exp(logWrapped - wrapTheta * epsilon);
  return { above: cut + tail, fromBelow, fromAbove };
}

/** ln E[e^(θL)] of the sum, rounded up. */
function composedLogMoment(steps: readonly Step[], theta: number): number {
  let sum = 0;
  let slack = 1e-9;
  for (const { dots, count } of steps) {
    const logMoment = count * logMomentOf(dots, theta);
    sum += logMoment;
    slack += 1e-12 * Math.abs(logMoment) + 1e-12 * count;
  }
  return sum + slack;
}
