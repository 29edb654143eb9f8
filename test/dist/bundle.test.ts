/** What a bundler for browsers makes of each sub-path of the installed tarball. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { type Rollup, build as viteBuild } from 'vite';
import { describe, expect, inject, test } from 'vitest';
import { manifest, subPaths } from './install.ts';

const project = inject('installed');

/** Bundles this text as a browser's entry inside the fresh project. */
async function bundle(text: string): Promise<{ readonly code: string; readonly graph: Metafile }> {
  const result = await build({
    stdin: { contents: text, resolveDir: project },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    write: false,
    metafile: true,
    legalComments: 'none',
    logLevel: 'silent', // A module of Node would be an unresolved import, and throw.
  });
  return { code: result.outputFiles[0]?.text ?? '', graph: result.metafile };
}

/** The packages that stand in the bundle, veilsum aside. */
const packages = ({ inputs }: Metafile): readonly string[] => {
  const found = Object.keys(inputs).flatMap((input) => {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
    return name === undefined || name === 'veilsum' ? [] : [name];
  });
  return [...new Set(found)].sort();
};

/** What a sub-path may bring along. Proof systems and HE libraries are in no list, and stay out. */
const LIGHT: readonly string[] = Object.keys(manifest().dependencies).sort();
const MAY_BRING: Readonly<Record<string, readonly string[]>> = {
  'veilsum/ring': ['@noble/hashes'],
  'veilsum/prg': ['@noble/ciphers', '@noble/hashes'],
  'veilsum/wire': ['@noble/hashes', 'cborg'],
  'veilsum/zk': ['@noble/curves', '@noble/hashes'],
};

/** Optional peers: not installed here, and asked for at run time only, by their own names. */
const MAY_ASK_FOR: Readonly<Record<string, readonly string[]>> = {
  'veilsum/he': ['node-seal'],
  'veilsum/zk': ['snarkjs'],
};

describe('in a bundle for browsers', () => {
  for (const subPath of subPaths()) {
    describe(subPath, () => {
      test('needs no module of Node and nothing heavy', async () => {
        const { code, graph } = await bundle(`export * from '${subPath}';`);
        const outside = Object.values(graph.outputs).flatMap((output) => output.imports);
        expect(outside.map(({ path, kind }) => `${kind} ${path}`)).toEqual(
          (MAY_ASK_FOR[subPath] ?? []).map((name) => `dynamic-import ${name}`),
        );
        expect(code).not.toMatch(/^\s*import\b.*['"]node:/m);
        const allowed = MAY_BRING[subPath] ?? LIGHT;
        expect(packages(graph).filter((name) => !allowed.includes(name))).toEqual([]);
      });

      test('vanishes where nothing of it is used', async () => {
        const { code } = await bundle(`import * as unused from '${subPath}';`);
        expect(code.trim()).toBe('');
      });
    });
  }

  test('the steps of a round bring no curve of commitments; who asks for them brings it', async () => {
    const curveOf = async (subPath: string): Promise<readonly string[]> => {
      const { graph } = await bundle(`export * from '${subPath}';`);
      return Object.keys(graph.inputs).filter((input) => /noble\/curves\/bn254/.test(input));
    };
    expect(await curveOf('veilsum/verify')).toHaveLength(1);
    for (const light of ['veilsum', 'veilsum/client', 'veilsum/coordinator', 'veilsum/secagg']) {
      expect(await curveOf(light), light).toEqual([]);
    }
  });

  test('the errors alone bring no cryptography', async () => {
    const { code, graph } = await bundle("export { UsageError } from 'veilsum';");
    const kept = Object.values(graph.outputs).flatMap((output) =>
      Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0),
    );
    expect(kept.map(([input]) => input).filter((input) => !/veilsum\/dist/.test(input))).toEqual(
      [],
    );
    expect(code.length).toBeLessThan(4_000);
  });
});

/** The chunks that Vite makes of this text as an entry for browsers. */
async function viteChunks(text: string): Promise<readonly Rollup.OutputChunk[]> {
  const entry = 'virtual:entry';
  const built = await viteBuild({
    root: project,
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? join(project, 'entry.js') : null),
        load: (id) => (id === join(project, 'entry.js') ? text : null),
      },
    ],
    build: {
      write: false,
      minify: false,
      target: 'es2024',
      rolldownOptions: {
        input: entry,
        preserveEntrySignatures: 'strict',
        // Peers that are not installed: asked for at run time, or not at all.
        external: ['node-seal', 'snarkjs'],
      },
    },
  });
  const outputs = (Array.isArray(built) ? built : [built]) as readonly Rollup.RollupOutput[];
  return outputs.flatMap(({ output }) => output.filter((part) => part.type === 'chunk'));
}

const importsOf = (chunks: readonly Rollup.OutputChunk[]): readonly string[] => {
  const own = new Set(chunks.map(({ fileName }) => fileName));
  const all = chunks.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports]);
  return [...new Set(all)].filter((name) => !own.has(name));
};

describe('in a bundle that Vite makes', () => {
  for (const subPath of subPaths()) {
    test(`${subPath} brings what esbuild brings, and asks for the same`, async () => {
      const chunks = await viteChunks(`export * from '${subPath}';`);
      expect(importsOf(chunks)).toEqual(MAY_ASK_FOR[subPath] ?? []);
      const inputs = Object.fromEntries(
        chunks.flatMap(({ modules }) => Object.keys(modules).map((id) => [id, undefined as never])),
      );
      const allowed = MAY_BRING[subPath] ?? LIGHT;
      expect(packages({ inputs, outputs: {} }).filter((name) => !allowed.includes(name))).toEqual(
        [],
      );
      expect(chunks.map(({ code }) => code).join('')).not.toMatch(/from ['"]node:/);
    });
  }

  test('what is not used vanishes, and a small part is small', async () => {
    const sizeOf = async (text: string): Promise<number> =>
      (await viteChunks(text)).reduce((sum, { code }) => sum + code.length, 0);
    for (const subPath of subPaths()) {
      expect(await sizeOf(`import '${subPath}';`), subPath).toBeLessThan(200);
    }
    expect(await sizeOf("export { UsageError } from 'veilsum';")).toBeLessThan(4_000);
  });
});

test('the dependencies are the small, audited ones', () => {
  expect(LIGHT).toEqual([
    '@noble/ciphers',
    '@noble/curves',
    '@noble/hashes',
    '@noble/post-quantum',
    'cborg',
  ]);
});

test('the fresh project got no dependency more than these', () => {
  const top = readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'));
  const names = top.flatMap((name) =>
    name.startsWith('@')
      ? readdirSync(join(project, 'node_modules', name)).map((part) => `${name}/${part}`)
      : [name],
  );
  expect(names.sort()).toEqual([...LIGHT, 'veilsum'].sort());
});
