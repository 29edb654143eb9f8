/**
 * What the adapter can do: thin, guarded calls into SEAL on handles. Functions that end in `Into`
 * write into their first argument.
 */
import { assertLength } from '../internal/assert.ts';
import {
  assertCiphertextBlob,
  CIPHERTEXT_WORDS,
  ciphertextBlob,
  type Level,
  PLAINTEXT_WORDS,
  type Polynomials,
  plaintextBlob,
} from './blob.ts';
import type { Context } from './context.ts';
import { type AnyHandle, type Handle, insideOf, rawOf, sealBehind, sealOfAll } from './handles.ts';
import type { Encoder } from './objects.ts';

/** Runs a call on handles of one instance. */
const on = <Result>(
  what: string,
  handles: readonly [AnyHandle, ...AnyHandle[]],
  call: () => Result,
): Result => insideOf(sealOfAll(...handles)).guard.run(what, call);

/**
 * Encodes reals: slot i becomes round(values · scale) in the transform.
 *
 * @param values at most `encoder.slots` finite numbers, checked by the caller
 * @param scale above 0; values times scale must be below the modulus
 * @throws UsageError `out-of-range`
 */
export function encodeInto(
  out: Handle<'plaintext'>,
  encoder: Encoder,
  values: Float64Array,
  scale: number,
): void {
  const to = rawOf(out, 'plaintext');
  const raw = rawOf(encoder, 'encoder');
  on('encode', [out, encoder], () => raw.encode(values, scale, to));
}

/** The reals of a plaintext: fresh, `encoder.slots` of them. */
export function decodeReals(encoder: Encoder, plaintext: Handle<'plaintext'>): Float64Array {
  const raw = rawOf(encoder, 'encoder');
  const from = rawOf(plaintext, 'plaintext');
  const out = on('decode', [encoder, plaintext], () => raw.decodeFloat64(from));
  assertLength('decode', out, encoder.slots);
  return out;
}

/** Encrypts under the public key. */
export function encryptInto(
  out: Handle<'ciphertext'>,
  encryptor: Handle<'encryptor'>,
  plaintext: Handle<'plaintext'>,
): void {
  const to = rawOf(out, 'ciphertext');
  const raw = rawOf(encryptor, 'encryptor');
  const from = rawOf(plaintext, 'plaintext');
  on('encrypt', [out, encryptor, plaintext], () => raw.encrypt(from, to));
}

/** Encrypts under the secret key, if the encryptor has one. */
export function encryptSymmetricInto(
  out: Handle<'ciphertext'>,
  encryptor: Handle<'encryptor'>,
  plaintext: Handle<'plaintext'>,
): void {
  const to = rawOf(out, 'ciphertext');
  const raw = rawOf(encryptor, 'encryptor');
  const from = rawOf(plaintext, 'plaintext');
  on('encryptSymmetric', [out, encryptor, plaintext], () => raw.encryptSymmetric(from, to));
}

/**
 * Decrypts: for `ckks`, c0 + c1·s as it is, noise and all.
 *
 * **Security**: what a `ckks` decryption gives must not leave unflooded; see the README of this room.
 */
export function decryptInto(
  out: Handle<'plaintext'>,
  decryptor: Handle<'decryptor'>,
  ciphertext: Handle<'ciphertext'>,
): void {
  const to = rawOf(out, 'plaintext');
  const raw = rawOf(decryptor, 'decryptor');
  const from = rawOf(ciphertext, 'ciphertext');
  on('decrypt', [out, decryptor, ciphertext], () => raw.decrypt(from, to));
}

/** sum ← sum + term. They may not be one handle. @throws UsageError `out-of-range` for unlike scales or levels */
export function addCiphertextInto(
  sum: Handle<'ciphertext'>,
  evaluator: Handle<'evaluator'>,
  term: Handle<'ciphertext'>,
): void {
  const to = rawOf(sum, 'ciphertext');
  const raw = rawOf(evaluator, 'evaluator');
  const from = rawOf(term, 'ciphertext');
  on('add', [sum, evaluator, term], () => raw.addInplace(to, from));
}

