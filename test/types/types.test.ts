/**
 * The type tests: every `*.test-d.ts` beside this file is compiled with the project's own options,
 * and each complaint of the compiler inside it is a failure. What must not compile stands under
 * `// @ts-expect-error <why>`; what must have a type is said with `expectTypeOf` of vitest.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const here = import.meta.dirname;
const root = join(here, '../..');
const files = readdirSync(here)
  .filter((name) => name.endsWith('.test-d.ts'))
  .map((name) => join(here, name));

/** Compiles these files (some of which may exist in `written` only); the complaints by file. */
function complaints(
  names: readonly string[],
  written: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, readonly string[]> {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = (name) => written.get(name) ?? readFile(name);
  host.fileExists = (name) => written.has(name) || fileExists(name);
  const program = ts.createProgram({ rootNames: names, options, host });
  return new Map(
    names.map((name) => {
      const source = program.getSourceFile(name);
      const found = [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ];
      return [
        name,
        found.map(({ file, start, messageText }) => {
          const line = file?.getLineAndCharacterOfPosition(start ?? 0).line ?? -1;
          return `line ${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
        }),
      ];
    }),
  );
}

describe('the harness', () => {
  const name = (which: string): string => join(here, `${which}.imagined.ts`);
  const text = (value: string): string =>
    `import { UsageError } from '../../src/errors.ts';
     ${value}
     export const error: UsageError = new UsageError(code, 'a message');`;
  const written = new Map([
    [name('right'), text("const code = 'out-of-range';")],
    [name('wrong'), text("const code = 'no-such-code';")],
    [name('expected'), `// @ts-expect-error a number is no string\nexport const a: string = 1;`],
    [name('unneeded'), `// @ts-expect-error nothing is wrong here\nexport const a: number = 1;`],
  ]);
  const found = complaints([...written.keys()], written);

  test('lets right programs pass', () => {
    expect(found.get(name('right'))).toEqual([]);
    expect(found.get(name('expected'))).toEqual([]);
  });

  test('refuses a wrong type', () => {
    expect(found.get(name('wrong'))).toEqual([expect.stringContaining('"no-such-code"')]);
  });

  test('refuses an expectation that nothing meets', () => {
    expect(found.get(name('unneeded'))).toEqual([expect.stringContaining('@ts-expect-error')]);
  });
});

describe('the type tests', () => {
  const found = files.length > 0 ? complaints(files) : new Map<string, readonly string[]>();
  for (const file of files) {
    test(file.slice(here.length + 1), () => expect(found.get(file)).toEqual([]));
  }
});
