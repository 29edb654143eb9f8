/** Every code under which something is refused, by the union that it belongs to; and the tests that name it. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** A closed union of codes. */
export type Union = { readonly file: string; readonly name: string };

/** Where codes are defined: errors, faults that are returned, reasons in verdicts. */
export const UNIONS: readonly Union[] = [
  ...['Usage', 'Capacity', 'Codec', 'Protocol', 'Privacy', 'Dependency'].map((kind) => ({
    file: 'src/errors.ts',
    name: `${kind}Code`,
  })),
  { file: 'src/secagg/fault.ts', name: 'FaultCode' },
  { file: 'src/he/round/phases.ts', name: 'EncryptedFaultCode' },
  { file: 'src/round/bundle/verdict.ts', name: 'BundleFault' },
  { file: 'src/zk/commitment/open.ts', name: 'OpeningFault' },
  { file: 'src/zk/groth16/points.ts', name: 'EncodingFault' },
  { file: 'src/zk/groth16/points.ts', name: 'PointFault' },
  { file: 'src/zk/groth16/verify.ts', name: 'InvalidReason' },
  { file: 'src/zk/update/verify.ts', name: 'UpdateFault' },
];

/** The codes that a union names itself; those of unions within it stand under these. */
export function codesIn({ file, name }: Union): readonly string[] {
  const text = textOf(file).replace(/\/\*\*[\s\S]*?\*\//g, '');
  const [, body] = new RegExp(`export type ${name} =([^;]*);`).exec(text) ?? [];
  if (body === undefined) throw new Error(`${file}: expected a type ${name}`);
  return [...body.matchAll(/'([\w-]+)'/g)].map(([, code]) => code as string);
}

/** Whether the text of a test names a code. */
export const names = (file: string, code: string): boolean =>
  new RegExp(`['"]${code}['"]`).test(textOf(file));

/** All tests. */
export const testFiles = (): readonly string[] =>
  globSync('test/**/*.{test,slow}.ts', { cwd: ROOT }).sort();

const [START, END] = ['<!-- faults -->', '<!-- /faults -->'];

/** The rows of the table in `test/README.md`: code, union, files. */
export function rowsIn(text: string): readonly (readonly [string, string, readonly string[]])[] {
  const table = text.split(START)[1]?.split(END)[0] ?? '';
  return [...table.matchAll(/^\| `([\w-]+)` \| `(\w+)` \| (.+) \|$/gm)].map(
    ([, code, union, cell]) => [
      code as string,
      union as string,
      [...(cell as string).matchAll(/\]\(([^)]+)\)/g)].map(([, file]) => `test/${file}`),
    ],
  );
}
