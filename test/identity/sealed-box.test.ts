import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openBox, SEAL_OVERHEAD, sealBox } from '../../src/identity/sealed-box.ts';
import { toHex } from '../../src/internal/bytes.ts';
import { aeadBackends, hex, readVectors } from './vectors.ts';

const { vectors } = readVectors<{
  vectors: {
    number: number;
    key: string;
    nonce: string;
    associatedData: string;
    plaintext: string;
    box: string;
    valid: boolean;
    flags: string[];
  }[];
}>('rfc8439-aead');

const key32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const some = fc.uint8Array({ maxLength: 200 });

test.each(aeadBackends)('RFC 8439 and Wycheproof by $name', ({ seal, open }) => {
  expect(vectors.some(({ valid }) => !valid)).toBe(true);
  for (const vector of vectors) {
    const [key, nonce, data] = [hex(vector.key), hex(vector.nonce), hex(vector.associatedData)];
    const opened = open(key, nonce, hex(vector.box), data);
    if (vector.valid) {
      expect(toHex(seal(key, nonce, hex(vector.plaintext), data))).toBe(vector.box);
      expect(opened && toHex(opened)).toBe(vector.plaintext);
    } else {
      expect(opened, `${vector.number}`).toBeUndefined();
    }
  }
});

describe('sealed boxes', () => {
  const key = new Uint8Array(32).fill(1);
  const text = new TextEncoder().encode('two shares');
  const data = Uint8Array.of(1, 2, 3);

  test('open to what was sealed; back ends seal alike', () => {
    fc.assert(
      fc.property(key32, some, some, (k, plaintext, associatedData) => {
        const box = sealBox(k, plaintext, associatedData);
        expect(box.length).toBe(plaintext.length + SEAL_OVERHEAD);
        expect(openBox(k, box, associatedData)).toEqual(plaintext);
        for (const backend of aeadBackends) {
          expect(backend.seal(k, new Uint8Array(12), plaintext, associatedData)).toEqual(box);
          expect(backend.open(k, new Uint8Array(12), box, associatedData)).toEqual(plaintext);
        }
      }),
    );
  });

  test('a flip of any bit, a cut anywhere, other data or another key: undefined', () => {
    const box = sealBox(key, text, data);
    for (const backend of aeadBackends) {
      const open = (k: Uint8Array, changed: Uint8Array, with_: Uint8Array) =>
        backend.open(k, new Uint8Array(12), changed, with_);
      for (let bit = 0; bit < 8 * box.length; bit++) {
        const changed = box.slice();
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(open(key, changed, data)).toBeUndefined();
      }
      expect(open(new Uint8Array(32), box, data)).toBeUndefined();
      expect(open(key, box, data.subarray(1))).toBeUndefined();
    }
    for (let length = 0; length < box.length; length++) {
      expect(openBox(key, box.subarray(0, length), data)).toBeUndefined();
    }
    expect(openBox(key, Uint8Array.of(...box, 0), data)).toBeUndefined();
    expect(openBox(key, box, data)).toEqual(text);
  });

  test('a wrong key length is the caller’s mistake', () => {
    const code = expect.objectContaining({ code: 'wrong-length' });
    expect(() => sealBox(new Uint8Array(16), text, data)).toThrow(code);
    expect(() => openBox(new Uint8Array(31), text, data)).toThrow(code);
  });
});
