import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isValidIdentityKey,
  SMALL_ORDER_ENCODINGS,
  verifySignature,
  verifySignatureWith,
} from '../../src/identity/ed25519.ts';
import { nobleEd25519, nodeEd25519 } from '../../src/identity/ed25519-backends.ts';
import { concat, toHex } from '../../src/internal/bytes.ts';
import { ed25519Backends, hex, readVectors } from './vectors.ts';

type Signed = {
  readonly publicKey: string;
  readonly message: string;
  readonly signature: string;
};
type EdgeCase = Signed & {
  readonly number: number;
  readonly flags: readonly string[];
  readonly accepted: boolean;
};

const rfc = readVectors<{
  vectors: readonly (Signed & { readonly name: string; readonly privateKey: string })[];
}>('rfc8032');
const edge = readVectors<{ groups: { name: string; vectors: EdgeCase[] }[] }>('ed25519-edge-cases');

const verdicts = (of: Signed) =>
  ed25519Backends.map((backend) =>
    verifySignatureWith(backend, hex(of.publicKey), hex(of.message), hex(of.signature)),
  );

describe.each(ed25519Backends)('RFC 8032 by $name', (backend) => {
  test.each(rfc.vectors)('$name', (vector) => {
    const { publicKey, sign } = backend.open(hex(vector.privateKey));
    expect(toHex(publicKey)).toBe(vector.publicKey);
    expect(toHex(sign(hex(vector.message)))).toBe(vector.signature);
    expect(
      verifySignatureWith(backend, publicKey, hex(vector.message), hex(vector.signature)),
    ).toBe(true);
  });
});

describe('edge cases: one verdict, the expected one', () => {
  test.each(edge.groups)('$name', ({ vectors }) => {
    expect(vectors.length).toBeGreaterThan(10);
    for (const vector of vectors) {
      const expected = ed25519Backends.map(() => vector.accepted);
      expect(verdicts(vector), `${vector.number} ${vector.flags}`).toEqual(expected);
    }
  });

  test('the vectors tell apart what they must: noble.verify itself would say otherwise', () => {
    const residues = (edge.groups[1]?.vectors ?? []).filter(
      ({ flags }) =>
        flags.includes('low_order_residue') &&
        !flags.some((flag) => /^(low_order_[AR]|non)/.test(flag)),
    );
    expect(residues.length).toBeGreaterThan(10);
    for (const { publicKey, message, signature } of residues) {
      const cofactored = ed25519.verify(hex(signature), hex(message), hex(publicKey), {
        zip215: false,
      });
      expect(cofactored).toBe(true);
      expect(verdicts({ publicKey, message, signature })).toEqual(ed25519Backends.map(() => false));
    }
  });
});

describe('mixed-order points', () => {
  const { Point } = ed25519;
  const order8 = Point.fromBytes(SMALL_ORDER_ENCODINGS[4] as Uint8Array, false);
  const littleEndian = (value: bigint) => hex(value.toString(16).padStart(64, '0')).reverse();
  const number = (bytes: Uint8Array) => BigInt(`0x${toHex(bytes.slice().reverse())}`);

  test('both back ends say the same for every small-order part of A and R', () => {
    // A = [a]B + [i]T and R = [r]B + [j]T with T of order 8, S = r + k·a: holds with the cofactor
    // always, without it only where the small-order parts cancel.
    const accepted = new Set<boolean>();
    fc.assert(
      fc.property(
        fc.bigInt(1n, Point.Fn.ORDER - 1n),
        fc.bigInt(1n, Point.Fn.ORDER - 1n),
        fc.integer({ min: 0, max: 7 }),
        fc.integer({ min: 0, max: 7 }),
        fc.uint8Array({ maxLength: 40 }),
        (a, r, i, j, message) => {
          const part = (times: number) =>
            times === 0 ? Point.ZERO : order8.multiplyUnsafe(BigInt(times));
          const publicKey = Point.BASE.multiply(a).add(part(i)).toBytes();
          const encodedR = Point.BASE.multiply(r).add(part(j)).toBytes();
          const k = number(sha512(concat(encodedR, publicKey, message))) % Point.Fn.ORDER;
          const s = (r + k * a) % Point.Fn.ORDER;
          const signature = concat(encodedR, littleEndian(s));
          const [one, ...others] = ed25519Backends.map((backend) =>
            verifySignatureWith(backend, publicKey, message, signature),
          );
          expect(others).toEqual(others.map(() => one));
          expect(one).toBe((j + Number(k % 8n) * i) % 8 === 0);
          accepted.add(one as boolean);
        },
      ),
      { numRuns: 60 },
    );
    expect(accepted).toEqual(new Set([true, false]));
  });
});

