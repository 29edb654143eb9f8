/** How much noise a target needs: the safe end of a bracket, checked at the number that is returned. */
import { PrivacyError } from '../errors.ts';
import { assertFinite } from '../internal/assert.ts';
import { type Accountant, assertDelta, epsilonOfChecked, joined } from './epsilon.ts';
import type { DpEvent, Neighbours } from './events.ts';
import { assertSound } from './neighbours.ts';

const MIN_NOISE = 2 ** -40;
const MAX_NOISE = 2 ** 40;
const MAX_STEPS = 200;

/** What the noise is to reach. */
export type CalibrationTarget = {
  /** The ε that must not be exceeded; above 0, finite. */
  readonly epsilon: number;
  /** Above 0 and below 1. */
  readonly delta: number;
  readonly neighbours: Neighbours;
  /** What happens at some amount of noise; more noise must not cost more. */
  readonly event: (noise: number) => DpEvent | readonly DpEvent[];
  /** How far above the least noise the result may be, relative, 1e−12 to 0.1; 1e−6 if left out. */
  readonly accuracy?: number;
  /** `best` if left out. */
  readonly accountant?: Accountant;
};

/**
 * The least noise, up to the accuracy, whose price is at most the target.
 *
 * @param target what to reach
 * @returns a noise, from 2^−40 to 2^40, in whatever unit `target.event` takes: its ε at `target.delta`
 *   was computed and is at most `target.epsilon`
 * @throws UsageError (a number that is none); PrivacyError `unsound-parameters` (no noise reaches the
 *   target, or more noise was seen to cost more), and whatever {@link epsilon} throws
 *
 * **Cost**: about eight prices by each accountant.
 */
export function calibrate(target: CalibrationTarget): number {
  const { delta, neighbours, accuracy = 1e-6, accountant = 'best' } = target;
  assertFinite('calibrate: epsilon', target.epsilon, Number.MIN_VALUE);
  assertFinite('calibrate: accuracy', accuracy, 1e-12, 0.1);
  assertDelta(delta);
  const priceBy =
    (by: Accountant) =>
    (noise: number): number => {
      const event = joined(target.event(noise));
      assertSound(event, neighbours);
      return epsilonOfChecked(event, { delta, neighbours, accountant: by }).epsilon;
    };
  // The cheap accountant alone finds a place to start from.
  const rough = accountant === 'rdp' ? 1 : (solve(priceBy('rdp'), target.epsilon, 1, 1e-3) ?? 1);
  const noise = solve(priceBy(accountant), target.epsilon, rough, accuracy);
  if (noise !== undefined) return noise;
  throw new PrivacyError(
    'unsound-parameters',
    `calibrate: got no noise up to ${MAX_NOISE} with an ε of at most ${target.epsilon} at δ = ` +
      `${delta}, expected a target that noise can reach`,
    { epsilon: target.epsilon, delta, reach: false },
  );
}

/** A point of the search: how much noise, and ln(ε / target). */
type Point = { readonly noise: number; readonly above: number };

/** The safe end of a bracket around the root, or undefined where there is none. */
function solve(
  price: (noise: number) => number,
  target: number,
  start: number,
  accuracy: number,
): number | undefined {
  const at = (noise: number): Point => ({ noise, above: Math.log(price(noise) / target) });
  let safe = at(start);
  let unsafe: Point | undefined;
  for (let factor = 1.1; !(safe.above <= 0); factor *= factor) {
    if (safe.noise >= MAX_NOISE) return undefined;
    const next = at(Math.min(MAX_NOISE, safe.noise * factor));
    assertFalling(safe, next);
    unsafe = safe;
    safe = next;
  }
  for (let factor = 1.1; unsafe === undefined; factor *= factor) {
    if (safe.noise <= MIN_NOISE) return safe.noise;
    const next = at(Math.max(MIN_NOISE, safe.noise / factor));
    assertFalling(next, safe);
    if (next.above <= 0) safe = next;
    else unsafe = next;
  }
  for (let step = 0; step < MAX_STEPS && safe.noise > unsafe.noise * (1 + accuracy); step++) {
    const next = at(between(unsafe, safe, accuracy, step));
    assertFalling(unsafe, next);
    assertFalling(next, safe);
    if (next.above <= 0) safe = next;
    else unsafe = next;
  }
  return safe.noise;
}

/**
 * Where to look next: where the line through both ends crosses 0 (prices are nearly powers of the noise),
 * first a little to the safe side of it, then a little to the other, so that both ends close in; and
 * every third time in the middle, so that the bracket shrinks whatever the price looks like.
 */
function between(unsafe: Point, safe: Point, accuracy: number, step: number): number {
  const width = Math.log(safe.noise / unsafe.noise);
  const part = unsafe.above / (unsafe.above - safe.above);
  const middle = !(part > 0 && part < 1) || step % 3 === 2;
  // Never at an end: at least a quarter of the accuracy, and a hundredth of the bracket, from it.
  const margin = Math.min(0.45 * width, Math.max(0.3 * accuracy, 0.01 * width));
  const aim = middle ? 0.5 * width : part * width + (step % 3 === 0 ? 1 : -1) * 0.4 * accuracy;
  const noise = unsafe.noise * Math.exp(Math.min(width - margin, Math.max(margin, aim)));
  return Math.min(safe.noise, Math.max(unsafe.noise, noise));
}

/** Accountants may be off by this much, relative: less is no sign of a price that rises with noise. */
const WOBBLE = 1e-3;

function assertFalling(less: Point, more: Point): void {
  if (more.above > less.above + WOBBLE) {
    throw new PrivacyError(
      'unsound-parameters',
      `calibrate: got an event that costs more with noise ${more.noise} than with ${less.noise}, ` +
        'expected one that costs less (is it a rate, not a scale?)',
      { noise: more.noise },
    );
  }
}
