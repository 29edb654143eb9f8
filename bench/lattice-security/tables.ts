/** The evidence as Markdown, made from the recorded figures and from nothing else. */
import type { Evidence } from './evidence.ts';

const START = '<!-- estimate -->';
const END = '<!-- /estimate -->';

/** The text between the marks; they must be there, once. */
export function sectionIn(text: string): string {
  const parts = text.split(START).flatMap((part) => part.split(END));
  if (parts.length !== 3) throw new Error(`expected ${START} and ${END} once each`);
  return (parts[1] as string).trim();
}

/** The text with another section between the marks. */
export function withSection(text: string, section: string): string {
  sectionIn(text);
  return `${text.slice(0, text.indexOf(START))}${START}\n\n${section}\n\n${text.slice(text.indexOf(END))}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, i) =>
    Math.max(3, ...all.map((cells) => (cells[i] as string).length)),
  );
  const lineOf = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] as number)).join(' | ')} |`;
  return [lineOf(head), lineOf(widths.map((w) => '-'.repeat(w))), ...rows.map(lineOf)].join('\n');
}

const bits = (cost: number | undefined): string =>
  cost === undefined ? '' : (Math.round(cost * 10) / 10).toFixed(1);

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];

/** The sentence that goes beside the constants. */
export const claimSentence = ({ claim }: Pick<Evidence, 'claim'>): string =>
  `core-SVP 2^${claim.classical} classical, 2^${claim.quantum} quantum`;

/** Every level that a text claims in that form. */
export const claimsIn = (text: string): readonly string[] =>
  text.match(/core-SVP 2\^\d+ classical, 2\^\d+ quantum/g) ?? [];

/** All tables of the README, one under the other. */
export function tablesOf(evidence: Evidence): string {
  const { attacks, bounds, room, references, claim, memory, proof } = evidence;
  const models = distinct(bounds.map(({ model }) => model));
  const lines = [...attacks, ...bounds];
  const found = (
    instance: string,
    family: string,
    model: string,
  ): Evidence['attacks'][number] | undefined =>
    lines.find((x) => x.instance === instance && x.family === family && x.model === model);
  const families = distinct(lines.map(({ family }) => family));
  const first = attacks[0] as Evidence['attacks'][number];
  const perFamily = families.map((family) => [
    family,
    ...models.map((model) => bits(found(first.instance, family, model)?.cost)),
    String(found(first.instance, family, 'core-svp')?.block ?? ''),
  ]);
  const compared = room.map(({ model }) => model);
  const perInstance = distinct(attacks.map(({ instance }) => instance)).map((instance) => [
    instance,
    ...compared.map((model) => {
      const best = attacks
        .filter((x) => x.instance === instance && x.model === model)
        .reduce((a, b) => (b.cost < a.cost ? b : a));
      return `${bits(best.cost)} (${best.family})`;
    }),
  ]);
  const q = evidence.suite.logModulus as number;
  return [
    `**Level: ${claimSentence(evidence)}**; ${claim.gates} bits in gates. If 2^30 targets ` +
      `cost nothing and the luckiest will do: still 2^${claim.manyTargets} classical. The cheapest classical attack keeps 2^${memory} vectors ` +
      `in memory. The hint argument holds for up to ${proof.mostCoordinates.toExponential(1)} coordinates a secret, and ` +
      `its chain over 2^16 clients of 8 secrets multiplies an advantage by 2^${proof.loss}.`,
    'The suite, log2 of the cost. The last two rows are bounds, not attacks; the last column is β in `core-svp`.',
    table(['attack', ...models, 'β'], perFamily),
    'The cheapest attack on other instances.',
    table(['instance', ...compared], perInstance),
    'Room: the largest modulus at these widths, and the smallest width at this modulus, that keep 128 bits in the model.',
    table(
      ['model', 'level', 'largest log2 q', 'room in bits of q', 'smallest width'],
      room.map(({ model, level, logModulus, width }) => [
        model,
        bits(level),
        logModulus.toFixed(2),
        (logModulus - q).toFixed(2),
        width.toFixed(2),
      ]),
    ),
    'Published figures against ours.',
    table(
      ['instance', 'attack', 'model', 'published', 'β', 'ours', 'β', 'source'],
      references.map((x) => [
        x.instance,
        x.family,
        x.model,
        bits(x.published),
        String(x.publishedBlock),
        bits(x.found),
        String(x.block),
        x.source,
      ]),
    ),
  ].join('\n\n');
}
