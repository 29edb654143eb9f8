/**
 * What an open ledger knows: which rounds are paid for, what that cost, and how the lines of a storage
 * become that knowledge. Nothing here is exported from the room.
 */
import { PrivacyError, UsageError } from '../../errors.ts';
import type { DpEvent } from '../events.ts';
import { costOf, filterLimit, type Meter, startMeter } from './filter.ts';
import {
  canonicalJson,
  type Header,
  MAX_ENTRIES,
  readEntry,
  readHeader,
  tampered,
} from './lines.ts';
import { issueReceipt, type LedgerHead, type Receipt, type Refusal } from './receipt.ts';

/** An event that the ledger has met, and how many entries have it. */
export type Known = { readonly event: DpEvent; readonly cost: number; count: number };

/** An entry without what others share. */
type Paid = { readonly plan: string; readonly event: string; readonly head: LedgerHead };

/** The contents of a ledger. */
export type Book = {
  readonly header: Header;
  /** What the filter lets through at the header's order. */
  readonly limit: number;
  readonly meter: Meter;
  /** By round. */
  readonly paid: Map<string, Paid>;
  /** By canonical text: equal events are priced and stored once. */
  readonly known: Map<string, Known>;
  head: LedgerHead;
};

/** The book of a ledger without entries. */
export function emptyBook(header: Header, hash: string): Book {
  const limit = filterLimit(header.order, header.budget);
  return {
    header,
    limit,
    meter: startMeter(limit),
    paid: new Map(),
    known: new Map(),
    head: Object.freeze({ count: 0, hash }),
  };
}

/**
 * Reads and verifies every line; meets the remembered head on the way.
 *
 * @param lines at least one
 * @throws PrivacyError `ledger-tampered`, `unsupported-event`; CodecError `unknown-version`
 */
export function readBook(lines: readonly unknown[], remembered: LedgerHead | undefined): Book {
  if (lines.length > MAX_ENTRIES + 1) throw tampered(MAX_ENTRIES + 1, 'a line too many');
  const { header, hash } = readHeader(lines[0]);
  const book = emptyBook(header, hash);
  const meet = (): void => {
    if (book.head.count === remembered?.count && book.head.hash !== remembered.hash) {
      throw rolledBack('one that differs', remembered);
    }
  };
  meet();
  for (let index = 1; index < lines.length; index++) {
    const { entry, hash } = readEntry(lines[index], index, book.head.hash);
    if (book.paid.has(entry.round)) throw tampered(index, 'a round that was paid for before');
    const text = canonicalJson(entry.event);
    keep(book, { ...entry, text, hash }, knownOf(book, text, entry.event));
    meet();
  }
  if (remembered !== undefined && book.head.count < remembered.count) {
    throw rolledBack(`one of ${book.head.count} entries`, remembered);
  }
  return book;
}

/** The error of a ledger that is not a later state of a remembered one. */
export const rolledBack = (got: string, remembered: LedgerHead): PrivacyError =>
  new PrivacyError(
    'ledger-tampered',
    `ledger: got ${got}, expected one that contains the remembered head of ${remembered.count} entries`,
    { count: remembered.count },
  );

/**
 * An event with its cost.
 *
 * @throws PrivacyError `unsupported-event`, `unsound-parameters`
 */
export const knownOf = (book: Book, text: string, event: DpEvent): Known =>
  book.known.get(text) ?? {
    event,
    cost: costOf(event, book.header.order, book.header.neighbours),
    count: 0,
  };

/** Takes in an entry that is durable. */
export function keep(
  book: Book,
  entry: {
    readonly round: string;
    readonly plan: string;
    readonly text: string;
    readonly hash: string;
  },
  known: Known,
): void {
  const head = Object.freeze({ count: book.head.count + 1, hash: entry.hash });
  book.meter.spend(known.cost);
  known.count++;
  book.known.set(entry.text, known);
  book.paid.set(entry.round, { plan: entry.plan, event: entry.text, head });
  book.head = head;
}

/** A receipt for a round that is in the book. */
export function receiptOf(book: Book, round: string): Receipt {
  const { plan, event, head } = book.paid.get(round) as Paid;
  return issueReceipt({
    ledger: book.header.id,
    index: head.count,
    round,
    plan,
    event: (book.known.get(event) as Known).event,
    neighbours: book.header.neighbours,
    head,
  });
}

/** The answer to a round for which there is no room. */
export function refusalOf(book: Book, round: string, { event, cost }: Known): Refusal {
  const { limit, meter, header } = book;
  const { order, budget } = header;
  const spent = meter.spent();
  const inner =
    event.kind === 'repeated' ? costOf(event.event, order, header.neighbours) : undefined;
  const repeats = inner === undefined ? 0 : meter.repeats(inner);
  const rho = (Math.max(0, limit - spent) / order) * (1 - 2 ** -48);
  const room =
    rho > 0
      ? `Gaussian noise of multiplier ${Math.sqrt(0.5 / rho).toPrecision(4)} or more`
      : 'nothing any more';
  const message =
    `ledger: round ${JSON.stringify(round)}: got a ${event.kind} event of divergence ` +
    `${cost.toPrecision(4)} at order ${order}, expected at most ${Math.max(0, limit - spent).toPrecision(4)}: ` +
    `${spent.toPrecision(4)} of ${limit.toPrecision(4)} is spent of the budget (ε ${budget.epsilon}, ` +
    `δ ${budget.delta}). What would fit: ${repeats > 0 ? `${repeats} repeats, or ` : ''}${room}`;
  return Object.freeze({
    admitted: false,
    code: 'budget-exceeded',
    message,
    round,
    order,
    cost,
    spent,
    limit,
    wouldFit: Object.freeze({ repeats, rho }),
  });
}

/** The error of a line that would be too long to read again. */
export const tooLong = (length: number, max: number): UsageError =>
  new UsageError(
    'out-of-range',
    `ledger: got a line of ${length} characters, expected at most ${max} (see repeated)`,
    { length, max },
  );
