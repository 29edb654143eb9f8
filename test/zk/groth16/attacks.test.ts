/**
 * The known ways to cheat a Groth16 verifier. Each first succeeds, against snarkjs or against the naive
 * verifier of `test/reference`, and is then refused here, on both back ends.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { P, R } from '../../../src/zk/groth16/field.ts';
import { insecureVerifyingKeyForTestingOnly, verifyingKey } from '../../../src/zk/groth16/key.ts';
import {
  type KeyParts,
  type ProofParts,
  readKey,
  splitProof,
  writeKey,
  writeProof,
} from '../../../src/zk/groth16/layout.ts';
import {
  keyFromSnarkjs,
  keyToSnarkjs,
  proofFromSnarkjs,
  proofToSnarkjs,
} from '../../../src/zk/groth16/snarkjs-json.ts';
import { verifyGroth16 } from '../../../src/zk/groth16/verify.ts';
import {
  g1Bytes,
  g2Bytes,
  isInG2,
  keyParts,
  naiveVerify,
  offCurve,
  readG1,
  readG2,
  simulate,
  simulated,
  statementPoint,
  times,
  timesTwist,
  trapdoor,
  trapdoorKey,
  twistPoint,
} from '../../reference/groth16.ts';
import { endSnarkjs, snarkjs } from '../snarkjs.ts';
import { backends, fixture, item, keyBytes } from './support.ts';

afterAll(endSnarkjs);

const VALID: unknown = { valid: true };
const INVALID = (reason: string): unknown => ({ valid: false, reason });
const BAD_KEY: unknown = expect.objectContaining({ code: 'bad-key' });
const MALFORMED: unknown = expect.objectContaining({ code: 'malformed' });

const parts = (proof: Uint8Array): ProofParts => splitProof(proof) as ProofParts;

/** What snarkjs says of our bytes. */
const snarkjsSays = (key: Uint8Array, publics: readonly bigint[], proof: Uint8Array) =>
  snarkjs.groth16.verify(
    JSON.parse(keyToSnarkjs(key)),
    publics.map(String),
    JSON.parse(proofToSnarkjs(proof)),
  );

/** With δ = sign·γ: A = α, B = β, C = −sign·vk_x proves every statement, from public points alone. */
function forgery(key: Omit<KeyParts, 'setup'>, publics: readonly bigint[], sign: 1n | -1n) {
  const x = statementPoint(key.ic.map(readG1), publics);
  return writeProof({ a: key.alpha, b: key.beta, c: g1Bytes(times(x, -sign)) });
}

