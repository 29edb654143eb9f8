/** Records and charges side by side, in the order in which things happened: what plots and tables show. */
import type { PrivacyReport } from './document.ts';
import type { RoundRecord } from './facts.ts';

/** One round of which there is a record, a charge, or both. */
export type Moment = {
  readonly round: string;
  readonly record: RoundRecord | null;
  /** The number of its charge, from 1; null where it has none. */
  readonly charge: number | null;
  /** ε of everything up to its charge; undefined where no point of the curve is there. */
  readonly epsilon: number | null | undefined;
};

/** What happened, the charges without a record where the ledger has them. */
export function timelineOf({ rounds, ledger, spending }: PrivacyReport): readonly Moment[] {
  const points = new Map(spending?.points.map(({ charges, epsilon }) => [charges, epsilon]));
  const moment = (round: string, record: RoundRecord | null, charge: number | null): Moment => ({
    round,
    record,
    charge,
    epsilon: charge === null ? undefined : points.get(charge),
  });
  if (ledger === null) {
    let charges = 0;
    return rounds.map((record) =>
      moment(record.round, record, record.noise === null ? null : ++charges),
    );
  }
  const chargeOf = new Map(ledger.entries.map(({ round }, i) => [round, i + 1]));
  const recorded = new Set(rounds.map(({ round }) => round));
  const moments: Moment[] = [];
  let next = 0;
  const chargedAloneUpTo = (charge: number): void => {
    for (; next < charge; next++) {
      const { round } = ledger.entries[next] as (typeof ledger.entries)[number];
      if (!recorded.has(round)) moments.push(moment(round, null, next + 1));
    }
  };
  for (const record of rounds) {
    const charge = chargeOf.get(record.round) ?? null;
    chargeOf.delete(record.round); // Another record of that name was not charged with it.
    if (charge !== null) chargedAloneUpTo(charge);
    moments.push(moment(record.round, record, charge));
  }
  chargedAloneUpTo(ledger.entries.length);
  return moments;
}
