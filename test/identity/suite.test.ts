import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { mlKemKeyPair } from '../../src/identity/ml-kem.ts';
import { SUITE_NAMES, type SuiteName, suite } from '../../src/identity/suite.ts';
import { x25519KeyPair, x25519SharedSecret } from '../../src/identity/x25519.ts';
import { concat, toHex, utf8 } from '../../src/internal/bytes.ts';
import { deriveKey } from '../../src/prg/hkdf.ts';

const seedOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

describe.each([...SUITE_NAMES])('suite %s', (name) => {
  const one = suite(name);
  const a = one.keyPair(seedOf(1));
  const b = one.keyPair(seedOf(2));

  test('two clients come to one secret', () => {
    const sent = one.encapsulate(b.publicKey);
    expect(sent.ciphertext.length).toBe(one.ciphertextLength);
    const mine = one.sharedSecret(a, b.publicKey, sent.kemSecret);
    const theirs = one.sharedSecret(b, a.publicKey, one.decapsulate(b, sent.ciphertext));
    expect(theirs).toEqual(mine);
    expect(mine.length).toBe(name === 'x25519' ? 32 : 64);
    const c = one.keyPair(seedOf(3));
    expect(one.sharedSecret(c, b.publicKey, sent.kemSecret)).not.toEqual(mine);
  });

  test('a seed gives one pair, another seed another', () => {
    expect(a.publicKey.length).toBe(one.publicKeyLength);
    expect(one.keyPair(seedOf(1)).publicKey).toEqual(a.publicKey);
    expect(b.publicKey).not.toEqual(a.publicKey);
  });

  test('coins decide the ciphertext', () => {
    const first = one.encapsulate(b.publicKey, seedOf(9));
    expect(one.encapsulate(b.publicKey, seedOf(9))).toEqual(first);
    expect(one.decapsulate(b, first.ciphertext)).toEqual(first.kemSecret);
  });

  test('keys are checked', () => {
    expect(one.checkPublicKey(a.publicKey)).toBe(true);
    expect(one.checkPublicKey(a.publicKey.subarray(1))).toBe(false);
    expect(one.checkPublicKey(concat(a.publicKey, Uint8Array.of(0)))).toBe(false);
    expect(one.checkPublicKey(new Uint8Array(0))).toBe(false);
    for (const x of [
      new Uint8Array(32),
      new Uint8Array(32).fill(255),
      Uint8Array.of(1, ...seedOf(0).subarray(1)),
    ]) {
      const bad = concat(x, a.publicKey.subarray(32));
      expect(one.checkPublicKey(bad)).toBe(false);
      const { kemSecret } = one.encapsulate(b.publicKey);
      expect(() => one.sharedSecret(a, bad, kemSecret)).toThrow(
        expect.objectContaining({ code: 'bad-key' }),
      );
    }
  });

  test('pairs show nothing, and nothing is left after wiping', () => {
    const pair = one.keyPair(seedOf(0xcd));
    expect(Object.keys(pair)).toEqual(['suite', 'publicKey']);
    expect(inspect(pair, { showHidden: true, depth: 9 })).not.toContain('205, 205');
    const { ciphertext, kemSecret } = one.encapsulate(pair.publicKey);
    one.wipe(pair);
    one.wipe(pair);
    const disposed = expect.objectContaining({ code: 'disposed' });
    expect(() => one.decapsulate(pair, ciphertext)).toThrow(disposed);
    expect(() => one.sharedSecret(pair, b.publicKey, kemSecret)).toThrow(disposed);
  });

  test('wrong lengths and pairs of the other suite are the caller’s mistake', () => {
    const code = expect.objectContaining({ code: 'wrong-length' });
    expect(() => one.keyPair(new Uint8Array(31))).toThrow(code);
    expect(() => one.encapsulate(new Uint8Array(7))).toThrow(code);
    expect(() => one.decapsulate(a, new Uint8Array(7))).toThrow(code);
    expect(() => one.sharedSecret(a, b.publicKey, new Uint8Array(7))).toThrow(code);
    expect(() => one.sharedSecret(a, new Uint8Array(7), new Uint8Array(0))).toThrow(code);
    const other = suite(name === 'x25519' ? 'x25519-mlkem768' : 'x25519');
    expect(() =>
      other.sharedSecret(
        a,
        other.keyPair(seedOf(4)).publicKey,
        new Uint8Array(other.ciphertextLength > 0 ? 32 : 0),
      ),
    ).toThrow(expect.objectContaining({ code: 'wrong-type' }));
  });
});

test('the halves are X25519 and ML-KEM-768 under labels of their own', () => {
  const name = 'x25519-mlkem768';
  const part = (of: string, length: number) =>
    deriveKey(seedOf(1), [utf8('agreement key'), utf8(name), utf8(of)], length);
  const x = x25519KeyPair(part('x25519', 32));
  const kem = mlKemKeyPair(part('ml-kem-768', 64));
  const pair = suite(name).keyPair(seedOf(1));
  expect(pair.publicKey).toEqual(concat(x.publicKey, kem.publicKey));
  const peer = suite(name).keyPair(seedOf(2));
  const kemSecret = seedOf(8);
  expect(toHex(suite(name).sharedSecret(pair, peer.publicKey, kemSecret))).toBe(
    toHex(kemSecret) + toHex(x25519SharedSecret(x, peer.publicKey.subarray(0, 32))),
  );
  // The same seed in the other suite gives another X25519 key.
  expect(suite('x25519').keyPair(seedOf(1)).publicKey).not.toEqual(x.publicKey);
});

test('a changed ML-KEM ciphertext gives another secret', () => {
  const hybrid = suite('x25519-mlkem768');
  const pair = hybrid.keyPair(seedOf(1));
  const { ciphertext, kemSecret } = hybrid.encapsulate(pair.publicKey);
  ciphertext[500] = (ciphertext[500] as number) ^ 1;
  const other = hybrid.decapsulate(pair, ciphertext);
  expect(other.length).toBe(32);
  expect(other).not.toEqual(kemSecret);
});

test('an unknown name is refused', () => {
  for (const name of ['x448', '', 'toString', '__proto__']) {
    expect(() => suite(name as SuiteName)).toThrow(
      expect.objectContaining({ code: 'out-of-range' }),
    );
  }
});
