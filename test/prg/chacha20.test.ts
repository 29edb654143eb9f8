import { createCipheriv } from 'node:crypto';
import { chacha20 } from '@noble/ciphers/chacha.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { residentVectors } from '../../src/kernel/index.ts';
import { SCRATCHES, sharedInstance, TABLES } from '../../src/kernel/wasm.ts';
import type { KeystreamBackend } from '../../src/prg/backend.ts';
import { nobleBackend } from '../../src/prg/backend-noble.ts';
import { nodeBackend } from '../../src/prg/backend-node.ts';
import { wasmBackend } from '../../src/prg/backend-wasm.ts';
import { applyStreams, STREAM_WORDS } from '../../src/prg/chacha20.ts';
import {
  addStreamInto,
  addStreamsInto,
  expandInto,
  hotPaths,
  subtractStreamInto,
} from '../../src/prg/index.ts';
import { bytesOfWords, chachaBlock, chachaStream } from '../reference/chacha.ts';
import rfc8439 from '../vectors/rfc8439.json' with { type: 'json' };

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (words: Uint32Array): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength);

/** All the keystream that a back end gives, in one piece. */
function collect(backend: KeystreamBackend, key: Uint8Array, firstBlock: number, length: number) {
  const out = new Uint32Array(length);
  applyStreams(backend, out, [{ key, subtract: false }], 16 * firstBlock);
  return out;
}

const node = nodeBackend as KeystreamBackend;
const wasm = wasmBackend() as KeystreamBackend;
const backends = [node, wasm, nobleBackend];
const zeroNonce = '00'.repeat(12);
const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });
const someKey = hex(`${'9f'.repeat(31)}01`);

describe('RFC 8439', () => {
  test.each(rfc8439.blocks)('the readable twin gives block $section', (vector) => {
    const block = chachaBlock(hex(vector.key), vector.counter, hex(vector.nonce));
    expect(toHex(bytesOfWords(block))).toBe(vector.keystream);
  });

  test.each(rfc8439.blocks)('OpenSSL and noble give block $section', (vector) => {
    const counter = Buffer.alloc(4);
    counter.writeUInt32LE(vector.counter);
    const iv = Buffer.concat([counter, hex(vector.nonce)]);
    const cipher = createCipheriv('chacha20', hex(vector.key), iv);
    expect(cipher.update(Buffer.alloc(64)).toString('hex')).toBe(vector.keystream);
    const key = hex(vector.key);
    const zeros = new Uint8Array(64);
    const noble = chacha20(key, hex(vector.nonce), zeros, undefined, vector.counter);
    expect(toHex(noble)).toBe(vector.keystream);
  });

  test.each(rfc8439.encryption)('the readable twin encrypts $section', (vector) => {
    const plain = new TextEncoder().encode(vector.plaintext);
    const words = Math.ceil(plain.length / 4);
    const key = hex(vector.key);
    const stream = bytesOfWords(chachaStream(key, vector.counter, words, hex(vector.nonce)));
    expect(toHex(plain.map((byte, i) => byte ^ (stream[i] as number)))).toBe(vector.ciphertext);
  });

  const withZeroNonce = rfc8439.blocks.filter(({ nonce }) => nonce === zeroNonce);
  test('there are vectors for the nonce that streams use', () => {
    expect(withZeroNonce).toHaveLength(4);
  });

  test.each(withZeroNonce)('streams hold block $section where its counter says', (vector) => {
    const { counter, keystream } = vector;
    const out = new Uint32Array(16);
    expandInto(out, hex(vector.key), 16 * counter);
    expect(toHex(bytesOf(out))).toBe(keystream);
    for (const backend of backends) {
      expect(toHex(bytesOf(collect(backend, hex(vector.key), counter, 16)))).toBe(keystream);
      // Long enough for the kernel to work in whole groups.
      const long = collect(backend, hex(vector.key), counter, 200).subarray(0, 16);
      expect(toHex(bytesOf(long))).toBe(keystream);
    }
  });
});

