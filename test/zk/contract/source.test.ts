/** What a contract is made from, and what its calls are made of: no chain is needed to refuse these. */
import fc from 'fast-check';
import { toFunctionSelector } from 'viem';
import { describe, expect, test } from 'vitest';
import {
  encodeProofCalldata,
  insecureVerifierContractForTestingOnly,
  proofWords,
  verifierContract,
} from '../../../src/zk/contract.ts';
import { P, R } from '../../../src/zk/groth16/field.ts';
import { insecureVerifyingKeyForTestingOnly } from '../../../src/zk/groth16/key.ts';
import { type KeyParts, readKey, writeKey } from '../../../src/zk/groth16/layout.ts';
import { proofToSnarkjs } from '../../../src/zk/groth16/snarkjs-json.ts';
import { verifyGroth16 } from '../../../src/zk/groth16/verify.ts';
import { offCurve, simulated, trapdoor, trapdoorKey } from '../../reference/groth16.ts';
import { item, keyBytes, patched } from '../groth16/support.ts';

const ownBytes = trapdoorKey(trapdoor(1));
const refusal = (code: string): unknown => expect.objectContaining({ code });

describe('verifierContract', () => {
  test('gives the same text each time, with the key’s hash in it', () => {
    const text = verifierContract(keyBytes, { name: 'Cubic' });
    expect(verifierContract(keyBytes.slice(), { name: 'Cubic' })).toBe(text);
    const { hash } = insecureVerifyingKeyForTestingOnly(keyBytes);
    expect(text).toContain(`KEY_HASH = 0x${Buffer.from(hash).toString('hex')};`);
    expect(text).toMatch(/^\/\/ SPDX-License-Identifier: MIT\n/);
    expect(text).toContain('contract Cubic {');
    expect(text).not.toMatch(/insecure/i);
    expect(text).not.toMatch(/undefined|NaN|\[object/);
  });

  test('has no assembly, no unchecked block and no way to say false', () => {
    const code = verifierContract(keyBytes, { name: 'Cubic' }).replaceAll(/\/\/.*/g, '');
    expect(code).not.toMatch(/assembly|unchecked|delegatecall|\bfalse\b|returns \(bool\)/);
  });

  test('refuses a key that is marked insecure; by the other name the mark goes over', () => {
    expect(() => verifierContract(ownBytes, { name: 'Own' })).toThrow(refusal('bad-key'));
    const text = insecureVerifierContractForTestingOnly(ownBytes, { name: 'Own' });
    expect(text).toContain('contract OwnInsecureForTestingOnly {');
    expect(text).toContain('INSECURE, FOR TESTING ONLY');
    // A key of a ceremony stays what it is.
    expect(insecureVerifierContractForTestingOnly(keyBytes, { name: 'Cubic' })).toBe(
      verifierContract(keyBytes, { name: 'Cubic' }),
    );
  });

  test('refuses what verifyingKey refuses', () => {
    const parts = readKey(keyBytes);
    const load = (change: Partial<KeyParts>) => () =>
      verifierContract(writeKey({ ...parts, ...change }), { name: 'Cubic' });
    expect(load({})).not.toThrow();
    expect(load({ delta: parts.gamma })).toThrow(refusal('bad-key'));
    expect(load({ alpha: offCurve() })).toThrow(refusal('malformed'));
    expect(load({ alpha: new Uint8Array(64) })).toThrow(refusal('malformed'));
    expect(() => verifierContract(keyBytes.slice(1), { name: 'Cubic' })).toThrow();
    expect(() => verifierContract('key' as never, { name: 'Cubic' })).toThrow(
      refusal('wrong-type'),
    );
  });

  test('pastes no other name into the program than a plain one', () => {
    const load = (name: unknown) => () => verifierContract(keyBytes, { name: name as string });
    for (const name of ['A', 'Sum16x128', `A${'b'.repeat(63)}`]) expect(load(name)).not.toThrow();
    const others = ['', 'sum', '1A', 'A_B', 'Sum {}', 'Sum\n', 'A//', 'Ä', `A${'b'.repeat(64)}`, 7];
    for (const name of [...others, undefined, ['Sum']]) {
      expect(load(name)).toThrow(refusal('out-of-range'));
    }
    expect(() => verifierContract(keyBytes, undefined as never)).toThrow(refusal('out-of-range'));
  });

  test('takes 1 to 32 public inputs', () => {
    const load = (publics: number) => () =>
      insecureVerifierContractForTestingOnly(trapdoorKey(trapdoor(publics)), { name: 'Own' });
    for (const publics of [1, 32]) expect(load(publics)).not.toThrow();
    for (const publics of [0, 33]) expect(load(publics)).toThrow(refusal('out-of-range'));
  });
});

describe('what the contract is called with', () => {
  test('eight words: imaginary parts first, unlike snarkjs', () => {
    const { pi_a: a, pi_b: b, pi_c: c } = JSON.parse(proofToSnarkjs(item.proof));
    const [[x0, x1], [y0, y1]] = b;
    expect(proofWords(item.proof).map(String)).toEqual([a[0], a[1], x1, x0, y1, y0, c[0], c[1]]);
  });

  test('a selector, the proof and the public inputs, for any number of them', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt(0n, R - 1n), { minLength: 1, maxLength: 32 }), (publics) => {
        const data = Buffer.from(encodeProofCalldata(publics, item.proof)).toString('hex');
        const signature = `function requireValid(uint256[8], uint256[${publics.length}])`;
        const words = [...proofWords(item.proof), ...publics];
        expect(`0x${data}`).toBe(
          toFunctionSelector(signature) +
            words.map((value) => value.toString(16).padStart(64, '0')).join(''),
        );
      }),
    );
  });

  test('refuses public inputs that the contract would refuse', () => {
    expect(() => encodeProofCalldata(item.publics, item.proof)).not.toThrow();
    for (const bad of [-1n, R, 2n ** 256n, 1, '1', undefined]) {
      const publics = item.publics.with(0, bad as bigint);
      expect(() => encodeProofCalldata(publics, item.proof)).toThrow(refusal('out-of-range'));
    }
    // A hole is no number.
    expect(() => encodeProofCalldata(new Array(1), item.proof)).toThrow(refusal('out-of-range'));
    for (const count of [0, 33]) {
      const publics = new Array(count).fill(1n);
      expect(() => encodeProofCalldata(publics, item.proof)).toThrow(refusal('out-of-range'));
    }
    expect(() => encodeProofCalldata(7n as never, item.proof)).toThrow(refusal('wrong-type'));
  });

  test('refuses proofs that are none', () => {
    const own = insecureVerifyingKeyForTestingOnly(ownBytes);
    const proof = simulated(trapdoor(1), [4n], 3n);
    expect(verifyGroth16(own, [4n], proof)).toEqual({ valid: true });
    expect(proofWords(proof)).toHaveLength(8);
    const cases: readonly (readonly [unknown, string])[] = [
      [proof.slice(1), 'malformed'],
      [Uint8Array.of(...proof, 0), 'malformed'],
      [patched(proof, 0, Uint8Array.of(2)), 'malformed'],
      [undefined, 'malformed'],
      [patched(proof, 2, new Uint8Array(64)), 'malformed'],
      [patched(proof, 66, new Uint8Array(128)), 'malformed'],
      [patched(proof, 194, new Uint8Array(64)), 'malformed'],
      [patched(proof, 226, Buffer.from(P.toString(16), 'hex')), 'non-canonical'],
    ];
    for (const [bad, code] of cases) {
      expect(() => proofWords(bad as Uint8Array)).toThrow(refusal(code));
      expect(() => encodeProofCalldata([4n], bad as Uint8Array)).toThrow(refusal(code));
    }
  });
});
