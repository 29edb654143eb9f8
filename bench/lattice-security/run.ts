/**
 * `npm run estimate` prints how hard the lattice masks' assumption is against the attacks that are modelled here;
 * `npm run estimate -- --write` also renews `bench/results/lattice-security.json` and the tables of this folder's README.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { evidence } from './evidence.ts';
import { tablesOf, withSection } from './tables.ts';

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const found = evidence();
const tables = tablesOf(found);
process.stdout.write(`${tables}\n`);
if (values.write) {
  const readme = join(import.meta.dirname, 'README.md');
  writeFileSync(readme, withSection(readFileSync(readme, 'utf8'), tables));
  const results = join(import.meta.dirname, '../results/lattice-security.json');
  writeFileSync(results, `${JSON.stringify(found, null, 2)}\n`);
}
