/** Where the records and the ledger do not say the same: what a reader should ask about first. */
import type { DpEvent } from '../../dp/events.ts';
import { canonicalJson } from '../../dp/ledger/lines.ts';
import type { NoiseRecord, RoundRecord } from './facts.ts';
import type { LedgerFacts } from './ledger-facts.ts';
import { figure, price } from './markup.ts';
import { priceAt, type Spending } from './spending.ts';

/** Something to ask about; `code` is stable, `text` is for people. */
export type Finding = {
  readonly code:
    | 'not-charged'
    | 'charged-without-record'
    | 'another-plan'
    | 'another-event'
    | 'another-relation'
    | 'beyond-claim'
    | 'over-budget'
    | 'no-ledger'
    | 'exact-sums'
    | 'nothing-proven';
  /** The round that it is about; null where it is about all of them. */
  readonly round: string | null;
  readonly text: string;
};

type Noisy = RoundRecord & { readonly noise: NoiseRecord };

/** All that does not fit together, rounds in their order. */
export function findingsOf(
  rounds: readonly RoundRecord[],
  ledger: LedgerFacts | null,
  spending: Spending | null,
): readonly Finding[] {
  const noisy = rounds.filter((round): round is Noisy => round.noise !== null);
  const list = [
    ...(ledger === null ? withoutLedger(noisy) : against(ledger, rounds, noisy)),
    ...beyondClaims(
      noisy.filter(({ noise }) => noise.neighbours === (spending?.neighbours ?? noise.neighbours)),
      chargedEvents(noisy, ledger),
    ),
    ...exactSums(rounds, noisy.length, ledger),
  ];
  const epsilon = spending?.epsilon;
  if (epsilon === null) {
    list.push({
      code: 'nothing-proven',
      round: null,
      text: 'No accountant proves any ε for what was charged: nothing is promised.',
    });
  }
  // By the rule that the ledger admits by: the accountants may know less at its order.
  if (ledger !== null && ledger.spent > ledger.limit) {
    list.push({
      code: 'over-budget',
      round: null,
      text: `What was charged is more than the budget of ε = ${figure(ledger.budget.epsilon)} lets through: no ledger of this library admits that.`,
    });
  }
  return Object.freeze(list.map((finding) => Object.freeze(finding)));
}

const chargedEvents = (noisy: readonly Noisy[], ledger: LedgerFacts | null): readonly DpEvent[] =>
  ledger === null
    ? noisy.map(({ noise }) => noise.event)
    : ledger.entries.map(({ event }) => ledger.events[event] as DpEvent);

const withoutLedger = (noisy: readonly Noisy[]): readonly Finding[] =>
  noisy.length === 0
    ? []
    : [
        {
          code: 'no-ledger',
          round: null,
          text: 'No ledger was given: ε is of the rounds on record, and of no others that may have been played.',
        },
      ];

function against(
  ledger: LedgerFacts,
  rounds: readonly RoundRecord[],
  noisy: readonly Noisy[],
): readonly Finding[] {
  const list: Finding[] = [];
  const say = (code: Finding['code'], round: string, text: string): void => {
    list.push({ code, round, text });
  };
  const entries = new Map(ledger.entries.map((entry) => [entry.round, entry]));
  const known = new Set(rounds.map(({ round }) => round));
  for (const { round, plan, noise } of noisy) {
    const entry = entries.get(round);
    if (entry === undefined) {
      say(
        'not-charged',
        round,
        'The round has noise, and this ledger did not pay for it: its price is not in ε.',
      );
      continue;
    }
    if (entry.plan !== plan) {
      say('another-plan', round, 'The ledger paid for another plan than the one on record.');
    }
    if (canonicalJson(ledger.events[entry.event]) !== canonicalJson(noise.event)) {
      say(
        'another-event',
        round,
        'The ledger charged something else than what the plan does; ε is of what was charged.',
      );
    }
    if (ledger.neighbours !== noise.neighbours) {
      say(
        'another-relation',
        round,
        `The ledger prices under ${ledger.neighbours}, the plan under ${noise.neighbours}: the two ε say different things.`,
      );
    }
  }
  for (const { round, noise } of rounds) {
    if (noise !== null || !entries.has(round)) continue;
    say(
      'another-event',
      round,
      'The ledger charged this round, and the record of it has no noise: the two are not about the same.',
    );
  }
  for (const { round } of ledger.entries) {
    if (known.has(round)) continue;
    say(
      'charged-without-record',
      round,
      'The round was charged and there is no record of it. It stays charged: something of it may have left.',
    );
  }
  return list;
}

/**
 * A plan's claim is of its own run alone; what was charged may be more. Only claims under the relation of the
 * charges can be compared with them.
 */
function beyondClaims(noisy: readonly Noisy[], charged: readonly DpEvent[]): readonly Finding[] {
  const claims = new Map(
    noisy.map(({ noise: { epsilon, delta, rounds, neighbours } }) => [
      `${epsilon} ${delta} ${rounds}`,
      { epsilon, delta, rounds, neighbours },
    ]),
  );
  const prices = new Map<number, number>();
  return [...claims.values()].flatMap((claim): Finding[] => {
    const { epsilon, delta, rounds } = claim;
    const found = prices.get(delta) ?? priceAt(charged, claim);
    prices.set(delta, found);
    // The plan's own price is rounded up, and keeps a part of δ aside.
    if (found <= epsilon * (1 + 1e-9)) return [];
    return [
      {
        code: 'beyond-claim',
        round: null,
        text:
          `Plans claim ε = ${price(epsilon)} at δ = ${price(delta)} for a run of ${rounds} rounds; all that was charged comes ` +
          `to ${Number.isFinite(found) ? `ε = ${price(found)}` : 'no ε that is proven'} at that δ.`,
      },
    ];
  });
}

/** Rounds without noise are outside of every ε. */
function exactSums(
  rounds: readonly RoundRecord[],
  noisy: number,
  ledger: LedgerFacts | null,
): readonly Finding[] {
  const exact = rounds.length - noisy;
  if (exact === 0 || (noisy === 0 && ledger === null)) return [];
  return [
    {
      code: 'exact-sums',
      round: null,
      text:
        `${exact} of the ${rounds.length} rounds on record have no noise. ε says nothing about their sums: a ` +
        'client that took part in one of them has no differential privacy over the whole.',
    },
  ];
}
