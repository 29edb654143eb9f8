/** The compiler as the doc tests need it: programs that stand in no file, with the project's options. */
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from './fences.ts';

/** The options of `tsconfig.json`. */
export function projectOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
  return ts.parseJsonConfigFileContent(config, ts.sys, ROOT).options;
}

/** Compiles texts as if they were files of the project; every complaint about them, by name. */
export function complaints(
  texts: ReadonlyMap<string, string>,
): ReadonlyMap<string, readonly string[]> {
  const options = { ...projectOptions(), moduleDetection: ts.ModuleDetectionKind.Force };
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = (name) => texts.get(name) ?? readFile(name);
  host.fileExists = (name) => texts.has(name) || fileExists(name);
  const program = ts.createProgram({ rootNames: [...texts.keys()], options, host });
  return new Map(
    [...texts.keys()].map((name) => {
      const source = program.getSourceFile(name);
      const found = [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ];
      return [name, found.map((of) => shown(of))];
    }),
  );
}

function shown({ file, start, messageText }: ts.Diagnostic): string {
  const line = file?.getLineAndCharacterOfPosition(start ?? 0).line ?? -1;
  return `line ${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
}
