/**
 * SEAL as a calculator for polynomials: c0 + c1·s as it is, and the transform to NTT form and back.
 * Contexts here are helpers without a check of security: they compute on polynomials whose security
 * is that of the parameter set, and encrypt nothing.
 */
import { UsageError } from '../../errors.ts';
import { wipe } from '../../internal/bytes.ts';
import { type Level, type Polynomials, polynomials } from '../blob.ts';
import { unsafeHelperContext } from '../context.ts';
import type { AnyHandle, Seal } from '../handles.ts';
import {
  ciphertextOf,
  decryptorOf,
  evaluatorOf,
  generateKeys,
  plaintextOf,
  secretKeyOf,
} from '../objects.ts';
import {
  decryptInto,
  loadPolynomialsInto,
  loadWordsInto,
  polynomialBytes,
  transformInto,
  wordBytes,
} from '../operations.ts';
import { dataPrimes, type ParameterSet } from '../parameters.ts';
import { type Prime, splitPrime, type Words } from './modular.ts';

/** A prime of no set, 1 modulo 2N for every degree here: with it, all primes of a set are data primes. */
const FURTHER_PRIME = 1_152_921_504_606_683_137n;

/** The plain modulus of transforms; they do not depend on it. */
const SOME_PLAIN_BITS = 20;

/** Disposes of handles in the order in which they were made, backwards. */
export const disposing = (handles: readonly AnyHandle[]) => (): void => {
  for (const handle of handles.toReversed()) handle[Symbol.dispose]();
};

/** All primes of a committee's set, and the first of them that ciphertexts have. */
export function primesOf(set: ParameterSet): {
  readonly all: readonly Prime[];
  readonly data: readonly Prime[];
} {
  if (set?.keys !== 'committee') {
    throw new UsageError('wrong-type', 'set: got another one, expected a set for a committee');
  }
  const all = set.primes.map(splitPrime);
  return { all, data: all.slice(0, dataPrimes(set).length) };
}

/** Computes c0 + c1·s for one secret s. */
export type Oracle = {
  /**
   * @param pair c0 and c1 in NTT form; its head is overwritten
   * @returns fresh words in NTT form
   */
  readonly evaluate: (pair: Polynomials) => Words;
  readonly [Symbol.dispose]: () => void;
};

/**
 * Makes a secret, and shows one RLWE error beside it: what a member's key is made of.
 *
 * @returns `secret`: ternary, and `error`: e, both modulo all primes in NTT form, to be wiped; an
 *   oracle of the secret on polynomials modulo all primes
 *
 * SEAL's public key is (−a′·s − e, a′); evaluated, that is −e, as good as e.
 */
export function secretWithOracle(
  seal: Seal,
  set: ParameterSet,
): { readonly secret: Words; readonly error: Words; readonly oracle: Oracle } {
  const context = unsafeHelperContext(seal, {
    ...set,
    scheme: 'ckks',
    primes: [...set.primes, FURTHER_PRIME],
  });
  const handles: AnyHandle[] = [context];
  try {
    const { secretKey, publicKey } = generateKeys(context);
    handles.push(secretKey, publicKey);
    const decryptor = decryptorOf(context, secretKey);
    handles.push(decryptor);
    const evaluate = evaluating(seal, context, decryptor, handles);
    const width = 2 * set.degree * set.primes.length;
    const pair = polynomials(width);
    // Without the rows of the further prime.
    const rows = wordsOf(polynomialBytes(publicKey, context.key));
    const whole = width + 2 * set.degree;
    pair.words.set(rows.subarray(0, width));
    pair.words.set(rows.subarray(whole, whole + width), width);
    const error = evaluate(pair);
    const key = wordsOf(wordBytes(secretKey));
    const secret = key.slice(0, width);
    // This public key and the error together give the secret away.
    wipe(pair.area, rows, key);
    return { secret, error, oracle: { evaluate, [Symbol.dispose]: disposing(handles) } };
  } catch (error) {
    disposing(handles)();
    throw error;
  }
}

/**
 * An oracle on polynomials of ciphertexts.
 *
 * @param secret modulo the data primes in NTT form; unchanged
 */
export function oracleOf(seal: Seal, set: ParameterSet, secret: Words): Oracle {
  const context = unsafeHelperContext(seal, { ...set, scheme: 'ckks' });
  const handles: AnyHandle[] = [context];
  // SEAL wants rows for the special prime too; it never looks at them here.
  const key = polynomials(set.degree * set.primes.length);
  try {
    const secretKey = secretKeyOf(seal);
    handles.push(secretKey);
    key.words.set(secret);
    loadWordsInto(secretKey, context, context.key.parmsId, key);
    const decryptor = decryptorOf(context, secretKey);
    handles.push(decryptor);
    const evaluate = evaluating(seal, context, decryptor, handles);
    return { evaluate, [Symbol.dispose]: disposing(handles) };
  } catch (error) {
    disposing(handles)();
    throw error;
  } finally {
    wipe(key.area);
  }
}

function evaluating(
  seal: Seal,
  context: ReturnType<typeof unsafeHelperContext>,
  decryptor: ReturnType<typeof decryptorOf>,
  handles: AnyHandle[],
): Oracle['evaluate'] {
  const ciphertext = ciphertextOf(seal);
  const plaintext = plaintextOf(seal);
  handles.push(ciphertext, plaintext);
  return (pair) => {
    loadPolynomialsInto(ciphertext, context, context.data, pair);
    decryptInto(plaintext, decryptor, ciphertext);
    return wordsOf(wordBytes(plaintext));
  };
}

/** Takes pairs of polynomials modulo the data primes into NTT form and back. */
export type Transformer = {
  /**
   * @param pair none of the two zero; its head is overwritten
   * @returns fresh words
   */
  readonly transform: (pair: Polynomials, how: 'to-ntt' | 'from-ntt') => Words;
  readonly [Symbol.dispose]: () => void;
};

/** Opens a transformer for a set. */
export function transformerOf(seal: Seal, set: ParameterSet): Transformer {
  const plainBits = set.plainBits || SOME_PLAIN_BITS;
  const context = unsafeHelperContext(seal, { ...set, scheme: 'bfv', plainBits });
  const handles: AnyHandle[] = [context];
  try {
    const evaluator = evaluatorOf(context);
    const ciphertext = ciphertextOf(seal);
    handles.push(evaluator, ciphertext);
    const there: Level = { ...context.data, ntt: true };
    return {
      transform: (pair, how) => {
        const [from, to] = how === 'to-ntt' ? [context.data, there] : [there, context.data];
        loadPolynomialsInto(ciphertext, context, from, pair);
        transformInto(ciphertext, evaluator, how);
        return wordsOf(polynomialBytes(ciphertext, to));
      },
      [Symbol.dispose]: disposing(handles),
    };
  } catch (error) {
    disposing(handles)();
    throw error;
  }
}

/** Bytes that SEAL gave, as words: a view where they lie on a word, else a copy, and the bytes wiped. */
function wordsOf(bytes: Uint8Array): Words {
  if (bytes.byteOffset % 4 === 0) {
    return new Uint32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length / 4);
  }
  const copy = bytes.slice();
  wipe(bytes);
  return new Uint32Array(copy.buffer);
}
