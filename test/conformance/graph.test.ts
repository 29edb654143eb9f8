/** The conformance command and its suite `graph`, on the published numbers and on changed ones. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import vectors from '../vectors/graph-parameters.json' with { type: 'json' };
import { graphSuite } from './graph.ts';
import { Malformed } from './suite.ts';

const PATH = fileURLToPath(new URL('../vectors/graph-parameters.json', import.meta.url));

/** The vectors with one case changed. */
const changed = (index: number, change: Readonly<Record<string, unknown>>): unknown => ({
  ...vectors,
  cases: vectors.cases.map((entry, i) => (i === index ? { ...entry, ...change } : entry)),
});

describe('the suite', () => {
  test('all published cases pass', () => {
    expect(graphSuite(vectors)).toEqual({ passed: vectors.cases.length, mismatches: [] });
    expect(vectors.cases).toHaveLength(44);
  });

  test('every changed expectation fails, and no other', () => {
    for (const [index, change] of [
      [0, { degree: 94 }],
      [0, { degree: 90 }],
      [43, { thresholdAtMost: 1 }],
    ] as const) {
      const outcome = graphSuite(changed(index, change));
      expect(outcome.passed).toBe(43);
      expect(outcome.mismatches).toHaveLength(1);
      expect(outcome.mismatches[0]).toMatch(
        new RegExp(`^case ${index + 1}: .*got degree ${vectors.cases[index]?.degree}, `),
      );
    }
  });

  test('a case without a sparse graph is a mismatch', () => {
    const outcome = graphSuite(changed(0, { adversarialRate: 0.5 }));
    expect(outcome.mismatches[0]).toContain('got no sparse graph');
  });

  test.each([
    ['no object', 7],
    ['an array', []],
    ['no cases', { ...vectors, cases: undefined }],
    ['an empty list', { ...vectors, cases: [] }],
    ['other security', { ...vectors, securityBits: 80 }],
    ['a case that is none', { ...vectors, cases: [null] }],
    ['an unknown model', changed(3, { serverModel: 'honest' })],
    ['a rate above one', changed(3, { dropoutRate: 1.5 })],
    ['a rate as text', changed(3, { dropoutRate: '0.1' })],
    ['no degree', changed(3, { degree: undefined })],
    ['clients beyond the range', changed(3, { clients: 1e9 })],
  ])('malformed: %s', (_, file) => {
    expect(() => graphSuite(file)).toThrow(Malformed);
  });
});

describe('the command', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'veilsum-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const run = (...args: readonly string[]) =>
    spawnSync(
      process.execPath,
      [
        '--conditions=@veilsum/source',
        fileURLToPath(new URL('./run.ts', import.meta.url)),
        ...args,
      ],
      { encoding: 'utf8' },
    );

  test('0 when all pass', () => {
    const { status, stdout, stderr } = run('graph', PATH);
    expect([status, stdout, stderr]).toEqual([0, '44 passed, 0 failed\n', '']);
  });

  test('1 and the mismatch when one fails', () => {
    const { status, stdout } = run(
      'graph',
      write('wrong.json', JSON.stringify(changed(0, { degree: 94 }))),
    );
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /^case 1: .*got degree 92.*expected degree 94.*\n43 passed, 1 failed\n$/,
    );
  });

  test('2 and a clear word on stderr when the file or the command is none', () => {
    for (const [args, word] of [
      [['graph', join(folder, 'missing.json')], /cannot be read \(ENOENT\)/],
      [['graph', write('broken.json', '{')], /is not JSON/],
      [['graph', write('empty.json', '{}')], /non-empty array "cases"/],
      [['graph'], /usage/],
      [['toString', PATH], /usage/],
      [[], /usage/],
    ] as const) {
      const { status, stdout, stderr } = run(...args);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(word);
    }
  });
});
