/** The result as a table for people and as JSON for machines. */
import type { BenchRecord, Report } from './harness.ts';

const HEAD = ['name', 'median', 'min', 'unit', 'against', 'ratio', 'bound', 'holds'];

const shown = (value: number | undefined | null): string =>
  value === undefined || value === null ? '' : String(Number(value.toPrecision(4)));

const row = (record: BenchRecord, least: number | undefined): readonly string[] => [
  record.name,
  record.unit === 'bytes' ? String(record.value) : shown(record.value),
  shown(least),
  record.unit,
  record.against ?? '',
  record.ratio === null ? '' : record.ratio.toFixed(2),
  record.bound === null ? '' : String(record.bound),
  record.holds === null ? '' : record.holds ? 'yes' : 'NO',
];

/** A Markdown table whose columns also line up as plain text. */
export function tableOf({ records, least, elsewhere }: Report): string {
  const lines = [aligned([HEAD, ...records.map((record) => row(record, least.get(record.name)))])];
  if (elsewhere.length > 0) {
    const rows = elsewhere.map(({ name, value, source }) => [name, shown(value), 'ms', source]);
    lines.push(
      '\nFor information, measured on another day: no ratio to the figures above is meant.\n',
      aligned([['name', 'median', 'unit', 'source'], ...rows]),
    );
  }
  return lines.join('\n');
}

function aligned(rows: readonly (readonly string[])[]): string {
  const columns = (rows[0] as readonly string[]).map((_, i) =>
    Math.max(3, ...rows.map((cells) => (cells[i] as string).length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(columns[i] as number)).join(' | ')} |`;
  const rule = line(columns.map((width) => '-'.repeat(width)));
  return [line(rows[0] as readonly string[]), rule, ...rows.slice(1).map(line)].join('\n');
}
