/** The wire form: one for each value, total on hostile bytes, and the same words as SEAL's own. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { CodecError } from '../../src/errors.ts';
import { type Polynomials, polynomials } from '../../src/he/blob.ts';
import {
  checkLattice,
  coefficientsOf,
  decodeLattice,
  encodedLatticeLength,
  encodeLattice,
  type LatticeExpectation,
  type LatticeKind,
} from '../../src/he/codec.ts';
import { liveHandles, type Seal } from '../../src/he/handles.ts';
import {
  ciphertextOf,
  encoderOf,
  encryptorOf,
  plaintextOf,
  publicKeyOf,
} from '../../src/he/objects.ts';
import {
  addCiphertextInto,
  decodeReals,
  decryptInto,
  encodeInto,
  encryptInto,
  loadPolynomialsInto,
  polynomialBytes,
  scaleOf,
} from '../../src/he/operations.ts';
import {
  dataPrimes,
  type ParameterSet,
  parameterSet,
  parameterSets,
} from '../../src/he/parameters.ts';
import { openSeal } from '../../src/he/seal.ts';
import { decrypted, dice, encrypted, workshop } from './support.ts';

const KINDS: readonly LatticeKind[] = [
  'ciphertext',
  'mask',
  'public-key',
  'key-share',
  'decryption-share',
  'body',
  'dealt-share',
];
const HEAD = 40;
const WORDS = 120;
const roundId = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
const expectation = (set: ParameterSet, kind: LatticeKind): LatticeExpectation => ({
  kind,
  set,
  roundId,
  index: 0x0102_0304,
});
const primesOf = (set: ParameterSet, kind: LatticeKind): readonly bigint[] =>
  kind === 'public-key' || kind === 'key-share' ? set.primes : dataPrimes(set);
const wordsOf = ({ words }: Polynomials): BigUint64Array =>
  new BigUint64Array(words.buffer, words.byteOffset, words.length / 2);
const bytesOf = ({ area }: Polynomials): Uint8Array => area.subarray(WORDS);
const codeOf = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    if (error instanceof CodecError) return error.code;
    throw error;
  }
  return 'none';
};

/** What is wrong with bytes: the same whether they are read or only looked at. */
const verdictOn = (expected: LatticeExpectation, bytes: Uint8Array): string => {
  const code = codeOf(() => decodeLattice(expected, bytes));
  expect(codeOf(() => checkLattice(expected, bytes))).toBe(code);
  return code;
};

/** Residues that look random, the extremes among them. */
function residues(set: ParameterSet, kind: LatticeKind, seed: number): Polynomials {
  const roll = dice(seed);
  const out = polynomials(coefficientsOf(set, kind));
  const primes = primesOf(set, kind);
  wordsOf(out).forEach((_, i, words) => {
    const prime = primes[Math.floor(i / set.degree) % primes.length] as bigint;
    const wide = (BigInt(roll()) << 32n) | BigInt(roll());
    words[i] = i % 97 === 0 ? prime - 1n : i % 101 === 0 ? 0n : wide % prime;
  });
  return out;
}

/** The slow twin: one coefficient at a time, in BigInt. */
function slowEncoding(expected: LatticeExpectation, from: Polynomials): Uint8Array {
  const { set, kind } = expected;
  const out = [1, KINDS.indexOf(kind) + 1, 0, set.id, ...expected.roundId, 1, 2, 3, 4];
  const primes = primesOf(set, kind);
  wordsOf(from).forEach((word, i) => {
    const prime = primes[Math.floor(i / set.degree) % primes.length] as bigint;
    for (let bits = 0; 1n << BigInt(bits) < prime; bits += 8) {
      out.push(Number((word >> BigInt(bits)) & 0xffn));
    }
  });
  return Uint8Array.from(out);
}

let seal: Seal;
beforeAll(async () => {
  seal = await openSeal();
});

const cases = parameterSets.flatMap((set) => KINDS.map((kind) => ({ set, kind, name: set.name })));

