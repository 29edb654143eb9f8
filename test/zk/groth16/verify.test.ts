/** One proof: true ones pass, everything else has a reason, and both back ends agree. */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { P, R, writeNumber } from '../../../src/zk/groth16/field.ts';
import {
  insecureVerifyingKeyForTestingOnly,
  type VerifyingKey,
  verifyingKey,
} from '../../../src/zk/groth16/key.ts';
import { type ProofParts, readKey, splitProof } from '../../../src/zk/groth16/layout.ts';
import {
  keyToSnarkjs,
  proofFromSnarkjs,
  proofToSnarkjs,
  publicsFromSnarkjs,
} from '../../../src/zk/groth16/snarkjs-json.ts';
import { verifyGroth16 } from '../../../src/zk/groth16/verify.ts';
import { naiveVerify, simulated, trapdoor, trapdoorKey } from '../../reference/groth16.ts';
import { witness } from '../circuit.ts';
import { endSnarkjs, snarkjs } from '../snarkjs.ts';
import { backends, fixture, flipped, item, items, keyBytes, patched, zkey } from './support.ts';

afterAll(endSnarkjs);

const INVALID = (reason: string): unknown => ({ valid: false, reason });

test('snarkjs and the twin accept the fixtures', async () => {
  const key = readKey(keyBytes);
  for (const { publics, proof } of fixture.proofs) {
    expect(await snarkjs.groth16.verify(fixture.key, publics, proof)).toBe(true);
  }
  for (const { publics, proof } of items.slice(0, 2)) {
    expect(naiveVerify(key, publics, splitProof(proof) as ProofParts)).toBe(true);
  }
});

