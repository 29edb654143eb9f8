/** snarkjs's files: read strictly, written so that snarkjs reads them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { P, R } from '../../../src/zk/groth16/field.ts';
import { MAX_PUBLICS, readKey } from '../../../src/zk/groth16/layout.ts';
import {
  keyFromSnarkjs,
  keyToSnarkjs,
  proofFromSnarkjs,
  proofToSnarkjs,
  publicsFromSnarkjs,
  publicsToSnarkjs,
} from '../../../src/zk/groth16/snarkjs-json.ts';
import { readStrictJson } from '../../../src/zk/groth16/strict-json.ts';
import { fixture, flipped, item, keyBytes } from './support.ts';

const CODE = (code: string): unknown => expect.objectContaining({ name: 'CodecError', code });

const keyText = JSON.stringify(fixture.key);
const proofText = JSON.stringify(fixture.proofs[0]?.proof);

/** A text with one part replaced, which must be there. */
function edited(text: string, from: string, to: string): string {
  expect(text).toContain(from);
  return text.replace(from, to);
}

/** An object of JSON with some fields replaced or, where `undefined`, left out. */
const withFields = (text: string, fields: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ ...JSON.parse(text), ...fields });

test('to snarkjs and back gives the same bytes', () => {
  expect(keyFromSnarkjs(keyText, 'ceremony')).toEqual(keyBytes);
  expect(keyFromSnarkjs(keyToSnarkjs(keyBytes), 'ceremony')).toEqual(keyBytes);
  expect(keyFromSnarkjs(keyText, 'insecure')).toEqual(flipped(keyBytes, 2));
  expect(proofFromSnarkjs(proofToSnarkjs(item.proof))).toEqual(item.proof);
  expect(publicsFromSnarkjs(publicsToSnarkjs(item.publics))).toEqual(item.publics);
  expect(publicsFromSnarkjs('[]')).toEqual([]);
  expect(publicsFromSnarkjs(publicsToSnarkjs([0n, R - 1n]))).toEqual([0n, R - 1n]);
});

test('what is written has the points of what snarkjs wrote', () => {
  const { vk_alphabeta_12, ...rest } = fixture.key;
  expect(vk_alphabeta_12).toBeDefined();
  expect(JSON.parse(keyToSnarkjs(keyBytes))).toEqual(rest);
  expect(JSON.parse(proofToSnarkjs(proofFromSnarkjs(proofText)))).toEqual(JSON.parse(proofText));
});

test('white space is free', () => {
  const spaced = `\n ${JSON.stringify(fixture.key, undefined, '\t')}\r\n`;
  expect(keyFromSnarkjs(spaced, 'ceremony')).toEqual(keyBytes);
});

test('the longest files are read', { timeout: 120_000 }, () => {
  const publics = new Array(MAX_PUBLICS).fill(R - 1n);
  expect(publicsFromSnarkjs(publicsToSnarkjs(publics))).toEqual(publics);
  const ic = new Array(MAX_PUBLICS + 1).fill(fixture.key.IC[0]);
  const bytes = keyFromSnarkjs(withFields(keyText, { nPublic: MAX_PUBLICS, IC: ic }), 'ceremony');
  expect(readKey(bytes).ic).toHaveLength(MAX_PUBLICS + 1);
  const more = { nPublic: MAX_PUBLICS + 1, IC: [...ic, ic[0]] };
  expect(() => keyFromSnarkjs(withFields(keyText, more), 'ceremony')).toThrow(CODE('malformed'));
});

test('white space in the wrong place takes no longer than in the right one', () => {
  // A search for the white space before the end would start anew at each of these: for hours.
  const space = ' '.repeat(2 ** 21);
  expect(publicsFromSnarkjs(`${space}["1"]${space}`)).toEqual([1n]);
  for (const text of [`[${space}x`, `["1"]${space}x`, `["1"${space}`, `${space}x`]) {
    expect(() => publicsFromSnarkjs(text)).toThrow(CODE('malformed'));
  }
});

