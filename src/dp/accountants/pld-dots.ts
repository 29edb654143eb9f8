/**
 * Privacy losses on a grid, so that the grid's hockey stick lies nowhere below the true one.
 *
 * As a function of x = e^ε the hockey stick δ is convex, from 1 at x = 0 down to P's mass where Q has
 * none. Joining its values at the grid points (and at x = 0) by straight lines gives the hockey stick
 * of a pair of distributions with losses on the grid, above the true one. An atom of loss l is then
 * split between the two points around l so that P's and Q's mass are both kept.
 *
 * Masses need not add up to 1 for any of this: composition is monotone in the hockey sticks of
 * measures of any total, since δ of a product is an average of δ of one factor at shifted ε. So a
 * rounding error that keeps every mass at least 0 and the hockey stick within a factor 1 − r of what it
 * should be costs a factor (1 − r) per step and nothing else; that is what `relativeError` is for.
 *
 * **Source**: Doroshenko, Ghazi, Kamath, Kumar and Manurangsi 2022 (arXiv 2207.04380), Algorithm 1.
 */
import type { AtomPair, CurvePair, Pair } from './pld-pairs.ts';

/** Masses at the losses mesh·first, mesh·(first + 1), …. */
export type Dots = {
  readonly mesh: number;
  readonly first: number;
  readonly masses: Float64Array;
  /** The mass of infinite loss that is really there. */
  readonly infinity: number;
  /** The mass of high losses that was moved to infinity. */
  readonly cutAbove: number;
  /** How much the hockey stick rose, at most, because low losses were moved up to the first points. */
  readonly cutBelow: number;
  /** How far the hockey stick may be below what the lines say, relative. */
  readonly relativeError: number;
  /** How far losses may be off through rounding, in ε. */
  readonly lossError: number;
};

/** Masses at losses that lie on no grid: good for estimates only. */
export type Sketch = {
  readonly losses: Float64Array;
  readonly masses: Float64Array;
};

const U = 2 ** -53;

/**
 * A pair on a grid.
 *
 * @param mesh distance of the grid's points, in ε
 * @param cutAbove the mass of high losses that may be moved to infinity
 * @param cutBelow the mass of low losses that may be moved up
 * @param points how many the grid may have
 * @returns undefined where that is not enough
 *
 * **Cost**: one hockey stick for each point, or one step for each atom.
 */
export function dotsOf(
  pair: Pair,
  mesh: number,
  cutAbove: number,
  cutBelow: number,
  points: number,
): Dots | undefined {
  return pair.kind === 'curve'
    ? dotsOfCurve(pair, mesh, cutAbove, cutBelow, points)
    : dotsOfAtoms(pair, mesh, cutAbove, cutBelow, points);
}

function dotsOfCurve(
  pair: CurvePair,
  mesh: number,
  cutAbove: number,
  cutBelow: number,
  points: number,
): Dots | undefined {
  const { excess } = pair;
  const last = reach((i) => excess(i * mesh) <= cutAbove, pair.most / mesh);
  const first = -reach((i) => excess(-i * mesh) <= cutBelow, -pair.least / mesh);
  if (!(last - first < points)) return undefined;
  const masses = new Float64Array(last - first + 1);
  // Of the line through (x_i, e_i) and (x_i+1, e_i+1), x_i·slope is rise·(e_i+1 − e_i), and
  // x_i+1·slope is fall·(e_i+1 − e_i). A mass is x times the change of the slope.
  const rise = 1 / Math.expm1(mesh);
  const fall = -1 / Math.expm1(-mesh);
  let here = excess(first * mesh);
  // The line from x = 0, where the excess is 0; the last line is level.
  const cut = here;
  let before = here;
  for (let i = first; i < last; i++) {
    const next = excess((i + 1) * mesh);
    masses[i - first] = Math.max(0, rise * (next - here) - before);
    before = fall * (next - here);
    here = next;
  }
  masses[last - first] = Math.max(0, -before);
  // (1 − x)⁺ itself has its kink at x = 1.
  kink(masses, first, excess, mesh, rise, fall);
  const width = Math.max(-first, last) * mesh;
  return {
    mesh,
    first,
    masses,
    infinity: 0,
    cutAbove: here,
    cutBelow: cut,
    relativeError: pair.relativeError(width) + 8 * U,
    lossError: 8 * U * (width + pair.offset),
  };
}

/** The mass at loss 0, from the excess and the kink together: only their sum is at least 0. */
function kink(
  masses: Float64Array,
  first: number,
  excess: (epsilon: number) => number,
  mesh: number,
  rise: number,
  fall: number,
): void {
  const here = excess(0);
  const up = rise * (excess(mesh) - here);
  const down = fall * (here - excess(-mesh));
  masses[-first] = Math.max(0, 1 + up - down);
}

