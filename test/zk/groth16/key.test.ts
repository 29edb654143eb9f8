/** The binary formats: what is written is read, and nothing else is. */
import { expect, test } from 'vitest';
import { sha256 } from '../../../src/internal/sha256.ts';
import { P, R, writeNumber } from '../../../src/zk/groth16/field.ts';
import { insecureVerifyingKeyForTestingOnly, verifyingKey } from '../../../src/zk/groth16/key.ts';
import {
  MAX_PUBLICS,
  PROOF_BYTES,
  type ProofParts,
  readKey,
  splitProof,
  writeKey,
  writeProof,
} from '../../../src/zk/groth16/layout.ts';
import { verifyGroth16 } from '../../../src/zk/groth16/verify.ts';
import { trapdoor, trapdoorKey } from '../../reference/groth16.ts';
import { backends, flipped, item, keyBytes, patched } from './support.ts';

const CODE = (code: string): unknown => expect.objectContaining({ code });

test('a key and a proof come back as they were', () => {
  expect(writeKey(readKey(keyBytes))).toEqual(keyBytes);
  expect(keyBytes.length).toBe(7 + 64 + 3 * 128 + 5 * 64);
  expect(item.proof.length).toBe(PROOF_BYTES);
  expect(writeProof(splitProof(item.proof) as ProofParts)).toEqual(item.proof);
});

test('views into larger memory are read at their place', () => {
  const large = new Uint8Array(keyBytes.length + 9).fill(0xee);
  large.set(keyBytes, 5);
  const key = verifyingKey(large.subarray(5, 5 + keyBytes.length));
  expect(key.hash).toEqual(sha256(keyBytes));
  large.fill(0);
  expect(verifyGroth16(key, item.publics, item.proof)).toEqual({ valid: true });
});

test('the hash is that of the bytes, mark included', () => {
  const bytes = trapdoorKey(trapdoor(1));
  expect(insecureVerifyingKeyForTestingOnly(bytes).hash).toEqual(sha256(bytes));
});

test.each(backends)('on $name foreign bytes are no key', (backend) => {
  expect(verifyingKey(keyBytes, backend).publics).toBe(4);
  const count = (publics: number): Uint8Array => {
    const bytes = keyBytes.slice();
    new DataView(bytes.buffer).setUint32(3, publics);
    return bytes;
  };
  const coordinate = new Uint8Array(32);
  writeNumber(coordinate, 0, P);
  const cases: readonly (readonly [string, unknown])[] = [
    ['truncated', new Uint8Array(0)],
    ['truncated', keyBytes.slice(0, 6)],
    ['truncated', keyBytes.slice(0, -1)],
    ['truncated', keyBytes.slice(0, 7)],
    ['trailing-bytes', Uint8Array.of(...keyBytes, 0)],
    ['unknown-version', patched(keyBytes, 0, Uint8Array.of(2))],
    ['malformed', patched(keyBytes, 1, Uint8Array.of(2))],
    ['malformed', patched(keyBytes, 2, Uint8Array.of(2))],
    ['bad-key', patched(keyBytes, 2, Uint8Array.of(1))],
    ['truncated', count(5)],
    ['trailing-bytes', count(3)],
    ['truncated', count(MAX_PUBLICS)],
    ['too-large', count(MAX_PUBLICS + 1)],
    ['too-large', count(2 ** 32 - 1)],
    ['non-canonical', patched(keyBytes, 7, coordinate)],
    ['non-canonical', patched(keyBytes, keyBytes.length - 32, coordinate)],
    ['wrong-type', [...keyBytes]],
    ['wrong-type', undefined],
  ];
  for (const [code, bytes] of cases) {
    expect(() => verifyingKey(bytes as Uint8Array, backend), code).toThrow(CODE(code));
  }
});

test('a changed byte is no key, or another key', { timeout: 120_000 }, () => {
  const backend = backends[1];
  expect(verifyGroth16(verifyingKey(keyBytes, backend), item.publics, item.proof).valid).toBe(true);
  let loaded = 0;
  for (let at = 0; at < keyBytes.length; at++) {
    try {
      const key = verifyingKey(flipped(keyBytes, at, 1 << (at % 8)), backend);
      loaded++;
      expect(verifyGroth16(key, item.publics, item.proof).valid).toBe(false);
    } catch (error) {
      expect(error).toMatchObject({ code: expect.any(String) });
    }
  }
  // A point is hardly ever on the curve by chance, and no byte is left out.
  expect(loaded).toBe(0);
});

test('the two primes', () => {
  expect(P.toString(16)).toBe('30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47');
  expect(R.toString(16)).toBe('30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001');
});
