/** Every export of every public sub-path has a doc comment. */
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { projectOptions } from './compiler.ts';
import { ROOT, textOf } from './fences.ts';

/** The source of each sub-path of package.json, by its name. */
function subPaths(): ReadonlyMap<string, string> {
  const { exports } = JSON.parse(textOf('package.json')) as {
    readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  };
  return new Map(
    Object.entries(exports).flatMap(([name, target]) => {
      const source = typeof target === 'string' ? undefined : target['@veilsum/source'];
      return source === undefined ? [] : [[name, join(ROOT, source)] as const];
    }),
  );
}

/** The exports of some files that have no doc comment where they are declared. */
function undocumented(
  files: readonly string[],
  texts: ReadonlyMap<string, string> = new Map(),
): { readonly seen: number; readonly bare: readonly string[] } {
  // Comments need neither the standard library nor Node's types, which are most of the work.
  const options = { ...projectOptions(), noLib: true, types: [] };
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = (name) => texts.get(name) ?? readFile(name);
  host.fileExists = (name) => texts.has(name) || fileExists(name);
  const program = ts.createProgram({ rootNames: files, options, host });
  const checker = program.getTypeChecker();
  let seen = 0;
  const bare = files.flatMap((file) => {
    const source = program.getSourceFile(file) as ts.SourceFile;
    const module = checker.getSymbolAtLocation(source) as ts.Symbol;
    return checker.getExportsOfModule(module).flatMap((exported) => {
      seen++;
      const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
      const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
      const [declared] = symbol.declarations ?? [];
      const path = declared?.getSourceFile().fileName.slice(ROOT.length + 1) ?? 'nowhere';
      const said = ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();
      return said.length < 10 ? [`${path}: ${exported.name}`] : [];
    });
  });
  return { seen, bare: [...new Set(bare)].sort() };
}

test('an export without a doc comment is found', () => {
  const name = join(ROOT, 'imagined.ts');
  const text = `/** What a tree is. */
    export type Tree = { readonly height: number };
    // Not a doc comment.
    export const least: number = 1;
    /** @throws nothing */
    export function grow(): void {}`;
  expect(undocumented([name], new Map([[name, text]]))).toEqual({
    seen: 3,
    bare: ['imagined.ts: grow', 'imagined.ts: least'],
  });
});

test('every public export says what it is', { timeout: 60_000 }, () => {
  const paths = subPaths();
  expect([...paths.keys()]).toContain('./coordinator');
  const { seen, bare } = undocumented([...paths.values()]);
  expect(seen).toBeGreaterThan(100);
  expect(bare).toEqual([]);
});