describe('the three back ends', () => {
  test('are three, and this runtime takes the first', () => {
    expect(backends.map(({ name }) => name)).toEqual(['node', 'wasm', 'noble']);
    expect(hotPaths()).toEqual({ keystream: 'node', vectors: 'wasm' });
  });

  test('agree with each other and with the twin on short streams', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 0, max: 2 ** 32 - 20 }), fc.nat(300), (key, block, n) => {
        const fits = Math.min(n, 16 * (2 ** 32 - 1 - block));
        const expected = chachaStream(key, block, fits).map(Number);
        for (const backend of backends) {
          expect([...collect(backend, key, block, fits)], backend.name).toEqual(expected);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('agree for every tail length', () => {
    const whole = collect(node, someKey, 3, 400);
    for (let length = 0; length <= 260; length++) {
      for (const backend of [wasm, nobleBackend]) {
        expect(collect(backend, someKey, 3, length)).toEqual(whole.subarray(0, length));
      }
    }
  });

  test.each([16_384, 32_767, 32_768, 32_769, 80_000])('agree across chunks, %i words', (length) => {
    const a = collect(node, someKey, 7, length);
    for (const backend of [wasm, nobleBackend]) {
      const b = collect(backend, someKey, 7, length);
      expect(Buffer.compare(bytesOf(a), bytesOf(b)), backend.name).toBe(0);
    }
    // The last words, which no earlier chunk can have given.
    const lastBlock = Math.floor((length - 1) / 16);
    const tail = chachaStream(someKey, 7 + lastBlock, length - 16 * lastBlock).map(Number);
    expect([...a.subarray(16 * lastBlock)]).toEqual(tail);
  });

  test('agree on the very last blocks of a stream', () => {
    const last = 2 ** 32 - 2;
    const expected = chachaStream(someKey, last - 5, 96).map(Number);
    for (const backend of backends) {
      expect([...collect(backend, someKey, last - 5, 96)], backend.name).toEqual(expected);
      expect([...collect(backend, someKey, last, 16)], backend.name).toEqual(expected.slice(80));
    }
  });

  test.each(backends)('work in the memory of the kernel as elsewhere: $name', (backend) => {
    const [before, vector, after] = residentVectors([16, 70_001, 16]) as [
      Uint32Array,
      Uint32Array,
      Uint32Array,
    ];
    const streams = [
      { key: someKey, subtract: false },
      { key: hex(`${'9f'.repeat(31)}02`), subtract: true },
    ];
    const plain = new Uint32Array(70_001);
    applyStreams(nobleBackend, plain, streams, 160);
    applyStreams(backend, vector, streams, 160);
    expect(Buffer.compare(bytesOf(vector), bytesOf(plain))).toBe(0);
    expect([...before, ...after].every((word) => word === 0)).toBe(true);
    // An odd piece of it, and back.
    const copy = vector.slice();
    applyStreams(backend, vector.subarray(3, 20_000), streams, 0);
    expect(vector.subarray(0, 3)).toEqual(copy.subarray(0, 3));
    expect(vector.subarray(20_000)).toEqual(copy.subarray(20_000));
    const undo = streams.map(({ key, subtract }) => ({ key, subtract: !subtract }));
    applyStreams(backend, vector.subarray(3, 20_000), undo, 0);
    expect(Buffer.compare(bytesOf(vector), bytesOf(copy))).toBe(0);
  });

  test.each(backends)('leave neither key nor keystream in the kernel: $name', (backend) => {
    collect(backend, someKey, 0, 40_000);
    const instance = sharedInstance();
    const end = SCRATCHES[1] + 131_072;
    expect(instance?.bytes.subarray(TABLES, end).every((byte) => byte === 0)).toBe(true);
    const [vector] = residentVectors([70_000]) as [Uint32Array];
    applyStreams(backend, vector, [{ key: someKey, subtract: false }], 0);
    applyStreams(backend, vector.subarray(0, 10), [{ key: someKey, subtract: false }], 0);
    expect(new Uint8Array(vector.buffer, TABLES, end).every((byte) => byte === 0)).toBe(true);
  });

  test('OpenSSL’s chunks are wiped, and given back at once', () => {
    const made: Uint8Array[] = [];
    let wiped = 0;
    const prototype = Object.getPrototypeOf(
      createCipheriv('chacha20', someKey, new Uint8Array(16)),
    ) as { update: (data: Uint8Array) => Uint8Array };
    const { update } = prototype;
    const { transfer } = ArrayBuffer.prototype;
    prototype.update = function recorded(data) {
      const chunk = update.call(this, data);
      expect(chunk.some((byte) => byte !== 0)).toBe(true);
      made.push(chunk);
      return chunk;
    };
    ArrayBuffer.prototype.transfer = function recorded(length) {
      if (new Uint8Array(this).every((byte) => byte === 0)) wiped++;
      return transfer.call(this, length);
    };
    try {
      collect(node, someKey, 0, 40_000); // one whole tile and a piece of another
    } finally {
      prototype.update = update;
      ArrayBuffer.prototype.transfer = transfer;
    }
    expect([made.length, wiped]).toEqual([2, 2]);
    expect(made.every(({ buffer }) => (buffer as ArrayBuffer).detached)).toBe(true);
  });

  test.each(backends)('leave the key as it was: $name', (backend) => {
    const key = Uint8Array.from(someKey);
    collect(backend, key, 0, 100);
    expect(key).toEqual(someKey);
  });
});

describe('addStreamsInto', () => {
  test('is one stream after the other, in any order', () => {
    // More than are open at a time.
    const streams = Array.from({ length: 130 }, (_, i) => ({
      key: Uint8Array.from(someKey).fill(i, 5, 7),
      subtract: i % 2 === 1,
    }));
    const together = new Uint32Array(17_001).fill(9);
    const apart = together.slice();
    addStreamsInto(together, streams, 32);
    for (const { key, subtract } of streams.toReversed()) {
      (subtract ? subtractStreamInto : addStreamInto)(apart, key, 32);
    }
    expect(Buffer.compare(bytesOf(together), bytesOf(apart))).toBe(0);
  });

  test('adds nothing if one key is wrong', () => {
    const vector = new Uint32Array(100);
    const streams = [someKey, someKey.subarray(1)].map((key) => ({ key, subtract: false }));
    expect(() => addStreamsInto(vector, streams)).toThrow(UsageError);
    expect(vector.every((word) => word === 0)).toBe(true);
  });
});

describe('expandInto, addStreamInto, subtractStreamInto', () => {
  const vectors = fc.uint32Array({ maxLength: 200 });

  test('expand overwrites, add adds mod 2^32, subtract undoes', () => {
    fc.assert(
      fc.property(keys, vectors, fc.nat(2 ** 28), (key, start, block) => {
        const stream = chachaStream(key, block, start.length);
        const expanded = Uint32Array.from(start);
        expandInto(expanded, key, 16 * block);
        expect([...expanded]).toEqual(stream.map(Number));

        const sum = Uint32Array.from(start);
        addStreamInto(sum, key, 16 * block);
        const expected = stream.map((word, i) => (word + BigInt(start[i] as number)) % (1n << 32n));
        expect([...sum]).toEqual(expected.map(Number));

        subtractStreamInto(sum, key, 16 * block);
        expect([...sum]).toEqual([...start]);
      }),
      { numRuns: 40 },
    );
  });

  test('a range by itself is the range of the whole', () => {
    const whole = new Uint32Array(50_000);
    expandInto(whole, someKey);
    const pieces = new Uint32Array(50_000);
    const cuts = [0, 16, 160, 16_384 + 16, 40_000, 50_000];
    for (const [i, from] of cuts.slice(0, -1).entries()) {
      addStreamInto(pieces.subarray(from, cuts[i + 1]), someKey, from);
    }
    expect(pieces).toEqual(whole);
  });

  test('touch nothing beside the subarray', () => {
    const all = new Uint32Array(48).fill(5);
    addStreamInto(all.subarray(16, 32), someKey, 16);
    expect([...all.subarray(0, 16), ...all.subarray(32)]).toEqual(new Array(32).fill(5));
    expect(all.subarray(16, 32)).not.toEqual(new Uint32Array(16).fill(5));
  });

  test('take a key that starts anywhere in its memory', () => {
    const shifted = new Uint8Array(40);
    shifted.set(someKey, 3);
    const [a, b] = [new Uint32Array(33), new Uint32Array(33)];
    expandInto(a, someKey);
    expandInto(b, shifted.subarray(3, 35));
    expect(b).toEqual(a);
    expect(collect(nobleBackend, shifted.subarray(3, 35), 0, 33)).toEqual(a);
  });

  test('different keys give different streams, and nothing is asked for nothing', () => {
    const [a, b] = [new Uint32Array(16), new Uint32Array(16)];
    expandInto(a, someKey);
    expandInto(b, hex(`${'9f'.repeat(31)}02`));
    expect(a).not.toEqual(b);
    expect(() => expandInto(new Uint32Array(0), someKey, STREAM_WORDS)).not.toThrow();
  });
});

describe('refusals', () => {
  const out = new Uint32Array(16);
  const code = (run: () => void): string => {
    try {
      run();
    } catch (error) {
      if (error instanceof UsageError) return error.code;
      throw error;
    }
    return 'none';
  };

  test.each([expandInto, addStreamInto, subtractStreamInto])('%o', (apply) => {
    expect(code(() => apply(out, new Uint8Array(31)))).toBe('wrong-length');
    expect(code(() => apply(out, 'key' as never))).toBe('wrong-type');
    expect(code(() => apply(new Uint8Array(16) as never, someKey))).toBe('wrong-type');
    for (const from of [1, 15, 17, -16, 0.5, Number.NaN, 2 ** 53]) {
      expect(code(() => apply(out, someKey, from))).toBe('out-of-range');
    }
    expect(code(() => apply(out, someKey, STREAM_WORDS))).toBe('out-of-range');
    expect(code(() => apply(out, someKey, STREAM_WORDS - 16))).toBe('none');
    expect(code(() => apply(new Uint32Array(17), someKey, STREAM_WORDS - 16))).toBe('out-of-range');
  });
});
