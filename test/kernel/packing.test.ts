/**
 * The packing kernels are their twins, and both are the definition in bigint: every width, every tail,
 * from and to views that start anywhere, in kernel memory and outside of it.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  kernelPath,
  packWords,
  residentVectors,
  unpackAddWords,
  unpackWords,
} from '../../src/kernel/index.ts';
import {
  packWords as packTwin,
  unpackAddWords as unpackAddTwin,
  unpackWords as unpackTwin,
} from '../../src/kernel/twin/packing.ts';
import { homeOf } from '../../src/kernel/wasm.ts';
import { packedReference, unpackedReference } from '../reference/ring.ts';

const widths = Array.from({ length: 32 }, (_, i) => i + 1);
const size = (length: number, bits: number): number => Math.ceil((length * bits) / 8);

/** Where vectors may lie: words and bytes in memory of their own, of which tests take parts. */
type Ground = {
  readonly words: Uint32Array;
  readonly others: Uint32Array;
  readonly bytes: Uint8Array;
};

const ROOM = 40_000;
const asBytes = (words: Uint32Array): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
const lie = ([words, others, bytes]: readonly Uint32Array[]): Ground => ({
  words: words as Uint32Array,
  others: others as Uint32Array,
  bytes: asBytes(bytes as Uint32Array),
});
const resident = lie(residentVectors([ROOM, ROOM, ROOM]));
const elsewhere = lie(residentVectors([ROOM, ROOM, ROOM]));
const plain = lie([0, 0, 0].map(() => new Uint32Array(ROOM)));

/** In one memory; in none; some in one and some in none; in two. */
const grounds: Readonly<Record<string, Ground>> = {
  'kernel memory': resident,
  'plain arrays': plain,
  'words in kernel memory, bytes outside': { ...resident, bytes: plain.bytes },
  'bytes in kernel memory, words outside': { ...plain, bytes: resident.bytes },
  'two kernel memories': { ...resident, bytes: elsewhere.bytes },
};

/** Deterministic words in which every bit varies: multiples of an odd number, mixed once. */
const fillWords = (words: Uint32Array, seed: number): void => {
  for (let i = 0; i < words.length; i++) {
    const x = Math.imul(i + seed, 0x9e3779b1);
    words[i] = Math.imul(x ^ (x >>> 15), 0x85ebca6b);
  }
};

const CANARY = 0x5a;
const CANARY_WORD = 0x5a5a5a5a;
const intact = (
  view: Uint8Array | Uint32Array,
  from: number,
  to: number,
  canary: number,
): boolean => view.subarray(from, to).every((element) => element === canary);
/** How far beside an output it is looked whether something was written. */
const BESIDE = 80;

/**
 * Packs and unpacks at offsets in a ground, and compares with the twin; with the definition if asked.
 */
