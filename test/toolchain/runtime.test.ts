/** The runtime is the one that the package pins, and `veilsum` by name means the sources. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
};

describe('the pinned runtime', () => {
  test('the tests run on Node 24', () => {
    expect(process.version).toMatch(/^v24\./);
  });

  test('it is the very version of the `node` package', () => {
    expect(process.version).toBe(`v${manifest.devDependencies.node}`);
  });

  test('a `node` started by a script is the same one', () => {
    const version = execFileSync('node', ['--version'], { encoding: 'utf8' }).trim();
    expect(version).toBe(process.version);
  });
});

const subPaths = Object.entries(manifest.exports).flatMap(([key, target]) =>
  typeof target === 'string' ? [] : [[key, target['@veilsum/source'] as string] as const],
);

describe('the source condition', () => {
  test('covers every sub-path', () => {
    expect(subPaths.map(([key]) => key)).toEqual([
      '.',
      './client',
      './coordinator',
      './verify',
      './report',
      './secagg',
      './dp',
      './he',
      './zk',
      './ring',
      './identity',
      './wire',
      './prg',
    ]);
  });

  for (const [key, source] of subPaths) {
    const name = `veilsum${key.slice(1)}`;
    test(`${name} is ${source}, in this process and in a script`, async () => {
      const url = new URL(source, root);
      expect(existsSync(url), `${source} exists`).toBe(true);
      const byName: unknown = await import(/* @vite-ignore */ name);
      const byPath: unknown = await import(/* @vite-ignore */ url.pathname);
      expect(byName).toBe(byPath);
      const resolved = execFileSync(
        'node',
        [
          '--conditions=@veilsum/source',
          '--input-type=module',
          '--eval',
          `process.stdout.write(import.meta.resolve('${name}'))`,
        ],
        { cwd: root, encoding: 'utf8' },
      );
      expect(resolved).toBe(url.href);
    });
  }
});
