/** The programs in the documentation compile, run, and print what they say. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { complaints } from './compiler.ts';
import { documentedFiles, type Fence, fencesIn, promisedOutput, ROOT, textOf } from './fences.ts';

/** Runs a program as its reader would, but with `veilsum` taken from the sources; what it prints. */
async function output(code: string): Promise<readonly string[]> {
  const flags = ['--conditions=@veilsum/source', '--input-type=module-typescript'];
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [...flags, '--eval', code], { cwd: ROOT });
  return stdout.split('\n').slice(0, -1);
}

/** A name beside the file, so that imports resolve from where the reader stands. */
const nameOf = ({ file, line }: Fence): string => join(ROOT, `${file}.line-${line}.ts`);

describe('the reader of fences', () => {
  test('takes programs, and leaves other text', () => {
    const text = 'one\n```ts\nconst a = 1;\n```\n```text\nno program\n```\n```\nnor this\n```\n';
    expect(fencesIn('a.md', text)).toEqual([{ file: 'a.md', line: 2, code: 'const a = 1;\n' }]);
  });

  test('takes programs of doc comments', () => {
    const text = '/**\n * ```ts\n * if (true) {\n *   go();\n * }\n * ```\n */\nconst b = 2;\n';
    expect(fencesIn('a.ts', text)).toEqual([
      { file: 'a.ts', line: 2, code: 'if (true) {\n  go();\n}\n' },
    ]);
  });

  test('refuses a fence that stays open', () => {
    expect(() => fencesIn('a.md', '```ts\nconst a = 1;\n')).toThrow('line 1 stays open');
  });

  test('knows what a program says it prints', () => {
    expect(promisedOutput('console.log(1 + 1); // 2\nconst a = 1; // one\n')).toEqual(['2']);
  });
});

test('the runner fails where a program throws', async () => {
  await expect(output("throw new Error('a mistake');")).rejects.toThrow('a mistake');
  expect(await output("console.log('fine');")).toEqual(['fine']);
});

const fences = documentedFiles().flatMap((file) => fencesIn(file, textOf(file)));

describe('every program in the documentation', () => {
  test('there are some', () => {
    expect(fences.filter(({ file }) => file === 'README.md')).not.toEqual([]);
  });

  // One run of the compiler for all of them, and for two that must not pass.
  test('compiles', { timeout: 60_000 }, () => {
    const wrong = join(ROOT, 'wrong.ts');
    const unknown = join(ROOT, 'unknown.ts');
    const texts = new Map([
      ...fences.map((fence) => [nameOf(fence), fence.code] as const),
      [wrong, "import { clientId } from 'veilsum';\nclientId(1);\n"],
      [unknown, "import { noSuchThing } from 'veilsum';\nnoSuchThing();\n"],
    ]);
    const bad = new Map([...complaints(texts)].filter(([, found]) => found.length > 0));
    expect(bad.get(wrong)).toEqual([expect.stringContaining('line 2')]);
    expect(bad.get(unknown)).toEqual([expect.stringContaining('noSuchThing')]);
    bad.delete(wrong);
    bad.delete(unknown);
    expect([...bad]).toEqual([]);
  });

  test.each(fences)('$file, line $line: runs and prints what it says', async ({ code }) => {
    const promised = promisedOutput(code);
    const printed = await output(code);
    if (promised.length > 0) expect(printed).toEqual(promised);
  });
});