function agree(
  ground: Ground,
  bits: number,
  source: Uint32Array,
  wordsAt: number,
  bytesAt: number,
  definition: boolean,
): void {
  const { length } = source;
  const packed = size(length, bits);
  const start = BESIDE + wordsAt;
  const byteStart = BESIDE + bytesAt;
  const expected = new Uint8Array(packed);
  packTwin(expected, source, bits);
  const values = new Uint32Array(length);
  unpackTwin(values, expected, bits);
  if (definition) {
    expect(expected).toEqual(packedReference([...source].map(BigInt), bits));
    expect([...values].map(BigInt)).toEqual(unpackedReference(expected, length, bits));
  }

  const words = ground.words.subarray(start, start + length);
  const bytes = ground.bytes.subarray(byteStart, byteStart + packed);
  words.set(source);
  ground.bytes.fill(CANARY, 0, byteStart + packed + BESIDE);
  packWords(bytes, words, bits);
  expect(Buffer.compare(bytes, expected), 'packed').toBe(0);
  expect(intact(ground.bytes, 0, byteStart, CANARY), 'before the bytes').toBe(true);
  const end = byteStart + packed;
  expect(intact(ground.bytes, end, end + BESIDE, CANARY), 'behind the bytes').toBe(true);
  expect(Buffer.compare(asBytes(words), asBytes(source)), 'the words as before').toBe(0);

  // What lies behind the bytes must not leak into the last words.
  ground.bytes.fill(0xff, end, end + BESIDE);
  const around = ground.others.subarray(0, start + length + BESIDE);
  const out = ground.others.subarray(start, start + length);
  around.fill(CANARY_WORD);
  unpackWords(out, bytes, bits);
  expect(Buffer.compare(asBytes(out), asBytes(values)), 'unpacked').toBe(0);

  const sum = source.map((word) => ~word);
  out.set(sum);
  unpackAddTwin(sum, expected, bits);
  unpackAddWords(out, bytes, bits);
  expect(Buffer.compare(asBytes(out), asBytes(sum)), 'added').toBe(0);
  expect(intact(around, 0, start, CANARY_WORD), 'before the words').toBe(true);
  expect(intact(around, start + length, around.length, CANARY_WORD), 'behind the words').toBe(true);
  expect(Buffer.compare(bytes, expected), 'the bytes as before').toBe(0);
}

test('the grounds are what they are called', () => {
  expect(kernelPath()).toBe('wasm');
  expect(homeOf(resident.words)).toBeDefined();
  expect(homeOf(resident.bytes)).toBe(homeOf(resident.words));
  expect(homeOf(elsewhere.bytes)).not.toBe(homeOf(resident.words));
  expect(homeOf(plain.words)).toBeUndefined();
});

describe.each(Object.entries(grounds))('%s', (_, ground) => {
  test.each([
    ['mixed words', 1],
    ['all bits set', 2],
    ['only the bits that are dropped', 3],
    ['a word alone among zeros', 4],
  ] as const)('every width and lengths 0 to 70: %s', (_name, kind) => {
    for (const bits of widths) {
      for (let length = 0; length <= 70; length++) {
        const source = new Uint32Array(length);
        if (kind === 1) fillWords(source, 7 * length + bits);
        else if (kind === 2) source.fill(0xffffffff);
        else if (kind === 3) source.fill(bits === 32 ? 0 : 0xffffffff << bits);
        else if (length > 0) source[(length * 13 + bits) % length] = 0xffffffff;
        agree(ground, bits, source, length % 4, (length + bits) % 17, kind === 1);
      }
    }
  });

  test('random words at random places', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 32 }),
        fc.array(fc.nat(0xffffffff), { maxLength: 300 }),
        fc.nat(70),
        fc.nat(70),
        (bits, words, wordsAt, bytesAt) => {
          agree(ground, bits, Uint32Array.from(words), wordsAt, bytesAt, true);
        },
      ),
    );
  });

  test('more than two pieces', () => {
    for (const bits of widths) {
      for (const length of [16_384, 32_768 + 13]) {
        const source = new Uint32Array(length);
        fillWords(source, bits);
        agree(ground, bits, source, bits % 3, bits % 5, false);
      }
    }
  });
});

test('what went through a memory in pieces does not stay there', () => {
  const length = 20_000;
  const source = new Uint32Array(length).fill(0x01234567);
  const words = resident.words.subarray(0, length);
  const marks = Buffer.from(asBytes(Uint32Array.of(0x01234567)));
  const residue = (): boolean => {
    const memory = homeOf(resident.words)?.bytes as Uint8Array;
    // Tables and scratches: everything below the first vector.
    return Buffer.from(memory.buffer, 0, resident.words.byteOffset).includes(marks);
  };
  for (const bits of [31, 32]) {
    const bytes = new Uint8Array(size(length, bits));
    words.fill(0);
    packWords(resident.bytes.subarray(0, bytes.length), source, bits);
    unpackAddWords(words, bytes, bits);
    unpackWords(source, resident.bytes.subarray(0, bytes.length), bits);
    expect(residue()).toBe(false);
  }
});
