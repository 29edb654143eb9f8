/**
 * ε over rounds, by the library's own accountants, from the events that were charged: never from what a plan
 * claims. What was charged stays charged, whatever became of the round.
 */
import type { DpEvent, Neighbours } from '../../dp/events.ts';
import { canonicalJson } from '../../dp/ledger/lines.ts';
import { priceOfCounted } from '../../dp/ledger/odometer.ts';
import type { NoiseRecord, RoundRecord } from './facts.ts';
import type { LedgerFacts } from './ledger-facts.ts';

/** What all that was charged comes to, and how it came about. Frozen, and plain JSON. */
export type Spending = {
  /** A ledger's entries; or, where no ledger was given, the rounds on record that have noise. */
  readonly source: 'ledger' | 'plans';
  readonly neighbours: Neighbours;
  readonly delta: number;
  /** ε of all that was charged, at δ; null where none is proven. */
  readonly epsilon: number | null;
  /**
   * The price of the first `charges` charges together, for each of up to 256; of more, and where many of them
   * differ, for some that are evenly spread, the last among them.
   */
  readonly points: readonly SpendingPoint[];
};

/** One point of ε over rounds. */
export type SpendingPoint = {
  /** How many charges, from 1. */
  readonly charges: number;
  /** The round that was charged last. */
  readonly round: string;
  readonly epsilon: number | null;
  /** The accountant that had the least price. */
  readonly method: string;
};

/** Something that was charged. */
type Charge = { readonly round: string; readonly event: DpEvent };

/** Points on a curve that nobody reads one by one; fewer where many different events make each one slow. */
const pointsFor = (differing: number): number =>
  Math.max(16, Math.floor(256 / Math.max(1, differing / 8)));

/**
 * What was spent.
 *
 * @param rounds records; those with noise count where there is no ledger
 * @returns nothing where no noise was charged and no ledger is there
 *
 * **Cost**: a price for each point (see `epsilon` of `veilsum/dp`).
 */
export function spendingOf(
  rounds: readonly RoundRecord[],
  ledger: LedgerFacts | null,
): Spending | null {
  if (ledger !== null) {
    const { neighbours, budget, entries, events } = ledger;
    const charges = entries.map(({ round, event }) => ({ round, event: events[event] as DpEvent }));
    return spent('ledger', charges, { neighbours, delta: budget.delta });
  }
  const noisy = rounds.flatMap(({ round, noise }) => (noise === null ? [] : [{ round, noise }]));
  const first = noisy[0];
  if (first === undefined) return null;
  const charges = noisy.map(({ round, noise: { event } }) => ({ round, event }));
  const delta = Math.min(...noisy.map(({ noise }) => noise.delta));
  return spent('plans', charges, { neighbours: first.noise.neighbours, delta });
}

function spent(
  source: Spending['source'],
  charges: readonly Charge[],
  request: { readonly neighbours: Neighbours; readonly delta: number },
): Spending {
  const counts: Counts = new Map();
  const points: SpendingPoint[] = [];
  const differing = new Set(charges.map(({ event }) => canonicalJson(event))).size;
  const shown = Math.min(charges.length, pointsFor(differing));
  for (const [i, { round, event }] of charges.entries()) {
    count(counts, event);
    const next = Math.ceil(((points.length + 1) * charges.length) / shown);
    if (i + 1 < next) continue;
    const { epsilon, method } = priceOfCounted(counts.values(), request);
    points.push(Object.freeze({ charges: i + 1, round, epsilon: provenOrNull(epsilon), method }));
  }
  const last = points.at(-1);
  return Object.freeze({
    source,
    ...request,
    epsilon: last === undefined ? 0 : last.epsilon,
    points: Object.freeze(points),
  });
}

/** JSON has no infinity. */
const provenOrNull = (epsilon: number): number | null =>
  Number.isFinite(epsilon) ? epsilon : null;

/** The price of events that were all charged, at the δ and under the relation of a plan's claim. */
export function priceAt(
  charged: readonly DpEvent[],
  { delta, neighbours }: Pick<NoiseRecord, 'delta' | 'neighbours'>,
): number {
  const counts: Counts = new Map();
  for (const event of charged) count(counts, event);
  return priceOfCounted(counts.values(), { delta, neighbours }).epsilon;
}

/** Events, and how often each was charged, by their canonical text. */
type Counts = Map<string, { readonly event: DpEvent; readonly count: number }>;

function count(counts: Counts, event: DpEvent): void {
  const key = canonicalJson(event);
  counts.set(key, { event, count: (counts.get(key)?.count ?? 0) + 1 });
}
