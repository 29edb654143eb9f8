/**
 * The surface of every sub-path, types included, is what is committed in `api/`: a change of it is seen
 * in the diff. `npm run build && npm run test:dist -- -u` writes the reports anew.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { apiReport } from './api.ts';
import { manifest } from './install.ts';

// The build itself: in a tarball under node_modules, its files would look like other packages.
const library = join(import.meta.dirname, '../..');
const folder = join(import.meta.dirname, 'api');

const entries = Object.entries(manifest().exports).flatMap(([key, target]) =>
  typeof target === 'string'
    ? []
    : [{ name: key === '.' ? 'veilsum' : key.slice(2), types: target.types as string }],
);

for (const { name, types } of entries) {
  test(name, async () => {
    await expect(apiReport(library, types)).toMatchFileSnapshot(join(folder, `${name}.md`));
  });
}

test('no report is of a sub-path that is gone', () => {
  const names = entries.map(({ name }) => `${name}.md`);
  expect(readdirSync(folder).filter((file) => !names.includes(file))).toEqual([]);
});
