/**
 * The filter: what the ledger admits by. All events are priced at one Rényi order that is settled
 * before the first of them; their sum may never pass the most that the budget converts to.
 *
 * With the order settled, the rule holds for events that are chosen knowing every answer before them,
 * which a price computed afterwards, over the best of many orders, does not promise.
 *
 * **Source**: Feldman and Zrnic 2021 (arXiv 2008.11193), the Rényi filter.
 */
import { PrivacyError } from '../../errors.ts';
import { RDP_ORDERS, rdpCurve } from '../accountants/rdp.ts';
import { epsilonOf } from '../accountants/rdp-conversion.ts';
import type { DpEvent, Neighbours } from '../events.ts';
import type { Budget, Expectation } from './lines.ts';

/** The accountant's orders below 64, then whole ones in steps of a twelfth of an octave up to 4096. */
const ORDERS: readonly number[] = [
  ...RDP_ORDERS.filter((order) => order < 64),
  ...Array.from({ length: 73 }, (_, i) => Math.round(64 * 2 ** (i / 12))),
];

/** Room for the few roundings of a sum; see {@link upper}. */
const OUTWARD = 1 + 2 ** -51;

/**
 * The largest divergence at an order that is certainly within the budget.
 *
 * @param order above 1.01
 * @param budget checked already
 * @returns 0 where not even a small one is
 *
 * **Source**: Canonne, Kamath and Steinke 2020 (arXiv 2004.00010), Proposition 12, solved by bisection
 * on the outward-rounded bound itself.
 */
export function filterLimit(order: number, budget: Budget): number {
  const orders = Float64Array.of(order);
  const curve = new Float64Array(1);
  const fits = (divergence: number): boolean => {
    curve[0] = divergence;
    return epsilonOf(orders, curve, budget.delta).value <= budget.epsilon;
  };
  let low = 0;
  let high = budget.epsilon + 16;
  while (fits(high)) high *= 2;
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle === low || middle === high) return low;
    if (fits(middle)) low = middle;
    else high = middle;
  }
}

/**
 * The order to settle: the one at which most of the expected events fit, or, where nothing is
 * expected, most of anything that is ρ-zCDP (Gaussian noise in all its forms).
 *
 * @throws PrivacyError `budget-exceeded` (fewer events fit than are expected; the message says how
 *   many), `unsupported-event`, `unsound-parameters` (the event, or a budget that no order reaches)
 *
 * **Cost**: one curve of the event over 135 orders; below 100 ms.
 */
export function settleOrder(
  budget: Budget,
  neighbours: Neighbours,
  expecting: Expectation | null,
): number {
  const costs = expecting === null ? undefined : curveOf(expecting.event, ORDERS, neighbours);
  let best = { order: Number.NaN, limit: 0, cost: 0, ratio: 0 };
  for (const [i, order] of ORDERS.entries()) {
    const limit = filterLimit(order, budget);
    const cost = costs?.[i] ?? order;
    // What costs nothing fits anywhere: then the order is as good as it is for ρ-zCDP.
    const ratio = limit / (cost > 0 ? cost : order);
    if (ratio > best.ratio) best = { order, limit, cost, ratio };
  }
  if (!(best.ratio > 0)) {
    throw new PrivacyError(
      'unsound-parameters',
      `ledger: got a budget (ε ${budget.epsilon}, δ ${budget.delta}) within which no order has room ` +
        `for ${expecting?.event.kind ?? 'anything'}, expected a larger one`,
      { ...budget },
    );
  }
  if (expecting !== null) {
    const repeats = startMeter(best.limit).repeats(best.cost);
    if (repeats < expecting.count) {
      throw new PrivacyError(
        'budget-exceeded',
        `ledger: got ${expecting.count} expected events (${expecting.event.kind}), expected at most ` +
          `${repeats}: more do not fit into ε ${budget.epsilon} at δ ${budget.delta}`,
        { repeats, order: best.order },
      );
    }
  }
  return best.order;
}

/**
 * What an event costs at the settled order.
 *
 * @throws PrivacyError `unsupported-event` (no finite cost), `unsound-parameters` (not under this
 *   relation)
 */
export function costOf(event: DpEvent, order: number, neighbours: Neighbours): number {
  const cost = curveOf(event, [order], neighbours)[0] as number;
  if (!(cost >= 0 && cost < Number.POSITIVE_INFINITY)) {
    throw new PrivacyError(
      'unsupported-event',
      `ledger: event: got a ${event.kind} event without a finite divergence at order ${order}, ` +
        'expected one with more noise',
      { kind: event.kind, order },
    );
  }
  return cost;
}

function curveOf(event: DpEvent, orders: readonly number[], neighbours: Neighbours): Float64Array {
  const { divergences, delta } = rdpCurve(event, orders, neighbours);
  if (delta !== 0) {
    throw new PrivacyError(
      'unsupported-event',
      `ledger: event: got a ${event.kind} event with a δ of its own, which has no Rényi divergence; ` +
        'expected one whose noise is described',
      { kind: event.kind },
    );
  }
  return divergences;
}

/** A running sum against a limit. */
export type Meter = {
  /** Nothing is spent unless {@link Meter.spend} is called. */
  readonly hasRoom: (cost: number) => boolean;
  readonly spend: (cost: number) => void;
  /** What is spent, rounded up. */
  readonly spent: () => number;
  /** How often this cost fits in what is left. */
  readonly repeats: (cost: number) => number;
};

/** A sum in two doubles, so that a million entries lose no more than one does. */
type Sum = { readonly high: number; readonly low: number };

/** Begins a sum of 0 that may reach `limit`. */
export function startMeter(limit: number): Meter {
  let sum: Sum = { high: 0, low: 0 };
  const fits = (cost: number): boolean => upper(plus(sum, cost)) <= limit;
  return {
    hasRoom: fits,
    spend: (cost) => {
      sum = plus(sum, cost);
    },
    spent: () => upper(sum),
    repeats: (cost) => {
      // k equal costs, added one by one, are at most k·cost and one rounding.
      const many = (count: number): boolean => fits(count * cost * OUTWARD);
      if (!(cost > 0) || many(Number.MAX_SAFE_INTEGER)) return Number.MAX_SAFE_INTEGER;
      // All sums and products here are monotone in the count, roundings included.
      let low = 0;
      let high = Number.MAX_SAFE_INTEGER;
      while (high - low > 1) {
        const middle = low + Math.floor((high - low) / 2);
        if (many(middle)) low = middle;
        else high = middle;
      }
      return low;
    },
  };
}

/** Adds a number of at least 0, keeping what the first double has no room for. */
function plus({ high, low }: Sum, cost: number): Sum {
  const sum = high + cost;
  const kept = sum - high;
  return { high: sum, low: low + (high - (sum - kept)) + (cost - kept) };
}

/** At least the exact sum: `low` is exact to n·2^−53 of itself, and two roundings follow. */
function upper({ high, low }: Sum): number {
  const sum = (high + low) * OUTWARD;
  return Number.isNaN(sum) ? Number.POSITIVE_INFINITY : sum;
}
