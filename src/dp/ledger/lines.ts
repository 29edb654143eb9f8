/**
 * A ledger's lines: canonical JSON, each with the hash of the line before it and with its own. One
 * ledger has exactly one spelling, so any changed byte is found.
 */
import { CodecError, PrivacyError, UsageError } from '../../errors.ts';
import { assertFinite, assertInteger } from '../../internal/assert.ts';
import { lengthPrefixed, toHex, utf8 } from '../../internal/bytes.ts';
import { sha256 } from '../../internal/sha256.ts';
import { assertEvent, type DpEvent, type Neighbours } from '../events.ts';
import { assertSound } from '../neighbours.ts';

/** Longest line in UTF-16 units: room for events of about a thousand records. */
export const MAX_LINE = 65_536;
/** Most entries of one ledger. */
export const MAX_ENTRIES = 1_000_000;

/** More than this promises nothing. */
const MAX_EPSILON = 1e6;
const FORMAT = 'veilsum/v1 ledger';
const HASH = /^[0-9a-f]{64}$/;

/** What all entries together may cost: they are (ε, δ)-DP. */
export type Budget = { readonly epsilon: number; readonly delta: number };

/** Which events a ledger is made for, and how many of them. */
export type Expectation = { readonly event: DpEvent; readonly count: number };

/** The first line: what was settled before anything was spent. */
export type Header = {
  readonly id: string;
  readonly budget: Budget;
  readonly neighbours: Neighbours;
  readonly order: number;
  readonly expecting: Expectation | null;
};

/** Every other line: one round that was paid for. */
export type Entry = {
  readonly index: number;
  readonly round: string;
  readonly plan: string;
  readonly event: DpEvent;
};

/** A line and its hash. */
export type Sealed = { readonly line: string; readonly hash: string };

type Json = Readonly<Record<string, unknown>>;

/**
 * The one JSON spelling of a value: keys sorted, no blanks, numbers as JavaScript prints them.
 *
 * @param value of what JSON can hold
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  const of = value as Json;
  const pairs = Object.keys(of)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(of[key])}`);
  return `{${pairs.join()}}`;
}

/** The header's line. */
export const sealHeader = (header: Header): Sealed => seal({ ...header, format: FORMAT });

/** An entry's line after the line with the hash `previous`. */
export const sealEntry = (entry: Entry, previous: string): Sealed => seal({ ...entry, previous });

function seal(fields: Json): Sealed {
  const digest = sha256(lengthPrefixed(utf8(FORMAT), utf8(canonicalJson(fields))));
  const hash = toHex(digest);
  return { line: canonicalJson({ ...fields, hash }), hash };
}

/**
 * Reads the header's line.
 *
 * @throws PrivacyError `ledger-tampered`, `unsupported-event`; CodecError `unknown-version`
 */
export function readHeader(line: unknown): { readonly header: Header; readonly hash: string } {
  const { fields, hash } = open(line, 0);
  if (typeof fields.format !== 'string') throw tampered(0, 'a line that is no header');
  if (fields.format !== FORMAT) {
    throw new CodecError(
      'unknown-version',
      `ledger: got another format, expected ${JSON.stringify(FORMAT)}`,
    );
  }
  return reading(0, () => {
    const { budget, expecting, id, neighbours, order } = fields;
    if (typeof id !== 'string' || !/^[0-9a-f]{32}$/.test(id)) throw tampered(0, 'no ledger id');
    assertFinite('order', order, 1.01, 4096);
    const header = {
      id,
      budget: readBudget(budget),
      neighbours: readNeighbours(neighbours),
      order: order as number,
      expecting: expecting === null ? null : readExpectation(expecting),
    };
    assertKeys(0, fields, ['format', ...Object.keys(header)]);
    assertKeys(0, recordOf('budget', budget), Object.keys(header.budget));
    if (expecting !== null) assertKeys(0, recordOf('expecting', expecting), ['count', 'event']);
    return { header: Object.freeze(header), hash };
  });
}

/**
 * Reads an entry's line.
 *
 * @param index where it stands, from 1
 * @param previous the hash of the line before it
 * @throws PrivacyError `ledger-tampered`, `unsupported-event`
 */
