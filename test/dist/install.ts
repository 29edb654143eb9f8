/** Packs the library, installs the tarball into a fresh project, and hands its folder to the tests. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { fencesIn } from '../docs/fences.ts';

declare module 'vitest' {
  // Vitest is extended by merging, which only an interface can.
  // biome-ignore lint/style/useConsistentTypeDefinitions: see above
  export interface ProvidedContext {
    /** The fresh project: `node_modules/veilsum` is the unpacked tarball. */
    readonly installed: string;
  }
}

const root = new URL('../../', import.meta.url).pathname;

/** Runs the npm that started this script, on the node that it runs on, in `cwd`. */
export function npm(cwd: string, ...args: readonly string[]): void {
  const { npm_node_execpath: node, npm_execpath: cli } = process.env;
  const [command, first] = node && cli ? [node, [cli]] : ['npm', []];
  execFileSync(command, [...first, ...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** @returns the removal of what was made */
export function setup(project: TestProject): () => void {
  if (!existsSync(join(root, 'dist/index.js'))) {
    throw new Error('dist/ is missing: run `npm run build` first');
  }
  const folder = mkdtempSync(join(tmpdir(), 'veilsum-dist-'));
  try {
    npm(root, 'pack', '--ignore-scripts', '--pack-destination', folder);
    const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'));
    if (tarball === undefined) throw new Error('npm pack made no tarball');
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'user-of-veilsum', private: true, type: 'module' }),
    );
    npm(folder, 'install', '--prefer-offline', '--ignore-scripts', `./${tarball}`);
    cpSync(join(root, 'test/dist/smoke.mjs'), join(folder, 'smoke.mjs'));
    const example = readFileSync(join(root, 'examples/01-private-sum/main.ts'), 'utf8');
    writeFileSync(join(folder, 'private-sum.ts'), example);
    const lattice = example.replace('max: 9 }', "max: 9, mask: 'lattice' }");
    if (lattice === example) throw new Error('the example has no field to put a lattice mask on');
    writeFileSync(join(folder, 'lattice-sum.ts'), lattice);
    installPeers(folder);
    project.provide('installed', folder);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return () => rmSync(folder, { recursive: true, force: true });
}

/** A folder of the project in which the optional peers are there too, and programs that need them. */
function installPeers(folder: string): void {
  const peer = join(folder, 'with-peer');
  cpSync(join(folder, 'node_modules/veilsum'), join(peer, 'node_modules/veilsum'), {
    recursive: true,
  });
  cpSync(join(root, 'node_modules/node-seal'), join(peer, 'node_modules/node-seal'), {
    recursive: true,
  });
  // Its own dependencies are found from where it lies.
  symlinkSync(join(root, 'node_modules/snarkjs'), join(peer, 'node_modules/snarkjs'));
  writeFileSync(
    join(peer, 'fast-curve.mjs'),
    `import { fastCurve, wasmPairing } from 'veilsum/zk';
const curve = await fastCurve({ singleThread: true });
console.log((await wasmPairing(curve)).name);
await curve.dispose();
process.exit(0);
`,
  );
  const readme = 'src/he/README.md';
  const fences = fencesIn(readme, readFileSync(join(root, readme), 'utf8'));
  const round = fences.find(({ code }) => code.includes('encryptForRound('));
  if (round === undefined) throw new Error(`${readme} has no program of an encrypted round`);
  writeFileSync(join(peer, 'encrypted-round.ts'), round.code);
}

/** The manifest of this repository. */
export type Manifest = {
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
};

/** Reads package.json of this repository. */
export const manifest = (): Manifest =>
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

/** The sub-paths that are code, as a user writes them: `veilsum`, `veilsum/client` and so on. */
export const subPaths = (): readonly string[] =>
  Object.entries(manifest().exports)
    .filter(([, target]) => typeof target !== 'string')
    .map(([key]) => `veilsum${key.slice(1)}`);
