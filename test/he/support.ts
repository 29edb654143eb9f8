/** A key pair and all tools of one parameter set, given back together; and plain sums through them. */
import { polynomials } from '../../src/he/blob.ts';
import { type Context, contextFor } from '../../src/he/context.ts';
import type { AnyHandle, Handle, Seal } from '../../src/he/handles.ts';
import {
  ciphertextOf,
  decryptorOf,
  encryptorOf,
  evaluatorOf,
  generateKeys,
  plaintextOf,
} from '../../src/he/objects.ts';
import { decryptInto, encryptInto, loadWordsInto, wordBytes } from '../../src/he/operations.ts';
import type { ParameterSet } from '../../src/he/parameters.ts';

/** Everything that one party could hold. */
export type Workshop = {
  readonly seal: Seal;
  readonly set: ParameterSet;
  readonly context: Context;
  readonly publicKey: Handle<'public-key'>;
  readonly encryptor: Handle<'encryptor'>;
  readonly decryptor: Handle<'decryptor'>;
  readonly evaluator: Handle<'evaluator'>;
  readonly [Symbol.dispose]: () => void;
};

/** Generates keys for a set. */
export function workshop(seal: Seal, set: ParameterSet): Workshop {
  const context = contextFor(seal, set);
  const { publicKey, secretKey } = generateKeys(context);
  const encryptor = encryptorOf(context, publicKey);
  const decryptor = decryptorOf(context, secretKey);
  const evaluator = evaluatorOf(context);
  const all: readonly AnyHandle[] = [
    evaluator,
    decryptor,
    encryptor,
    secretKey,
    publicKey,
    context,
  ];
  return {
    seal,
    set,
    context,
    publicKey,
    encryptor,
    decryptor,
    evaluator,
    [Symbol.dispose]: () => {
      for (const handle of all) handle[Symbol.dispose]();
    },
  };
}

const NO_LEVEL = new Uint8Array(32);

/** Encrypts coefficients for `bfv`; the caller disposes of the ciphertext. */
export function encrypted(
  { seal, set, context, encryptor }: Workshop,
  coefficients: readonly number[],
): Handle<'ciphertext'> {
  using plaintext = plaintextOf(seal);
  const words = polynomials(set.degree);
  coefficients.forEach((value, i) => {
    words.words[2 * i] = value >>> 0;
    words.words[2 * i + 1] = Math.floor(value / 2 ** 32);
  });
  loadWordsInto(plaintext, context, NO_LEVEL, words);
  const out = ciphertextOf(seal);
  encryptInto(out, encryptor, plaintext);
  return out;
}

/** Decrypts coefficients for `bfv`, `degree` of them. */
export function decrypted(
  { seal, set, decryptor }: Workshop,
  ciphertext: Handle<'ciphertext'>,
): readonly number[] {
  using plaintext = plaintextOf(seal);
  decryptInto(plaintext, decryptor, ciphertext);
  const bytes = wordBytes(plaintext);
  const words = new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
  return Array.from({ length: set.degree }, (_, i) => Number(words[i] ?? 0n));
}

/** A deterministic stream of 32-bit words, for tests. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // The low bits of such a generator are poor.
    return (state ^ (state >>> 15)) >>> 0;
  };
}
