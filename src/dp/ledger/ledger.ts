/**
 * The privacy ledger: every noisy round is written down, durably, before anything of it leaves, and is
 * refused when the budget has no room for it. Who crashes in between has spent.
 *
 * A client keeps one for what it gives away about its user, a coordinator one for what it releases.
 * They are never merged: each protects the same people, but counts other releases.
 */
import { PrivacyError, UsageError } from '../../errors.ts';
import { assertBytes, assertInteger } from '../../internal/assert.ts';
import { toHex } from '../../internal/bytes.ts';
import { randomBytes } from '../../internal/random.ts';
import { assertEvent, type DpEvent, type Neighbours } from '../events.ts';
import {
  type Book,
  emptyBook,
  keep,
  knownOf,
  readBook,
  receiptOf,
  refusalOf,
  rolledBack,
  tooLong,
} from './book.ts';
import { settleOrder } from './filter.ts';
import {
  type Budget,
  canonicalJson,
  type Expectation,
  type Header,
  MAX_ENTRIES,
  MAX_LINE,
  readBudget,
  readExpectation,
  readNeighbours,
  readRound,
  recordOf,
  sealEntry,
  sealHeader,
} from './lines.ts';
import type { LedgerHead, Receipt, Refusal } from './receipt.ts';
import type { LedgerStorage } from './storage.ts';

/** A round that asks to be paid for. */
export type AdmitRequest = {
  /** Its name, unique in the ledger; 1 to 128 visible characters. */
  readonly round: string;
  /** The hash of its plan; 32 bytes. */
  readonly plan: Uint8Array;
  /** What it does to the data, in the worst case that the plan allows. */
  readonly event: DpEvent;
};

/** An open ledger. Frozen. */
export type Ledger = {
  /** 16 random bytes in hexadecimal, drawn when the ledger began. */
  readonly id: string;
  readonly budget: Budget;
  readonly neighbours: Neighbours;
  /** The Rényi order that was settled when the ledger began. */
  readonly order: number;
  /**
   * Pays for a round, or refuses. Resolves with a receipt once the entry is durable. The same round
   * with the same plan and event gets its receipt again and pays nothing; with others it is refused.
   *
   * @throws UsageError `out-of-range`, `wrong-type`, `wrong-length`, `not-finite` (the request),
   *   `state-spent` (the storage did not confirm this or an earlier entry: open the ledger again);
   *   PrivacyError `unsound-parameters` (the round has another plan or event, or the event has no
   *   meaning under the ledger's relation), `unsupported-event`
   */
  readonly admit: (request: AdmitRequest) => Promise<Receipt | Refusal>;
  /** How far the ledger has come. Remember it where the ledger's storage cannot reach. */
  readonly head: () => LedgerHead;
};

/** What a ledger is opened for. */
export type LedgerOptions = {
  /** What all entries together may cost, for ever. δ belongs well below 1 / the number of people. */
  readonly budget: Budget;
  /** The relation under which all events are priced. */
  readonly neighbours: Neighbours;
  /** What the ledger is meant for: settles the order at which most of it fits. */
  readonly expecting?: Expectation;
  /** A head from before: a ledger that does not contain it is refused. */
  readonly rememberedHead?: LedgerHead;
};

type State = {
  readonly book: Book;
  readonly storage: LedgerStorage;
  /** Admissions happen one after the other: each is settled before the next begins. */
  queue: Promise<unknown>;
  failed: boolean;
};

const states = new WeakMap<Ledger, State>();

/**
 * Opens a ledger, or begins one where the storage holds no line.
 *
 * Every line is verified. What the entries cost is computed anew and never read.
 *
 * @param storage see {@link LedgerStorage}
 * @throws UsageError for options out of range; PrivacyError `ledger-tampered` (an edited, removed,
 *   doubled or moved line; a ledger that does not contain `rememberedHead`), `unsound-parameters` (the
 *   stored budget, relation or expectation is another), `budget-exceeded` (more is expected than
 *   fits), `unsupported-event`; CodecError `unknown-version`; whatever the storage throws
 *
 * **Security**: a chain of hashes holds against damage and clumsy edits. Whoever can rewrite the whole
 * storage can cut its end off or write another ledger; only `rememberedHead` shows that.
 * **Cost**: about 30 µs an entry, once; an event is priced once however often it occurs.
 */
