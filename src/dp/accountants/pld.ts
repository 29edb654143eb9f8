/**
 * The PLD accountant: composes whole distributions of privacy losses instead of one number for each, so
 * its ε is exact up to the mesh of the grid. Upper and lower bound come from the same computation.
 *
 * Upper bound: the composed losses on the grid dominate the true ones (see `pld-dots.ts`), and all that
 * rounding, wrapping and cutting may have taken away is added.
 *
 * Lower bound: let C be the grid's hockey stick of one step and d the true one, and let R be randomised
 * response with ε = mesh, whose losses are ±mesh. Composing C with R spreads every grid point to both its
 * neighbours. Between two grid points, C exceeds d by most when all losses there are equal; comparing
 * that case with the spread of the two points gives C − d ≤ κ·(C∘R − C) with κ = (e^mesh + 1)/2. Taking
 * T steps one by one, C^T − d^T = Σ C^(k)∘(C − d)∘d^(T−1−k) ≤ κ·T·(C^T∘R − C^T), composition being
 * monotone and linear in each factor. At a grid point where the composed losses have mass p,
 * C^T∘R − C^T is p·tanh(mesh/2), and between grid points all is linear in e^ε; so the grid cost δ at most
 * T·p·(e^mesh − 1)/2, which is of second order in the mesh.
 */
import { assertFinite } from '../../internal/assert.ts';
import type { DpEvent, Neighbours } from '../events.ts';
import { assertSound } from '../neighbours.ts';
import { type Composite, compose, MAX_WIDTH, type Step, single } from './pld-compose.ts';
import { type Dots, dotsOf, type Sketch, sketchOf } from './pld-dots.ts';
import type { Direction, Pair } from './pld-pairs.ts';
import { type Bounds, deltaAt, epsilonAt } from './pld-query.ts';
import { type PairStep, type Recipe, recipeOf, stepsOf } from './pld-steps.ts';
import {
  type Estimate,
  estimateDelta,
  estimateEpsilon,
  type SketchedStep,
  windowFor,
} from './pld-window.ts';
import type { DeltaPrice, Price } from './price.ts';

/** The mesh that is used where none is given. */
export const PLD_MESH = 1e-4;
/** A coarser mesh than this says nothing useful. */
const MAX_MESH = 0.1;
const MAX_LENGTH = 2 ** 20;
/** Grids of one loss are made coarser beyond this many points. */
const MAX_POINTS = 2 ** 19;
/** Grids of one loss with fewer points serve as sketches. */
const FEW_POINTS = 4096;
/** Below this, masses come near the least doubles. */
const LEAST_DELTA = 1e-280;
/**
 * Work that goes into one direction on one mesh before coarser ones are tried, in points of a grid: one is
 * about 0.1 µs. An explicit mesh is worked out whatever it takes.
 */
const MAX_WORK = 2 ** 22;
/** What a hockey stick, an atom and a part's estimates take, in such points. */
const WORK_OF_STICK = 2;
const WORK_OF_ATOM = 0.5;
const WORK_OF_PART = 4000;
/** With the mesh left to choose, ε may lie above the truth by this much of it. */
const GOOD_ENOUGH = 0.02;

/** Work that was done, and how much more may be done on each mesh. */
type Effort = { readonly most: number; spent: number };

/** What is asked: ε at a δ, or δ at an ε. */
type Query = { readonly delta: number } | { readonly epsilon: number };

/**
 * The ε of an event by its privacy loss distribution.
 *
 * @param event checked already
 * @param request.delta above 0 and below 1
 * @param request.neighbours what the caller protects; with sampling, adding and removing a unit are both
 *   priced and the worse is taken
 * @param request.mesh distance of the losses' grid points, from 1e−7 to 0.1; left out: 1e−4, and finer
 *   where ε could otherwise be 2 % too high and that is little work. It is made coarser where a grid would not
 *   fit into memory and, left out, where it would take too much work
 * @returns undefined for events without a dominating pair in one dimension, where the grid does not fit or
 *   the work is too much, and below δ = 10^−280. `lower` is left out where the event holds an (ε, δ) promise
 * @throws UsageError `out-of-range`, `not-finite` (δ, mesh); PrivacyError `unsound-parameters`
 *
 * **Cost**: with the mesh left out, 5 to 100 ms for one kind of event and 1 to 2 s for hundreds of
 * kinds or millions of atoms; memory up to about 200 MB. A mesh that is given takes what it takes.
 */
