/**
 * Groth16 written down plainly: keys whose secrets are known, proofs made from the secrets alone, and
 * a verifier that checks the equation and nothing else. Every rule of the real verifier is missing
 * here on purpose: numbers are reduced, points are taken as they come, and no length is compared.
 */
import { bn254 } from '@noble/curves/bn254.js';
import { numberAt, P, R, writeNumber } from '../../src/zk/groth16/field.ts';
import {
  type KeyParts,
  type ProofParts,
  writeKey,
  writeProof,
} from '../../src/zk/groth16/layout.ts';

export const G1: typeof bn254.G1.Point = bn254.G1.Point;
export const G2: typeof bn254.G2.Point = bn254.G2.Point;
const { Fp2, Fp12, Fr } = bn254.fields;

export type PointG1 = InstanceType<typeof G1>;
export type PointG2 = InstanceType<typeof G2>;

/** Numbers as 32 bytes each. */
const numbers = (...values: readonly bigint[]): Uint8Array => {
  const out = new Uint8Array(32 * values.length);
  for (const [i, value] of values.entries()) writeNumber(out, 32 * i, value);
  return out;
};

/** The 64 bytes of a point; infinity is all zero. */
export function g1Bytes(point: PointG1): Uint8Array {
  if (point.is0()) return new Uint8Array(64);
  const { x, y } = point.toAffine();
  return numbers(x, y);
}

/** The 128 bytes of a point; infinity is all zero. */
export function g2Bytes(point: PointG2): Uint8Array {
  if (point.is0()) return new Uint8Array(128);
  const { x, y } = point.toAffine();
  return numbers(x.c1, x.c0, y.c1, y.c0);
}

/** Reads 64 bytes; reduces, and does not look whether the point is on the curve. */
export function readG1(bytes: Uint8Array): PointG1 {
  if (bytes.every((byte) => byte === 0)) return G1.ZERO;
  return G1.fromAffine({ x: numberAt(bytes, 0) % P, y: numberAt(bytes, 32) % P });
}

/** Reads 128 bytes; reduces, and does not look whether the point is on the twist or in G2. */
export function readG2(bytes: Uint8Array): PointG2 {
  if (bytes.every((byte) => byte === 0)) return G2.ZERO;
  const at = (i: number): bigint => numberAt(bytes, 32 * i) % P;
  return G2.fromAffine({ x: { c0: at(1), c1: at(0) }, y: { c0: at(3), c1: at(2) } });
}

/** k·point for any integer. */
export const times = (point: PointG1, k: bigint): PointG1 => point.multiplyUnsafe(Fr.create(k));

/** IC_0 + Σ public_k · IC_k, over as many as there are. */
export const statementPoint = (ic: readonly PointG1[], publics: readonly bigint[]): PointG1 =>
  publics.reduce((sum, value, k) => sum.add(times(ic[k + 1] as PointG1, value)), ic[0] as PointG1);

/** Π e(P, Q) = 1, with neutral factors left out and no point looked at. */
function productIsOne(pairs: readonly (readonly [PointG1, PointG2])[]): boolean {
  const factors = pairs
    .filter(([p, q]) => !p.is0() && !q.is0())
    .map(([p, q]): [ReturnType<typeof bn254.utils.calcPairingPrecomputes>, bigint, bigint] => {
      const { x, y } = p.toAffine();
      return [bn254.utils.calcPairingPrecomputes(q), x, y];
    });
  return Fp12.eql(Fp12.finalExponentiate(bn254.millerLoopBatch(factors)), Fp12.ONE);
}

/** The equation and nothing else. */
export function naiveVerify(
  key: Omit<KeyParts, 'setup'>,
  publics: readonly bigint[],
  { a, b, c }: ProofParts,
): boolean {
  return productIsOne([
    [readG1(a).negate(), readG2(b)],
    [readG1(key.alpha), readG2(key.beta)],
    [statementPoint(key.ic.map(readG1), publics), readG2(key.gamma)],
    [readG1(c), readG2(key.delta)],
  ]);
}

/** The secrets of a setup, which nobody should know. */
export type Trapdoor = {
  readonly alpha: bigint;
  readonly beta: bigint;
  readonly gamma: bigint;
  readonly delta: bigint;
  readonly ic: readonly bigint[];
};

/** Small different numbers do: nobody looks for them. */
export const trapdoor = (publics: number): Trapdoor => ({
  alpha: 3n ** 80n,
  beta: 5n ** 70n,
  gamma: 7n ** 60n,
  delta: 11n ** 50n,
  ic: Array.from({ length: publics + 1 }, (_, k) => 13n ** BigInt(40 + k) % R),
});

/** The points of a key. */
export const keyParts = ({ alpha, beta, gamma, delta, ic }: Trapdoor): KeyParts => ({
  setup: 'insecure',
  alpha: g1Bytes(times(G1.BASE, alpha)),
  beta: g2Bytes(G2.BASE.multiply(Fr.create(beta))),
  gamma: g2Bytes(G2.BASE.multiply(Fr.create(gamma))),
  delta: g2Bytes(G2.BASE.multiply(Fr.create(delta))),
  ic: ic.map((scalar) => g1Bytes(times(G1.BASE, scalar))),
});

/** A key whose secrets are known, marked as such. */
export const trapdoorKey = (secrets: Trapdoor): Uint8Array => writeKey(keyParts(secrets));

/** A proof of any statement, true or false, with chosen A = a·G and B = b·G; a or b may be zero. */
export function simulate(
  { alpha, beta, gamma, delta, ic }: Trapdoor,
  publics: readonly bigint[],
  a: bigint,
  b: bigint,
): ProofParts {
  const x = publics.reduce((sum, value, k) => sum + value * (ic[k + 1] as bigint), ic[0] as bigint);
  const c = Fr.div(Fr.create(a * b - alpha * beta - gamma * x), Fr.create(delta));
  return {
    a: g1Bytes(times(G1.BASE, a)),
    b: g2Bytes(G2.BASE.multiplyUnsafe(Fr.create(b))),
    c: g1Bytes(times(G1.BASE, c)),
  };
}

/** The same, as bytes. */
export const simulated = (
  secrets: Trapdoor,
  publics: readonly bigint[],
  seed: bigint,
): Uint8Array => writeProof(simulate(secrets, publics, seed, seed ** 3n + 1n));

/** A point of the twist that is not in G2, the first one found from `start` on. */
export function twistPoint(start: bigint): PointG2 {
  for (let c0 = start; ; c0++) {
    const x = { c0, c1: 1n };
    const right = Fp2.add(Fp2.mul(Fp2.sqr(x), x), G2.CURVE().b);
    try {
      return G2.fromAffine({ x, y: Fp2.sqrt(right) });
    } catch {
      // Not a square: no point has this x.
    }
  }
}

/** k·Q by doubling and adding: `multiplyUnsafe` would want k below r. */
export function timesTwist(point: PointG2, k: bigint): PointG2 {
  let sum = G2.ZERO;
  for (const bit of k.toString(2)) {
    sum = sum.double();
    if (bit === '1') sum = sum.add(point);
  }
  return sum;
}

/** Whether r·Q is infinity: what being in G2 means. */
export const isInG2 = (point: PointG2): boolean => timesTwist(point, R).is0();

/** A point of G1's field plane that is not on the curve. */
export const offCurve = (): Uint8Array => numbers(1n, 3n);