/** sum ← sum + term, a plaintext of the same level and scale. */
export function addPlaintextInto(
  sum: Handle<'ciphertext'>,
  evaluator: Handle<'evaluator'>,
  term: Handle<'plaintext'>,
): void {
  const to = rawOf(sum, 'ciphertext');
  const raw = rawOf(evaluator, 'evaluator');
  const from = rawOf(term, 'plaintext');
  on('addPlain', [sum, evaluator, term], () => raw.addPlainInplace(to, from));
}

/** What {@link transformInto} can do: flip all signs, or go into NTT form and back. */
export type Transform = 'negate' | 'to-ntt' | 'from-ntt';

/** Transforms a ciphertext in place. Its second polynomial must not be zero. */
export function transformInto(
  ciphertext: Handle<'ciphertext'>,
  evaluator: Handle<'evaluator'>,
  transform: Transform,
): void {
  const to = rawOf(ciphertext, 'ciphertext');
  const raw = rawOf(evaluator, 'evaluator');
  on(transform, [ciphertext, evaluator], () => {
    if (transform === 'negate') raw.negateInplace(to);
    else if (transform === 'to-ntt') raw.cipherTransformToNttInplace(to);
    else raw.cipherTransformFromNttInplace(to);
  });
}

/** The scale of a `ckks` ciphertext; 1 for `bfv`. */
export const scaleOf = (ciphertext: Handle<'ciphertext'>): number => {
  const raw = rawOf(ciphertext, 'ciphertext');
  return on('scale', [ciphertext], () => raw.scale());
};

/**
 * Loads checked coefficients as a ciphertext or public key.
 *
 * @param level of the context
 * @param from their head is overwritten; each word must be below its prime
 *
 * **Security**: only for what the codec has read, or this room has computed.
 */
export function loadPolynomialsInto(
  out: Handle<'ciphertext'> | Handle<'public-key'>,
  context: Context,
  level: Level,
  from: Polynomials,
  scale: number = 1,
): void {
  const to = out.kind === 'ciphertext' ? rawOf(out, 'ciphertext') : rawOf(out, 'public-key');
  const raw = rawOf(context, 'context');
  const blob = ciphertextBlob(level, from, scale);
  on('load', [out, context], () => to.loadFromArray(raw, blob));
}

/**
 * Loads words as a plaintext or secret key.
 *
 * @param parmsId of the level; all zero for a `bfv` plaintext
 * @param from their head is overwritten
 */
export function loadWordsInto(
  out: Handle<'plaintext'> | Handle<'secret-key'>,
  context: Context,
  parmsId: Uint8Array,
  from: Polynomials,
  scale: number = 1,
): void {
  const to = out.kind === 'plaintext' ? rawOf(out, 'plaintext') : rawOf(out, 'secret-key');
  const raw = rawOf(context, 'context');
  const blob = plaintextBlob(parmsId, from, scale);
  on('load', [out, context], () => to.loadFromArray(raw, blob));
}

/** The words of a ciphertext or public key of `size` polynomials on a level: fresh bytes, not aligned. */
export function polynomialBytes(
  from: Handle<'ciphertext'> | Handle<'public-key'>,
  level: Level,
  size: number = 2,
): Uint8Array {
  const raw = from.kind === 'ciphertext' ? rawOf(from, 'ciphertext') : rawOf(from, 'public-key');
  const seal = sealBehind(from);
  const { module, guard } = insideOf(seal);
  const blob = guard.run('save', () => raw.saveToArray(module.ComprModeType.none));
  assertCiphertextBlob(level, size, blob);
  return blob.subarray(CIPHERTEXT_WORDS);
}

/**
 * The words of a plaintext or secret key: fresh bytes, aligned to eight.
 *
 * **Security**: the words of a secret key are the key; wipe them when they are spent.
 */
export function wordBytes(from: Handle<'plaintext'> | Handle<'secret-key'>): Uint8Array {
  const raw = from.kind === 'plaintext' ? rawOf(from, 'plaintext') : rawOf(from, 'secret-key');
  const seal = sealBehind(from);
  const { module, guard } = insideOf(seal);
  const blob = guard.run('save', () => raw.saveToArray(module.ComprModeType.none));
  return blob.subarray(PLAINTEXT_WORDS);
}