export function readEntry(
  line: unknown,
  index: number,
  previous: string,
): { readonly entry: Entry; readonly hash: string } {
  const { fields, hash } = open(line, index);
  if (fields.previous !== previous) {
    throw tampered(index, 'the hash of another line before it (one was removed, added or moved)');
  }
  return reading(index, () => {
    const { event, plan, round } = fields;
    if (fields.index !== index) throw tampered(index, 'another index');
    if (typeof plan !== 'string' || !HASH.test(plan)) throw tampered(index, 'no plan hash');
    const entry = { index, round: readRound(round), plan, event: assertEvent(event) };
    assertKeys(index, fields, ['previous', ...Object.keys(entry)]);
    return { entry: Object.freeze(entry), hash };
  });
}

/** A line's fields but its hash, which is right. */
function open(line: unknown, index: number): { readonly fields: Json; readonly hash: string } {
  if (typeof line !== 'string') throw tampered(index, 'no text');
  if (line.length > MAX_LINE) throw tampered(index, `more than ${MAX_LINE} characters`);
  let found: Sealed & { readonly fields: Json };
  try {
    const { hash: _, ...fields } = JSON.parse(line) as Json;
    found = { fields, ...seal(fields) };
  } catch {
    // No JSON, or nested deeper than the stack.
    throw tampered(index, 'no JSON');
  }
  if (found.line !== line) throw tampered(index, 'another hash than its contents have');
  return found;
}

/** Says of a field that is wrong in itself where it stands. */
function reading<T>(index: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof UsageError)
      throw tampered(index, `a field that cannot be: ${error.message}`);
    throw error;
  }
}

/** All of these are there by now; nothing else may be. */
function assertKeys(index: number, of: Json, names: readonly string[]): void {
  if (Object.keys(of).length !== names.length) throw tampered(index, 'a field that it cannot have');
}

/** The error of a line that is not as it was written. */
export const tampered = (index: number, got: string): PrivacyError =>
  new PrivacyError(
    'ledger-tampered',
    `ledger: line ${index}: got ${got}, expected the line as the ledger wrote it`,
    { index },
  );

/**
 * A checked copy of a budget.
 *
 * @throws UsageError `wrong-type`, `not-finite`, `out-of-range`
 */
export function readBudget(value: unknown): Budget {
  const { epsilon, delta } = recordOf('budget', value);
  assertFinite('ledger: budget.epsilon', epsilon, Number.MIN_VALUE, MAX_EPSILON);
  assertFinite('ledger: budget.delta', delta, Number.MIN_VALUE, 1 - 2 ** -53);
  return Object.freeze({ epsilon: epsilon as number, delta: delta as number });
}

/** @throws UsageError `out-of-range` */
export function readNeighbours(value: unknown): Neighbours {
  assertSound({ kind: 'composed', events: [] }, value as Neighbours);
  return value as Neighbours;
}

/**
 * A checked copy of an expectation.
 *
 * @throws UsageError `wrong-type`, `out-of-range` and as `assertEvent`; PrivacyError
 *   `unsupported-event`
 */
export function readExpectation(value: unknown): Expectation {
  const { count, event } = recordOf('expecting', value);
  assertInteger('ledger: expecting.count', count, 1, MAX_ENTRIES);
  return Object.freeze({ event: assertEvent(event), count: count as number });
}

/**
 * The name of a round: 1 to 128 characters, none of them invisible, as a plan's id.
 *
 * @throws UsageError `out-of-range`
 */
export function readRound(value: unknown): string {
  if (typeof value !== 'string' || !/^[^\p{C}\p{Zl}\p{Zp}]{1,128}$/u.test(value)) {
    throw new UsageError('out-of-range', 'ledger: round: expected 1 to 128 visible characters', {
      what: 'round',
    });
  }
  return value;
}

/** @throws UsageError `wrong-type` */
export function recordOf(what: string, value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError('wrong-type', `ledger: ${what}: got no record, expected one`, { what });
  }
  return value as Json;
}
