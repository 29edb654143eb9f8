/**
 * `npm run bench` runs every room, `npm run bench -- secagg` one of them. A table goes to stdout; with
 * `--json FILE` the records go into a file; `--long` adds what takes minutes by itself. A bound that is
 * missed is reported and does not fail the run: the numbers are there to be read.
 *
 * `npm run bench -- peers --flower CHECKOUT` measures other people's code beside ours; without a working copy
 * of that code the room is left out.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { dp } from './dp.ts';
import { machine, type Report } from './harness.ts';
import { he } from './he.ts';
import { kernel } from './kernel.ts';
import { peers } from './peers/room.ts';
import { tableOf } from './report.ts';
import { scenario } from './scenario.ts';
import { secagg } from './secagg.ts';
import { zk } from './zk.ts';

/** Measures one room. */
type Room = (options: {
  readonly long: boolean;
  readonly flower?: string;
  readonly python: string;
}) => Promise<Report>;

/** The rooms that can be measured. The kernel goes first: what other rooms leave behind in the process would slow its shortest loops. */
const rooms: Readonly<Record<string, Room>> = { kernel, dp, he, scenario, secagg, zk, peers };

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'string' },
    long: { type: 'boolean', default: false },
    flower: { type: 'string' },
    python: { type: 'string', default: 'python3' },
  },
  allowPositionals: true,
});
const unknown = positionals.find((name) => !Object.hasOwn(rooms, name));
if (unknown !== undefined) {
  process.stderr.write(`no room "${unknown}"; there are: ${Object.keys(rooms).join(', ')}\n`);
  process.exit(2);
}
if (positionals.includes('peers') && values.flower === undefined) {
  process.stderr.write('peers: expected --flower CHECKOUT, a working copy of Flower\n');
  process.exit(2);
}
const all = Object.keys(rooms).filter((name) => name !== 'peers' || values.flower !== undefined);

const before = machine();
const start = performance.now();
const reports: Report[] = [];
for (const name of positionals.length > 0 ? positionals : all) {
  reports.push(await (rooms[name] as Room)(values));
}
const report: Report = {
  records: reports.flatMap(({ records }) => records),
  least: new Map(reports.flatMap(({ least }) => [...least])),
  elsewhere: reports.flatMap(({ elsewhere }) => elsewhere),
  peers: reports.flatMap(({ peers = [] }) => peers),
};
const seconds = Math.round((performance.now() - start) / 1000);
const { load, ...rest } = before;
const setting = { ...rest, date: new Date().toISOString().slice(0, 10), seconds, load };

process.stdout.write(
  `${setting.cpu}, ${setting.cores} cores, ${setting.platform}, Node ${setting.node}, ` +
    `OpenSSL ${setting.openssl}, load ${load.join(' ')} before and ` +
    `${machine().load.join(' ')} after, ${setting.date}, ${seconds} s\n\n${tableOf(report)}\n`,
);
const missed = report.records.filter(({ holds }) => holds === false);
if (missed.length > 0) {
  process.stdout.write(`\nMissed: ${missed.map(({ name }) => name).join(', ')}\n`);
}
if (values.json !== undefined) {
  const found = {
    machine: { ...setting, loadAfter: machine().load },
    records: report.records,
    least: Object.fromEntries(report.least),
    elsewhere: report.elsewhere,
    peers: report.peers,
  };
  writeFileSync(values.json, `${JSON.stringify(found, undefined, 2)}\n`);
}
