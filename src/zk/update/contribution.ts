/**
 * The factors σ_X and σ_H of an update key: how a party multiplies its own secrets into them, and the
 * proof that it knew them.
 *
 * The chain starts at the generator of G2, where σ = 1. Step k has Q = s·P, where P is the point of the
 * step before, and a proof of knowledge of s (Schnorr): c = H(…, P, Q, k·P), z = k + c·s.
 */
import { bn254 } from '@noble/curves/bn254.js';
import { CodecError } from '../../errors.ts';
import { concat, equalBytes, u32 } from '../../internal/bytes.ts';
import { sha256 } from '../../internal/sha256.ts';
import { addPairs, INFINITY, type Point } from '../curve/points.ts';
import { FIELD_BYTES, numberAt, R, writeNumber } from '../groth16/field.ts';
import { encodingFault, G2_BYTES } from '../groth16/points.ts';
import { hashToScalar, randomFactor } from '../scalar.ts';
import { GROUPS, type GroupName, type PerGroup, type Step } from './layout.ts';

const G2 = bn254.G2.Point;
type PointG2 = InstanceType<typeof G2>;
const { Fp2, Fr } = bn254.fields;

/** [1]_2, where every chain starts. */
export const GENERATOR: Uint8Array = g2Bytes(G2.BASE);

/**
 * The next step of one group's chain.
 *
 * @param place - what the proof is for; see {@link placeOf}
 * @param before - [σ]_2 so far, checked
 * @param factor - from `randomFactor`
 */
export function stepFrom(place: Uint8Array, before: Uint8Array, factor: bigint): Step {
  const P = g2Point(before);
  const sigma = g2Bytes(P.multiply(factor));
  const nonce = randomFactor();
  const challenge = challengeOf(place, before, sigma, g2Bytes(P.multiply(nonce)));
  const knowledge = new Uint8Array(2 * FIELD_BYTES);
  writeNumber(knowledge, 0, challenge);
  writeNumber(knowledge, FIELD_BYTES, Fr.add(nonce, Fr.mul(challenge, factor)));
  return { sigma, knowledge };
}

/** What a step's proof is bound to: the verifying key, the step's number and the group. */
export const placeOf = (verifyingKey: Uint8Array, index: number, group: GroupName): Uint8Array =>
  concat(sha256(verifyingKey), u32(index), Uint8Array.of(GROUPS.indexOf(group)));

/**
 * Checks the chains of both groups.
 *
 * @returns [σ_X]_2 and [σ_H]_2
 * @throws CodecError `malformed` for a point that is none of G2, and for a step whose maker did not show
 *   that it knew the factor
 *
 * **Cost**: a subgroup check and two multiplications in G2 for each step of each group.
 */
export function endOfChains(
  verifyingKey: Uint8Array,
  contributions: readonly PerGroup<Step>[],
): PerGroup<Uint8Array> {
  const end = { x: GENERATOR, h: GENERATOR };
  for (const [index, contribution] of contributions.entries()) {
    for (const group of GROUPS) {
      const step = contribution[group];
      if (!isKnown(placeOf(verifyingKey, index, group), end[group], step)) {
        throw new CodecError(
          'malformed',
          `update key: contribution ${index + 1}, group ${group}: expected a point of G2 and a proof that its factor was known`,
        );
      }
      end[group] = step.sigma;
    }
  }
  return end;
}

function isKnown(place: Uint8Array, before: Uint8Array, { sigma, knowledge }: Step): boolean {
  const challenge = numberAt(knowledge, 0);
  const response = numberAt(knowledge, FIELD_BYTES);
  if (challenge === 0n || challenge >= R || response === 0n || response >= R) return false;
  if (!isOfG2(sigma)) return false;
  const nonce = g2Point(before)
    .multiplyUnsafe(response)
    .subtract(g2Point(sigma).multiplyUnsafe(challenge));
  return !nonce.is0() && challenge === challengeOf(place, before, sigma, g2Bytes(nonce));
}

const challengeOf = (
  place: Uint8Array,
  before: Uint8Array,
  after: Uint8Array,
  nonce: Uint8Array,
): bigint => hashToScalar('update/contribution', place, before, after, nonce);

/** Whether two points of G2 are equal or opposite: whether their x is the same. */
export const haveSameX = (a: Uint8Array, b: Uint8Array): boolean =>
  equalBytes(a.subarray(0, G2_BYTES / 2), b.subarray(0, G2_BYTES / 2));

/**
 * factor·P for each of many points: all are doubled and added in step, which shares the inversions.
 *
 * **Security**: the time depends on the factor.
 * **Cost**: about 380 additions for each point.
 */
export function scaledPoints(points: readonly Point[], factor: bigint): readonly Point[] {
  let scaled: readonly Point[] = points.map(() => INFINITY);
  for (const bit of factor.toString(2)) {
    scaled = addPairs(scaled, scaled);
    if (bit === '1') scaled = addPairs(scaled, points);
  }
  return scaled;
}

function isOfG2(bytes: Uint8Array): boolean {
  if (encodingFault(bytes) !== undefined) return false;
  try {
    // On the curve, and in the subgroup.
    g2Point(bytes).assertValidity();
    return true;
  } catch {
    return false;
  }
}

/** From coordinates with their imaginary part first. Nothing is checked. */
function g2Point(bytes: Uint8Array): PointG2 {
  const at = (i: number): bigint => numberAt(bytes, i * FIELD_BYTES);
  return G2.fromAffine({
    x: Fp2.fromBigTuple([at(1), at(0)]),
    y: Fp2.fromBigTuple([at(3), at(2)]),
  });
}

function g2Bytes(point: PointG2): Uint8Array {
  const { x, y } = point.toAffine();
  const out = new Uint8Array(G2_BYTES);
  for (const [i, value] of [x.c1, x.c0, y.c1, y.c0].entries()) {
    writeNumber(out, i * FIELD_BYTES, value);
  }
  return out;
}
