import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProtocolError, UsageError } from '../../src/errors.ts';
import {
  isCanonicalX25519,
  isLowOrder,
  wipeX25519KeyPair,
  x25519KeyPair,
  x25519SharedSecret,
} from '../../src/identity/x25519.ts';
import { toHex } from '../../src/internal/bytes.ts';
import { hex, readVectors, x25519Backends } from './vectors.ts';

const rfc = readVectors<{
  functions: { scalar: string; u: string; out: string }[];
  iterations: { count: number; out: string }[];
  agreement: Record<'alicePrivate' | 'alicePublic' | 'bobPrivate' | 'bobPublic' | 'shared', string>;
}>('rfc7748');
const edge = readVectors<{
  vectors: {
    number: number;
    public: string;
    private: string;
    shared: string;
    lowOrder: boolean;
    flags: string[];
  }[];
}>('x25519-edge-cases');

describe.each(x25519Backends)('RFC 7748 by $name', (backend) => {
  test.each(rfc.functions)('5.2: the function at u = $u', ({ scalar, u, out }) => {
    expect(toHex(backend.open(hex(scalar)).agree(hex(u)))).toBe(out);
  });

  test.each(rfc.iterations)('5.2: $count iterations', ({ count, out }) => {
    let k = hex(`09${'00'.repeat(31)}`);
    let u = k;
    for (let i = 0; i < count; i++) [k, u] = [backend.open(k).agree(u), k];
    expect(toHex(k)).toBe(out);
  });

  test('6.1: Alice and Bob', () => {
    const { alicePrivate, alicePublic, bobPrivate, bobPublic, shared } = rfc.agreement;
    const alice = x25519KeyPair(hex(alicePrivate), backend);
    const bob = x25519KeyPair(hex(bobPrivate), backend);
    expect(toHex(alice.publicKey)).toBe(alicePublic);
    expect(toHex(bob.publicKey)).toBe(bobPublic);
    expect(toHex(x25519SharedSecret(alice, bob.publicKey))).toBe(shared);
    expect(toHex(x25519SharedSecret(bob, alice.publicKey))).toBe(shared);
  });

  test('Wycheproof: the shared secret, or a refusal where the rules here are stricter', () => {
    let refused = 0;
    for (const vector of edge.vectors) {
      const pair = x25519KeyPair(hex(vector.private), backend);
      const theirs = hex(vector.public);
      const strict = isCanonicalX25519(theirs) && !vector.lowOrder;
      expect(isLowOrder(theirs), `${vector.number}`).toBe(vector.lowOrder);
      if (strict) {
        expect(toHex(x25519SharedSecret(pair, theirs)), `${vector.number}`).toBe(vector.shared);
      } else {
        refused++;
        expect(() => x25519SharedSecret(pair, theirs)).toThrow(ProtocolError);
      }
    }
    expect(refused).toBeGreaterThan(20);
  });
});

describe('public keys', () => {
  const p = 2n ** 255n - 19n;
  const encode = (u: bigint) => hex(u.toString(16).padStart(64, '0')).reverse();

  test('u and its other encodings: one is canonical', () => {
    expect(isCanonicalX25519(encode(p - 1n))).toBe(true);
    expect(isCanonicalX25519(encode(p))).toBe(false);
    expect(isCanonicalX25519(encode(p + 18n))).toBe(false);
    expect(isCanonicalX25519(encode(2n ** 255n - 1n))).toBe(false);
    expect(isCanonicalX25519(encode(2n ** 255n))).toBe(false);
    expect(isCanonicalX25519(encode(9n))).toBe(true);
    expect(isCanonicalX25519(new Uint8Array(31))).toBe(false);
    expect(isCanonicalX25519(new Uint8Array(33))).toBe(false);
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 256n - 1n), (u) => isCanonicalX25519(encode(u)) === u < p),
    );
  });

  test('low order: every encoding modulo 2^255 of 0, ±1 and the two of order 8', () => {
    const order8 = [
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    ].map((text) => BigInt(`0x${toHex(hex(text).reverse())}`));
    const low = [0n, 1n, p - 1n, p, p + 1n, ...order8];
    for (const u of low) {
      expect(isLowOrder(encode(u))).toBe(true);
      expect(isLowOrder(encode(u + 2n ** 255n))).toBe(true);
    }
    for (const u of [2n, 3n, 9n, p - 2n, p + 2n, ...order8.map((each) => each + 1n)]) {
      expect(isLowOrder(encode(u))).toBe(false);
    }
    expect(isLowOrder(new Uint8Array(31))).toBe(false);
    // The list is right: without it, each back end says zero (noble and OpenSSL by an exception).
    for (const backend of x25519Backends) {
      const opened = backend.open(new Uint8Array(32).fill(5));
      for (const u of low) expect(() => opened.agree(encode(u))).toThrow();
      expect(opened.agree(encode(9n))).toEqual(opened.publicKey);
    }
  });

  test('a low-order or non-canonical key is refused with bad-key', () => {
    const pair = x25519KeyPair(new Uint8Array(32).fill(3));
    for (const bad of [
      encode(0n),
      encode(1n),
      encode(p - 1n),
      encode(p + 2n),
      encode(2n ** 255n + 9n),
    ]) {
      expect(() => x25519SharedSecret(pair, bad)).toThrow(
        expect.objectContaining({ code: 'bad-key' }),
      );
    }
  });
});

describe('key pairs', () => {
  test('back ends agree on keys and secrets', () => {
    const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(seed, seed, (mine, theirs) => {
        const results = x25519Backends.map((backend) => {
          const a = x25519KeyPair(mine, backend);
          const b = x25519KeyPair(theirs, backend);
          const secret = toHex(x25519SharedSecret(a, b.publicKey));
          expect(toHex(x25519SharedSecret(b, a.publicKey))).toBe(secret);
          return [toHex(a.publicKey), toHex(b.publicKey), secret];
        });
        expect(results).toEqual(results.map(() => results[0]));
      }),
      { numRuns: 20 },
    );
  });

  test('the private key is copied, hidden, and gone after wiping', () => {
    for (const backend of x25519Backends) {
      const privateKey = new Uint8Array(32).fill(0xab);
      const pair = x25519KeyPair(privateKey, backend);
      const peer = x25519KeyPair(new Uint8Array(32).fill(1), backend).publicKey;
      const before = toHex(x25519SharedSecret(pair, peer));
      privateKey.fill(0);
      expect(toHex(x25519SharedSecret(pair, peer))).toBe(before);
      expect(Object.keys(pair)).toEqual(['publicKey']);
      expect(inspect(pair, { showHidden: true, depth: 9 })).not.toContain('171, 171');
      wipeX25519KeyPair(pair);
      wipeX25519KeyPair(pair);
      expect(() => x25519SharedSecret(pair, peer)).toThrow(
        expect.objectContaining({ code: 'disposed' }),
      );
    }
  });

  test('wrong lengths are the caller’s mistake', () => {
    expect(() => x25519KeyPair(new Uint8Array(31))).toThrow(UsageError);
    const pair = x25519KeyPair(new Uint8Array(32));
    expect(() => x25519SharedSecret(pair, new Uint8Array(33))).toThrow(UsageError);
  });
});
