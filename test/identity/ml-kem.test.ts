import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decapsulate,
  encapsulate,
  isValidMlKemKey,
  mlKemKeyPair,
  wipeMlKemKeyPair,
} from '../../src/identity/ml-kem.ts';
import { encapsulateWithCoins } from '../../src/identity/ml-kem-backends.ts';
import { toHex } from '../../src/internal/bytes.ts';
import { hex, mlKemBackends, readVectors } from './vectors.ts';

type Group<Vector> = { readonly vectors: readonly (Vector & { readonly number: number })[] };
const fips = readVectors<{
  keyGen: Group<{ seed: string; ek: string }>;
  decapsulation: Group<{ seed: string; c: string; K: string }>;
  encapsulation: Group<{ m: string; ek: string; c: string; K: string }>;
  modulusOverflow: Group<{ ek: string }>;
}>('fips203');

const seed64 = fc.uint8Array({ minLength: 64, maxLength: 64 });
const coins32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe.each(mlKemBackends)('FIPS 203 by $name', (backend) => {
  test.each(fips.keyGen.vectors)('key generation, $number', ({ seed, ek }) => {
    expect(toHex(mlKemKeyPair(hex(seed), backend).publicKey)).toBe(ek);
  });

  test.each(fips.decapsulation.vectors)('decapsulation, $number', ({ seed, c, K }) => {
    expect(toHex(decapsulate(mlKemKeyPair(hex(seed), backend), hex(c)))).toBe(K);
  });

  test('fresh encapsulations open and differ', () => {
    const pair = mlKemKeyPair(new Uint8Array(64).fill(4), backend);
    const a = encapsulate(pair.publicKey, undefined, backend);
    const b = encapsulate(pair.publicKey, undefined, backend);
    expect(a.ciphertext.length).toBe(1088);
    expect(decapsulate(pair, a.ciphertext)).toEqual(a.sharedSecret);
    expect(decapsulate(pair, b.ciphertext)).toEqual(b.sharedSecret);
    expect(a.sharedSecret).not.toEqual(b.sharedSecret);
  });
});

test.each(fips.encapsulation.vectors)('FIPS 203 encapsulation with coins, $number', (vector) => {
  const coins = hex(vector.m);
  const { ciphertext, sharedSecret } = encapsulate(hex(vector.ek), coins);
  expect(toHex(coins)).toBe(vector.m);
  expect(toHex(ciphertext)).toBe(vector.c);
  expect(toHex(sharedSecret)).toBe(vector.K);
});

describe('the modulus check', () => {
  test.each(fips.modulusOverflow.vectors)('refuses Wycheproof key $number', ({ ek }) => {
    expect(isValidMlKemKey(hex(ek))).toBe(false);
    expect(() => encapsulate(hex(ek))).toThrow(expect.objectContaining({ code: 'bad-key' }));
    expect(() => encapsulate(hex(ek), new Uint8Array(32))).toThrow(
      expect.objectContaining({ code: 'bad-key' }),
    );
  });

  test('takes 3328 and refuses 3329 and 4095 at every coefficient', () => {
    const { publicKey } = mlKemKeyPair(new Uint8Array(64));
    const withCoefficient = (index: number, value: number) => {
      const key = publicKey.slice();
      const at = 3 * (index >> 1);
      const middle = key[at + 1] as number;
      if (index % 2 === 0) {
        key[at] = value & 0xff;
        key[at + 1] = (middle & 0xf0) | (value >> 8);
      } else {
        key[at + 1] = (middle & 0x0f) | ((value & 0x0f) << 4);
        key[at + 2] = value >> 4;
      }
      return key;
    };
    expect(isValidMlKemKey(publicKey)).toBe(true);
    for (let index = 0; index < 768; index++) {
      expect(isValidMlKemKey(withCoefficient(index, 3328))).toBe(true);
      expect(isValidMlKemKey(withCoefficient(index, 3329))).toBe(false);
      expect(isValidMlKemKey(withCoefficient(index, 4095))).toBe(false);
    }
  });

  test('any ρ and no other length', () => {
    const key = new Uint8Array(1184);
    key.fill(0xff, 1152);
    expect(isValidMlKemKey(key)).toBe(true);
    expect(isValidMlKemKey(new Uint8Array(1183))).toBe(false);
    expect(isValidMlKemKey(new Uint8Array(1185))).toBe(false);
  });
});

describe('back ends', () => {
  test('give the same keys, secrets and implicit rejections', () => {
    fc.assert(
      fc.property(
        seed64,
        coins32,
        fc.nat(1087),
        fc.integer({ min: 1, max: 255 }),
        (seed, coins, at, xor) => {
          const results = mlKemBackends.map((backend) => {
            const pair = mlKemKeyPair(seed, backend);
            const { ciphertext, sharedSecret } = encapsulateWithCoins(pair.publicKey, coins);
            const changed = ciphertext.slice();
            changed[at] = (changed[at] as number) ^ xor;
            const opened = decapsulate(pair, ciphertext);
            expect(opened).toEqual(sharedSecret);
            const rejected = decapsulate(pair, changed);
            expect(rejected).not.toEqual(opened);
            return [pair.publicKey, ciphertext, opened, rejected].map(toHex);
          });
          expect(results).toEqual(results.map(() => results[0]));
        },
      ),
      { numRuns: 20 },
    );
  });

  test('forget on demand', () => {
    for (const backend of mlKemBackends) {
      const pair = mlKemKeyPair(new Uint8Array(64), backend);
      const { ciphertext } = encapsulate(pair.publicKey);
      expect(Object.keys(pair)).toEqual(['publicKey']);
      const publicKey = pair.publicKey.slice();
      wipeMlKemKeyPair(pair);
      wipeMlKemKeyPair(pair);
      expect(pair.publicKey).toEqual(publicKey);
      expect(() => decapsulate(pair, ciphertext)).toThrow(
        expect.objectContaining({ code: 'disposed' }),
      );
    }
  });
});

test('wrong lengths are the caller’s mistake', () => {
  const code = expect.objectContaining({ code: 'wrong-length' });
  const pair = mlKemKeyPair(new Uint8Array(64));
  expect(() => mlKemKeyPair(new Uint8Array(32))).toThrow(code);
  expect(() => encapsulate(new Uint8Array(1183))).toThrow(code);
  expect(() => encapsulate(pair.publicKey, new Uint8Array(31))).toThrow(code);
  expect(() => decapsulate(pair, new Uint8Array(1087))).toThrow(code);
});
