import * as cborg from 'cborg';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CodecError, UsageError } from '../../src/errors.ts';
import { type CborValue, decode, encode, MAX_DEPTH, MAX_ITEMS } from '../../src/wire/cbor.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const read = (bytes: Uint8Array, maxBytes = 2 ** 20): CborValue =>
  decode(bytes, { what: 'message', maxBytes });

/** The code with which bytes are refused. Any other exception fails the test. */
function refusal(bytes: Uint8Array, maxBytes?: number): string {
  try {
    read(bytes, maxBytes);
  } catch (error) {
    if (error instanceof CodecError) return error.code;
    throw error;
  }
  return 'accepted';
}

function usage(value: unknown): string {
  try {
    encode(value as CborValue);
  } catch (error) {
    if (error instanceof UsageError) return error.code;
    throw error;
  }
  return 'accepted';
}

const wellFormed = fc.string({ unit: 'binary', maxLength: 30 });
const { value: values } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.maxSafeInteger(),
    fc.integer({ min: -300, max: 300 }),
    wellFormed,
    fc.uint8Array({ maxLength: 300 }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(wellFormed, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
}));

/** As values come in messages: a tuple with a header, strings, numbers of all sizes, and a map. */
const samples: readonly CborValue[] = [
  [1, 'advertise', new Uint8Array(32).fill(7), [3, -1, 24, 255, 256, 65_536, 2 ** 32, 2 ** 53 - 1]],
  { a: 1, b: [true, false, null], aa: new Uint8Array(3), ü: { deep: [[[0]]] } },
  [new Uint8Array(300).fill(255), 'x'.repeat(30), [], {}, -(2 ** 53) + 1],
];

describe('RFC 8949', () => {
  // Appendix A, as far as the subset goes.
  test.each<[string, CborValue]>([
    ['00', 0],
    ['01', 1],
    ['0a', 10],
    ['17', 23],
    ['1818', 24],
    ['1819', 25],
    ['1864', 100],
    ['1903e8', 1000],
    ['1a000f4240', 1_000_000],
    ['1b000000e8d4a51000', 1_000_000_000_000],
    ['1b001fffffffffffff', 2 ** 53 - 1],
    ['20', -1],
    ['29', -10],
    ['3863', -100],
    ['3903e7', -1000],
    ['3b001ffffffffffffe', 1 - 2 ** 53],
    ['f4', false],
    ['f5', true],
    ['f6', null],
    ['40', hex('')],
    ['4401020304', hex('01020304')],
    ['60', ''],
    ['6161', 'a'],
    ['6449455446', 'IETF'],
    ['62225c', '"\\'],
    ['62c3bc', 'ü'],
    ['63e6b0b4', '水'],
    ['64f0908591', '𐅑'],
    ['80', []],
    ['83010203', [1, 2, 3]],
    ['8301820203820405', [1, [2, 3], [4, 5]]],
    [
      '98190102030405060708090a0b0c0d0e0f101112131415161718181819',
      Array.from({ length: 25 }, (_, i) => i + 1),
    ],
    ['a0', {}],
    ['a26161016162820203', { a: 1, b: [2, 3] }],
    ['826161a161626163', ['a', { b: 'c' }]],
  ])('appendix A: %s', (bytes, value) => {
    expect(toHex(encode(value))).toBe(bytes);
    expect(read(hex(bytes))).toEqual(value);
  });

  test.each([
    [23, 1],
    [24, 2],
    [255, 2],
    [256, 3],
    [65_535, 3],
    [65_536, 5],
    [2 ** 32 - 1, 5],
    [2 ** 32, 9],
  ])('%i takes %i bytes, and so does its complement', (n, size) => {
    for (const value of [n, -1 - n]) {
      const bytes = encode(value);
      expect(bytes).toHaveLength(size);
      expect(read(bytes)).toBe(value);
    }
    const text = n < 70_000 ? 'x'.repeat(n) : '';
    expect(encode(text)).toHaveLength(text.length === n ? size + n : 1);
  });
});

