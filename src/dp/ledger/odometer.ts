/**
 * The odometer: what was spent so far, as sharply as the accountants can tell. It informs. Nothing is
 * ever admitted by it: a price over the best of many orders and accountants, asked for after every
 * answer, is no bound for events that were chosen by looking at it.
 *
 * **Source**: Rogers, Roth, Ullman and Vadhan 2016 (arXiv 1605.08294): odometers and filters differ.
 */
import { assertFinite } from '../../internal/assert.ts';
import type { Price } from '../accountants/price.ts';
import { rdpEpsilon } from '../accountants/rdp.ts';
import { epsilon } from '../epsilon.ts';
import { assertEvent, type DpEvent, type Neighbours } from '../events.ts';
import { bookOf, type Ledger } from './ledger.ts';

/**
 * The price of all entries together, as if they had been fixed beforehand.
 *
 * @param options.delta above 0 and below 1; the budget's if left out
 * @throws UsageError `out-of-range`, `not-finite` (δ), `wrong-type` (no ledger), `state-spent` (an
 *   entry that the storage did not confirm)
 *
 * **Security**: information for people, and no reason to release anything; only a receipt is.
 * **Cost**: one price, of as many events as differ: tens of milliseconds for a few, 1 to 2 s for
 * hundreds (see `epsilon`).
 */
export function readOdometer(ledger: Ledger, options: { readonly delta?: number } = {}): Price {
  const { known } = bookOf(ledger);
  const { budget, neighbours } = ledger;
  const { delta = budget.delta } = options;
  assertFinite('readOdometer: delta', delta, Number.MIN_VALUE, 1 - 2 ** -53);
  return priceOfCounted(known.values(), { delta, neighbours });
}

/** Events, and how often each was done. */
type Counted = Iterable<{ readonly event: DpEvent; readonly count: number }>;

/** The price of events that were done so often: what an odometer shows. */
export function priceOfCounted(
  counted: Counted,
  request: { readonly delta: number; readonly neighbours: Neighbours },
): Price {
  const events: DpEvent[] = [];
  for (const { event, count } of counted) {
    events.push(count === 1 ? event : { kind: 'repeated', event, count });
  }
  const whole: DpEvent = { kind: 'composed', events };
  return isTooLarge(whole) ? rdpEpsilon(whole, request) : epsilon(whole, request);
}

/** Thousands of different events are more than one event may hold; one accountant takes any. */
function isTooLarge(event: DpEvent): boolean {
  try {
    assertEvent(event);
    return false;
  } catch {
    return true;
  }
}
