/**
 * The privacy report: from the records of rounds, and the ledger that paid for them, one JSON document that
 * says what was promised to whom, what it cost, and what none of it shows.
 */
import type { Ledger } from '../../dp/index.ts';
import { CodecError, UsageError } from '../../errors.ts';
import { VERSION } from '../../internal/version.ts';
import type { Assumption } from '../assumptions.ts';
import { listOf, malformed, objectOf, orNull, type Read, text } from './check.ts';
import type { RoundRecord } from './facts.ts';
import { type Finding, findingsOf } from './findings.ts';
import { type LedgerFacts, ledgerFacts, readLedgerFacts } from './ledger-facts.ts';
import { CLAIM, limitsOf, MEANING, remainsOf } from './limits.ts';
import { readRecord, readVersion } from './read-record.ts';
import { type Spending, spendingOf } from './spending.ts';

/** The format of a report's JSON. */
const FORMAT = 'veilsum/v1 privacy report';

/** A privacy report. Frozen, and plain JSON: `JSON.stringify` writes it, `readReport` reads it. */
export type PrivacyReport = {
  readonly format: 'veilsum/v1 privacy report';
  /** Version of the library that made the report. */
  readonly library: string;
  /** That this is evidence, and not compliance. */
  readonly statement: string;
  readonly title: string;
  /** When it was made, as its maker says; null where nobody said. */
  readonly made: string | null;
  readonly rounds: readonly RoundRecord[];
  readonly ledger: LedgerFacts | null;
  /** ε over rounds; null where nothing was charged and exact sums are all there is. */
  readonly spending: Spending | null;
  /** Where records and ledger do not fit together. */
  readonly findings: readonly Finding[];
  /** What remains open where every assumption holds. */
  readonly remains: readonly Assumption[];
  /** What the report does not show. */
  readonly limits: readonly Assumption[];
};

/** What a report is made from. */
export type ReportFacts = {
  /** In the order in which they were played; up to 100,000, of plans with up to 16 different δ. */
  readonly rounds: readonly RoundRecord[];
  /** The ledger that paid for them: its entries are what ε is worked out from. */
  readonly ledger?: Ledger;
  /** For people, 1 to 200 visible characters. */
  readonly title?: string;
  /** The date, for people: the library has no clock. 1 to 64 visible characters. */
  readonly made?: string;
};

type Facts = Pick<PrivacyReport, 'title' | 'made' | 'rounds' | 'ledger' | 'library'>;

const MOST_ROUNDS = 100_000;
/** For each, all that was charged is priced once: see `findingsOf`. */
const MOST_DELTAS = 16;
const made = new WeakSet<object>();

/**
 * Makes a report.
 *
 * @param facts.rounds records of `roundRecord` or `encryptedRecord`; those that were kept as JSON will do
 * @param facts.ledger an open ledger of `veilsum/dp`. Rounds that it charged and of which there is no record
 *   are in the report, too: they stay charged. Left out, ε is of the rounds on record alone
 * @param facts.title what is reported on
 * @param facts.made e.g. `new Date().toISOString()`
 * @throws CodecError `malformed` (records or texts); UsageError `duplicate-id` (one plan on record twice),
 *   `wrong-type`, `state-spent` (the ledger)
 *
 * **Security**: a report names plans, fields and numbers of clients, and no client. It is as true as what it
 * was made from: nothing in it is signed.
 * **Cost**: a price for each of up to 256 points, of 16 where hundreds of events differ (see `epsilon` of
 * `veilsum/dp`).
 */
export function privacyReport(facts: ReportFacts): PrivacyReport {
  return reportOf({
    title: readTitle('privacyReport: title', facts.title ?? 'Privacy report'),
    made: readMade('privacyReport: made', facts.made ?? null),
    rounds: readRounds('privacyReport: rounds', facts.rounds),
    ledger: facts.ledger === undefined ? null : ledgerFacts(facts.ledger),
    library: VERSION,
  });
}