export function pldEpsilon(
  event: DpEvent,
  request: { readonly delta: number; readonly neighbours: Neighbours; readonly mesh?: number },
): Price | undefined {
  const { delta, neighbours } = request;
  assertFinite('pld: delta', delta, Number.MIN_VALUE, 1 - 2 ** -53);
  const priced = price(event, { delta }, neighbours, request.mesh);
  if (priced === undefined) return undefined;
  const { bounds, tight } = priced;
  const epsilon = bounds.upper;
  const errorBound = epsilon === bounds.lower ? 0 : epsilon - bounds.lower;
  const base = { epsilon, method: 'pld', errorBound };
  return tight ? { ...base, lower: bounds.lower } : base;
}

/**
 * The δ of an event by its privacy loss distribution.
 *
 * @param event checked already
 * @param request.epsilon from 0
 * @param request.neighbours, request.mesh as for {@link pldEpsilon}; the default mesh is not refined
 * @returns undefined where {@link pldEpsilon} is, and where δ is below 10^−280
 * @throws UsageError `out-of-range`, `not-finite` (ε, mesh); PrivacyError `unsound-parameters`
 *
 * **Cost**: as {@link pldEpsilon}.
 */
export function pldDelta(
  event: DpEvent,
  request: { readonly epsilon: number; readonly neighbours: Neighbours; readonly mesh?: number },
): DeltaPrice | undefined {
  const { epsilon, neighbours } = request;
  assertFinite('pld: epsilon', epsilon, 0);
  const priced = price(event, { epsilon }, neighbours, request.mesh);
  if (priced === undefined) return undefined;
  const { upper, lower } = priced.bounds;
  return { delta: upper, method: 'pld', errorBound: upper - lower };
}

type Priced = { readonly bounds: Bounds; readonly tight: boolean };

function price(
  event: DpEvent,
  query: Query,
  neighbours: Neighbours,
  mesh: number | undefined,
): Priced | undefined {
  if (mesh !== undefined) assertFinite('pld: mesh', mesh, 1e-7, MAX_MESH);
  assertSound(event, neighbours);
  const recipe = recipeOf(event);
  if (recipe === undefined) return undefined;
  const { tight } = recipe;
  if (recipe.parts.length === 0) return { bounds: { upper: 0, lower: 0 }, tight };
  if (mesh !== undefined) {
    const bounds = bothWays(recipe, query, mesh, { most: Number.POSITIVE_INFINITY, spent: 0 });
    return bounds === undefined ? undefined : { bounds, tight };
  }
  const effort: Effort = { most: MAX_WORK, spent: 0 };
  let bounds = bothWays(recipe, query, PLD_MESH, effort);
  if ('delta' in query) {
    for (let finer = PLD_MESH / 8; finer > PLD_MESH / 1000; finer /= 8) {
      if (bounds === undefined || bounds.upper - bounds.lower <= GOOD_ENOUGH * bounds.upper) break;
      if (!Number.isFinite(bounds.upper)) break;
      // A mesh eight times as fine takes eight times the work.
      if (8 * effort.spent > MAX_WORK) break;
      effort.spent = 0;
      const again = bothWays(recipe, query, finer, effort);
      if (again === undefined) break;
      bounds = both(bounds, again);
    }
  }
  return bounds === undefined ? undefined : { bounds, tight };
}

/** Adding and removing a unit: neighbours may differ either way, so the dearer one counts. */
function bothWays(recipe: Recipe, query: Query, mesh: number, effort: Effort): Bounds | undefined {
  const removed = oneWay(recipe, 'remove', query, mesh, effort);
  if (!recipe.sampled || removed === undefined) return removed;
  // A coarse grid errs upwards, so where it finds adding cheaper, adding is cheaper.
  const rough = oneWay(recipe, 'add', query, Math.min(MAX_MESH, mesh * 8), effort);
  if (rough !== undefined && rough.upper <= removed.upper) return removed;
  const added = oneWay(recipe, 'add', query, mesh, effort);
  if (added === undefined) return undefined;
  return {
    upper: Math.max(removed.upper, added.upper),
    lower: Math.max(removed.lower, added.lower),
  };
}

