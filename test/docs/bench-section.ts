/** The table of measurements in the README: made from the committed results, and from nothing else. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, textOf } from './fences.ts';

/** The part of `bench/results/*.json` that the README shows. */
type Results = {
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly node: string;
    readonly date: string;
  };
  readonly records: readonly BenchRecord[];
  readonly peers?: readonly Readonly<Record<string, string | boolean | null>>[];
};

type BenchRecord = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly against: string | null;
  readonly ratio: number | null;
  readonly bound: number | null;
};

/** The rooms of which the README shows something. */
export const SHOWN_ROOMS: readonly string[] = ['kernel', 'secagg', 'peers'];

/**
 * The whole stages, and of single loops the ratios with a bound; parts, and what they are held against,
 * stand in the JSON.
 */
const isShown = ({ name, unit }: BenchRecord): boolean => {
  const parts = name.split('/');
  if (parts[0] === 'kernel') return unit === 'x';
  // Theirs is a table of its own, in the room's README.
  if (parts[1] === 'lattice') return false;
  return parts.length === 4 || (parts[2] === 'unmask' && parts[4] === 'threads=2');
};

/** Whether a time is held against a part of its own: the raw operations in it. */
const isAgainstRaw = ({ name, against }: BenchRecord): boolean =>
  against?.startsWith(`${name}/`) === true;

/** The README's marks around the section of a room. */
const marks = (room: string): readonly [string, string] => [
  `<!-- bench:${room} -->`,
  `<!-- /bench:${room} -->`,
];

/** What stands between the marks; the marks must be there, once. */
export function sectionIn(text: string, room: string): string {
  const [start, end] = marks(room);
  const parts = text.split(start).flatMap((part) => part.split(end));
  if (parts.length !== 3) throw new Error(`README: expected ${start} and ${end} once each`);
  return (parts[1] as string).trim();
}

/** A README with another text between the marks. */
export function withSection(text: string, room: string, section: string): string {
  const [start, end] = marks(room);
  sectionIn(text, room);
  const from = text.indexOf(start) + start.length;
  return `${text.slice(0, from)}\n\n${section}\n\n${text.slice(text.indexOf(end))}`;
}

/** The committed results of a room, if there are any. */
export function resultsOf(room: string): Results | undefined {
  const file = `bench/results/${room}.json`;
  return existsSync(join(ROOT, file)) ? (JSON.parse(textOf(file)) as Results) : undefined;
}

/** What the README says of some results, or of none. */
export function sectionFor(results: Results | undefined): string {
  if (results === undefined) return 'No measurement has been committed yet.';
  if (results.peers !== undefined && results.peers.length > 0) return besidePeers(results);
  const { cpu, cores, node, date } = results.machine;
  const rows = results.records.filter(isShown).map((record) => {
    const { name, value, ratio, bound } = record;
    const unit = record.unit === 'x' ? '×' : record.unit;
    const raw = ratio === null || !isAgainstRaw(record) ? '' : `${ratio.toFixed(2)} ×`;
    const most = bound === null ? '' : `${bound.toLocaleString('en')} ${unit}`;
    return [name, `${value.toLocaleString('en')} ${unit}`, raw, most];
  });
  const head = ['what', 'median or exact', 'of the raw operations', 'at most allowed'];
  const table = [head, ['---', '---:', '---:', '---:'], ...rows];
  return [
    `Measured on ${date}: ${cpu}, ${cores} cores, Node ${node}.`,
    '',
    ...table.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}

/** Of a run with somebody else's code: both medians of each pair, and how many times ours theirs is. */
function besidePeers({ machine, records, peers = [] }: Results): string {
  const { cpu, cores, node, date } = machine;
  const [peer = {}] = peers;
  const { name, version, commit, python, numpy, cryptography, pycryptodome } = peer;
  const byName = new Map(records.map((record) => [record.name, record]));
  const rows = records.flatMap(({ name, value, unit, against }) => {
    const theirs = byName.get(against ?? '');
    if (theirs === undefined || !name.startsWith('peers/veilsum/')) return [];
    const what = name.slice('peers/veilsum/'.length);
    const times = (theirs.value / value).toPrecision(2);
    const shown = [value, theirs.value].map((of) => `${of.toLocaleString('en')} ${unit}`);
    return [[what, ...shown, `${Number(times).toLocaleString('en')} ×`]];
  });
  const head = ['what', 'veilsum', `${name}`, `${name} ÷ veilsum`];
  const table = [head, ['---', '---:', '---:', '---:'], ...rows];
  return [
    `Measured on ${date}, in one run: ${cpu}, ${cores} cores, Node ${node}; ${name} ${version} (commit`,
    `${String(commit).slice(0, 10)}) on Python ${python}, numpy ${numpy}, cryptography ${cryptography}, pycryptodome ${pycryptodome}.`,
    '',
    ...table.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}
