/** What the README says of commands, versions, codes, sub-paths and numbers is so. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parameterSets } from '../../src/he/parameters.ts';
import { resultsOf, SHOWN_ROOMS, sectionFor, sectionIn, withSection } from './bench-section.ts';
import { encryptedSumsTable } from './encrypted-sums.ts';
import { documentedFiles, fencesIn, ROOT, textOf } from './fences.ts';
import { latticeCosts } from './lattice-costs.ts';

const readme = textOf('README.md');
const manifest = JSON.parse(textOf('package.json')) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly engines: { readonly node: string };
};

/** The text under a heading, up to the next one of the same level. */
function under(heading: string): string {
  const [, after] = `${readme}\n## `.split(`\n## ${heading}\n`);
  if (after === undefined) throw new Error(`README: expected a heading "${heading}"`);
  return after.slice(0, after.indexOf('\n## '));
}

/** The cells of the tables in a text, heads and rules left out. */
const rowsOf = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .filter((line, i, all) => line.startsWith('|') && (all[i - 1] ?? '').startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
    .filter(([first]) => !/^:?-+:?$/.test(first as string));

const quoted = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);

describe('commands', () => {
  test('the README names exactly two, and both scripts are there', () => {
    const shell = [...readme.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map((match) => match[1]);
    expect(shell).toEqual(['npm ci && npm run demo\n', 'npm ci && npm test\n']);
    expect(manifest.scripts).toHaveProperty('test');
    const demo = manifest.scripts.demo ?? '';
    expect(existsSync(join(ROOT, demo.split(' ').at(-1) as string))).toBe(true);
  });
});

describe('the first program', () => {
  const [first] = fencesIn('README.md', readme);
  const code = first?.code ?? '';

  test('is the one in examples/01-private-sum', () => {
    expect(code).toBe(textOf('examples/01-private-sum/main.ts'));
  });

  test('has at most 30 lines and needs nothing but veilsum', () => {
    expect(code.trimEnd().split('\n').length).toBeLessThanOrEqual(30);
    const imported = [...code.matchAll(/from '([^']+)'/g)].map((match) => match[1]);
    expect(imported).toEqual(['veilsum', 'veilsum/client', 'veilsum/coordinator']);
    expect(code).not.toMatch(/import\(/);
  });
});

describe('tables', () => {
  test('errors: every code of every class', () => {
    const source = textOf('src/errors.ts');
    const codesOf = (name: string): readonly string[] => {
      const union = new RegExp(`export type ${name.replace('Error', 'Code')} =([^;]*);`).exec(
        source,
      );
      return [...(union?.[1] ?? '').matchAll(/'([^']+)'/g)].map((match) => match[1] as string);
    };
    const classes = [...source.matchAll(/class (\w+Error) extends VeilsumError/g)].map(
      (match) => match[1] as string,
    );
    const said = rowsOf(under('Errors')).map((row) => [
      quoted(row[0] as string)[0],
      quoted(row[2] as string),
    ]);
    expect(said).toEqual(classes.map((name) => [name, codesOf(name)]));
  });

  test('sub-paths: those of package.json', () => {
    const said = rowsOf(under('Sub-paths')).map(([path]) => quoted(path as string)[0]);
    const there = Object.keys(manifest.exports)
      .filter((path) => path !== './package.json')
      .map((path) => join('veilsum', path));
    expect(said).toEqual(there);
  });

  test('dependencies: those of package.json, peers last, pinned, each with a reason', () => {
    const rows = rowsOf(under('Dependencies'));
    const said = rows.map(([name, version]) => [quoted(name as string)[0], version]);
    const { dependencies, peerDependencies } = manifest;
    expect(said).toEqual(Object.entries({ ...dependencies, ...peerDependencies }));
    for (const [, version, why] of rows) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
      expect((why as string).length).toBeGreaterThan(20);
    }
  });

  test('the runtime: that of package.json', () => {
    expect(under('Supported runtimes')).toContain(`Node \`${manifest.engines.node}\``);
  });
});

test('the glossary has one entry for each word of the house', () => {
  const words = [...under('Glossary').matchAll(/^- \*\*(\w+)\*\*: \S/gm)].map((match) => match[1]);
  expect(words).toEqual(
    (
      'client coordinator round phase plan roster mask share survivor contributor statement ' +
      'commitment budget ledger'
    ).split(' '),
  );
});

describe('measurements', () => {
  const row = (
    name: string,
    value: number,
    unit: string,
    [against, ratio]: readonly [string | null, number | null] = [null, null],
    bound: number | null = null,
  ) => ({ name, value, unit, against, ratio, bound });

  test.each(SHOWN_ROOMS)(
    'of %s are those of the committed results (else: node test/docs/run.ts)',
    (room) => {
      expect(sectionIn(readme, room)).toBe(sectionFor(resultsOf(room)));
    },
  );

  test('of encrypted sums are what planEncryptedSum says (else: node test/docs/run.ts)', () => {
    const table = sectionIn(readme, 'encrypted-sums');
    expect(table).toBe(encryptedSumsTable());
    for (const { name } of parameterSets) expect(table).toContain(`\`${name}\``);
  });

  test('of lattice masks are the committed results, in their README (else: node test/docs/run.ts)', () => {
    expect(sectionIn(textOf('src/lattice/README.md'), 'lattice')).toBe(latticeCosts());
  });

  test('are replaced as a whole', () => {
    const results = {
      machine: { cpu: 'A', cores: 2, node: 'v24.0.0', date: '2026-01-01' },
      records: [
        row('secagg/client/bytes/x', 12_345, 'bytes'),
        row('secagg/coordinator/unmask/x', 20, 'ms', ['secagg/coordinator/unmask/x/raw', 1.5]),
        row('secagg/coordinator/unmask/x/raw', 13.3, 'ms'),
        row('secagg/coordinator/unmask/x/threads=2', 11, 'ms', ['…/threads=1', 0.55], 450),
        row('secagg/threads/masks/x', 0.55, 'x', ['…/threads=1', 0.55], 0.588),
      ],
    };
    const changed = withSection(readme, 'secagg', sectionFor(results));
    expect(sectionIn(changed, 'secagg').split('\n').slice(-4)).toEqual([
      '| secagg/client/bytes/x | 12,345 bytes |  |  |',
      '| secagg/coordinator/unmask/x | 20 ms | 1.50 × |  |',
      '| secagg/coordinator/unmask/x/threads=2 | 11 ms |  | 450 ms |',
      '| secagg/threads/masks/x | 0.55 × |  | 0.588 × |',
    ]);
    expect(withSection(changed, 'secagg', sectionIn(readme, 'secagg'))).toBe(readme);
    expect(() => sectionIn('no marks', 'secagg')).toThrow('once each');
  });

  test('beside somebody else: pairs of medians, and how many times ours theirs is', () => {
    const said = sectionFor({
      machine: { cpu: 'A', cores: 2, node: 'v24.0.0', date: '2026-01-01' },
      records: [
        row('peers/flower/client/share/k=20', 90, 'ms'),
        row('peers/veilsum/client/share/k=20', 8, 'ms', ['peers/flower/client/share/k=20', 0.0889]),
        row('peers/flower/server/unmask/x/shamir', 80, 'ms'),
      ],
      peers: [{ name: 'Flower', version: '1.2.3', commit: '0123456789abcdef' }],
    });
    expect(said).toContain('Flower 1.2.3 (commit\n0123456789)');
    expect(said.split('\n').slice(-1)).toEqual(['| client/share/k=20 | 8 ms | 90 ms | 11 × |']);
  });
});

test.each(documentedFiles().filter((file) => file.endsWith('.md')))(
  '%s: links lead to files',
  (file) => {
    const links = [...textOf(file).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] as string);
    const local = links.filter((link) => !/^(https?:|#)/.test(link));
    const dead = local.filter((link) => {
      const [path = ''] = link.split('#');
      return !existsSync(join(ROOT, dirname(file), path));
    });
    expect(dead).toEqual([]);
  },
);
