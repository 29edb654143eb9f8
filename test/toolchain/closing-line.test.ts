/** The closing line tells the truth: a run with one test of each fate, and one with a broken file. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;
let folder = '';

beforeAll(() => {
  mkdirSync(join(root, 'node_modules/.cache'), { recursive: true });
  folder = mkdtempSync(join(root, 'node_modules/.cache/closing-line-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The last line and the exit code of a run over these files. */
function run(files: Readonly<Record<string, string>>): { last: string; status: number | null } {
  const at = mkdtempSync(join(folder, 'run-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(at, name), text);
  writeFileSync(
    join(at, 'vitest.config.ts'),
    `import { closingLine } from '${root}test/reporter.ts';
     export default { root: '${at}', test: { include: ['*.fate.ts'], reporters: ['default', closingLine] } };`,
  );
  const { stdout, status } = spawnSync(
    'node',
    [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--config', join(at, 'vitest.config.ts')],
    { cwd: at, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1', VITEST: undefined } },
  );
  return { last: stdout.trimEnd().split('\n').at(-1) ?? '', status };
}

const head = "import { beforeAll, describe, expect, test } from 'vitest';\n";
const good = "test('good', () => expect(1).toBe(1));\n";

describe('the closing line', () => {
  test('counts what passed', () => {
    expect(run({ 'a.fate.ts': head + good })).toEqual({ last: '1 passed, 0 failed', status: 0 });
  });

  test('counts what failed and what was skipped', () => {
    const text = `${head}${good}test('bad', () => expect(1).toBe(2));\ntest.skip('no', () => {});\n`;
    expect(run({ 'a.fate.ts': text })).toEqual({
      last: '1 passed, 1 failed, 1 skipped',
      status: 1,
    });
  });

  test('counts a file that cannot be loaded and a hook that throws', () => {
    const hook = `${head}describe('suite', () => { beforeAll(() => { throw new Error('hook'); });\n${good}});\n`;
    const result = run({
      'a.fate.ts': head + good,
      'b.fate.ts': "throw new Error('load');\n",
      'c.fate.ts': hook,
    });
    expect(result).toEqual({ last: '1 passed, 2 failed, 1 skipped', status: 1 });
  });

  test('counts an error that no test caught', () => {
    const text = `${head}${good}Promise.reject(new Error('nobody waits for this'));\n`;
    expect(run({ 'a.fate.ts': text })).toEqual({ last: '1 passed, 1 failed', status: 1 });
  });
});