/** The least whole number from 1, up to `limit` rounded up, from which on a condition holds. */
function reach(holds: (i: number) => boolean, limit: number): number {
  const end = Math.max(1, Math.ceil(limit));
  let high = 1;
  while (high < end && !holds(high)) high *= 2;
  if (high >= 2 ** 24) return high;
  high = Math.min(high, end);
  let low = high >> 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function dotsOfAtoms(
  pair: AtomPair,
  mesh: number,
  cutAbove: number,
  cutBelow: number,
  points: number,
): Dots | undefined {
  const { losses, masses: parts } = pair;
  const least = outermost(pair, cutBelow, -1);
  const most = outermost(pair, cutAbove, 1);
  const first = Math.floor(Math.min(0, least) / mesh) - 1;
  const last = Math.ceil(Math.max(0, most) / mesh) + 1;
  if (!(last - first < points)) return undefined;
  const masses = new Float64Array(last - first + 1);
  let above = 0;
  let below = 0;
  const step = -Math.expm1(-mesh);
  for (let i = 0; i < losses.length; i++) {
    const mass = parts[i] as number;
    let loss = losses[i] as number;
    if (loss > most) {
      above += mass;
      continue;
    }
    if (loss < least) {
      below += mass;
      loss = least;
    }
    const at = Math.floor(loss / mesh);
    const share = Math.min(1, Math.max(0, -Math.expm1(at * mesh - loss) / step));
    const place = at - first;
    masses[place] = (masses[place] as number) + mass * (1 - share);
    masses[place + 1] = (masses[place + 1] as number) + mass * share;
  }
  const width = Math.max(-first, last) * mesh;
  return {
    mesh,
    first,
    masses,
    infinity: pair.infinity,
    cutAbove: above * (1 + 1e-9),
    cutBelow: below * (1 + 1e-9),
    relativeError: pair.relativeError + (8 + losses.length) * U,
    lossError: 16 * U * (width + 1),
  };
}

/** A loss beyond which, on the side of `sign`, atoms carry at most `cut`; not far above the least of them. */
function outermost({ losses, masses }: AtomPair, cut: number, sign: 1 | -1): number {
  const beyond = (loss: number): number => {
    let total = 0;
    for (let i = 0; i < losses.length; i++) {
      if (sign * (losses[i] as number) > loss) total += masses[i] as number;
    }
    return total;
  };
  if (beyond(Number.NEGATIVE_INFINITY) <= cut) return 0;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < losses.length; i++) {
    low = Math.min(low, sign * (losses[i] as number));
    high = Math.max(high, sign * (losses[i] as number));
  }
  // To a thousandth of the range: a grid that is so much longer costs nothing.
  for (let i = 0; i < 10; i++) {
    const middle = low + (high - low) / 2;
    if (beyond(middle) <= cut) high = middle;
    else low = middle;
  }
  return sign * high;
}

/** Points of a sketch on each side of loss 0, and the ratio of the widest gap to the narrowest. */
const SKETCH_POINTS = 192;

/**
 * A few hundred masses that behave nearly like the pair's, for finding one's way.
 *
 * @param cut the mass of high (low) losses that does not matter
 */
export function sketchOf(pair: Pair, cut: number): Sketch {
  if (pair.kind === 'atoms') return sketchOfAtoms(pair);
  const { excess } = pair;
  const high = extent((x) => excess(x) <= cut, pair.most);
  const low = extent((x) => excess(-x) <= 1e-12, -pair.least);
  const losses = new Float64Array(2 * SKETCH_POINTS + 1);
  const masses = new Float64Array(2 * SKETCH_POINTS + 1);
  // Gaps grow with the distance from 0, where sampling puts most of the mass.
  for (let i = 1; i <= SKETCH_POINTS; i++) {
    const part = Math.sinh((9 * i) / SKETCH_POINTS) / Math.sinh(9);
    losses[SKETCH_POINTS + i] = high * part;
    losses[SKETCH_POINTS - i] = -low * part;
  }
  let before = excess(losses[0] as number);
  let here = before;
  const n = 2 * SKETCH_POINTS;
  for (let i = 0; i < n; i++) {
    const next = excess(losses[i + 1] as number);
    const gap = (losses[i + 1] as number) - (losses[i] as number);
    const trivial = i === SKETCH_POINTS ? 1 : 0;
    masses[i] = Math.max(0, trivial + (next - here) / Math.expm1(gap) - before);
    before = -(next - here) / Math.expm1(-gap);
    here = next;
  }
  masses[n] = Math.max(0, -before);
  return { losses, masses };
}

/** About where a condition begins to hold, at most `limit`. */
function extent(holds: (x: number) => boolean, limit: number): number {
  let high = Math.min(limit, 2 ** -20);
  while (high < limit && !holds(high)) high *= 1.25;
  return Math.min(high, limit);
}

function sketchOfAtoms({ losses, masses }: AtomPair): Sketch {
  const group = Math.ceil(losses.length / 2048);
  if (group === 1) return { losses, masses };
  const groups = Math.ceil(losses.length / group);
  const few = { losses: new Float64Array(groups), masses: new Float64Array(groups) };
  for (let i = 0; i < losses.length; i++) {
    const at = Math.floor(i / group);
    const mass = masses[i] as number;
    few.masses[at] = (few.masses[at] as number) + mass;
    few.losses[at] = (few.losses[at] as number) + mass * (losses[i] as number);
  }
  for (let i = 0; i < groups; i++) {
    few.losses[i] = (few.losses[i] as number) / ((few.masses[i] as number) || 1);
  }
  return few;
}