describe('map order', () => {
  test('is bytewise over encoded keys, whatever the order of insertion', () => {
    // Longer in UTF-8, shorter in UTF-16: 'ü' (2 bytes) comes after 'z' and before 'aaa'.
    const map = { aaa: 1, ü: 2, z: 3, '': 4, aa: 5, '\u{10000}': 6, '\uffff': 7, 10: 8 };
    const bytes = encode(map);
    const order = ['', 'z', '10', 'aa', 'ü', 'aaa', '\uffff', '\u{10000}'];
    const entries = order.map((key) => toHex(encode(key)) + toHex(encode(map[key as 'aa'])));
    expect(toHex(bytes)).toBe(`a8${entries.join('')}`);
    const sorted = [...order.map((key) => toHex(encode(key)))].sort();
    expect(order.map((key) => toHex(encode(key)))).toEqual(sorted);
    expect(encode(Object.fromEntries(Object.entries(map).reverse()))).toEqual(bytes);
    expect(read(bytes)).toEqual(map);
  });

  test('unsorted keys are refused, and so are repeated ones', () => {
    expect(refusal(hex('a2616101616202'))).toBe('accepted');
    expect(refusal(hex('a2616201616102'))).toBe('non-canonical');
    expect(refusal(hex('a262616101616202'))).toBe('non-canonical'); // "aa" before "b"
    expect(refusal(hex('a2616101616102'))).toBe('malformed');
    expect(refusal(hex('a2616101616101'))).toBe('malformed');
    // Both at once: repetition tells, as no order of such keys would be right.
    expect(refusal(hex('a3616101616202616103'))).toBe('malformed');
  });

  test('keys that objects treat in their own way are ordinary keys', () => {
    const map = Object.fromEntries([
      ['__proto__', { x: 1 }],
      ['constructor', 2],
      ['toString', 3],
    ]) as CborValue;
    const back = read(encode(map)) as { readonly [key: string]: CborValue };
    expect(Object.keys(back).sort()).toEqual(['__proto__', 'constructor', 'toString']);
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect((back as { x?: unknown }).x).toBeUndefined();
    expect(Object.getOwnPropertyDescriptor(back, '__proto__')?.value).toEqual({ x: 1 });
    expect(encode(back)).toEqual(encode(map));
  });
});