/**
 * Reads a report's JSON. What follows from its facts is worked out again: texts are this version's own but for
 * the assumptions, which are in the words of the records; the ledger's lines lead to its head, and a report that
 * states less ε than was charged is refused.
 *
 * @param json what `JSON.stringify` gave
 * @returns a report as `privacyReport` makes it, `library` being that of the first maker
 * @throws CodecError `malformed`, `unknown-version`; PrivacyError `ledger-tampered`, `unsupported-event`,
 *   `unsound-parameters`; UsageError `duplicate-id`
 *
 * **Security**: shows that a report is consistent in itself, and nothing more: whoever writes one can write
 * other records. **Cost**: as `privacyReport`, and 30 µs for each entry of the ledger.
 */
export function readReport(json: string): PrivacyReport {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw malformed('report', 'JSON');
  }
  const format = (value as Partial<PrivacyReport> | null)?.format;
  if (typeof format === 'string' && format !== FORMAT) {
    throw new CodecError(
      'unknown-version',
      `report: got another format, expected ${JSON.stringify(FORMAT)}`,
    );
  }
  const derived: Read<never> = (_, part) => part as never;
  const told = objectOf<PrivacyReport>({
    format: text(64) as Read<typeof FORMAT>,
    library: readVersion,
    statement: derived,
    title: readTitle,
    made: readMade,
    rounds: readRounds,
    ledger: orNull(readLedgerFacts),
    spending: derived,
    findings: derived,
    remains: derived,
    limits: derived,
  })('report', value);
  const report = reportOf(told);
  assertStated(report.spending, told.spending);
  return report;
}

/**
 * The report itself, of what was checked.
 *
 * @throws UsageError `wrong-type` for one that neither of the two functions above gave
 */
export function assertReport(report: unknown): asserts report is PrivacyReport {
  if (typeof report === 'object' && report !== null && made.has(report)) return;
  throw new UsageError(
    'wrong-type',
    'report: got something else, expected what privacyReport() or readReport() gave',
  );
}

const readTitle = (where: string, value: unknown): string => text(200)(where, value);
const readMade = (where: string, value: unknown): string | null => orNull(text(64))(where, value);

const readRounds: Read<readonly RoundRecord[]> = (where, value) => {
  const rounds = listOf(readRecord, MOST_ROUNDS)(where, value);
  const deltas = new Set(rounds.flatMap(({ noise }) => noise?.delta ?? []));
  if (deltas.size > MOST_DELTAS) throw malformed(where, `at most ${MOST_DELTAS} different δ`);
  const plans = new Set<string>();
  for (const { plan, round } of rounds) {
    if (plans.has(plan)) {
      throw new UsageError(
        'duplicate-id',
        `${where}: got round ${JSON.stringify(round)} twice, expected one record of each plan`,
        { round },
      );
    }
    plans.add(plan);
  }
  return rounds;
};

function reportOf({ title, made: when, rounds, ledger, library }: Facts): PrivacyReport {
  const spending = spendingOf(rounds, ledger);
  const report: PrivacyReport = Object.freeze({
    format: FORMAT,
    library,
    statement: `${CLAIM} ${MEANING}`,
    title,
    made: when,
    rounds,
    ledger,
    spending,
    findings: findingsOf(rounds, ledger, spending),
    remains: remainsOf(rounds),
    limits: limitsOf(rounds, ledger),
  });
  made.add(report);
  return report;
}

/** Room for a logarithm that another engine rounds differently. */
const SLACK = 1e-9;

/** An ε that was made smaller is found; one of a version whose accountants knew less is larger, and may be. */
function assertStated(found: Spending | null, told: Spending | null): void {
  const epsilonOf = (spending: Spending | null): number =>
    spending === null ? -1 : (spending.epsilon ?? Number.POSITIVE_INFINITY);
  const stated = typeof told === 'object' ? epsilonOf(told) : Number.NaN;
  if (stated >= epsilonOf(found) * (1 - SLACK) || stated === epsilonOf(found)) return;
  throw malformed('report.spending.epsilon', 'at least what was charged comes to');
}
