/**
 * The walls of the house hold: for every forbidden import a probe file is written into a copy of the
 * layout, and the linter, with the project's own biome.json, must refuse it. Every allowed import
 * must pass. The layers are written down here a second time on purpose.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;
const BIOME = join(root, 'node_modules/.bin/biome');

const FRONT = ['index', 'client', 'coordinator', 'verify', 'report'];
/** From the roof to the ground; a room may import what stands on a lower line. */
const LINES: readonly (readonly string[])[] = [
  ['round'],
  ['secagg', 'dp', 'he', 'zk'],
  ['identity', 'lattice'],
  ['wire', 'prg', 'ring'],
  ['kernel'],
  ['internal'],
];
const ROOMS = LINES.flat();
const lineOf = (room: string): number => LINES.findIndex((line) => line.includes(room));

/** The ways in which one file can name another. */
const WAYS: Readonly<Record<string, (path: string) => string>> = {
  import: (path) => `import { leaf } from '${path}';\nexport const probe: unknown = leaf;\n`,
  type: (path) => `import type { Leaf } from '${path}';\nexport type Probe = Leaf;\n`,
  export: (path) => `export { leaf } from '${path}';\n`,
  dynamic: (path) => `export const probe: unknown = import('${path}');\n`,
};

/** One file that the linter must refuse by `rule`, or must pass where `rule` is undefined. */
type Probe = { readonly file: string; readonly text: string; readonly rule: string | undefined };

const DIRECTION = 'lint/style/noRestrictedImports';
const leafOf = (path: string): string => `export { leaf } from '${path}';\n`;

/** Every way and depth in which a file of one room can reach for another room. */
const reaches = (from: string, to: string): Probe[] =>
  Object.entries(WAYS).flatMap(([way, text]) => {
    const rule = lineOf(to) > lineOf(from) ? undefined : DIRECTION;
    return [
      { file: `src/${from}/to-${to}-${way}.ts`, text: text(`../${to}/leaf.ts`), rule },
      { file: `src/${from}/deep/to-${to}-${way}.ts`, text: text(`../../${to}/deep/leaf.ts`), rule },
    ];
  });

/** Stories (one test each) and the probes that tell them. */
const stories = new Map<string, readonly Probe[]>();

for (const from of ROOMS) {
  const others = ROOMS.filter((room) => room !== from);
  const below = others.filter((room) => lineOf(room) > lineOf(from));
  stories.set(`${from} may import ${['errors', ...below].join(', ')} and itself`, [
    ...below.flatMap((to) => reaches(from, to)),
    { file: `src/${from}/inside.ts`, text: leafOf('./deep/leaf.ts'), rule: undefined },
    { file: `src/${from}/deep/inside.ts`, text: leafOf('../leaf.ts'), rule: undefined },
    { file: `src/${from}/error.ts`, text: leafOf('../errors.ts'), rule: undefined },
  ]);
  for (const to of others.filter((room) => !below.includes(room))) {
    stories.set(`${from} must not import ${to}`, reaches(from, to));
  }
  stories.set(
    `${from} must not import ${FRONT.join(', ')}`,
    FRONT.flatMap((to) => [
      { file: `src/${from}/to-${to}.ts`, text: leafOf(`../${to}.ts`), rule: DIRECTION },
      { file: `src/${from}/deep/to-${to}.ts`, text: leafOf(`../../${to}.ts`), rule: DIRECTION },
    ]),
  );
  const rule = 'lint/correctness/noNodejsModules';
  stories.set(`${from} must not import a module of Node`, [
    { file: `src/${from}/static.ts`, text: "export { readFileSync } from 'node:fs';\n", rule },
    { file: `src/${from}/dynamic.ts`, text: "export const it: unknown = import('fs');\n", rule },
  ]);
}

for (const from of FRONT) {
  stories.set(`${from} may import every room`, [
    {
      file: `src/${from}.ts`,
      text: ROOMS.map((room) => `export { leaf as ${room} } from './${room}/leaf.ts';\n`).join(''),
      rule: undefined,
    },
  ]);
}

stories.set('the command line, and no other file, may import modules of Node, and the verifier', [
  {
    file: 'src/command-line.ts',
    text: "export { readFileSync } from 'node:fs';\nexport { verifyBundle } from './verify.ts';\n",
    rule: undefined,
  },
  {
    file: 'src/verify-files.ts',
    text: "export { readFileSync } from 'node:fs';\n",
    rule: 'lint/correctness/noNodejsModules',
  },
  ...ROOMS.map((room) => ({
    file: `src/${room}/to-command-line.ts`,
    text: leafOf('../command-line.ts'),
    rule: DIRECTION,
  })),
]);

/** Files whose real name matters to a rule cannot stand beside the leaves: one layout for each. */
const apart = new Map<string, readonly Probe[]>(
  FRONT.flatMap((from) =>
    FRONT.filter((to) => to !== from).map((to): [string, Probe[]] => [
      `${from} must not import ${to}`,
      [{ file: `src/${from}.ts`, text: leafOf(`./${to}.ts`), rule: DIRECTION }],
    ]),
  ),
);
apart.set('errors must not import anything', [
  { file: 'src/errors.ts', text: leafOf('./internal/leaf.ts'), rule: DIRECTION },
]);

const cycle = 'lint/suspicious/noImportCycles';
stories.set('a cycle is refused, even of types', [
  {
    file: 'src/ring/a.ts',
    text: "import type { B } from './b.ts';\nexport type A = B | 1;\n",
    rule: cycle,
  },
  {
    file: 'src/ring/b.ts',
    text: "import type { A } from './a.ts';\nexport type B = A | 2;\n",
    rule: cycle,
  },
]);

