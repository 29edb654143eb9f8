/** What the numbers of a report mean, in sentences for people who have never heard of ε. */
import type { Neighbours } from '../../dp/events.ts';
import type { PrivacyReport } from './document.ts';
import type { FieldRecord, MaskedSetting, NoiseRecord, RoundRecord } from './facts.ts';
import { counted, figure, price, span } from './markup.ts';

/** Paragraphs under a heading. */
export type Passage = { readonly heading: string; readonly paragraphs: readonly string[] };

/** The neighbouring relation, as the end of a sentence. */
export const NEIGHBOURS: Readonly<Record<Neighbours, string>> = {
  'zero-out': 'one client’s contribution is there, or zeros in its place; who took part is public',
  'add-or-remove': 'one unit is there, or is not',
  'replace-one': 'one unit’s contribution is there, or any other in its place',
};

/** Names of the laws of noise. */
export const MECHANISMS: Readonly<Record<NoiseRecord['mechanism'], string>> = {
  skellam: 'Skellam noise, a share from every client',
  'discrete-gaussian': 'discrete Gaussian noise, a share from every client',
};

/**
 * The greatest probability of telling two neighbouring worlds apart from even odds, in percent, rounded up.
 * For (ε, δ) it is (e^ε + δ) / (1 + e^ε).
 */
export function guessing(epsilon: number, delta: number): string {
  const chance = (1 + delta * Math.exp(-epsilon)) / (1 + Math.exp(-epsilon));
  return `${Math.min(100, Math.ceil(chance * 1000 - 1e-6) / 10)} %`;
}

/** The plain-language part: what was done, what ε means, for whom and against whom. */
export function passagesOf(report: PrivacyReport): readonly Passage[] {
  const { rounds } = report;
  return [
    ...(rounds.length > 0 ? [{ heading: 'What was done', paragraphs: doneIn(rounds) }] : []),
    {
      heading: report.spending === null ? 'No differential privacy' : 'What ε means here',
      paragraphs: epsilonIn(report),
    },
    ...(rounds.length > 0 ? [{ heading: 'Against whom', paragraphs: againstWhom(rounds) }] : []),
  ];
}

function doneIn(rounds: readonly RoundRecord[]): readonly string[] {
  const masked = rounds.filter(({ setting }) => setting.protection === 'masks');
  const encrypted = rounds.length - masked.length;
  const said: string[] = [];
  if (masked.length > 0) {
    said.push(
      `In ${counted(masked.length, 'round')}, clients sent vectors hidden under masks. The masks cancel in the sum, so the coordinator learns the sum over those who took part, and no single vector.`,
    );
  }
  if (encrypted > 0) {
    said.push(
      `In ${counted(encrypted, 'round')}, clients sent vectors under encryption. The coordinator added them up without reading them, and the holders of the key opened the sum.`,
    );
  }
  return said;
}