describe('a key', () => {
  const g1 = fixture.key.IC[0] as readonly string[];
  const g2 = fixture.key.vk_delta_2 as readonly (readonly string[])[];
  const [real, imaginary] = g2[0] as [string, string];
  const cases: readonly (readonly [what: string, code: string, text: () => string])[] = [
    ['an unknown field', 'malformed', () => withFields(keyText, { extra: '1' })],
    ['a missing field', 'malformed', () => withFields(keyText, { vk_gamma_2: undefined })],
    ['a field twice', 'malformed', () => edited(keyText, '"nPublic":4', '"nPublic":4,"nPublic":4')],
    ['another protocol', 'malformed', () => withFields(keyText, { protocol: 'plonk' })],
    ['another curve', 'malformed', () => withFields(keyText, { curve: 'bls12381' })],
    ['another count', 'malformed', () => withFields(keyText, { nPublic: 3 })],
    ['a count as text', 'malformed', () => withFields(keyText, { nPublic: '4' })],
    ['a huge count', 'malformed', () => withFields(keyText, { nPublic: 99_999_999 })],
    ['a negative count', 'malformed', () => withFields(keyText, { nPublic: -4 })],
    ['IC that is no list', 'malformed', () => withFields(keyText, { IC: '1' })],
    ['a point of two', 'malformed', () => withFields(keyText, { vk_alpha_1: g1.slice(0, 2) })],
    [
      'z that is not 1',
      'non-canonical',
      () => withFields(keyText, { vk_alpha_1: [g1[0], g1[1], '2'] }),
    ],
    ['infinity', 'non-canonical', () => withFields(keyText, { vk_alpha_1: ['0', '1', '0'] })],
    ['zero as a point', 'malformed', () => withFields(keyText, { vk_alpha_1: ['0', '0', '1'] })],
    [
      'a number for text',
      'non-canonical',
      () => withFields(keyText, { vk_alpha_1: [1, g1[1], '1'] }),
    ],
    ['p as x', 'non-canonical', () => withFields(keyText, { vk_alpha_1: [String(P), g1[1], '1'] })],
    ['a negative x', 'malformed', () => edited(keyText, `"${real}"`, `"-${real}"`)],
    ['a leading zero', 'non-canonical', () => edited(keyText, `"${real}"`, `"0${real}"`)],
    ['hexadecimal', 'non-canonical', () => edited(keyText, `"${real}"`, `"0x1f"`)],
    ['empty text', 'non-canonical', () => edited(keyText, `"${real}"`, `""`)],
    [
      'imaginary z',
      'non-canonical',
      () => withFields(keyText, { vk_delta_2: [g2[0], g2[1], ['1', '1']] }),
    ],
    [
      'half a coordinate',
      'malformed',
      () => withFields(keyText, { vk_delta_2: [[imaginary], g2[1], g2[2]] }),
    ],
    ['another product', 'malformed', () => withFields(keyText, { vk_alphabeta_12: [['1']] })],
    ['an array', 'malformed', () => `[${keyText}]`],
    ['more after it', 'malformed', () => `${keyText} 1`],
    ['nothing', 'malformed', () => ''],
    ['no text', 'malformed', () => fixture.key as unknown as string],
    ['too much text', 'too-large', () => keyText + ' '.repeat(2 ** 24)],
  ];
  test.each(cases)('with %s is refused: %s', (_, code, text) => {
    expect(keyFromSnarkjs(keyText, 'ceremony')).toEqual(keyBytes);
    expect(() => keyFromSnarkjs(text(), 'ceremony')).toThrow(CODE(code));
  });

  test('needs a word on its setup', () => {
    expect(() => keyFromSnarkjs(keyText, 'trusted' as 'ceremony')).toThrow(
      expect.objectContaining({ code: 'wrong-type' }),
    );
  });
});

