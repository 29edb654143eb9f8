/** The table of measurements in the README of lattice masks, from the committed results of the secagg room. */
import { resultsOf } from './bench-section.ts';

/** Rows by their names, with what they are; a value as it is, or times what it is held against. */
const ROWS: readonly (readonly [name: RegExp, what: string])[] = [
  [/^secagg\/lattice\/d=(\d+),c=1,k=32,.*\/one-mask$/, 'one mask of pairs over d = %'],
  [
    /^secagg\/lattice\/d=(\d+),c=1,k=32,.*\/hide$/,
    'a client hides d = % values of 16 bits, all told',
  ],
  [/^secagg\/lattice\/d=(\d+),c=1,k=32,.*\/open$/, 'opening a sum of d = %, all told'],
  [/^secagg\/lattice\/add\/d=(\d+),k=32$/, 'adding an upload of % words of 32 bits, where it lies'],
  [
    /^secagg\/lattice\/unmask\/n=500,k=\d+,d=(\d+)$/,
    'closing unmask, n = 500, d = %, a tenth dropped',
  ],
  [
    /^secagg\/lattice\/unmask\/n=500,.*d=(\d+)\/masks$/,
    'of that: all but Shamir and key agreements',
  ],
];

/** The section, or that there is nothing yet. */
export function latticeCosts(): string {
  const results = resultsOf('secagg');
  const records = (results?.records ?? []).filter(({ name }) => name.startsWith('secagg/lattice/'));
  if (results === undefined || records.length === 0)
    return 'No measurement has been committed yet.';
  const byName = new Map(records.map((record) => [record.name, record.value]));
  const rows = records.flatMap(({ name, value, unit, against, ratio }) => {
    const found = ROWS.find(([pattern]) => pattern.test(name));
    if (found === undefined || unit !== 'ms') return [];
    const [pattern, what] = found;
    const length = Number(pattern.exec(name)?.[1]).toLocaleString('en');
    const other = against === null ? undefined : byName.get(against);
    const beside = other === undefined ? '' : `${other.toLocaleString('en')} ms`;
    const times = ratio === null ? '' : `${ratio.toLocaleString('en')} ×`;
    return [[what.replace('%', length), `${value.toLocaleString('en')} ms`, beside, times]];
  });
  const { cpu, cores, node, date } = results.machine;
  const head = ['what', 'median', 'one mask, a copy, or masks of pairs', 'ratio'];
  const table = [head, ['---', '---:', '---:', '---:'], ...rows];
  return [
    `Measured on ${date}: ${cpu}, ${cores} cores, Node ${node}; \`npm run bench -- secagg\`.`,
    '',
    ...table.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}
