/**
 * How update keys come to be: the verifying key of the update circuit, then contributions to σ of several
 * parties, one after the other. As long as one of them forgets its secrets, nobody knows σ.
 */
import { CodecError } from '../../errors.ts';
import { concat } from '../../internal/bytes.ts';
import { encodePoint, type Point, readPoint } from '../curve/points.ts';
import { readKey } from '../groth16/layout.ts';
import { G1_BYTES } from '../groth16/points.ts';
import { randomFactor } from '../scalar.ts';
import { endOfChains, placeOf, scaledPoints, stepFrom } from './contribution.ts';
import {
  assertSizes,
  GROUPS,
  type Group,
  groupsFor,
  KNOWN,
  type PerGroup,
  publicsFor,
  readUpdateKey,
  type Step,
  TABLE,
  writeUpdateKey,
} from './layout.ts';

/**
 * An update key to which nobody contributed: σ is one, so it shows no knowledge, and `updateKey`
 * refuses it. The chunk's size follows from the number of public signals.
 *
 * @param verifyingKey - of the update circuit, as `keyFromProvingKey` gives it. A mark goes over
 * @throws CodecError as for verifying keys; `malformed` for a number of public signals that no chunk
 *   has, `too-large`
 * @throws UsageError `wrong-type`
 */
export function startUpdateKey(verifyingKey: Uint8Array): Uint8Array {
  const { ic } = readKey(verifyingKey);
  const publics = ic.length - 1;
  const values = (publics - KNOWN - 2 - TABLE) / 2;
  if (!Number.isInteger(values) || values < 1) {
    throw new CodecError(
      'malformed',
      `update key: got ${publics} public signals, expected ${publicsFor(0)} and two for each value`,
    );
  }
  assertSizes(values, 0);
  const pointsOf = ({ first, values: n }: Group): Uint8Array =>
    concat(...ic.slice(first, first + n + 1));
  const groups = groupsFor(values);
  const images = { x: pointsOf(groups.x), h: pointsOf(groups.h) };
  return writeUpdateKey({ values, verifyingKey, images, contributions: [] });
}

/**
 * One party's contribution: multiplies σ_X and σ_H by two secrets that are then forgotten, and proves
 * that it knew them. Everybody checks all contributions by opening the key with `updateKey`.
 *
 * **Security**: the secrets come from the CSPRNG. They live in bigints, which cannot be wiped, and the time
 * depends on them: run this alone, on a machine that you control, and end the process. Check what you
 * got before: open the party's key before yours with `updateKey`, or compare with `startUpdateKey`. After
 * yours nobody can take your factor out again, but a wrong point stays wrong.
 * **Cost**: about 380 additions for each of the key's hidden signals, without a pause, and two
 * multiplications in G2 for each contribution so far and group.
 *
 * @param bytes - from `startUpdateKey` or from the party before
 * @returns the key to hand on
 * @throws CodecError for bytes that are no key, a point off its curve, or a contribution before without
 *   knowledge of its factor
 * @throws UsageError `wrong-type`
 */
export function contributeToUpdateKey(bytes: Uint8Array): Uint8Array {
  const parts = readUpdateKey(bytes);
  const { verifyingKey, contributions } = parts;
  assertSizes(parts.values, contributions.length + 1);
  const before = endOfChains(verifyingKey, contributions);
  const images: Record<string, Uint8Array> = {};
  const steps: Record<string, Step> = {};
  for (const group of GROUPS) {
    const factor = randomFactor();
    const place = placeOf(verifyingKey, contributions.length, group);
    steps[group] = stepFrom(place, before[group], factor);
    images[group] = concat(...scaledPoints(pointsIn(parts.images[group]), factor).map(encodePoint));
  }
  return writeUpdateKey({
    ...parts,
    images: images as PerGroup<Uint8Array>,
    contributions: [...contributions, steps as PerGroup<Step>],
  });
}

function pointsIn(bytes: Uint8Array): readonly Point[] {
  return Array.from({ length: bytes.length / G1_BYTES }, (_, i) => {
    const point = readPoint(bytes.subarray(i * G1_BYTES, (i + 1) * G1_BYTES));
    if (point !== undefined) return point;
    throw new CodecError('malformed', `update key: image ${i}: expected a point of G1`);
  });
}
