/**
 * The update circuit and the numbers around it written down plainly: bigint, dictionaries, one inverse at
 * a time. And the verifiers that somebody might write who leaves a rule out.
 */
import { createHash } from 'node:crypto';
import { bn254 } from '@noble/curves/bn254.js';
import { R } from '../../src/zk/groth16/field.ts';
import { type KeyParts, type ProofParts, splitProof } from '../../src/zk/groth16/layout.ts';
import { g1Bytes, naiveVerify, type PointG1, readG1, times } from './groth16.ts';

const { Fr } = bn254.fields;

/** Every public signal of the circuit, as numbers of the field. */
export type Signals = {
  readonly ctx: bigint;
  readonly normMax: bigint;
  readonly alpha: bigint;
  readonly blindX: bigint;
  readonly x: readonly bigint[];
  readonly blindH: bigint;
  readonly hi: readonly bigint[];
  readonly m: readonly bigint[];
};

/** All signals in the order of the key's points. */
export const inOrder = (s: Signals): readonly bigint[] =>
  [s.ctx, s.normMax, s.alpha, s.blindX, ...s.x, s.blindH, ...s.hi, ...s.m].map((v) => Fr.create(v));

/** Upper bytes and counts of an update that is in range. */
export function slowHelp(x: readonly number[]): Pick<Signals, 'hi' | 'm'> {
  const bytes = x.map((value) => [Math.floor((value + 32_768) / 256), (value + 32_768) % 256]);
  const seen = bytes.flat();
  return {
    hi: bytes.map(([hi]) => BigInt(hi as number)),
    m: Array.from({ length: 256 }, (_, t) => BigInt(seen.filter((byte) => byte === t).length)),
  };
}

/** What the rows say. */
export function slowHolds({ normMax, alpha, x, hi, m }: Signals): boolean {
  const d = x.length;
  const lo = x.map((value, j) => Fr.create(value + 32_768n - 256n * (hi[j] as bigint)));
  const poles = [...lo, ...hi].map((half) => Fr.sub(alpha, Fr.create(half)));
  if (poles.some((pole) => pole === 0n)) return false;
  const halves = poles.reduce((sum, pole) => Fr.add(sum, Fr.inv(pole)), 0n);
  const table = m.reduce(
    (sum, count, t) => Fr.add(sum, Fr.div(Fr.create(count), Fr.sub(alpha, BigInt(t)))),
    0n,
  );
  const norm = x.reduce((sum, value) => Fr.add(sum, Fr.create(value * value)), 0n);
  const slack = Fr.sub(Fr.create(normMax), norm);
  return halves === table && slack < 2n ** BigInt(30 + Math.ceil(Math.log2(d)));
}

/** The count of zeros that makes the sums equal for a challenge that is known beforehand. */
export function fittedCount({ alpha, x, hi, m }: Signals): bigint {
  const lo = x.map((value, j) => value + 32_768n - 256n * (hi[j] as bigint));
  let rest = 0n;
  for (const half of [...lo, ...hi]) rest = Fr.add(rest, Fr.inv(Fr.create(alpha - half)));
  for (let t = 1; t < 256; t++) {
    rest = Fr.sub(rest, Fr.div(Fr.create(m[t] as bigint), Fr.create(alpha - BigInt(t))));
  }
  return Fr.mul(rest, alpha);
}

/** 512 bits of SHA-256 over parts with their lengths, modulo r. */
export function slowHashToScalar(purpose: string, ...parts: readonly Uint8Array[]): bigint {
  const digest = (half: string): string => {
    const hash = createHash('sha256');
    for (const part of [Buffer.from(`veilsum/zk/${purpose}/${half}`), ...parts]) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      hash.update(length).update(part);
    }
    return hash.digest('hex');
  };
  return BigInt(`0x${digest('high')}${digest('low')}`) % R;
}

/** Σ value_k·P_k, one product after the other; values modulo r. */
export const slowCommitment = (points: readonly Uint8Array[], values: readonly bigint[]): PointG1 =>
  values.reduce(
    (sum, value, k) => sum.add(times(readG1(points[k] as Uint8Array), value)),
    bn254.G1.Point.ZERO,
  );

/**
 * The first equation alone, with known signals and hidden points as they come: what commit-carrying
 * Groth16 is without the proof of knowledge.
 */
export function naiveVerifyHidden(
  key: Omit<KeyParts, 'setup'>,
  known: readonly bigint[],
  hidden: readonly Uint8Array[],
  proof: ProofParts | Uint8Array,
): boolean {
  const parts = proof instanceof Uint8Array ? (splitProof(proof) as ProofParts) : proof;
  const ic = key.ic.slice(0, known.length + 1);
  const zeroth = hidden.reduce((sum, point) => sum.add(readG1(point)), readG1(ic[0] as Uint8Array));
  return naiveVerify({ ...key, ic: [g1Bytes(zeroth), ...ic.slice(1)] }, known, parts);
}