describe.each(cases)('$kind of $name', ({ set, kind }) => {
  const expected = expectation(set, kind);
  const from = residues(set, kind, set.id);
  const good = encodeLattice(expected, bytesOf(from));

  test('is what the slow twin writes, and comes back', () => {
    expect(good.length).toBe(encodedLatticeLength(set, kind));
    expect(good).toEqual(slowEncoding(expected, from));
    expect(decodeLattice(expected, good).words).toEqual(from.words);
    const into = polynomials(coefficientsOf(set, kind));
    expect(decodeLattice(expected, good, into)).toBe(into);
    expect(into.words).toEqual(from.words);
    // Wherever the bytes lie in their buffer.
    for (let shift = 1; shift < 8; shift++) {
      const moved = new Uint8Array(good.length + shift).subarray(shift);
      moved.set(good);
      expect(decodeLattice(expected, moved, into).words).toEqual(from.words);
    }
  });

  test('of every other length is refused', () => {
    for (const length of [0, 1, HEAD - 1, HEAD, good.length - 1]) {
      expect(verdictOn(expected, good.subarray(0, length))).toBe('truncated');
    }
    const longer = new Uint8Array(good.length + 1);
    longer.set(good);
    expect(verdictOn(expected, longer)).toBe('trailing-bytes');
  });

  test('with any other byte in its head is refused', () => {
    const codes = (at: number): string =>
      at === 0
        ? 'unknown-version'
        : at === 1
          ? 'wrong-phase'
          : at >= 4 && at < 36
            ? 'wrong-round'
            : 'malformed';
    for (let at = 0; at < HEAD; at++) {
      for (const flip of [1, 0x80, 0xff]) {
        const bad = good.slice();
        bad[at] = (bad[at] as number) ^ flip;
        expect(verdictOn(expected, bad), `byte ${at}`).toBe(codes(at));
      }
    }
  });

  test('with a coefficient that is its prime, or all ones, is refused; prime − 1 is not', () => {
    let start = HEAD;
    const size = coefficientsOf(set, kind) / set.degree / primesOf(set, kind).length;
    for (let polynomial = 0; polynomial < size; polynomial++) {
      for (const prime of primesOf(set, kind)) {
        const width = Math.ceil(prime.toString(2).length / 8);
        for (const place of [0, 1, set.degree - 1]) {
          for (const [value, code] of [
            [prime - 1n, 'none'],
            [prime, 'non-canonical'],
            [prime + 1n, 'non-canonical'],
            [(1n << BigInt(8 * width)) - 1n, 'non-canonical'],
          ] as const) {
            const bad = good.slice();
            for (let byte = 0; byte < width; byte++) {
              bad[start + place * width + byte] = Number((value >> BigInt(8 * byte)) & 0xffn);
            }
            expect(verdictOn(expected, bad)).toBe(code);
          }
        }
        const zero = good.slice().fill(0, start, start + width * set.degree);
        expect(verdictOn(expected, zero)).toBe('malformed');
        start += width * set.degree;
      }
    }
    expect(start).toBe(good.length);
  });
});

test('any bytes at all are refused with a CodecError, or are the one form of what they say', () => {
  const set = parameterSet('exact-2048');
  const expected = expectation(set, 'mask');
  const good = encodeLattice(expected, bytesOf(residues(set, 'mask', 5)));
  const edits = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 });
  fc.assert(
    fc.property(edits, fc.nat(good.length), fc.boolean(), (changes, length, whole) => {
      const bytes = good.slice(0, whole ? good.length : length);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      let read: Polynomials;
      try {
        read = decodeLattice(expected, bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(CodecError);
        expect(() => checkLattice(expected, bytes)).toThrow((error as CodecError).message);
        return;
      }
      checkLattice(expected, bytes);
      expect(encodeLattice(expected, bytesOf(read))).toEqual(bytes);
    }),
    { numRuns: 300 },
  );
});

