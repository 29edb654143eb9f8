/** The hall in a browser: no `node:crypto`, the browser's CSPRNG, and the same digests. */
import { describe, expect, test } from 'vitest';
import { toHex, utf8 } from '../../src/internal/bytes.ts';
import { nodeCrypto } from '../../src/internal/platform.ts';
import { fillRandom, randomBytes } from '../../src/internal/random.ts';
import { sha256 } from '../../src/internal/sha256.ts';

test('this is a browser', () => {
  expect(navigator.userAgent).toContain('Chrome/');
  expect(document.nodeType).toBe(Node.DOCUMENT_NODE);
});

test('node:crypto is not here', () => {
  expect(nodeCrypto).toBeUndefined();
});

describe('randomness', () => {
  test('fills more than the 65,536 bytes of one Web Crypto call, to the last byte', () => {
    const bytes = randomBytes(3 * 65_536 + 5);
    // 256 bytes of zeros by chance: 2^-2048.
    for (let at = 0; at < bytes.length; at += 256) {
      const block = bytes.subarray(Math.min(at, bytes.length - 256), at + 256);
      expect(block.some((byte) => byte !== 0)).toBe(true);
    }
    expect(toHex(randomBytes(32))).not.toBe(toHex(randomBytes(32)));
  });

  test('fills a view and leaves its surroundings alone', () => {
    const memory = new Uint8Array(70_002);
    fillRandom(memory.subarray(1, 70_001));
    expect([memory[0], memory[70_001]]).toEqual([0, 0]);
    expect(memory.subarray(1, 70_001).some((byte) => byte !== 0)).toBe(true);
  });

  test('fills 32-bit words', () => {
    const words = new Uint32Array(70_000);
    fillRandom(words);
    // 70,000 words whose top bytes are all zero: 2^-560,000.
    expect(words.some((word) => word >= 2 ** 24)).toBe(true);
  });
});

describe('SHA-256', () => {
  // FIPS 180-4 examples (NIST CSRC, "SHA-256: one block and two block messages"), and the empty message.
  const vectors = [
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ] as const;
  for (const [message, digest] of vectors) {
    test(`of "${message}"`, () => expect(toHex(sha256(utf8(message)))).toBe(digest));
  }

  test('of parts is that of their concatenation, and what Web Crypto says', async () => {
    const message = randomBytes(100_000);
    const here = sha256(message.subarray(0, 77), message.subarray(77));
    const platform = await crypto.subtle.digest('SHA-256', message as Uint8Array<ArrayBuffer>);
    expect(toHex(here)).toBe(toHex(new Uint8Array(platform)));
  });
});