test('a proof is read as strictly', () => {
  expect(proofFromSnarkjs(proofText)).toHaveLength(258);
  const a = fixture.proofs[0]?.proof.pi_a as readonly string[];
  expect(() => proofFromSnarkjs(withFields(proofText, { pi_d: a }))).toThrow(CODE('malformed'));
  expect(() => proofFromSnarkjs(withFields(proofText, { pi_a: undefined }))).toThrow(
    CODE('malformed'),
  );
  expect(() => proofFromSnarkjs(edited(proofText, '{', '{"curve":"bn128",'))).toThrow(
    CODE('malformed'),
  );
  expect(() => proofFromSnarkjs(proofText + ' '.repeat(5_000))).toThrow(CODE('too-large'));
  expect(() => proofToSnarkjs(item.proof.slice(1))).toThrow(CODE('malformed'));
  const beyond = item.proof.slice();
  beyond.fill(0xff, 2, 34);
  expect(() => proofToSnarkjs(beyond)).toThrow(CODE('non-canonical'));
});

test('public inputs are below r, without sign', () => {
  expect(publicsFromSnarkjs(`["0","${R - 1n}"]`)).toEqual([0n, R - 1n]);
  const bad = [String(R), String(P), '-1', '+1', '01', '1.0', '1e3', '', ' 1', '0x1', '９'];
  for (const value of bad) {
    expect(() => publicsFromSnarkjs(JSON.stringify([value])), value).toThrow(
      expect.objectContaining({ name: 'CodecError' }),
    );
  }
  for (const text of ['[1]', '{}', '"1"', '["1",]', '[,"1"]', '["1"', '[["1"]]', 'null']) {
    expect(() => publicsFromSnarkjs(text), text).toThrow(
      expect.objectContaining({ name: 'CodecError' }),
    );
  }
  for (const value of [undefined, null, '1', new Set([1n])]) {
    expect(() => publicsToSnarkjs(value as never)).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'wrong-type' }),
    );
  }
  for (const value of [-1n, R, 1]) {
    expect(() => publicsToSnarkjs([value as bigint])).toThrow(
      expect.objectContaining({ code: 'out-of-range' }),
    );
  }
});

describe('the strict reader', () => {
  test('holds no more values than an honest file has', () => {
    const many = (count: number): string => `[${new Array(count).fill('[]').join(',')}]`;
    expect(readStrictJson('text', many(200_000), 2 ** 24)).toHaveLength(200_000);
    expect(() => readStrictJson('text', many(300_000), 2 ** 24)).toThrow(CODE('malformed'));
  });

  const read = (text: string): unknown => readStrictJson('text', text, 1_000);
  const word = fc.stringMatching(/^\w{0,8}$/);
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      word,
      fc.nat(999_999_999),
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(word, tie('node'), { maxKeys: 3 }),
    ),
  })).node;

  const plain = (value: unknown): unknown => {
    if (value instanceof Map) {
      return Object.fromEntries([...value].map(([name, of]) => [name, plain(of)]));
    }
    return Array.isArray(value) ? value.map(plain) : value;
  };

  test('agrees with JSON.parse on what it reads', () => {
    fc.assert(
      fc.property(tree, fc.constantFrom('', ' ', '\n'), (value, space) => {
        const text = JSON.stringify(value, undefined, space);
        fc.pre(text.length <= 1_000 && !text.includes('__proto__'));
        expect(plain(read(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  test('reads nothing that JSON.parse would not', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'{}[]:,"01a \n-.'), maxLength: 12 }),
        (text) => {
          let value: unknown;
          try {
            value = read(text);
          } catch (error) {
            expect(error).toMatchObject({ name: 'CodecError' });
            return;
          }
          expect(plain(value)).toEqual(JSON.parse(text));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test.each([
    ['{"a":1,"a":1}'],
    ['{"__proto__":1,"__proto__":2}'],
    ['"\\u0061"'],
    ['"a b"'],
    ['-1'],
    ['1.5'],
    ['1e2'],
    ['01'],
    ['1234567890'],
    ['true'],
    ['null'],
    ['[[[[[1]]]]]'],
    [`${'['.repeat(500)}`],
    ['\u00a01'],
    ['1 2'],
    [`"${'a'.repeat(257)}"`],
  ])('refuses %s', (text) => {
    expect(read('[[[[1]]]]')).toEqual([[[[1]]]]);
    expect(() => read(text)).toThrow(CODE('malformed'));
  });
});