test("the caller's own mistakes are UsageErrors", () => {
  const set = parameterSet('exact-2048');
  const expected = expectation(set, 'ciphertext');
  const words = bytesOf(residues(set, 'ciphertext', 1));
  const mistakes: readonly (readonly [() => unknown, string])[] = [
    [() => encodeLattice({ ...expected, roundId: roundId.subarray(1) }, words), 'wrong-length'],
    [() => encodeLattice({ ...expected, index: 2 ** 32 }, words), 'out-of-range'],
    [() => encodeLattice(expected, words.subarray(8)), 'wrong-length'],
    [() => encodeLattice({ ...expected, set: { ...set } }, words), 'wrong-type'],
    [() => encodeLattice({ ...expected, kind: 'toString' as never }, words), 'wrong-type'],
    [() => decodeLattice(expected, 'bytes' as never), 'wrong-type'],
    [() => checkLattice(expected, 'bytes' as never), 'wrong-type'],
    [() => checkLattice({ ...expected, set: { ...set } }, words), 'wrong-type'],
    [() => checkLattice({ ...expected, index: -1 }, words), 'out-of-range'],
    [() => decodeLattice(expected, new Uint8Array(0), polynomials(1)), 'wrong-length'],
  ];
  for (const [call, code] of mistakes) {
    expect(call).toThrow(expect.objectContaining({ name: 'UsageError', code }));
  }
});

describe('with SEAL', () => {
  test.each(parameterSets.filter(({ scheme }) => scheme === 'bfv'))(
    '$name: a hundred ciphertexts over the wire sum exactly',
    (set) => {
      {
        using shop = workshop(seal, set);
        const { context, evaluator } = shop;
        const roll = dice(set.id);
        const expected = expectation(set, 'ciphertext');
        const sums = new Array<number>(set.degree).fill(0);
        using sum = ciphertextOf(seal);
        const most = Math.min(2 ** set.plainBits, 2 ** 53) / 128;
        for (let client = 0; client < 100; client++) {
          const values = sums.map(() => Math.floor((roll() / 2 ** 32) * most));
          values.forEach((value, i) => {
            sums[i] = (sums[i] as number) + value;
          });
          using fresh = encrypted(shop, values);
          const wire = encodeLattice(expected, polynomialBytes(fresh, context.data));
          using term = ciphertextOf(seal);
          loadPolynomialsInto(
            client === 0 ? sum : term,
            context,
            context.data,
            decodeLattice(expected, wire),
          );
          if (client > 0) addCiphertextInto(sum, evaluator, term);
        }
        expect(decrypted(shop, sum)).toEqual(sums);
      }
      expect(liveHandles(seal)).toBe(0);
    },
    30_000,
  );

  test.each(parameterSets.filter(({ scheme }) => scheme === 'ckks'))(
    '$name: public key and ciphertext go over the wire, and the sum is near',
    (set) => {
      {
        using shop = workshop(seal, set);
        const { context, decryptor, evaluator } = shop;
        using encoder = encoderOf(context);
        const keyExpected = expectation(set, 'public-key');
        const keyBytes = encodeLattice(keyExpected, polynomialBytes(shop.publicKey, context.key));
        using copied = publicKeyOf(seal);
        loadPolynomialsInto(copied, context, context.key, decodeLattice(keyExpected, keyBytes));
        using encryptor = encryptorOf(context, copied);
        using plaintext = plaintextOf(seal);
        using sum = ciphertextOf(seal);
        using term = ciphertextOf(seal);
        const values = Float64Array.from({ length: encoder.slots }, (_, i) => Math.sin(i));
        const scale = 2 ** 50;
        encodeInto(plaintext, encoder, values, scale);
        const expected = expectation(set, 'ciphertext');
        encryptInto(sum, encryptor, plaintext);
        encryptInto(term, encryptor, plaintext);
        expect(scaleOf(sum)).toBe(scale);
        const wire = encodeLattice(expected, polynomialBytes(term, context.data));
        loadPolynomialsInto(term, context, context.data, decodeLattice(expected, wire), scale);
        addCiphertextInto(sum, evaluator, term);
        decryptInto(plaintext, decryptor, sum);
        const opened = decodeReals(encoder, plaintext);
        const worst = opened.reduce(
          (most, value, i) => Math.max(most, Math.abs(value - 2 * (values[i] as number))),
          0,
        );
        expect(worst).toBeLessThan(2 ** -30);
      }
      expect(liveHandles(seal)).toBe(0);
    },
  );

  test('what SEAL wrote on another level is not taken for a ciphertext', () => {
    using shop = workshop(seal, parameterSet('approximate-committee-4096'));
    const { context, publicKey } = shop;
    expect(() => polynomialBytes(publicKey, context.data)).toThrow(/expected 2 polynomials/);
    expect(() => polynomialBytes(publicKey, context.key, 3)).toThrow(/expected 3 polynomials/);
  });
});
