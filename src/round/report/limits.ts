/** What a report cannot show, and what the protection itself leaves open: said in every report. */
import type { Assumption } from '../assumptions.ts';
import type { RoundRecord } from './facts.ts';
import type { LedgerFacts } from './ledger-facts.ts';

/** What no report comes without: a claim, and what it means. */
export const CLAIM = 'Evidence, not compliance.';
export const MEANING: string =
  'This report tells what records and ledger say. It does not tell whether they are complete, whether the ' +
  'assumptions held, or whether what was done was allowed.';

const limit = (code: string, text: string): Assumption => Object.freeze({ code, text });

/** What the report does not show, whoever reads it. */
export function limitsOf(
  rounds: readonly RoundRecord[],
  ledger: LedgerFacts | null,
): readonly Assumption[] {
  const hasNoise = ledger !== null || rounds.some(({ noise }) => noise !== null);
  const list = [
    limit(
      'records',
      'That all rounds are on record, and that these were played. Whoever made the report chose the records. A ledger head, a transcript head or a proof bundle that others kept ties it to something outside.',
    ),
    limit(
      'clip',
      'That clients cut their vectors to the clip. Each does so on its own device, and one that does not may move the sum further than the clip says.',
    ),
  ];
  if (hasNoise) {
    list.push(
      limit(
        'noise',
        'That clients added their share of the noise, and told nobody. Nothing proves it; those who leave it out count among the corrupt ones, of which only so many are allowed for.',
      ),
      limit(
        'adaptive',
        'That ε over rounds also bounds rounds that were chosen by looking at earlier answers: accountants price these charges as if they had been fixed beforehand. A ledger admits by a rule that holds for both.',
      ),
      limit(
        'draws',
        'That the draws of noise keep to their law exactly: each is proven to lie within 2⁻¹²⁰ of it. A plan sets a part of its δ aside for that, and the curve of ε does not count it.',
      ),
      limit(
        'other-ledgers',
        'What other ledgers paid for: each client keeps one of its own, and other coordinators theirs. Budgets over the same people add up.',
      ),
    );
  }
  list.push(
    limit(
      'other-releases',
      'What else is released about the same people: other sums, logs, metrics, addresses, models that were trained in another way.',
    ),
    limit(
      'people',
      'That one client is one person. Who stands behind several clients is protected as each of them, not as one.',
    ),
    limit(
      'software',
      'That the software that ran is the one named here, and that it has no fault.',
    ),
    limit(
      'law',
      'Whether the price is low enough for its purpose, and whether consent, retention, access and all else that rules ask for are in order.',
    ),
  );
  return Object.freeze(list);
}

/** What the protection leaves open even where every assumption holds. */
export function remainsOf(rounds: readonly RoundRecord[]): readonly Assumption[] {
  const isExact = rounds.some(
    ({ noise, fields }) => noise === null || fields.some((field) => field.public),
  );
  const list = [
    limit(
      'the-sum',
      isExact
        ? 'Exact sums are released. With few contributors a sum says much about each of them.'
        : 'Noisy sums are released: what is true of the whole group is meant to be learned, also about its members.',
    ),
    limit('participation', 'Who took part is known to the coordinator.'),
  ];
  if (isExact) {
    list.push(
      limit(
        'differences',
        'Two exact sums that differ by one client give that client away, over however many rounds they lie apart.',
      ),
      limit(
        'sparse',
        'Where only one client has something else than zero, an exact sum is its value.',
      ),
    );
  }
  list.push(
    limit(
      'poisoning',
      'A client can put in anything within its clip, and a dishonest one anything at all; the sum hides which one did.',
    ),
    limit(
      'sybils',
      'One party under many names is many clients; only whoever signed the roster can keep it out.',
    ),
    limit(
      'abort',
      'The coordinator, or too many absent clients, can end a round without a result.',
    ),
  );
  return Object.freeze(list);
}
