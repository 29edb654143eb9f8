/**
 * The programs in the documentation: every fence marked `ts` in a Markdown file or a doc comment is a
 * whole program, which must compile and run. Text that is none is fenced as `text` or not at all.
 *
 * A comment that ends a line with `console.log` says what the line prints.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The project's own folder. */
export const ROOT: string = join(import.meta.dirname, '../..');

/** One program. */
export type Fence = {
  /** File, relative to {@link ROOT}. */
  readonly file: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  readonly code: string;
};

/** Where programs may stand. */
export function documentedFiles(): readonly string[] {
  const patterns = ['*.md', 'src/**/*.md', 'examples/**/*.md', 'bench/**/*.md', 'src/**/*.ts'];
  return patterns.flatMap((pattern) => globSync(pattern, { cwd: ROOT })).sort();
}

/** The text of a file of the project. */
export const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** The programs of one text; in a `.ts` file those of its doc comments. */
export function fencesIn(file: string, text: string): readonly Fence[] {
  const inComments = file.endsWith('.ts');
  const fences: Fence[] = [];
  let open:
    | { readonly line: number; readonly language: string; readonly lines: string[] }
    | undefined;
  for (const [i, raw] of text.split('\n').entries()) {
    if (inComments && !/^\s*\*/.test(raw)) continue;
    const line = inComments ? raw.replace(/^\s*\* ?/, '') : raw;
    const mark = /^```(\w*)\s*$/.exec(line);
    if (mark === null) open?.lines.push(line);
    else if (open === undefined) open = { line: i + 1, language: mark[1] as string, lines: [] };
    else {
      if (open.language === 'ts') {
        fences.push({ file, line: open.line, code: `${open.lines.join('\n')}\n` });
      }
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${file}: the fence of line ${open.line} stays open`);
  return fences;
}

/** What a program says that it prints: the comments that end its lines with `console.log`. */
export const promisedOutput = (code: string): readonly string[] =>
  [...code.matchAll(/^\s*console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => match[1] as string);