function oneWay(
  recipe: Recipe,
  direction: Direction,
  query: Query,
  mesh: number,
  effort: Effort,
): Bounds | undefined {
  if (WORK_OF_PART * recipe.parts.length > effort.most / 2) return undefined;
  const steps = stepsOf(recipe, direction);
  if (steps === undefined) return undefined;
  let count = 0;
  let most = 0;
  let logFinite = 0;
  for (const { pair, count: times } of steps) {
    count += times;
    most += times * mostOf(pair);
    if (pair.kind === 'atoms') logFinite += times * Math.log1p(-pair.infinity);
  }
  const infinity = Math.max(0, -Math.expm1(logFinite) * (1 + 1e-14));
  if ('epsilon' in query) {
    const { epsilon } = query;
    if (epsilon >= most * (1 + 1e-12)) return { upper: infinity, lower: infinity * (1 - 1e-13) };
    // What δ is has to be known before it is known what may be cut.
    const rough = estimateDelta(sketch(steps, 1e-290), epsilon, mesh);
    if (!(rough.logDelta > Math.log(LEAST_DELTA))) return undefined;
    const share = Math.exp(Math.min(0, rough.logDelta)) / count;
    const estimate = (sketched: readonly SketchedStep[]): Estimate =>
      estimateDelta(sketched, epsilon, mesh);
    const ask = (composite: Composite): Bounds | undefined => deltaAt(composite, epsilon);
    const found = (sketched: readonly SketchedStep[], { upper }: Bounds): Estimate => ({
      ...estimateDelta(sketched, epsilon, mesh),
      logDelta: Math.log(Math.max(LEAST_DELTA, upper)),
    });
    return answer({ steps, count, share, mesh, estimate, ask, found, effort });
  }
  const delta = query.delta - infinity;
  if (!(delta > 0)) return { upper: Number.POSITIVE_INFINITY, lower: Number.POSITIVE_INFINITY };
  if (delta < LEAST_DELTA) return undefined;
  const estimate = (sketched: readonly SketchedStep[]): Estimate =>
    estimateEpsilon(sketched, Math.log(delta), mesh);
  const ask = (composite: Composite): Bounds | undefined => epsilonAt(composite, query.delta);
  const found = (sketched: readonly SketchedStep[], { upper }: Bounds): Estimate => ({
    ...estimateDelta(sketched, upper, mesh),
    logDelta: Math.log(delta),
  });
  return answer({ steps, count, share: delta / count, mesh, estimate, ask, found, effort });
}

const sketch = (steps: readonly PairStep[], cut: number): SketchedStep[] =>
  steps.map(({ pair, count }) => ({ sketch: sketchOf(pair, cut), count }));

/** The largest finite loss. */
function mostOf(pair: Pair): number {
  if (pair.kind === 'curve') return pair.most;
  let most = 0;
  for (const [i, loss] of pair.losses.entries()) {
    if ((pair.masses[i] as number) > 0) most = Math.max(most, loss);
  }
  return most;
}

type Work = {
  readonly steps: readonly PairStep[];
  readonly count: number;
  /** About δ / count. */
  readonly share: number;
  readonly mesh: number;
  readonly estimate: (sketched: readonly SketchedStep[]) => Estimate;
  readonly ask: (composite: Composite) => Bounds | undefined;
  /** The point that an answer says was asked for. */
  readonly found: (sketched: readonly SketchedStep[], bounds: Bounds) => Estimate;
  readonly effort: Effort;
};