describe('round trips', () => {
  test('every value comes back, from bytes that an independent codec agrees with', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encode(value);
        expect(read(bytes)).toEqual(value);
        expect(encode(read(bytes))).toEqual(bytes);
        const theirs = cborg.encode(value, cborg.rfc8949EncodeOptions);
        expect(toHex(bytes)).toBe(toHex(theirs));
        expect(cborg.decode(bytes, { strict: true, allowIndefinite: false })).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  test('what the reader accepts, the writer gives back byte by byte', () => {
    // Bytes that often begin something: heads of all types, then anything.
    const head = fc.constantFrom(
      0,
      0x17,
      0x18,
      0x20,
      0x38,
      0x40,
      0x42,
      0x61,
      0x81,
      0x82,
      0xa1,
      0xf6,
    );
    const bytes = fc
      .array(fc.oneof(head, fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 12 })
      .map((list) => Uint8Array.from(list));
    let accepted = 0;
    fc.assert(
      fc.property(bytes, (input) => {
        if (refusal(input) !== 'accepted') return;
        accepted += 1;
        expect(encode(read(input))).toEqual(input);
      }),
      { numRuns: 5000 },
    );
    expect(accepted).toBeGreaterThan(50);
  });

  test('every two-byte input is refused or given back', () => {
    let accepted = 0;
    for (let n = 0; n < 65_536; n++) {
      const input = Uint8Array.of(n >> 8, n);
      if (refusal(input) !== 'accepted') continue;
      accepted += 1;
      expect(toHex(encode(read(input)))).toBe(toHex(input));
    }
    // 18xx and 38xx from 24 on; a byte string and an ASCII text of one byte; arrays of one item
    // (24 + 24 integers, empty bytes, text, array, map, three simple values).
    expect(accepted).toBe(2 * 232 + 256 + 128 + 48 + 4 + 3);
  });
});

describe.each(samples.map((value, i) => ({ i, bytes: encode(value) })))(
  'sample $i',
  ({ bytes }) => {
    test('every truncation is refused as such', () => {
      for (let n = 0; n < bytes.length; n++) {
        expect(refusal(bytes.subarray(0, n))).toBe('truncated');
      }
    });

    test('every byte after the end is refused', () => {
      for (let n = 0; n < 256; n++) {
        expect(refusal(Uint8Array.of(...bytes, n))).toBe('trailing-bytes');
      }
    });

    test('every changed byte is refused or is another value', () => {
      let refused = 0;
      for (let at = 0; at < bytes.length; at++) {
        for (let mask = 1; mask < 256; mask++) {
          const changed = bytes.with(at, (bytes[at] as number) ^ mask);
          if (refusal(changed) !== 'accepted') refused += 1;
          else expect(Buffer.compare(encode(read(changed)), changed)).toBe(0);
        }
      }
      expect(refused).toBeGreaterThan(0);
    });
  },
);

describe('refused bytes', () => {
  test.each([
    ['', 'truncated', 'nothing'],
    ['18', 'truncated', 'half a head'],
    ['1b00000000000001', 'truncated', 'half a long head'],
    ['4201', 'truncated', 'half a string'],
    ['5affffffff00', 'truncated', 'a string of 4 GB that is not there'],
    ['5b001fffffffffffff00', 'truncated', 'a string of 2^53 − 1 bytes that is not there'],
    ['9affffffff00', 'truncated', 'an array of 2^32 − 1 that is not there'],
    ['bb000fffffffffffff00', 'truncated', 'a map of 2^52 that is not there'],
    ['0000', 'trailing-bytes', 'two items'],
    ['80ff', 'trailing-bytes', 'a break after the end'],
    ['1800', 'non-canonical', '0 in two bytes'],
    ['1817', 'non-canonical', '23 in two bytes'],
    ['1900ff', 'non-canonical', '255 in three bytes'],
    ['1a0000ffff', 'non-canonical', '65535 in five bytes'],
    ['1b00000000ffffffff', 'non-canonical', '2^32 − 1 in nine bytes'],
    ['3817', 'non-canonical', '−24 in two bytes'],
    ['580100', 'non-canonical', 'a long head of bytes'],
    ['780161', 'non-canonical', 'a long head of text'],
    ['980100', 'non-canonical', 'a long head of an array'],
    ['b801616100', 'non-canonical', 'a long head of a map'],
    ['a178016100', 'non-canonical', 'a long head of a key'],
    ['1f', 'non-canonical', 'an integer of indefinite length'],
    ['5f4100ff', 'non-canonical', 'bytes of indefinite length'],
    ['7f6161ff', 'non-canonical', 'text of indefinite length'],
    ['9f00ff', 'non-canonical', 'an array of indefinite length'],
    ['bf616100ff', 'non-canonical', 'a map of indefinite length'],
    ['1c', 'malformed', 'a reserved head'],
    ['1d', 'malformed', 'a reserved head'],
    ['1e', 'malformed', 'a reserved head'],
    ['1b0020000000000000', 'malformed', '2^53'],
    ['1bffffffffffffffff', 'malformed', '2^64 − 1'],
    ['3b001fffffffffffff', 'malformed', '−2^53'],
    ['3bffffffffffffffff', 'malformed', '−2^64'],
    ['c000', 'malformed', 'a tag'],
    ['c24101', 'malformed', 'a bignum'],
    ['d9d9f700', 'malformed', 'the self-description'],
    ['f90000', 'malformed', 'a half float'],
    ['f93c00', 'malformed', 'the half float 1.0'],
    ['fa3f800000', 'malformed', 'a float'],
    ['fb3ff0000000000000', 'malformed', 'a double'],
    ['f97e00', 'malformed', 'NaN'],
    ['f7', 'malformed', 'undefined'],
    ['e0', 'malformed', 'an unassigned simple value'],
    ['f8ff', 'malformed', 'a simple value in two bytes'],
    ['f814', 'malformed', 'false in two bytes'],
    ['ff', 'malformed', 'a break'],
    ['81ff', 'malformed', 'a break inside an array'],
    ['61ff', 'malformed', 'text that is no UTF-8'],
    ['62c080', 'malformed', 'overlong UTF-8'],
    ['63eda080', 'malformed', 'half a surrogate pair'],
    ['a10000', 'malformed', 'an integer as a key'],
    ['a1410000', 'malformed', 'bytes as a key'],
  ])('%s: %s (%s)', (bytes, code) => {
    expect(refusal(hex(bytes))).toBe(code);
  });

  test('a byte order mark is a part of the text', () => {
    const bytes = hex('64efbbbf61');
    expect(read(bytes)).toBe('\ufeffa');
    expect(encode('\ufeffa')).toEqual(bytes);
  });

  test('too large, before a byte is read', () => {
    expect(refusal(hex('ffffff'), 2)).toBe('too-large');
    expect(refusal(hex('4101'), 2)).toBe('accepted');
    expect(refusal(hex('4101'), Number.NaN)).toBe('too-large');
  });

  test('what is no bytes at all', () => {
    for (const input of ['00', undefined, null, [0], new ArrayBuffer(1)]) {
      expect(refusal(input as never)).toBe('malformed');
    }
  });

  test('errors name the message and the place, never the content', () => {
    expect(() => read(hex('8201c0'))).toThrow('message: got a tag, at byte 2');
    expect(() => read(hex('a2667365637265740066736563726574'))).toThrow(/^message: (?!.*secret)/);
  });
});

describe('limits', () => {
  const nest = (depth: number): CborValue => (depth === 0 ? 0 : [nest(depth - 1)]);

  test('depth', () => {
    expect(read(encode(nest(MAX_DEPTH)))).toEqual(nest(MAX_DEPTH));
    expect(usage(nest(MAX_DEPTH + 1))).toBe('out-of-range');
    expect(refusal(hex(`${'81'.repeat(MAX_DEPTH)}00`))).toBe('accepted');
    expect(refusal(hex(`${'81'.repeat(MAX_DEPTH + 1)}00`))).toBe('malformed');
    expect(refusal(hex(`${'a16161'.repeat(MAX_DEPTH + 1)}00`))).toBe('malformed');
  });

  test.each([0x81, 0x9a, 0xa1, 0xc1, 0xd8])('a million bytes %i end at once', (byte) => {
    const start = performance.now();
    expect(refusal(new Uint8Array(1e6).fill(byte))).not.toBe('accepted');
    expect(performance.now() - start).toBeLessThan(1000);
  });

  test('items', () => {
    // [0, 0, …]: the array itself is one of the items.
    const flat = (n: number): Uint8Array => {
      const bytes = new Uint8Array(5 + n);
      bytes[0] = 0x9a;
      new DataView(bytes.buffer).setUint32(1, n);
      return bytes;
    };
    const most = MAX_ITEMS - 1;
    expect(read(flat(most), 2 ** 21)).toHaveLength(most);
    expect(refusal(flat(most + 1), 2 ** 21)).toBe('too-large');
    expect(encode(new Array(most).fill(0))).toEqual(flat(most));
    expect(usage(new Array(most + 1).fill(0))).toBe('out-of-range');
  });

  test('a large byte string is copied in a moment', () => {
    const large = new Uint8Array(40_000_000).fill(3);
    const start = performance.now();
    const [, back] = read(encode([1, large]), 2 ** 26) as [number, Uint8Array];
    // About 100 ms; a byte by byte detour through cborg's tokens would take many seconds.
    expect(performance.now() - start).toBeLessThan(3000);
    expect(back.length).toBe(large.length);
    expect(Buffer.compare(back, large)).toBe(0);
  });

  test('bytes decoded are plain, and their own', () => {
    const input = Buffer.from(encode([hex('010203'), 'a', new Uint8Array(0)]));
    const [back, , empty] = read(input) as [Uint8Array, string, Uint8Array];
    input.fill(0);
    for (const bytes of [back, empty]) {
      expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
      expect(bytes.buffer.byteLength).toBe(bytes.length);
    }
    expect([...back]).toEqual([1, 2, 3]);
  });

  // Every path through cborg's writer: one byte, short and long strings, lists, maps.
  test.each<[string, CborValue]>([
    ['an integer', 5],
    ['a text', 'x'.repeat(100)],
    ['bytes', new Uint8Array(100)],
    ['a Buffer', Buffer.alloc(300)],
    ['a list', [1, 2, new Uint8Array(200)]],
    ['a long list', new Array(1000).fill(7)],
    ['a map', { a: new Uint8Array(10), b: { c: 'x'.repeat(40) } }],
  ])('the encoding of %s is plain, and its own', (_, value) => {
    const bytes = encode(value);
    expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
    expect(bytes.byteOffset).toBe(0);
    expect(bytes.buffer.byteLength).toBe(bytes.length);
    const before = toHex(bytes);
    encode(new Array(300).fill('other'));
    expect(toHex(bytes)).toBe(before);
  });

  test('a decode that fails half way leaves the next one alone', () => {
    expect(refusal(hex('8181'))).toBe('truncated');
    expect(usage([[1, 'x'], undefined])).toBe('wrong-type');
    expect(toHex(encode([1]))).toBe('8101');
    expect(read(hex('8101'))).toEqual([1]);
  });
});

describe('refused values', () => {
  test.each<[string, unknown]>([
    ['a float', 1.5],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['2^53', 2 ** 53],
    ['−2^53', -(2 ** 53)],
    ['undefined', undefined],
    ['undefined inside', { a: undefined }],
    ['a hole', new Array(1)],
    ['a bigint', 1n],
    ['a symbol', Symbol('s')],
    ['a function', () => 1],
    ['a date', new Date(0)],
    ['a Map', new Map()],
    ['other typed arrays', new Uint32Array(1)],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['half a surrogate pair', '\ud800'],
    ['half a surrogate pair in a key', { '\udc00': 1 }],
  ])('%s', (_, value) => {
    expect(usage(value)).toBe('wrong-type');
  });

  test('cycles, and small values that unfold into vast ones', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(usage(cycle)).toBe('out-of-range');
    let bomb: CborValue = 0;
    for (let i = 0; i < MAX_DEPTH; i++) bomb = new Array<CborValue>(10).fill(bomb);
    expect(usage(bomb)).toBe('out-of-range');
  });

  test('odd but sound: negative zero, objects without prototype, subclasses of Uint8Array', () => {
    expect(toHex(encode(-0))).toBe('00');
    expect(toHex(encode(Object.assign(Object.create(null), { a: 1 })))).toBe('a1616101');
    expect(toHex(encode(Buffer.from('0102', 'hex')))).toBe('420102');
  });
});