describe('small-order encodings', () => {
  test('are fourteen, each of order dividing 8, eight of them canonical', () => {
    expect(new Set(SMALL_ORDER_ENCODINGS.map(toHex)).size).toBe(14);
    const canonical = SMALL_ORDER_ENCODINGS.filter((encoded) => {
      expect(ed25519.Point.fromBytes(encoded, true).clearCofactor().is0()).toBe(true);
      return toHex(ed25519.Point.fromBytes(encoded, true).toBytes()) === toHex(encoded);
    });
    expect(canonical.length).toBe(8);
  });

  test('are no identity keys and verify nothing, as A or as R', () => {
    const { publicKey, sign } = nobleEd25519.open(new Uint8Array(32).fill(7));
    const message = Uint8Array.of(1, 2, 3);
    const s = sign(message).subarray(32);
    for (const small of SMALL_ORDER_ENCODINGS) {
      expect(isValidIdentityKey(small)).toBe(false);
      // With A = (0, 1), S = 0 and R = (0, 1) the equation holds for every message.
      for (const backend of ed25519Backends) {
        const forged = concat(small, new Uint8Array(32));
        expect(verifySignatureWith(backend, small, message, forged)).toBe(false);
        expect(verifySignatureWith(backend, publicKey, message, concat(small, s))).toBe(false);
      }
    }
  });
});

describe('verifySignature', () => {
  const { publicKey, sign } = nobleEd25519.open(new Uint8Array(32).fill(9));
  const message = new TextEncoder().encode('a message');
  const signature = sign(message);

  test('malformed input is false, never an exception', () => {
    expect(verifySignature(publicKey, message, signature)).toBe(true);
    for (const length of [0, 1, 31, 33, 64]) {
      expect(verifySignature(new Uint8Array(length), message, signature)).toBe(false);
    }
    for (const length of [0, 1, 63, 65, 128]) {
      expect(verifySignature(publicKey, message, new Uint8Array(length))).toBe(false);
    }
  });

  test('every flipped bit of signature, key and message is refused by both', () => {
    const flipped = (bytes: Uint8Array, bit: number) => {
      const copy = bytes.slice();
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      return copy;
    };
    for (const backend of ed25519Backends) {
      const step = backend.name === 'node' ? 1 : 7; // noble is ten times slower; still every region
      for (let bit = 0; bit < 512; bit += step) {
        const forged = flipped(signature, bit);
        expect(verifySignatureWith(backend, publicKey, message, forged)).toBe(false);
      }
      for (let bit = 0; bit < 256; bit += step) {
        const other = flipped(publicKey, bit);
        expect(verifySignatureWith(backend, other, message, signature)).toBe(false);
      }
      for (let bit = 0; bit < 8 * message.length; bit += step) {
        const other = flipped(message, bit);
        expect(verifySignatureWith(backend, publicKey, other, signature)).toBe(false);
      }
    }
  });

  test('S + L is refused: no signature has a second form', () => {
    const s = BigInt(`0x${toHex(signature.slice(32).reverse())}`) + ed25519.Point.Fn.ORDER;
    const second = concat(
      signature.subarray(0, 32),
      hex(s.toString(16).padStart(64, '0')).reverse(),
    );
    for (const backend of ed25519Backends) {
      expect(verifySignatureWith(backend, publicKey, message, second)).toBe(false);
    }
  });

  test('back ends make the same keys and signatures and accept each other', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ maxLength: 200 }),
        (seed, text) => {
          const made = ed25519Backends.map((backend) => {
            const opened = backend.open(seed);
            return [toHex(opened.publicKey), toHex(opened.sign(text))];
          });
          expect(made).toEqual(made.map(() => made[0]));
          const [key, sig] = made[0] as [string, string];
          expect(verdicts({ publicKey: key, message: toHex(text), signature: sig })).toEqual(
            ed25519Backends.map(() => true),
          );
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('isValidIdentityKey', () => {
  test('takes real keys and refuses y ≥ p, points off the curve and other lengths', () => {
    expect(isValidIdentityKey(hex(rfc.vectors[0]?.publicKey ?? ''))).toBe(true);
    expect(isValidIdentityKey(new Uint8Array(31))).toBe(false);
    expect(isValidIdentityKey(new Uint8Array(33))).toBe(false);
    // y = p + 3 would be y = 3, were it read modulo p.
    expect(isValidIdentityKey(hex(`f0${'ff'.repeat(30)}7f`))).toBe(false);
    // y = 2 has no x.
    expect(isValidIdentityKey(hex(`02${'00'.repeat(31)}`))).toBe(false);
    expect(isValidIdentityKey(hex(`03${'00'.repeat(31)}`))).toBe(true);
  });

  test('a key off the curve verifies nothing on either back end', () => {
    const signature = concat(hex(rfc.vectors[0]?.publicKey ?? ''), new Uint8Array(32));
    const offCurve = hex(`02${'00'.repeat(31)}`);
    for (const backend of [nodeEd25519, nobleEd25519]) {
      if (backend === undefined) continue;
      expect(verifySignatureWith(backend, offCurve, new Uint8Array(0), signature)).toBe(false);
    }
  });
});
