/** Exceptions forced out of SEAL through the adapter, of the two kinds that hostile bytes once caused. */
import { expect } from 'vitest';
import { polynomials } from '../../src/he/blob.ts';
import { insideOf, liveHandles, type Seal } from '../../src/he/handles.ts';
import { ciphertextOf, encoderOf, plaintextOf } from '../../src/he/objects.ts';
import {
  addCiphertextInto,
  decodeReals,
  decryptInto,
  encodeInto,
  encryptInto,
  loadPolynomialsInto,
} from '../../src/he/operations.ts';
import { parameterSet } from '../../src/he/parameters.ts';
import { workshop } from './support.ts';

/** How often each refusal was met. */
export type Forced = { readonly [reason: string]: number };

/** Forces `count` exceptions, then checks that the instance still adds. */
export function forceExceptions(seal: Seal, count: number): Forced {
  const before = liveHandles(seal);
  const { guard } = insideOf(seal);
  const resting = guard.stackPointer();
  const reasons: Record<string, number> = {};
  {
    using shop = workshop(seal, parameterSet('approximate-committee-4096'));
    const { context, encryptor, decryptor, evaluator } = shop;
    using encoder = encoderOf(context);
    using plaintext = plaintextOf(seal);
    using good = ciphertextOf(seal);
    using bad = ciphertextOf(seal);
    using target = ciphertextOf(seal);
    encodeInto(plaintext, encoder, Float64Array.of(1, -2), 2 ** 40);
    encryptInto(good, encryptor, plaintext);
    encodeInto(plaintext, encoder, Float64Array.of(1, -2), 2 ** 41);
    encryptInto(bad, encryptor, plaintext);
    // All zero but for one word far beyond its prime.
    const words = polynomials(2 * context.data.degree * context.data.primes.length);
    words.words.fill(0xffff_ffff, 4_000, 4_002);
    for (let i = 0; i < count; i++) {
      try {
        if (i % 2 === 0) addCiphertextInto(good, evaluator, bad);
        else loadPolynomialsInto(target, context, context.data, words);
        reasons.none = (reasons.none ?? 0) + 1;
      } catch (error) {
        const { reason } = (error as { details: { reason: string } }).details;
        reasons[reason] = (reasons[reason] ?? 0) + 1;
      }
    }
    expect(guard.stackPointer()).toBe(resting);
    using again = ciphertextOf(seal);
    encodeInto(plaintext, encoder, Float64Array.of(0.5, 3), 2 ** 40);
    encryptInto(again, encryptor, plaintext);
    addCiphertextInto(good, evaluator, again);
    using opened = plaintextOf(seal);
    decryptInto(opened, decryptor, good);
    const [first, second] = decodeReals(encoder, opened);
    expect(first).toBeCloseTo(1.5, 5);
    expect(second).toBeCloseTo(1, 5);
  }
  expect(liveHandles(seal)).toBe(before);
  return reasons;
}