describe.each(backends)('on $name', (backend) => {
  const key = verifyingKey(keyBytes, backend);

  test('the proofs of snarkjs are valid', () => {
    expect(key).toMatchObject({ publics: 4, insecure: false, backend: backend.name });
    for (const { publics, proof } of items) {
      expect(verifyGroth16(key, publics, proof)).toEqual({ valid: true });
    }
  });

  test('a proof that snarkjs makes now is valid', async () => {
    const made = await snarkjs.groth16.prove(
      zkey('cubic'),
      witness(12345n, [R - 1n, 0n, 77n]),
      undefined,
      { singleThread: true },
    );
    const publics = publicsFromSnarkjs(JSON.stringify(made.publicSignals));
    const proof = proofFromSnarkjs(JSON.stringify(made.proof));
    expect(publics[1]).toBe(R - 1n);
    expect(verifyGroth16(key, publics, proof)).toEqual({ valid: true });
  });

  test('another statement, or another proof, is not', () => {
    const other = items.find(({ publics }) => publics[0] !== item.publics[0]) as typeof item;
    expect(verifyGroth16(key, other.publics, item.proof)).toEqual(INVALID('equation'));
    expect(verifyGroth16(key, item.publics, other.proof)).toEqual(INVALID('equation'));
    for (let k = 0; k < 4; k++) {
      const publics = item.publics.map((value, i) => (i === k ? (value + 1n) % R : value));
      expect(verifyGroth16(key, publics, item.proof)).toEqual(INVALID('equation'));
    }
  });

  test('a proof under another key is not', () => {
    const other = insecureVerifyingKeyForTestingOnly(trapdoorKey(trapdoor(4)), backend);
    expect(verifyGroth16(other, item.publics, item.proof)).toEqual(INVALID('equation'));
  });

  test('public inputs have the key’s number and range, and are bigints', () => {
    expect(verifyGroth16(key, item.publics, item.proof)).toEqual({ valid: true });
    const [y, ...rest] = item.publics as [bigint, ...bigint[]];
    const cases: readonly (readonly [unknown, string])[] = [
      [[y + R, ...rest], 'public-out-of-range'],
      [[R, ...rest], 'public-out-of-range'],
      [[y - R, ...rest], 'public-out-of-range'],
      [[-1n, ...rest], 'public-out-of-range'],
      [item.publics.slice(0, 3), 'publics-count'],
      [[...item.publics, 0n], 'publics-count'],
      [[], 'publics-count'],
      [new Array(2 ** 32 - 1), 'publics-count'],
      [new Array(4), 'publics-malformed'],
      [item.publics.map(String), 'publics-malformed'],
      [item.publics.map(Number), 'publics-malformed'],
      [new BigUint64Array(4), 'publics-malformed'],
      [undefined, 'publics-malformed'],
    ];
    for (const [publics, reason] of cases) {
      expect(verifyGroth16(key, publics as bigint[], item.proof)).toEqual(INVALID(reason));
    }
  });

  test('a proof has its length, version and kind', () => {
    const { publics, proof } = item;
    expect(verifyGroth16(key, publics, proof)).toEqual({ valid: true });
    const cases = [
      new Uint8Array(0),
      proof.slice(1),
      proof.slice(0, -1),
      Uint8Array.of(...proof, 0),
      flipped(proof, 0),
      flipped(proof, 1),
      [...proof],
      undefined,
      keyBytes,
    ];
    for (const bad of cases) {
      expect(verifyGroth16(key, publics, bad as Uint8Array)).toEqual(INVALID('proof-malformed'));
    }
  });

  test('a changed bit is never valid, wherever it is', { timeout: 120_000 }, () => {
    expect(verifyGroth16(key, item.publics, item.proof)).toEqual({ valid: true });
    const reasons = new Set<string>();
    for (let at = 0; at < item.proof.length; at++) {
      for (const mask of [0x80, 1 << (at % 7)]) {
        const verdict = verifyGroth16(key, item.publics, flipped(item.proof, at, mask));
        expect(verdict.valid).toBe(false);
        if (!verdict.valid) reasons.add(verdict.reason);
      }
    }
    expect([...reasons].sort()).toEqual([
      'point-not-canonical',
      'point-off-curve',
      'proof-malformed',
    ]);
  });

  test('coordinates beyond p are refused, not reduced', () => {
    const coordinates = Array.from({ length: 8 }, (_, i) => 2 + 32 * i);
    for (const at of coordinates) {
      const view = new DataView(item.proof.buffer, item.proof.byteOffset + at, 32);
      let value = P;
      for (let i = 0; i < 4; i++) value += view.getBigUint64(8 * i) << BigInt(192 - 64 * i);
      const bytes = new Uint8Array(32);
      writeNumber(bytes, 0, value);
      const proof = patched(item.proof, at, bytes);
      // The same point to a reader that reduces.
      expect(naiveVerify(readKey(keyBytes), item.publics, splitProof(proof) as ProofParts)).toBe(
        true,
      );
      expect(verifyGroth16(key, item.publics, proof)).toEqual(INVALID('point-not-canonical'));
    }
  });

  test('whatever is handed in gives a verdict', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (publics, proof) => {
        const verdict = verifyGroth16(key, publics as bigint[], proof as Uint8Array);
        expect(verdict.valid).toBe(false);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 256, maxLength: 256 }), (points) => {
        const proof = Uint8Array.of(1, 2, ...points.map((byte, i) => (i % 32 === 0 ? 0 : byte)));
        expect(verifyGroth16(key, item.publics, proof).valid).toBe(false);
      }),
    );
  });

  test('what only looks like bytes is no proof', () => {
    expect(verifyGroth16(key, item.publics, item.proof)).toEqual({ valid: true });
    const like = [
      Object.create(Uint8Array.prototype),
      new Proxy(item.proof, {}),
      new Uint16Array(item.proof),
      new DataView(item.proof.slice().buffer),
      [...item.proof],
    ];
    for (const proof of like) {
      expect(verifyGroth16(key, item.publics, proof)).toEqual(INVALID('proof-malformed'));
    }
  });

  test('what was checked is what is used, whoever changes it meanwhile', () => {
    // Another thread could, where memory is shared: here the back end does, between two points.
    const proof = new Uint8Array(new SharedArrayBuffer(item.proof.length));
    proof.set(item.proof);
    const meddling = verifyingKey(keyBytes, {
      ...backend,
      g1: (bytes) => {
        proof.fill(0xff, 2);
        return backend.g1(bytes);
      },
    });
    proof.set(item.proof);
    expect(verifyGroth16(meddling, item.publics, proof)).toEqual({ valid: true });
    expect(proof[257]).toBe(0xff);

    // A list that shows other numbers the second time.
    const seen = new Set<string>();
    const shifting = (first: readonly bigint[], then: readonly bigint[]): readonly bigint[] =>
      new Proxy(first, {
        get: (target, name) => {
          const again = typeof name === 'string' && /^\d+$/.test(name) && seen.has(name);
          seen.add(String(name));
          return Reflect.get(again ? then : target, name);
        },
      });
    const wrong = item.publics.map((value) => value + 1n);
    expect(verifyGroth16(key, shifting(item.publics, wrong), item.proof)).toEqual({ valid: true });
    seen.clear();
    expect(verifyGroth16(key, shifting(wrong, item.publics), item.proof)).toEqual(
      INVALID('equation'),
    );
  });

  test('a key is the only thing that throws', () => {
    expect(() => verifyGroth16({ ...key } as VerifyingKey, item.publics, item.proof)).toThrow(
      expect.objectContaining({ code: 'wrong-type' }),
    );
  });

  test('simulated proofs under a known trapdoor agree with the twin', { timeout: 60_000 }, () => {
    for (const count of [0, 1, 7, 70]) {
      const secrets = trapdoor(count);
      const bytes = trapdoorKey(secrets);
      const own = insecureVerifyingKeyForTestingOnly(bytes, backend);
      const publics = Array.from({ length: count }, (_, i) => R - BigInt(1 + i * i));
      const proof = simulated(secrets, publics, 99n);
      expect(naiveVerify(readKey(bytes), publics, splitProof(proof) as ProofParts)).toBe(true);
      expect(verifyGroth16(own, publics, proof)).toEqual({ valid: true });
      if (count > 0) {
        expect(verifyGroth16(own, [...publics.slice(1), 5n], proof)).toEqual(INVALID('equation'));
      }
    }
  });

  test('a statement point at infinity is a statement like others', () => {
    const { ic, ...rest } = trapdoor(1);
    const secrets = { ...rest, ic: [R - 6n, 2n] };
    expect(ic.length).toBe(2);
    const own = insecureVerifyingKeyForTestingOnly(trapdoorKey(secrets), backend);
    expect(verifyGroth16(own, [3n], simulated(secrets, [3n], 5n))).toEqual({ valid: true });
    expect(verifyGroth16(own, [4n], simulated(secrets, [3n], 5n))).toEqual(INVALID('equation'));
  });
});

test('what goes to snarkjs verifies there', async () => {
  const key = JSON.parse(keyToSnarkjs(keyBytes));
  const proof = JSON.parse(proofToSnarkjs(item.proof));
  expect(await snarkjs.groth16.verify(key, item.publics.map(String), proof)).toBe(true);
});
