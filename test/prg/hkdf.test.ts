import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { utf8 } from '../../src/internal/bytes.ts';
import { nodeHkdf, portableHkdf } from '../../src/prg/hkdf.ts';
import { deriveKey, hkdfSha256 } from '../../src/prg/index.ts';
import rfc5869 from '../vectors/rfc5869.json' with { type: 'json' };

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const secret = hex('42'.repeat(32));

/** RFC 5869 §2, word for word. */
function hkdfTwin(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  const hmac = (key: Uint8Array, ...parts: Uint8Array[]): Buffer => {
    const h = createHmac('sha256', key);
    for (const part of parts) h.update(part);
    return h.digest();
  };
  const prk = hmac(salt, ikm);
  let block: Uint8Array = new Uint8Array(0);
  let out: Uint8Array = new Uint8Array(0);
  for (let i = 1; out.length < length; i++) {
    block = hmac(prk, block, info, Uint8Array.of(i));
    out = Buffer.concat([out, block]);
  }
  return new Uint8Array(out.subarray(0, length));
}

describe('hkdfSha256', () => {
  test.each(rfc5869.cases)('RFC 5869 $section', (vector) => {
    const inputs = [hex(vector.secret), hex(vector.salt), hex(vector.info), vector.length] as const;
    expect(toHex(hkdfSha256(...inputs))).toBe(vector.output);
    expect(toHex(portableHkdf(...inputs))).toBe(vector.output);
    expect(toHex((nodeHkdf as typeof portableHkdf)(...inputs))).toBe(vector.output);
    expect(toHex(hkdfTwin(...inputs))).toBe(vector.output);
  });

  test('both back ends and the twin agree', () => {
    const some = fc.uint8Array({ maxLength: 100 });
    fc.assert(
      fc.property(some, some, some, fc.integer({ min: 1, max: 300 }), (ikm, salt, info, length) => {
        const expected = hkdfTwin(ikm, salt, info, length);
        expect(hkdfSha256(ikm, salt, info, length)).toEqual(expected);
        expect(portableHkdf(ikm, salt, info, length)).toEqual(expected);
      }),
    );
  });

  test.each([1024, 1025, 5000])(
    'takes an info of %i bytes, as node:crypto alone would not',
    (n) => {
      const info = new Uint8Array(n).fill(7);
      const empty = new Uint8Array(0);
      expect(hkdfSha256(secret, empty, info, 64)).toEqual(hkdfTwin(secret, empty, info, 64));
    },
  );

  test('gives up to 8160 bytes and refuses other lengths', () => {
    const empty = new Uint8Array(0);
    expect(hkdfSha256(secret, empty, empty, 8160)).toEqual(hkdfTwin(secret, empty, empty, 8160));
    for (const length of [0, -1, 8161, 1.5, Number.NaN]) {
      expect(() => hkdfSha256(secret, empty, empty, length)).toThrow(UsageError);
    }
    expect(() => hkdfSha256('secret' as never, empty, empty, 32)).toThrow(UsageError);
    expect(() => deriveKey(secret, ['label' as never])).toThrow(UsageError);
  });
});

describe('deriveKey', () => {
  test('is HKDF with an empty salt over length-prefixed parts', () => {
    // "veilsum/v1" (10 bytes), then "graph" (5), then no bytes, then ff.
    const info = hex(
      `0000000a${toHex(utf8('veilsum/v1'))}00000005${toHex(utf8('graph'))}0000000000000001ff`,
    );
    const parts = [utf8('graph'), new Uint8Array(0), Uint8Array.of(255)];
    const expected = hkdfTwin(secret, new Uint8Array(0), info, 32);
    expect(deriveKey(secret, parts)).toEqual(expected);
    expect(deriveKey(secret, parts, 12)).toEqual(expected.subarray(0, 12));
  });

  test('how the parts are cut matters', () => {
    const cuts = [
      [utf8('ab'), utf8('c')],
      [utf8('a'), utf8('bc')],
      [utf8('abc')],
      [utf8('abc'), new Uint8Array(0)],
      [new Uint8Array(0), utf8('abc')],
      [],
    ];
    const outputs = new Set(cuts.map((parts) => toHex(deriveKey(secret, parts))));
    expect(outputs.size).toBe(cuts.length);
  });

  test('leaves secret and parts as they were and gives fresh memory', () => {
    const part = Uint8Array.of(1, 2, 3);
    const a = deriveKey(secret, [part]);
    const b = deriveKey(secret, [part]);
    a.fill(0);
    expect(b.some((byte) => byte !== 0)).toBe(true);
    expect(b.buffer.byteLength).toBe(32);
    expect(toHex(secret)).toBe('42'.repeat(32));
    expect([...part]).toEqual([1, 2, 3]);
  });
});