describe.each(backends)('on $name', (backend) => {
  const key = verifyingKey(keyBytes, backend);
  const secrets = trapdoor(2);
  const ownBytes = trapdoorKey(secrets);
  const own = insecureVerifyingKeyForTestingOnly(ownBytes, backend);
  const load = (bytes: Uint8Array) => insecureVerifyingKeyForTestingOnly(bytes, backend);

  test('a key without contributions proves anything, and is refused at load', async () => {
    expect(verifyGroth16(key, item.publics, item.proof)).toEqual(VALID);
    const bytes = keyFromSnarkjs(JSON.stringify(fixture.uncontributedKey), 'ceremony');
    const lie = [666n, 1n, 2n, 3n];
    const proof = forgery(readKey(bytes), lie, 1n);
    expect(await snarkjsSays(bytes, lie, proof)).toBe(true);
    expect(() => verifyingKey(bytes, backend)).toThrow(BAD_KEY);
    expect(() => load(bytes)).toThrow(BAD_KEY);
    // The same trick under a key with a contribution.
    expect(verifyGroth16(key, lie, forgery(readKey(keyBytes), lie, 1n))).toEqual(
      INVALID('equation'),
    );
  });

  test('so does δ = −γ', async () => {
    expect(verifyGroth16(own, [1n, 2n], simulated(secrets, [1n, 2n], 3n))).toEqual(VALID);
    const known = keyParts(secrets);
    const bytes = writeKey({ ...known, delta: g2Bytes(readG2(known.gamma).negate()) });
    const proof = forgery(readKey(bytes), [666n, 1n], -1n);
    expect(await snarkjsSays(bytes, [666n, 1n], proof)).toBe(true);
    expect(() => load(bytes)).toThrow(BAD_KEY);
  });

  test('a key marked insecure proves anything to whoever made it, and needs a name that says so', () => {
    expect(verifyGroth16(own, [1n, 2n], simulated(secrets, [1n, 2n], 3n))).toEqual(VALID);
    expect(own.insecure).toBe(true);
    expect(() => verifyingKey(ownBytes, backend)).toThrow(BAD_KEY);
    // The mark is part of what a verifier pins.
    const unmarked = verifyingKey(writeKey({ ...readKey(ownBytes), setup: 'ceremony' }), backend);
    expect(unmarked.hash).not.toEqual(own.hash);
  });

  test('public inputs may not be cut short, even where the last is zero', async () => {
    expect(item.publics.at(-1)).toBe(0n);
    expect(verifyGroth16(key, item.publics, item.proof)).toEqual(VALID);
    const short = item.publics.slice(0, -1);
    expect(await snarkjsSays(keyBytes, short, item.proof)).toBe(true);
    expect(verifyGroth16(key, short, item.proof)).toEqual(INVALID('publics-count'));
  });

  test('one public input has one form', () => {
    expect(verifyGroth16(key, item.publics, item.proof)).toEqual(VALID);
    const [y, ...rest] = item.publics as [bigint, ...bigint[]];
    for (const alias of [y + R, y - R]) {
      const publics = [alias, ...rest];
      expect(naiveVerify(readKey(keyBytes), publics, parts(item.proof))).toBe(true);
      expect(verifyGroth16(key, publics, item.proof)).toEqual(INVALID('public-out-of-range'));
    }
  });

  test('one proof has one form: snarkjs takes x + p, we do not', async () => {
    const proof = JSON.parse(proofToSnarkjs(item.proof));
    expect(verifyGroth16(key, item.publics, proofFromSnarkjs(JSON.stringify(proof)))).toEqual(
      VALID,
    );
    proof.pi_a[0] = String(BigInt(proof.pi_a[0]) + P);
    const publics = item.publics.map(String);
    expect(await snarkjs.groth16.verify(fixture.key, publics, proof)).toBe(true);
    expect(() => proofFromSnarkjs(JSON.stringify(proof))).toThrow(
      expect.objectContaining({ code: 'non-canonical' }),
    );
  });

  test('a point of the twist outside G2 is refused in a proof', async () => {
    const publics = [4n, 5n];
    const honest = parts(simulated(secrets, publics, 3n));
    expect(verifyGroth16(own, publics, writeProof(honest))).toEqual(VALID);
    const curve = await snarkjs.curves.getCurveFromName('bn128', { singleThread: true });
    const stray = twistPoint(1n);
    const small = timesTwist(stray, R); // its order divides the cofactor
    for (const b of [stray, small, readG2(honest.b).add(small)]) {
      expect(isInG2(b)).toBe(false);
      const bytes = g2Bytes(b);
      // snarkjs asks no more than this of the points of a proof.
      expect(curve.G2.isValid(curve.G2.fromRprUncompressed(bytes, 0))).toBe(true);
      expect(verifyGroth16(own, publics, writeProof({ ...honest, b: bytes }))).toEqual(
        INVALID('point-off-subgroup'),
      );
    }
  });

  test('a whole proof outside G2 passes snarkjs, where the key strays too; here the key is refused', async () => {
    const publics = [4n, 5n];
    const known = keyParts(secrets);
    expect(verifyGroth16(own, publics, simulated(secrets, publics, 3n))).toEqual(VALID);
    const beta = g2Bytes(twistPoint(7n));
    const bytes = writeKey({ ...known, beta });
    // C = −(γ/δ)·vk_x; then A = α and B = β cancel whatever β is.
    const { c } = simulate({ ...secrets, alpha: 0n }, publics, 0n, 1n);
    const proof = writeProof({ a: known.alpha, b: beta, c });
    expect(await snarkjsSays(bytes, publics, proof)).toBe(true);
    expect(naiveVerify(known, publics, { a: known.alpha, b: known.beta, c })).toBe(true);
    expect(() => load(bytes)).toThrow(MALFORMED);
    expect(verifyGroth16(own, publics, proof)).toEqual(INVALID('point-off-subgroup'));
  });

  test('a point off the curve is refused, in a key and in a proof', () => {
    const publics = [4n, 5n];
    const known = keyParts(secrets);
    const honest = parts(simulated(secrets, publics, 3n));
    expect(verifyGroth16(own, publics, writeProof(honest))).toEqual(VALID);
    const alpha = offCurve();
    const { c } = simulate({ ...secrets, alpha: 0n }, publics, 0n, 1n);
    expect(naiveVerify({ ...known, alpha }, publics, { a: alpha, b: known.beta, c })).toBe(true);
    expect(() => load(writeKey({ ...known, alpha }))).toThrow(MALFORMED);
    for (const bad of [
      { ...honest, a: alpha },
      { ...honest, b: Uint8Array.of(...alpha, ...alpha) },
      { ...honest, c: alpha },
    ]) {
      expect(verifyGroth16(own, publics, writeProof(bad))).toEqual(INVALID('point-off-curve'));
    }
  });

  test('infinity is refused, in a key and in a proof', () => {
    const publics = [4n, 5n];
    const known = keyParts(secrets);
    const honest = simulated(secrets, publics, 3n);
    expect(verifyGroth16(own, publics, honest)).toEqual(VALID);
    const { alpha, beta, gamma, ic } = secrets;
    const x = (ic[0] as bigint) + 4n * (ic[1] as bigint) + 5n * (ic[2] as bigint);
    const withoutC = simulate(secrets, publics, 1n, alpha * beta + gamma * x);
    expect(withoutC.c).toEqual(new Uint8Array(64));
    for (const bad of [
      simulate(secrets, publics, 0n, 1n),
      simulate(secrets, publics, 1n, 0n),
      withoutC,
    ]) {
      expect(naiveVerify(known, publics, bad)).toBe(true);
      expect(verifyGroth16(own, publics, writeProof(bad))).toEqual(INVALID('point-at-infinity'));
    }
    // With IC_2 at infinity the second public input means nothing.
    const blind = [...known.ic.slice(0, 2), new Uint8Array(64)];
    const proof = simulate({ ...secrets, ic: [...ic.slice(0, 2), 0n] }, publics, 3n, 4n);
    expect(naiveVerify({ ...known, ic: blind }, [4n, 999n], proof)).toBe(true);
    expect(() => load(writeKey({ ...known, ic: blind }))).toThrow(MALFORMED);
    for (const name of ['alpha', 'beta', 'gamma', 'delta'] as const) {
      const infinity = new Uint8Array(known[name].length);
      expect(() => load(writeKey({ ...known, [name]: infinity }))).toThrow(MALFORMED);
    }
  });

  test('(−A, −B, C) is valid: a proof is no identity, a statement is', async () => {
    const { a, b, c } = parts(item.proof);
    const twin = writeProof({
      a: g1Bytes(readG1(a).negate()),
      b: g2Bytes(readG2(b).negate()),
      c,
    });
    expect(twin).not.toEqual(item.proof);
    expect(await snarkjsSays(keyBytes, item.publics, twin)).toBe(true);
    expect(verifyGroth16(key, item.publics, item.proof)).toEqual(VALID);
    expect(verifyGroth16(key, item.publics, twin)).toEqual(VALID);
    // Who counts proofs by their bytes counts one statement twice.
    const byProof = new Set([item.proof, twin].map(String));
    const byStatement = new Set([item.publics, item.publics].map(String));
    expect([byProof.size, byStatement.size]).toEqual([2, 1]);
  });
});
