/**
 * Where SEAL's randomness comes from, and what its errors and secrets are distributed like: the facts
 * that the noise bounds and the security of everything here stand on.
 */
import { chacha20 } from '@noble/ciphers/chacha.js';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { polynomials } from '../../src/he/blob.ts';
import { type Context, contextFor, unsafeHelperContext } from '../../src/he/context.ts';
import { insideOf, liveHandles, type Seal } from '../../src/he/handles.ts';
import {
  ciphertextOf,
  decryptorOf,
  encoderOf,
  encryptorOf,
  evaluatorOf,
  generateKeys,
  plaintextOf,
} from '../../src/he/objects.ts';
import {
  decryptInto,
  encodeInto,
  encryptInto,
  encryptSymmetricInto,
  loadPolynomialsInto,
  polynomialBytes,
  transformInto,
  wordBytes,
} from '../../src/he/operations.ts';
import { type ParameterSet, parameterSet } from '../../src/he/parameters.ts';
import { openSeal } from '../../src/he/seal.ts';
import { chiSquare, chiSquareLimit, count, emptyCounts } from '../stat/goodness.ts';

const set: ParameterSet = parameterSet('approximate-committee-4096');

let seal: Seal;
beforeAll(async () => {
  seal = await openSeal();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Replaces the platform's CSPRNG by a fixed stream; tells how many bytes were taken of it. */
function fixedSource(seed: number): { readonly taken: () => number } {
  const key = new Uint8Array(32).fill(seed);
  const nonce = new Uint8Array(12);
  const stream = chacha20(key, nonce, new Uint8Array(2 ** 20));
  let at = 0;
  vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation((array) => {
    const { byteLength } = array as unknown as Uint8Array;
    const { buffer, byteOffset } = array as unknown as Uint8Array;
    new Uint8Array(buffer, byteOffset, byteLength).set(stream.subarray(at, at + byteLength));
    at += byteLength;
    return array;
  });
  return { taken: () => at };
}

/** A seed of SEAL's generator (Blake2xb): 512 bits. */
const SEED_BYTES = 64;

/** Keys of a fresh instance and one ciphertext under each of them, as bytes. */
async function everythingRandom(): Promise<readonly Uint8Array[]> {
  const own = await openSeal();
  using context = contextFor(own, set);
  const { secretKey, publicKey } = generateKeys(context);
  using _secret = secretKey;
  using _public = publicKey;
  using encoder = encoderOf(context);
  using encryptor = encryptorOf(context, publicKey, secretKey);
  using plaintext = plaintextOf(own);
  using ciphertext = ciphertextOf(own);
  using symmetric = ciphertextOf(own);
  encodeInto(plaintext, encoder, Float64Array.of(1), 2 ** 20);
  encryptInto(ciphertext, encryptor, plaintext);
  encryptSymmetricInto(symmetric, encryptor, plaintext);
  return [
    wordBytes(secretKey).slice(),
    polynomialBytes(publicKey, context.key).slice(),
    polynomialBytes(ciphertext, context.data).slice(),
    polynomialBytes(symmetric, context.data).slice(),
  ];
}

test("all of SEAL's randomness is the platform's CSPRNG: the same stream, the same keys", async () => {
  fixedSource(1);
  const first = await everythingRandom();
  vi.restoreAllMocks();
  fixedSource(1);
  const again = await everythingRandom();
  // Had the time, an address or a counter been mixed in, these would differ.
  expect(again).toEqual(first);
  vi.restoreAllMocks();
  fixedSource(2);
  const other = await everythingRandom();
  for (const [i, bytes] of other.entries()) expect(bytes).not.toEqual(first[i]);
  vi.restoreAllMocks();
  const real = await everythingRandom();
  const fresh = await everythingRandom();
  for (const [i, bytes] of fresh.entries()) expect(bytes).not.toEqual(real[i]);
});

test('every key and every ciphertext takes a seed of 512 bits of its own', () => {
  {
    using context = contextFor(seal, set);
    const { taken } = fixedSource(3);
    const { secretKey, publicKey } = generateKeys(context);
    using _secret = secretKey;
    using _public = publicKey;
    expect(taken()).toBeGreaterThanOrEqual(2 * SEED_BYTES);
    using encryptor = encryptorOf(context, publicKey, secretKey);
    using encoder = encoderOf(context);
    using plaintext = plaintextOf(seal);
    using ciphertext = ciphertextOf(seal);
    encodeInto(plaintext, encoder, Float64Array.of(1), 2 ** 20);
    for (const encrypt of [encryptInto, encryptSymmetricInto]) {
      for (let i = 0; i < 3; i++) {
        const before = taken();
        encrypt(ciphertext, encryptor, plaintext);
        expect(taken() - before).toBeGreaterThanOrEqual(SEED_BYTES);
      }
    }
  }
  expect(liveHandles(seal)).toBe(0);
});

test('where the platform has no randomness to give, there is no key and no ciphertext', async () => {
  const own = await openSeal();
  {
    using context = contextFor(own, set);
    const keys = generateKeys(context);
    using _secret = keys.secretKey;
    using _public = keys.publicKey;
    using encryptor = encryptorOf(context, keys.publicKey);
    using encoder = encoderOf(context);
    using plaintext = plaintextOf(own);
    using ciphertext = ciphertextOf(own);
    encodeInto(plaintext, encoder, Float64Array.of(1), 2 ** 20);
    vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation(() => {
      throw new Error('no entropy');
    });
    const { guard } = insideOf(own);
    const resting = guard.stackPointer();
    const refusal = expect.objectContaining({ code: 'runtime-unsupported' });
    expect(() => generateKeys(context)).toThrow(refusal);
    expect(() => encryptInto(ciphertext, encryptor, plaintext)).toThrow(refusal);
    expect(guard.stackPointer()).toBe(resting);
    // The instance is sound: with randomness it goes on.
    vi.restoreAllMocks();
    encryptInto(ciphertext, encryptor, plaintext);
  }
  expect(liveHandles(own)).toBe(0);
});

/** A context for taking polynomials out of NTT form, which `ckks` ones never leave. */
const plainForm = (): Context =>
  unsafeHelperContext(seal, { ...set, scheme: 'bfv', plainBits: 20 });

/** The coefficients of a polynomial in NTT form, centred, the same modulo each of the two data primes. */
function smallCoefficients(helper: Context, words: Uint8Array): Int32Array {
  const { degree, primes } = helper.data;
  const size = 8 * degree * primes.length;
  const twice = polynomials((2 * size) / 8);
  // SEAL refuses a second polynomial of zeros, so it gets the same one.
  for (const part of [0, 1]) {
    twice.area.set(words.subarray(0, size), twice.area.length - (2 - part) * size);
  }
  using evaluator = evaluatorOf(helper);
  using holder = ciphertextOf(seal);
  loadPolynomialsInto(holder, helper, { ...helper.data, ntt: true }, twice);
  transformInto(holder, evaluator, 'from-ntt');
  const bytes = polynomialBytes(holder, helper.data).slice();
  const all = new BigUint64Array(bytes.buffer, 0, degree * primes.length);
  const rows = primes.map((prime, row) =>
    Int32Array.from(all.subarray(row * degree, (row + 1) * degree), (word) =>
      word > prime / 2n ? Number(word - prime) : Number(word),
    ),
  );
  expect(rows[1]).toEqual(rows[0]);
  return rows[0] as Int32Array;
}

/** P(a difference of two binomials of 21 coins = x), by C(42, 21 + x) / 2^42. */
function binomialLaw(x: number): number {
  let value = 2 ** -42;
  for (let i = 1; i <= 21 + x; i++) value *= (43 - i) / i;
  return Math.abs(x) <= 21 ? value : 0;
}

/** P(a Gaussian of this deviation, rounded, = x), by Simpson's rule. */
function roundedGaussian(deviation: number): (x: number) => number {
  const density = (x: number): number =>
    Math.exp(-((x / deviation) ** 2) / 2) / (deviation * Math.sqrt(2 * Math.PI));
  return (x) => (density(x - 0.5) + 4 * density(x) + density(x + 0.5)) / 6;
}

test('errors are differences of two binomials of 21 coins: at most 21, variance 10.5', () => {
  {
    // A fixed stream: the same errors in each run.
    fixedSource(4);
    using context = contextFor(seal, set);
    using helper = plainForm();
    const { secretKey, publicKey } = generateKeys(context);
    using _secret = secretKey;
    using _public = publicKey;
    using encryptor = encryptorOf(context, publicKey, secretKey);
    using decryptor = decryptorOf(context, secretKey);
    using encoder = encoderOf(context);
    using zero = plaintextOf(seal);
    using opened = plaintextOf(seal);
    using ciphertext = ciphertextOf(seal);
    encodeInto(zero, encoder, new Float64Array(1), 2 ** 20);
    const counts = emptyCounts(23);
    let squares = 0;
    let most = 0;
    const ciphertexts = 256;
    for (let i = 0; i < ciphertexts; i++) {
      encryptSymmetricInto(ciphertext, encryptor, zero);
      decryptInto(opened, decryptor, ciphertext);
      // c0 + c1·s of an encryption of zero is its error, up to its sign.
      const errors = smallCoefficients(helper, wordBytes(opened));
      count(counts, errors);
      for (const error of errors) {
        squares += error ** 2;
        most = Math.max(most, Math.abs(error));
      }
    }
    const samples = ciphertexts * set.degree;
    expect(most).toBeLessThanOrEqual(21);
    expect(Math.abs(squares / samples - 10.5)).toBeLessThan(6 * 10.5 * Math.sqrt(2 / samples));
    const { statistic, freedom } = chiSquare(counts, binomialLaw);
    expect(statistic).toBeLessThan(chiSquareLimit(freedom));
    // The test tells them from SEAL's other sampler, a Gaussian of 3.2, and from one of the same variance.
    for (const deviation of [3.2, Math.sqrt(10.5)]) {
      const { statistic, freedom } = chiSquare(counts, roundedGaussian(deviation));
      expect(statistic).toBeGreaterThan(chiSquareLimit(freedom));
    }
  }
  expect(liveHandles(seal)).toBe(0);
});

test('a secret key is uniformly −1, 0 and 1', () => {
  {
    fixedSource(5);
    using context = contextFor(seal, set);
    using helper = plainForm();
    const counts = emptyCounts(3);
    for (let i = 0; i < 8; i++) {
      const { secretKey, publicKey } = generateKeys(context);
      using _secret = secretKey;
      using _public = publicKey;
      const secret = smallCoefficients(helper, wordBytes(secretKey));
      expect(secret.every((s) => Math.abs(s) <= 1)).toBe(true);
      count(counts, secret);
    }
    const { statistic, freedom } = chiSquare(counts, (x) => (Math.abs(x) <= 1 ? 1 / 3 : 0));
    expect(statistic).toBeLessThan(chiSquareLimit(freedom));
  }
  expect(liveHandles(seal)).toBe(0);
});
