/** What later rooms do with the adapter: crafted polynomials, transforms, keys out and in again. */
import { beforeAll, expect, test } from 'vitest';
import { plaintextBlob, polynomials } from '../../src/he/blob.ts';
import { contextFor, unsafeHelperContext } from '../../src/he/context.ts';
import { liveHandles, type Seal } from '../../src/he/handles.ts';
import {
  ciphertextOf,
  decryptorOf,
  encoderOf,
  encryptorOf,
  evaluatorOf,
  generateKeys,
  plaintextOf,
  secretKeyOf,
} from '../../src/he/objects.ts';
import {
  addPlaintextInto,
  decodeReals,
  decryptInto,
  encodeInto,
  encryptSymmetricInto,
  loadPolynomialsInto,
  loadWordsInto,
  polynomialBytes,
  transformInto,
  wordBytes,
} from '../../src/he/operations.ts';
import { parameterSet } from '../../src/he/parameters.ts';
import { openSeal } from '../../src/he/seal.ts';
import { encrypted, workshop } from './support.ts';

const set = parameterSet('approximate-committee-4096');
const SCALE = 2 ** 40;

let seal: Seal;
beforeAll(async () => {
  seal = await openSeal();
});

/** Words of a plaintext or key, copied to where they can be loaded from. */
function loadable(bytes: Uint8Array): ReturnType<typeof polynomials> {
  const out = polynomials(bytes.length / 8);
  out.area.set(bytes, out.area.length - bytes.length);
  return out;
}

test('a secret key goes out and in again; plaintexts add; signs flip', () => {
  {
    using context = contextFor(seal, set);
    const { secretKey, publicKey } = generateKeys(context);
    using _public = publicKey;
    using _secret = secretKey;
    using copy = secretKeyOf(seal);
    loadWordsInto(copy, context, context.key.parmsId, loadable(wordBytes(secretKey)));
    using encryptor = encryptorOf(context, publicKey, secretKey);
    using decryptor = decryptorOf(context, copy);
    using evaluator = evaluatorOf(context);
    using encoder = encoderOf(context);
    using plaintext = plaintextOf(seal);
    using ciphertext = ciphertextOf(seal);
    encodeInto(plaintext, encoder, Float64Array.of(1, 2, 3), SCALE);
    encryptSymmetricInto(ciphertext, encryptor, plaintext);
    addPlaintextInto(ciphertext, evaluator, plaintext);
    transformInto(ciphertext, evaluator, 'negate');
    using opened = plaintextOf(seal);
    decryptInto(opened, decryptor, ciphertext);
    const [a, b, c, d] = decodeReals(encoder, opened);
    for (const [got, expected] of [
      [a, -2],
      [b, -4],
      [c, -6],
      [d, 0],
    ] as const) {
      expect(got).toBeCloseTo(expected, 6);
    }
    // The layout that is written is the one that SEAL wrote.
    const words = wordBytes(opened);
    const whole = new Uint8Array(words.buffer, words.byteOffset - 88, words.length + 88);
    expect(plaintextBlob(context.data.parmsId, loadable(words), SCALE)).toEqual(whole);
  }
  expect(liveHandles(seal)).toBe(0);
});

test('a ciphertext goes into NTT form and back to the same bytes', () => {
  {
    using shop = workshop(seal, parameterSet('exact-4096'));
    const { context, evaluator } = shop;
    using ciphertext = encrypted(shop, [1, 2, 3]);
    const before = polynomialBytes(ciphertext, context.data).slice();
    transformInto(ciphertext, evaluator, 'to-ntt');
    const there = polynomialBytes(ciphertext, { ...context.data, ntt: true });
    expect(there).not.toEqual(before);
    transformInto(ciphertext, evaluator, 'from-ntt');
    expect(polynomialBytes(ciphertext, context.data)).toEqual(before);
  }
  expect(liveHandles(seal)).toBe(0);
});

test('with a zero second polynomial SEAL refuses to compute', () => {
  {
    using context = contextFor(seal, set);
    using evaluator = evaluatorOf(context);
    using ciphertext = ciphertextOf(seal);
    const words = polynomials(2 * context.data.degree * context.data.primes.length);
    words.words[0] = 1;
    loadPolynomialsInto(ciphertext, context, context.data, words);
    expect(() => transformInto(ciphertext, evaluator, 'from-ntt')).toThrow(/transparent/);
  }
  expect(liveHandles(seal)).toBe(0);
});

test('a helper context has the key level of the real one as its data level', () => {
  {
    using context = contextFor(seal, set);
    // Any further prime that is 1 modulo 2N.
    using helper = unsafeHelperContext(seal, {
      ...set,
      primes: [...set.primes, 1_152_921_504_606_830_593n],
    });
    expect(helper.data.parmsId).toEqual(context.key.parmsId);
    expect(helper.data.primes).toEqual(context.key.primes);
  }
  expect(liveHandles(seal)).toBe(0);
});