function epsilonIn({ rounds, spending, ledger, findings }: PrivacyReport): readonly string[] {
  if (spending === null) {
    return [
      'There is no differential privacy here: the exact sum of every round is released. Nobody sees a single vector, but nothing bounds what the sums themselves say about a person.',
    ];
  }
  const { epsilon, delta, neighbours } = spending;
  const isOfClients = rounds.some(({ noise }) => noise !== null);
  const said = [
    `Think of two worlds that differ in one thing: ${NEIGHBOURS[neighbours]}. Noise in the sums makes the two look alike. ε says how much alike, and the smaller it is, the better; δ is the probability with which that may fail.`,
  ];
  if (epsilon === null) said.push('For what was charged here no ε is proven: nothing is promised.');
  else if (epsilon === 0) said.push('Nothing was charged so far: ε is 0.');
  else {
    said.push(
      `All that was charged comes to ε = ${price(epsilon)} at δ = ${price(delta)}. Whoever sees the noisy sums that were charged, as they were charged, however much they know besides, and has to guess which of the two worlds is the real one, is right with a probability of at most ${guessing(epsilon, delta)}; a coin is right in 50 %. No odds change by more than a factor of ${price(Math.exp(epsilon))}, but for δ.`,
    );
    if (epsilon >= 3) {
      said.push(
        'At this ε the bound is weak: less may be seen in practice, but no more is promised.',
      );
    }
  }
  said.push(
    isOfClients
      ? 'This holds for each client with everything that it contributed to these rounds together, and not for each of its records alone. It does not hide what is true of the group: that is what a sum is for.'
      : 'The unit that this holds for, a person, a device or a record, is the one for which the ledger’s keeper worked the events out; a ledger does not say which.',
  );
  const uncharged = new Set(
    findings.flatMap(({ code, round }) =>
      code === 'not-charged' || code === 'another-event' ? [round] : [],
    ),
  );
  if (uncharged.size > 0) {
    said.push(
      `ε does not bound what the ${uncharged.size === 1 ? 'sum' : 'sums'} of ${counted(uncharged.size, 'round')} ${uncharged.size === 1 ? 'says' : 'say'}: the ledger did not charge what is on record.`,
    );
  }
  const open = new Set(
    rounds.flatMap(({ noise, fields }) =>
      noise === null ? [] : fields.flatMap((field) => (field.public ? [`“${field.name}”`] : [])),
    ),
  );
  if (open.size > 0) {
    said.push(
      `ε does not cover the fields that were declared public, whose exact sums are released: ${[...open].join(', ')}.`,
    );
  }
  if (ledger === null) {
    said.push(
      'No ledger is part of this report: ε is of the rounds on record, if there were no others.',
    );
  }
  return said;
}

function againstWhom(rounds: readonly RoundRecord[]): readonly string[] {
  const said: string[] = [];
  const masked = rounds.filter(({ setting }) => setting.protection === 'masks');
  for (const kind of ['active', 'semi-honest'] as const) {
    const of = masked.filter(({ setting }) => (setting as MaskedSetting).coordinator === kind);
    if (of.length === 0) continue;
    const corrupt = span(of.map(({ setting }) => (setting as MaskedSetting).corruptCount));
    const clients = span(of.map(({ invited }) => invited));
    said.push(
      kind === 'active'
        ? `Against a coordinator that may lie to anyone in any phase, together with up to ${corrupt} of ${clients} clients, and against everybody who sees the results (${counted(of.length, 'round')}).`
        : `Against a coordinator that follows the protocol and is curious, together with up to ${corrupt} of ${clients} clients, and against everybody who sees the results (${counted(of.length, 'round')}). A coordinator that lies is not allowed for.`,
    );
  }
  const encrypted = rounds.flatMap(({ setting }) =>
    setting.protection === 'encryption' ? [setting] : [],
  );
  if (encrypted.length > 0) {
    said.push(
      `Against a coordinator and fewer holders than open a sum together (${span(encrypted.map(({ threshold }) => threshold))}), where no client that uploads colludes with them (${counted(encrypted.length, 'round')}).`,
    );
  }
  return said;
}

/** What a field is and how it is kept in bounds. */
export function fieldText(field: FieldRecord): string {
  const { kind, length, clip, range, maxWeight } = field;
  const of = counted(length, kind === 'integer' ? 'integer' : 'number');
  const bounds =
    range !== null
      ? `each from ${figure(range.min)} to ${figure(range.max)}`
      : clip === null
        ? 'no clip'
        : clip.norm === 'l2'
          ? `cut to an L2 norm of ${figure(clip.bound)}`
          : `each cut to ±${figure(clip.bound)}`;
  const weight = maxWeight === null ? '' : `, weighted by up to ${figure(maxWeight)}`;
  const open = field.public ? '; declared public: its exact sum is released' : '';
  return `${of}, ${bounds}${weight}${open}`;
}
