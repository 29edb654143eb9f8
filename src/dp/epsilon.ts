/**
 * What events cost: the least that any accountant proves. Every accountant gives an upper bound, so the
 * minimum is one as well.
 */
import { PrivacyError } from '../errors.ts';
import { assertFinite } from '../internal/assert.ts';
import { zeroConcentratedDelta, zeroConcentratedEpsilon } from './accountants/concentrated.ts';
import { analyticGaussianDelta, analyticGaussianEpsilon } from './accountants/gaussian.ts';
import { pldDelta, pldEpsilon } from './accountants/pld.ts';
import type { DeltaPrice, Price } from './accountants/price.ts';
import { rdpDelta, rdpEpsilon } from './accountants/rdp.ts';
import { exactSingleDelta, singleEpsilon, summedDelta, summedEpsilon } from './accountants/sums.ts';
import { assertEvent, composed, type DpEvent, type Neighbours } from './events.ts';
import { assertSound } from './neighbours.ts';

/** Which accountant is asked; `best` takes the minimum over all that support the events. */
export type Accountant = 'best' | 'rdp' | 'pld';

/** Everything that accountants need to know beside the events. */
type Request = {
  readonly neighbours: Neighbours;
  /** `best` if left out. */
  readonly accountant?: Accountant | undefined;
};

/** One event of one or several; checked. */
export function joined(events: DpEvent | readonly DpEvent[]): DpEvent {
  return Array.isArray(events)
    ? composed({ events: events as readonly DpEvent[] })
    : assertEvent(events);
}

/**
 * The ε of events at a given δ.
 *
 * @param events one event, or several that were all done
 * @param request.delta above 0 and below 1
 * @param request.neighbours what the caller protects; the events' sensitivities are those under it
 * @param request.accountant one accountant alone; `best` if left out
 * @returns an ε that is certainly not too small; +Infinity where nothing is known
 * @throws UsageError (a number or a record that is none); PrivacyError `unsupported-event`,
 *   `unsound-parameters` (a sample of one kind under a relation for another)
 *
 * **Cost**: the Rényi accountant takes a few milliseconds, and about 0.4 ms for each sampled event that
 * differs. The one of loss distributions takes 5 to 100 ms for one kind of event, 0.2 s for twenty that differ
 * and 1.5 s for three hundred; 1 s for a sampled discrete Gaussian of σ = 27 000. Its work is capped there: what
 * would take more is priced on a coarser grid, or (from about five hundred that differ) by the others alone.
 */
export function epsilon(
  events: DpEvent | readonly DpEvent[],
  request: Request & { readonly delta: number },
): Price {
  const event = joined(events);
  assertDelta(request.delta);
  assertSound(event, request.neighbours);
  return epsilonOfChecked(event, request);
}

/**
 * The δ of events at a given ε.
 *
 * @param events one event, or several that were all done
 * @param request.epsilon at least 0
 * @param request.neighbours what the caller protects; the events' sensitivities are those under it
 * @param request.accountant one accountant alone; `best` if left out
 * @returns a δ that is certainly not too small; 1 where nothing is known
 * @throws as {@link epsilon}
 */
export function deltaFor(
  events: DpEvent | readonly DpEvent[],
  request: Request & { readonly epsilon: number },
): DeltaPrice {
  const event = joined(events);
  assertFinite('epsilon', request.epsilon, 0);
  assertSound(event, request.neighbours);
  const { epsilon: at, neighbours, accountant = 'best' } = request;
  const prices: (DeltaPrice | undefined)[] = [];
  if (accountant !== 'pld') prices.push(rdpDelta(event, { epsilon: at, neighbours }));
  if (accountant === 'best') {
    prices.push(summedDelta(event, at), zeroConcentratedDelta(event, at));
  }
  const exact =
    accountant === 'best'
      ? (analyticGaussianDelta(event, at) ?? exactSingleDelta(event, at))
      : undefined;
  prices.push(exact);
  // Nothing is below an exact price, and this is the slow one.
  if (accountant !== 'rdp' && exact === undefined) {
    prices.push(pldDelta(event, { epsilon: at, neighbours }));
  }
  return least(prices, ({ delta }) => delta);
}

/** δ of a request: above 0 and below 1. */
export function assertDelta(delta: number): void {
  assertFinite('delta', delta, Number.MIN_VALUE, 1 - 2 ** -53);
}

/** As {@link epsilon}, of an event and a request that were checked. */
export function epsilonOfChecked(
  event: DpEvent,
  request: Request & { readonly delta: number },
): Price {
  const { delta, neighbours, accountant = 'best' } = request;
  const prices: (Price | undefined)[] = [];
  if (accountant !== 'pld') prices.push(rdpEpsilon(event, { delta, neighbours }));
  if (accountant === 'best') {
    prices.push(summedEpsilon(event, delta), zeroConcentratedEpsilon(event, delta));
  }
  const exact =
    accountant === 'best'
      ? (analyticGaussianEpsilon(event, delta) ?? singleEpsilon(event, delta))
      : undefined;
  prices.push(exact);
  if (accountant !== 'rdp' && exact === undefined) {
    prices.push(pldEpsilon(event, { delta, neighbours }));
  }
  const best = least(prices, ({ epsilon }) => epsilon);
  // A lower bound of the truth holds whoever found it.
  const lower = prices.reduce((most, price) => Math.max(most, price?.lower ?? 0), 0);
  return lower > 0 ? { ...best, lower: Math.min(lower, best.epsilon) } : best;
}

/** The least of the prices there are. */
function least<Any extends Price | DeltaPrice>(
  prices: readonly (Any | undefined)[],
  of: (price: Any) => number,
): Any {
  let best: Any | undefined;
  for (const price of prices) {
    if (price !== undefined && (best === undefined || of(price) < of(best))) best = price;
  }
  if (best === undefined) {
    throw new PrivacyError(
      'unsupported-event',
      'epsilon: got events that this accountant does not support, expected others (or accountant: best)',
    );
  }
  return best;
}