export async function openLedger(storage: LedgerStorage, options: LedgerOptions): Promise<Ledger> {
  recordOf('options', options);
  const budget = readBudget(options.budget);
  const neighbours = readNeighbours(options.neighbours);
  const expecting = options.expecting === undefined ? null : readExpectation(options.expecting);
  const remembered = readRemembered(options.rememberedHead);
  const lines = await storage.load();
  if (!Array.isArray(lines)) {
    throw new UsageError('wrong-type', 'ledger storage: load gave no array, expected lines');
  }
  if (lines.length > 0) {
    const book = readBook(lines, remembered);
    holdAgainst(book.header, budget, neighbours, expecting);
    return handleOf(storage, book);
  }
  if (remembered !== undefined) throw rolledBack('no line', remembered);
  const order = settleOrder(budget, neighbours, expecting);
  const header = Object.freeze({
    id: toHex(randomBytes(16)),
    budget,
    neighbours,
    order,
    expecting,
  });
  const { line, hash } = sealHeader(header);
  if (line.length > MAX_LINE) throw tooLong(line.length, MAX_LINE);
  await storage.append(0, line);
  return handleOf(storage, emptyBook(header, hash));
}

function readRemembered(value: unknown): LedgerHead | undefined {
  if (value === undefined) return undefined;
  const { count, hash } = recordOf('rememberedHead', value);
  assertInteger('ledger: rememberedHead.count', count, 0, MAX_ENTRIES);
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) {
    throw new UsageError(
      'wrong-type',
      'ledger: rememberedHead.hash: expected 64 hexadecimal digits in lower case',
    );
  }
  return { count: count as number, hash };
}

/** What was settled when the ledger began holds for ever. */
function holdAgainst(
  header: Header,
  budget: Budget,
  neighbours: Neighbours,
  expecting: Expectation | null,
): void {
  const differs = (what: string, stored: unknown, asked: unknown): void => {
    const [was, got] = [canonicalJson(stored), canonicalJson(asked)];
    if (was === got) return;
    throw new PrivacyError(
      'unsound-parameters',
      `ledger: ${what}: got ${got.slice(0, 200)}, expected ${was.slice(0, 200)} as it began with`,
      { what },
    );
  };
  differs('budget', header.budget, budget);
  differs('neighbours', header.neighbours, neighbours);
  if (expecting !== null) differs('expecting', header.expecting, expecting);
}

function handleOf(storage: LedgerStorage, book: Book): Ledger {
  const { id, budget, neighbours, order } = book.header;
  const state: State = { book, storage, queue: Promise.resolve(), failed: false };
  const ledger: Ledger = Object.freeze({
    id,
    budget,
    neighbours,
    order,
    admit: async (request: AdmitRequest) => {
      // Checked and copied at once: the caller may change its bytes while others are in the queue.
      const { round, plan, event } = recordOf('request', request);
      assertBytes('ledger: plan', plan, 32);
      const asked = { round: readRound(round), plan: toHex(plan as Uint8Array) };
      const checked = assertEvent(event);
      const answer = state.queue.then(() => admitNext(state, asked, checked));
      state.queue = answer.catch(() => undefined);
      return answer;
    },
    head: () => book.head,
  });
  states.set(ledger, state);
  return ledger;
}

async function admitNext(
  state: State,
  asked: { readonly round: string; readonly plan: string },
  event: DpEvent,
): Promise<Receipt | Refusal> {
  if (state.failed) throw unconfirmed();
  const { book, storage } = state;
  const text = canonicalJson(event);
  const before = book.paid.get(asked.round);
  if (before !== undefined) {
    if (before.plan === asked.plan && before.event === text) return receiptOf(book, asked.round);
    const what = before.plan === asked.plan ? 'event' : 'plan';
    throw new PrivacyError(
      'unsound-parameters',
      `ledger: round ${JSON.stringify(asked.round)}: got another ${what} than it was paid for with, ` +
        'expected the same',
      { round: asked.round },
    );
  }
  const index = book.head.count + 1;
  assertInteger('ledger: entries', index, 1, MAX_ENTRIES);
  const known = knownOf(book, text, event);
  if (!book.meter.hasRoom(known.cost)) return refusalOf(book, asked.round, known);
  const { line, hash } = sealEntry({ ...asked, index, event }, book.head.hash);
  if (line.length > MAX_LINE) throw tooLong(line.length, MAX_LINE);
  try {
    await storage.append(index, line);
  } catch (cause) {
    // Written or not, nobody here knows. Whoever loads the lines does.
    state.failed = true;
    throw Object.assign(unconfirmed(), { cause });
  }
  keep(book, { ...asked, text, hash }, known);
  return receiptOf(book, asked.round);
}

const unconfirmed = (): UsageError =>
  new UsageError(
    'state-spent',
    'ledger: got one whose storage did not confirm an entry, expected a ledger opened again: what was ' +
      'written counts as spent',
  );

/**
 * What is in an open ledger, for those who report on it.
 *
 * @throws UsageError `wrong-type` (no ledger), `state-spent`
 */
export function bookOf(ledger: Ledger): Book {
  const state = states.get(ledger);
  if (state === undefined) {
    throw new UsageError('wrong-type', 'ledger: expected one that openLedger() gave');
  }
  if (state.failed) throw unconfirmed();
  return state.book;
}
