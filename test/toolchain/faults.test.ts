/** The fault table of `test/README.md` is whole, and every test that it names names the code. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codesIn, names, rowsIn, testFiles, UNIONS } from './faults.ts';

const rows = rowsIn(readFileSync(join(import.meta.dirname, '../README.md'), 'utf8'));
const all = UNIONS.flatMap((union) => codesIn(union).map((code) => [code, union.name] as const));

test('there are codes in every union', () => {
  for (const union of UNIONS) expect(codesIn(union).length, union.name).toBeGreaterThan(0);
});

test('every code has its row, in order, and no row is of a code that is gone', () => {
  expect(rows.map(([code, union]) => [code, union])).toEqual(all);
});

test('every row names a test, which is there and names the code', () => {
  for (const [code, , files] of rows) {
    expect(files.length, code).toBeGreaterThan(0);
    for (const file of files) {
      expect(existsSync(join(import.meta.dirname, '../..', file)), file).toBe(true);
      expect(names(file, code), `${file}: ${code}`).toBe(true);
    }
  }
});

test('every code is expected by some test', () => {
  const files = testFiles().filter((file) => !file.startsWith('test/toolchain/'));
  for (const [code] of all)
    expect(
      files.some((file) => names(file, code)),
      code,
    ).toBe(true);
});
