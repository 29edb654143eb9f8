/** The suite `lattice` on the committed numbers, on changed ones, and against the slow twin. */
import { hkdfSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hideBlock, publicPolynomial } from '../reference/lattice.ts';
import vectors from '../vectors/lattice.json' with { type: 'json' };
import { type Case, digestOf, type Listed, latticeSuite, patternOf } from './lattice.ts';
import { Malformed } from './suite.ts';

const cases = vectors.cases as unknown as readonly Case[];

/** The file with one case changed. */
const changed = (index: number, change: object): unknown => ({
  cases: cases.map((entry, i) => (i === index ? { ...entry, ...change } : entry)),
});

test('all committed cases pass', () => {
  expect(latticeSuite(vectors)).toEqual({ passed: 13, mismatches: [] });
  expect(cases.map(({ family }) => family).join()).toBe(
    `seed,${'polynomial,'.repeat(4)}${'words,'.repeat(8)}`.slice(0, -1),
  );
  const widths = cases.flatMap((entry) => (entry.family === 'words' ? [entry.wireBits] : []));
  expect(widths).toEqual([32, 21, 8, 16, 24, 33, 38, 40]);
});

test('the known answers of the design are among them', () => {
  const [, zero, , , , wide, narrow] = cases;
  expect(zero).toMatchObject({
    residues: [
      { first: [6338678, 7446701, 4231229, 6646365], sha256: /^25688294a651aa23/ },
      { first: [1721837, 610150, 2575057, 7970379], sha256: /^293c95dc3ed1fbee/ },
    ].map(({ first, sha256 }) => ({ first, sha256: expect.stringMatching(sha256) })),
  });
  expect([wide, narrow]).toMatchObject([
    { words: { sha256: 'e923999840484d83e3f058632627c0eb1182eb0f1c8fdda945b82c84b71b1c4e' } },
    { words: { sha256: '191fec4af79a42251bc854e75b369322f17801ea97447c19330a22c6854a1a05' } },
  ]);
});

test('the slow twin and HKDF of node:crypto give the same', () => {
  const listed = (values: readonly number[], width: 4 | 8): Listed => ({
    first: values.slice(0, 4),
    sha256: digestOf(values, width),
  });
  // One object for one polynomial: the twin remembers what it knows of it.
  const seen = new Map<string, ReturnType<typeof publicPolynomial>>();
  for (const entry of cases) {
    if (entry.family === 'seed') {
      const info = ['veilsum/v1', 'lattice polynomials', 'rlwe-2048-46'].map((part) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(part.length);
        return Buffer.concat([length, Buffer.from(part)]);
      });
      const secret = Buffer.from(entry.roundId, 'hex');
      const got = hkdfSync('sha256', secret, new Uint8Array(0), Buffer.concat(info), 32);
      expect(Buffer.from(got).toString('hex')).toBe(entry.seed);
      continue;
    }
    const name = `${entry.seed}/${entry.index}`;
    const seed = Uint8Array.from(Buffer.from(entry.seed, 'hex'));
    const a = seen.get(name) ?? publicPolynomial(seed, entry.index);
    seen.set(name, a);
    if (entry.family === 'polynomial') {
      expect(a.map((values) => listed(values, 4))).toEqual(entry.residues);
      continue;
    }
    const words = hideBlock({
      a,
      s: patternOf(entry.secret),
      e: patternOf(entry.errors),
      m: patternOf(entry.messages).map(BigInt),
      modulus: BigInt(entry.modulus),
      wireBits: entry.wireBits,
    });
    expect(listed(words.map(Number), entry.wireBits > 32 ? 8 : 4)).toEqual(entry.words);
  }
});

describe('a change is noticed', () => {
  const seed = 'ff'.repeat(32);
  const pattern = { times: 7, modulus: 15, plus: -6 };
  test.each([
    [0, { seed }],
    [0, { roundId: seed }],
    [1, { seed }],
    [1, { index: 1 }],
    [5, { seed }],
    [5, { index: 1 }],
    [5, { modulus: 32_767_502 }],
    [5, { secret: pattern }],
    [5, { errors: pattern }],
    [5, { messages: pattern }],
    [12, { modulus: 4_294_000_000 }],
    [12, { messages: pattern }],
  ])('case %i: %o', (index, change) => {
    const { passed, mismatches } = latticeSuite(changed(index, change));
    expect(passed).toBe(12);
    expect(mismatches).toHaveLength(1);
    expect(mismatches[0]).toMatch(new RegExp(`^case ${index + 1}, .*expected`));
  });

  test('anywhere in what is expected', () => {
    cases.forEach((entry, i) => {
      if (entry.family === 'seed') return;
      const name = entry.family === 'words' ? 'words' : 'residues';
      const text = JSON.stringify(entry);
      for (const [from, to] of [
        [/("first":\[\d+,)/, '$17,'],
        [/"sha256":"../, '"sha256":"zz'],
      ] as const) {
        const other = JSON.parse(text.replace(from, to)) as Record<string, unknown>;
        expect(latticeSuite(changed(i, { [name]: other[name] })).passed).toBe(12);
      }
    });
  });
});

test.each([
  ['nothing', null],
  ['no object', 7],
  ['no cases', { cases: [] }],
  ['a case that is none', { cases: [null] }],
  ['a family that nobody knows', changed(0, { family: 'toString' })],
  ['a short seed', changed(1, { seed: '00' })],
  ['no seed', changed(1, { seed: undefined })],
  ['an index below 0', changed(1, { index: -1 })],
  ['words of 41 bits', changed(5, { wireBits: 41 })],
  ['a modulus of 1', changed(5, { modulus: 1 })],
  ['no secret', changed(5, { secret: undefined })],
  ['nothing expected', changed(5, { words: undefined })],
])('malformed: %s', (_, file) => {
  expect(() => latticeSuite(file)).toThrow(Malformed);
});