/** Composes on the finest grid that fits, from the given mesh upwards, and asks. */
function answer(work: Work): Bounds | undefined {
  const { steps, count, share, ask, effort } = work;
  for (let mesh = work.mesh; mesh <= MAX_MESH; mesh *= 2) {
    const dotted: Step[] = [];
    const end = effort.spent + effort.most;
    // A quarter of it, for the transforms take more, and a coarser mesh may have to be tried.
    const each = Math.floor(effort.most / (4 * WORK_OF_STICK * steps.length));
    const points = Math.min(MAX_POINTS, each);
    for (const { pair, count: times } of steps) {
      if (pair.kind === 'atoms') effort.spent += WORK_OF_ATOM * pair.losses.length;
      const dots = dotsOf(pair, mesh, Math.max(1e-300, 1e-12 * share), 1e-14 / count, points);
      if (dots === undefined) break;
      if (pair.kind === 'curve') effort.spent += WORK_OF_STICK * dots.masses.length;
      dotted.push({ dots, count: times });
    }
    if (dotted.length < steps.length) continue;
    // Small grids are their own sketches, and right about what a coarse mesh does.
    const sketched = dotted.map(({ dots, count: times }, i) => ({
      sketch:
        dots.masses.length <= FEW_POINTS
          ? lossesOf(dots)
          : sketchOf((steps[i] as PairStep).pair, Math.max(1e-300, 0.1 * share * 1e-12)),
      count: times,
    }));
    effort.spent += WORK_OF_PART * steps.length;
    const estimate = work.estimate(sketched);
    if (count === 1) return ask(single((dotted[0] as Step).dots, estimate.epsilon));
    const bounds = search(dotted, sketched, estimate, work, end);
    if (bounds !== 'too long') return bounds;
  }
  return undefined;
}

/**
 * Composes in the window that an estimate suggests, and in another one where that was wrong: losses with
 * several bells, as a rarely sampled release has, are not where the saddle point looks for them.
 */
function search(
  dotted: readonly Step[],
  sketched: readonly SketchedStep[],
  estimate: Estimate,
  { ask, found, effort }: Work,
  end: number,
): Bounds | undefined | 'too long' {
  const { mesh } = (dotted[0] as Step).dots;
  // Sums of losses on the grid are at most this.
  let most = 0;
  for (const { dots, count } of dotted)
    most += count * (dots.first + dots.masses.length - 1) * mesh;
  let expected = estimate;
  let modulus: number | undefined;
  let best: Bounds | undefined;
  for (let attempt = 0; attempt < 5; attempt++) {
    const margin = 1.5 + 2 * attempt;
    const window = windowFor(sketched, expected, mesh, most, margin, modulus);
    const transforms = window.length * (1 + dotted.length);
    const tooLong = window.length > MAX_LENGTH || window.length * mesh > MAX_WIDTH;
    if (tooLong || effort.spent + transforms > end) return best ?? 'too long';
    effort.spent += transforms;
    const composite = compose(dotted, window);
    if (composite === undefined) return best;
    // With atoms in the sum, the transform makes more noise than it would with a smooth bell.
    if (modulus === undefined && isNoisy(composite, expected)) {
      modulus = composite.modulus;
      continue;
    }
    const bounds = ask(composite);
    if (bounds === undefined) {
      // ε is below what was expected: look there.
      const lower = Math.max(0, (window.first - 0.25 * window.length) * mesh);
      expected = { ...estimateDelta(sketched, lower, mesh), logDelta: expected.logDelta };
      continue;
    }
    best = best === undefined ? bounds : both(best, bounds);
    // What wraps into the window was kept small for the point that was expected, so the bounds are good
    // near it only.
    const there = found(sketched, bounds);
    if (there.epsilon >= expected.epsilon - margin / expected.theta) {
      if (there.logDelta >= expected.logDelta - margin) return best;
    }
    expected = there;
  }
  return best;
}

/** What two computations have proven together. */
function both(one: Bounds, other: Bounds): Bounds {
  const upper = Math.min(one.upper, other.upper);
  return { upper, lower: Math.min(upper, Math.max(one.lower, other.lower)) };
}

/** A grid as a sketch. */
const lossesOf = ({ masses, first, mesh }: Dots): Sketch => ({
  losses: Float64Array.from(masses, (_, i) => (first + i) * mesh),
  masses,
});

/** Whether the transform's noise may be more than 10^−8 of δ, and a gentler tilt could help. */
function isNoisy(
  { noise, logScale, theta, mesh }: Composite,
  { epsilon, logDelta, theta: centre }: Estimate,
): boolean {
  const logNoise = Math.log(noise / (theta * (theta + 1) * mesh)) + logScale - theta * epsilon;
  return logNoise - logDelta > Math.log(1e-8) && Math.abs(Math.log(theta / centre)) > 0.05;
}