/** Beyond direction: what no file of src may hold. */
const shapes: readonly (readonly [what: string, text: string, rule: string | undefined])[] = [
  ['Math.random', 'export const probe: number = Math.random();\n', 'plugin'],
  ['Math.random by another spelling', "export const probe: number = Math['random']();\n", 'plugin'],
  ['Math.random as a value', 'export const probe: unknown = [Math.random];\n', 'plugin'],
  ['Math of globalThis', 'export const probe: number = globalThis.Math.random();\n', 'plugin'],
  ['an alias of Math', 'const M = Math;\nexport const probe: number = M.random();\n', 'plugin'],
  [
    'random out of Math',
    'const { random } = Math;\nexport const probe: unknown = random;\n',
    'plugin',
  ],
  ['a default export', 'export default 1;\n', 'lint/style/noDefaultExport'],
  ['an enum', 'export enum Probe {\n  One = 1,\n}\n', 'lint/style/noEnum'],
  ['a namespace', 'export namespace P {\n  export const one = 1;\n}\n', 'lint/style/noNamespace'],
  [
    'an interface',
    'export interface P {\n  readonly one: 1;\n}\n',
    'lint/style/useConsistentTypeDefinitions',
  ],
  ['an import without its extension', leafOf('./leaf'), 'lint/correctness/useImportExtensions'],
  ['a development dependency', leafOf('vitest'), 'lint/correctness/noUndeclaredDependencies'],
  ['the package by its own name', leafOf('veilsum/ring'), DIRECTION],
  ['console', "console.log('probe');\n", 'lint/suspicious/noConsole'],
];
for (const [what, text, rule] of shapes) {
  const name = what.toLowerCase().replaceAll(/[^a-z]+/g, '-');
  stories.set(`src must not hold ${what}`, [{ file: `src/dp/${name}.ts`, text, rule }]);
}
stories.set('the rest of Math is free', [
  {
    file: 'src/dp/floor.ts',
    text: 'export const it: number = Math.floor(1.5);\n',
    rule: undefined,
  },
]);
stories.set('files are named in kebab-case', [
  {
    file: 'src/dp/camelCase.ts',
    text: 'export const it = 1;\n',
    rule: 'lint/style/useFilenamingConvention',
  },
]);
stories.set('an example must not reach into src', [
  { file: 'examples/probe/a.ts', text: leafOf('../../src/ring/leaf.ts'), rule: DIRECTION },
]);

/** Writes the layout with `probes` into a fresh folder and lints it: the errors by file. */
function lint(probes: readonly Probe[]): ReadonlyMap<string, readonly string[]> {
  const layout = mkdtempSync(join(tmpdir(), 'veilsum-architecture-'));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(layout, file)), { recursive: true });
    writeFileSync(join(layout, file), text);
  };
  try {
    for (const file of ['.gitignore', 'package.json', 'biome.json', 'test/toolchain']) {
      cpSync(join(root, file), join(layout, file), { recursive: true });
    }
    const leaf = 'export const leaf = 1;\nexport type Leaf = 1;\n';
    for (const room of ROOMS) {
      write(`src/${room}/leaf.ts`, leaf);
      write(`src/${room}/deep/leaf.ts`, leaf);
    }
    write('src/errors.ts', leaf);
    for (const { file, text } of probes) write(file, text);
    const run = spawnSync(
      BIOME,
      ['lint', '--reporter=json', '--max-diagnostics=none', 'src', 'examples'].filter(
        (argument) => argument !== 'examples' || probes.some((p) => p.file.startsWith('examples/')),
      ),
      { cwd: layout, encoding: 'utf8', maxBuffer: 2 ** 28 },
    );
    const errors = new Map<string, readonly string[]>();
    const { diagnostics } = JSON.parse(run.stdout) as BiomeReport;
    for (const { severity, category, location } of diagnostics) {
      if (severity !== 'error') continue;
      errors.set(location.path, [...(errors.get(location.path) ?? []), category]);
    }
    return errors;
  } finally {
    rmSync(layout, { recursive: true, force: true });
  }
}

type BiomeReport = {
  readonly diagnostics: readonly {
    readonly severity: string;
    readonly category: string;
    readonly location: { readonly path: string };
  }[];
};

function expectVerdicts(
  probes: readonly Probe[],
  errors: ReadonlyMap<string, readonly string[]>,
): void {
  expect(probes.length).toBeGreaterThan(0);
  for (const { file, rule } of probes) {
    if (rule === undefined) expect(errors.get(file) ?? [], file).toEqual([]);
    else expect(errors.get(file) ?? [], file).toContain(rule);
  }
}

describe('the linter', () => {
  let errors: ReadonlyMap<string, readonly string[]> = new Map();
  beforeAll(() => {
    errors = lint([...stories.values()].flat());
  }, 60_000);

  for (const [story, probes] of stories) test(story, () => expectVerdicts(probes, errors));
  for (const [story, probes] of apart) test(story, () => expectVerdicts(probes, lint(probes)));
});

describe('the sources', () => {
  test('every folder of src is a room of this plan', () => {
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    expect(ROOMS).toEqual(expect.arrayContaining(folders));
  });

  test('no source switches a wall off', () => {
    const run = spawnSync(
      'grep',
      [
        '-rnE',
        'biome-ignore.*(noRestrictedImports|noImportCycles|noNodejsModules|lint/plugin)',
        'src',
      ],
      { cwd: root, encoding: 'utf8' },
    );
    expect(run.stdout).toBe('');
    expect(run.status).toBe(1);
  });
});
