/**
 * What a report keeps of a ledger: all that its lines say, so that a reader can write the lines again and meet
 * the same head. Whoever remembers that head knows that no entry was left out of the report.
 */

import type { DpEvent, Neighbours } from '../../dp/index.ts';
import { type Book, readBook } from '../../dp/ledger/book.ts';
import { bookOf, type Ledger } from '../../dp/ledger/ledger.ts';
import {
  type Budget,
  canonicalJson,
  type Expectation,
  sealEntry,
  sealHeader,
} from '../../dp/ledger/lines.ts';
import type { LedgerHead } from '../../dp/ledger/receipt.ts';
import {
  eventOf,
  finite,
  hex,
  listOf,
  malformed,
  objectOf,
  oneOf,
  orNull,
  type Read,
  text,
  whole,
} from './check.ts';

/** A ledger as a report holds it. Frozen, and plain JSON. */
export type LedgerFacts = {
  readonly id: string;
  readonly budget: Budget;
  /** The relation under which all entries are priced. */
  readonly neighbours: Neighbours;
  /** The Rényi order that was settled when the ledger began. */
  readonly order: number;
  readonly expecting: Expectation | null;
  /** What the ledger admits by: divergence spent at the order, and how much of it may be. */
  readonly spent: number;
  readonly limit: number;
  /** The different events, in the order of their first use. */
  readonly events: readonly DpEvent[];
  /** Every round that was charged, whatever became of it; `event` is a position in `events`. */
  readonly entries: readonly {
    readonly round: string;
    readonly plan: string;
    readonly event: number;
  }[];
  readonly head: LedgerHead;
};

/** Most entries that a report takes. */
const MOST_ENTRIES = 100_000;

/**
 * The facts of an open ledger.
 *
 * @throws UsageError `wrong-type` (no ledger), `state-spent`
 */
export const ledgerFacts = (ledger: Ledger): LedgerFacts => factsOf(bookOf(ledger));

function factsOf({ header, limit, meter, known, paid, head }: Book): LedgerFacts {
  const texts = [...known.keys()];
  const at = new Map(texts.map((text, i) => [text, i]));
  const entries = [...paid].map(([round, { plan, event }]) =>
    Object.freeze({ round, plan, event: at.get(event) as number }),
  );
  const { id, budget, neighbours, order, expecting } = header;
  return Object.freeze({
    id,
    budget,
    neighbours,
    order,
    expecting,
    spent: meter.spent(),
    limit,
    events: Object.freeze([...known.values()].map(({ event }) => event)),
    entries: Object.freeze(entries),
    head,
  });
}

/**
 * Reads the facts of a ledger: writes its lines again and reads them as a ledger reads its own.
 *
 * @throws CodecError `malformed`; PrivacyError `ledger-tampered` (entries that do not lead to the head),
 *   `unsupported-event`, `unsound-parameters`
 */
export const readLedgerFacts: Read<LedgerFacts> = (where, value) => {
  const told = objectOf<LedgerFacts>({
    id: hex(32),
    budget: objectOf<Budget>({ epsilon: finite(0), delta: finite(0) }),
    neighbours: oneOf('add-or-remove', 'zero-out', 'replace-one'),
    order: finite(1),
    expecting: orNull(objectOf<Expectation>({ event: eventOf, count: whole })),
    spent: finite(0),
    limit: finite(0),
    events: listOf(eventOf, MOST_ENTRIES),
    entries: listOf(
      objectOf<LedgerFacts['entries'][number]>({ round: text(128), plan: hex(64), event: whole }),
      MOST_ENTRIES,
    ),
    head: objectOf<LedgerHead>({ count: whole, hash: hex(64) }),
  })(where, value);
  const { id, budget, neighbours, order, expecting, events, entries, head } = told;
  let { line, hash } = sealHeader({ id, budget, neighbours, order, expecting });
  const lines = [line];
  for (const [i, { round, plan, event: at }] of entries.entries()) {
    const event = events[at];
    if (event === undefined) throw malformed(`${where}.entries[${i}]`, 'an event that is listed');
    ({ line, hash } = sealEntry({ index: i + 1, round, plan, event }, hash));
    lines.push(line);
  }
  const found = factsOf(readBook(lines, head));
  // Not the sums: another engine may round a logarithm differently.
  const isTold = (['head', 'events', 'entries'] as const).every(
    (key) => canonicalJson(found[key]) === canonicalJson(told[key]),
  );
  if (!isTold) throw malformed(where, 'a ledger in the one form that its lines have');
  return found;
};
