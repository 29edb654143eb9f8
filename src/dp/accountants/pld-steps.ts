/** An event as a list of dominating pairs and how often each occurs. */
import type { DpEvent } from '../events.ts';
import {
  approximatePair,
  type Direction,
  discreteGaussianPair,
  discreteLaplacePair,
  gaussianPair,
  laplacePair,
  type Pair,
  randomisedResponsePair,
  sampledAtoms,
} from './pld-pairs.ts';
import { treeDepth } from './rdp-curves.ts';

/** Releases that are alike. */
export type PairStep = { readonly pair: Pair; readonly count: number };

/** What an event comes down to. */
export type Recipe = {
  /** Releases other than plain Gaussian ones, each kind once. */
  readonly parts: readonly Part[];
  /** Whether adding and removing a unit differ. */
  readonly sampled: boolean;
  /** Whether the pairs are as good as the events, so that a lower bound for them is one for the events. */
  readonly tight: boolean;
};

/** A release without parts, sampled with some probability. */
type Part = { readonly event: DpEvent; readonly probability: number; count: number };

/**
 * Flattens an event.
 *
 * @param event checked already, and sound under its neighbouring relation
 * @returns undefined where some event in the tree has no dominating pair here
 */
export function recipeOf(event: DpEvent): Recipe | undefined {
  const parts = new Map<string, Part>();
  const gathered = { parts, precision: 0, terms: 0 };
  if (!gather(gathered, event, 1, 1)) return undefined;
  if (gathered.precision > 0) {
    // Rounded down, since less noise costs more.
    const noiseMultiplier = (1 - (gathered.terms + 4) * 2 ** -53) / Math.sqrt(gathered.precision);
    parts.set('', { event: { kind: 'gaussian', noiseMultiplier }, probability: 1, count: 1 });
  }
  const list = [...parts.values()];
  return {
    parts: list,
    sampled: list.some(({ probability }) => probability < 1),
    tight: list.every(
      ({ event: { kind, ...rest } }) =>
        kind !== 'approximate' && (!('l2Sensitivity' in rest) || rest.l2Sensitivity % 1 === 0),
    ),
  };
}

type Gathered = { readonly parts: Map<string, Part>; precision: number; terms: number };

/** Room for one sampled pair of the largest size. */
const MAX_ALL_ATOMS = 2 ** 22 + 1;

/** Adds an event's parts to what was gathered; whether all of them are known. */
function gather(into: Gathered, event: DpEvent, probability: number, count: number): boolean {
  switch (event.kind) {
    case 'composed':
      // Events that share one draw of the sample are not sampled one by one.
      if (probability < 1 && event.events.length !== 1) return event.events.length === 0;
      return event.events.every((inner) => gather(into, inner, probability, count));
    case 'repeated':
      if (probability < 1 && event.count > 1) return false;
      return gather(into, event.event, probability, count * event.count);
    case 'poisson-sampled': {
      if (event.probability === 0) return true;
      // Sampling twice is sampling once with the product, rounded up; least of all is it down to 0.
      const product = probability * event.probability;
      const both = probability < 1 && event.probability < 1;
      const upwards = product * (1 + 2 ** -52) + Number.MIN_VALUE;
      return gather(into, event.event, both ? Math.min(1, upwards) : product, count);
    }
    case 'gaussian':
    case 'tree-aggregation': {
      // Composed Gaussians are one Gaussian: their precisions add up (Dong, Roth and Su 2022).
      const { noiseMultiplier } = event;
      const depth = event.kind === 'gaussian' ? 1 : treeDepth(event.stepCounts);
      if (probability === 1) {
        into.precision += (count * depth) / noiseMultiplier ** 2;
        into.terms++;
        return true;
      }
      const multiplier =
        depth === 1 ? noiseMultiplier : (noiseMultiplier / Math.sqrt(depth)) * (1 - 2 ** -51);
      return add(into, { kind: 'gaussian', noiseMultiplier: multiplier }, probability, count);
    }
    case 'discrete-gaussian':
      // In more dimensions no pair is known to dominate all directions of a shift.
      return event.dimension === 1 && add(into, event, probability, count);
    case 'laplace':
    case 'discrete-laplace':
    case 'randomised-response':
    case 'approximate':
      return add(into, event, probability, count);
    default:
      return false;
  }
}

function add(into: Gathered, event: DpEvent, probability: number, count: number): boolean {
  const key = JSON.stringify([event, probability]);
  const part = into.parts.get(key);
  if (part === undefined) into.parts.set(key, { event, probability, count });
  else part.count += count;
  return true;
}

/**
 * The pairs of a recipe.
 *
 * @param direction of all of them: neighbours differ in the same unit throughout
 * @returns undefined where a pair, or all of them, take too many atoms
 */
export function stepsOf(recipe: Recipe, direction: Direction): PairStep[] | undefined {
  const steps: PairStep[] = [];
  let atoms = 0;
  for (const { event, probability, count } of recipe.parts) {
    const pair = pairOf(event, probability, direction);
    if (pair === undefined) return undefined;
    if (pair.kind === 'atoms') atoms += pair.losses.length;
    if (atoms > MAX_ALL_ATOMS) return undefined;
    steps.push({ pair, count });
  }
  return steps;
}

function pairOf(event: DpEvent, probability: number, direction: Direction): Pair | undefined {
  switch (event.kind) {
    case 'gaussian':
      return gaussianPair(event.noiseMultiplier, probability, direction);
    case 'laplace':
      return laplacePair(event.noiseMultiplier, probability, direction);
    default: {
      const pair = atomsOf(event);
      return pair === undefined || probability === 1
        ? pair
        : sampledAtoms(pair, probability, direction);
    }
  }
}

function atomsOf(event: DpEvent): ReturnType<typeof discreteGaussianPair> {
  switch (event.kind) {
    case 'discrete-gaussian':
      // Integers that differ by at most 2.7 differ by at most 2.
      return discreteGaussianPair(event.sigma, Math.floor(event.l2Sensitivity));
    case 'discrete-laplace':
      return discreteLaplacePair(event.rate, event.sensitivity);
    case 'randomised-response':
      return randomisedResponsePair(event.noise, event.buckets);
    case 'approximate':
      return approximatePair(event.epsilon, event.delta);
    default:
      return undefined;
  }
}
