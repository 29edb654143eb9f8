/**
 * Seen elsewhere: a hash over two keys and what follows writes the length of the first key before the
 * second one too. Then bytes can move from the context into the key and the hash stays the same: what
 * was meant to bind both binds neither.
 */
import fc from 'fast-check';
import { integer } from 'veilsum';
import { expect, test } from 'vitest';
import { concat, lengthPrefixed, toHex, u32 } from '../../../src/internal/bytes.ts';
import { sha256 } from '../../../src/internal/sha256.ts';
import { deriveKey } from '../../../src/prg/hkdf.ts';
import { termsOf } from '../../../src/round/plan.ts';
import { pairMaskKey, sealKey } from '../../../src/secagg/keys.ts';
import { party, planFor } from '../../support/round.ts';
import { smallTrust } from '../bad-input/fixture.ts';

/** H(len(a) ‖ a ‖ len(a) ‖ b ‖ context): the mistake. */
const naive = (a: Uint8Array, b: Uint8Array, context: Uint8Array): string =>
  toHex(sha256(u32(a.length), a, u32(a.length), b, context));

const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });

test('the naive hash: another key and another context, the same hash', () => {
  fc.assert(
    fc.property(bytes, bytes, bytes, (a, b, context) => {
      const longer = concat(b, context.subarray(0, 1));
      expect(naive(a, longer, context.subarray(1))).toBe(naive(a, b, context));
    }),
  );
});

test('ours: no two lists of parts give the same bytes', () => {
  fc.assert(
    fc.property(
      fc.array(bytes, { maxLength: 5 }),
      fc.array(bytes, { maxLength: 5 }),
      (one, two) => {
        const isSame =
          one.length === two.length && one.every((part, i) => `${part}` === `${two[i]}`);
        expect(toHex(lengthPrefixed(...one)) === toHex(lengthPrefixed(...two))).toBe(isSame);
      },
    ),
  );
  fc.assert(
    fc.property(bytes, fc.array(bytes, { minLength: 2, maxLength: 5 }), (secret, parts) => {
      // Move a byte over every border; join, split, swap, leave out.
      const key = toHex(deriveKey(secret, parts));
      for (let i = 0; i + 1 < parts.length; i++) {
        const [left, right] = [parts[i] as Uint8Array, parts[i + 1] as Uint8Array];
        const around = (...middle: Uint8Array[]) =>
          toHex(deriveKey(secret, [...parts.slice(0, i), ...middle, ...parts.slice(i + 2)]));
        expect(around(concat(left, right.subarray(0, 1)), right.subarray(1))).not.toBe(key);
        expect(around(left.subarray(0, -1), concat(left.subarray(-1), right))).not.toBe(key);
        expect(around(concat(left, right))).not.toBe(key);
        expect(around(left, new Uint8Array(0), right)).not.toBe(key);
        if (`${left}` !== `${right}`) expect(around(right, left)).not.toBe(key);
      }
    }),
  );
});

test('ours: mask and seal keys bind each public key, the ciphertext, the model, both ids and the order', async () => {
  const people = await party(4);
  const plan = planFor(people, {
    fields: { x: integer({ length: 1, min: 0, max: 1 }) },
    trust: smallTrust,
    suite: 'x25519-mlkem768',
  });
  const terms = termsOf(plan);
  const fill = (byte: number, length: number) => new Uint8Array(length).fill(byte);
  const secret = fill(9, 64);
  const [a, b, ciphertext, context] = [fill(1, 1_216), fill(2, 1_216), fill(3, 1_088), fill(4, 32)];
  const pair = {
    ids: [0, 1] as const,
    publicKeys: [a, b] as const,
    kemCiphertext: ciphertext,
    context,
  };
  const others = [
    { ...pair, ids: [0, 2] as const },
    { ...pair, ids: [1, 0] as const },
    { ...pair, publicKeys: [b, a] as const },
    { ...pair, publicKeys: [concat(a, b.subarray(0, 1)), b.subarray(1)] as const },
    { ...pair, publicKeys: [a.subarray(0, -1), concat(a.subarray(-1), b)] as const },
    {
      ...pair,
      kemCiphertext: concat(ciphertext, a.subarray(0, 1)),
      publicKeys: [a.subarray(1), b] as const,
    },
    { ...pair, kemCiphertext: fill(0, 0), publicKeys: [concat(ciphertext, a), b] as const },
    { ...pair, context: fill(5, 32) },
  ];
  const keys = [pair, ...others].flatMap((context) => [
    toHex(sealKey(terms, secret, context)),
    toHex(pairMaskKey(terms, secret, context, 'x')),
    toHex(pairMaskKey(terms, secret, context, 'y')),
  ]);
  expect(new Set(keys).size).toBe(3 * (1 + others.length));
});
