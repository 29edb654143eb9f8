/**
 * Keys of the update circuit: a Groth16 key whose public signals fall into a known part and two hidden
 * groups, and for each group the points σ·IC with which a prover shows that it knows what it committed
 * to. A key is checked as a whole when it is opened; one function opens keys that are marked insecure.
 */
import { CodecError, ProtocolError, UsageError } from '../../errors.ts';
import { assertBytes } from '../../internal/assert.ts';
import { randomBytes } from '../../internal/random.ts';
import { sha256 } from '../../internal/sha256.ts';
import { basesFromKey, type CommitmentBases } from '../commitment/bases.ts';
import { nobleEngine } from '../curve/engine.ts';
import { decodePoint, encodePoint, type Point } from '../curve/points.ts';
import { wasmEngine } from '../curve/wasm-engine.ts';
import type { G1Point, G2Point, Lines, PairingBackend } from '../groth16/backend.ts';
import { falseClaims } from '../groth16/batch.ts';
import type { Equation } from '../groth16/equations.ts';
import {
  insecureVerifyingKeyForTestingOnly,
  type PreparedKey,
  preparedKey,
  verifyingKey,
} from '../groth16/key.ts';
import { readKey } from '../groth16/layout.ts';
import { noblePairing } from '../groth16/noble-backend.ts';
import { G1_BYTES, readG1, readG2 } from '../groth16/points.ts';
import type { FastCurve } from '../snark.ts';
import { endOfChains, GENERATOR, haveSameX } from './contribution.ts';
import { GROUPS, type Group, groupsFor, type PerGroup, readUpdateKey } from './layout.ts';

/** A key that was checked and prepared. Its points are not reachable through the object. */
export type UpdateKey = {
  /** d: values in a chunk. */
  readonly values: number;
  /** SHA-256 of the key's bytes: what a verifier pins, and part of every proof's context. */
  readonly hash: Uint8Array;
  /** Whether the key says of itself that its secrets may be known. */
  readonly insecure: boolean;
  /** How many parties multiplied secrets into σ. */
  readonly contributions: number;
  /** Who computes the pairings. */
  readonly backend: 'noble' | 'wasm';
};

/** Who computes. */
export type UpdateKeyOptions = {
  /** For pairings: `noblePairing` unless the WebAssembly curve is at hand (`wasmPairing`). */
  readonly backend?: PairingBackend | undefined;
  /** For sums of many points; it must stay open. Without it, noble. */
  readonly curve?: FastCurve | undefined;
};

/** Where commitments of one group and their images are made. */
export type GroupBases = { readonly bases: CommitmentBases; readonly images: CommitmentBases };

type Inside = {
  /** As they were read. */
  readonly bytes: Uint8Array;
  readonly groth16: PreparedKey;
  readonly generator: Lines;
  readonly sigma: PerGroup<Lines>;
  readonly points: PerGroup<GroupPoints>;
  readonly curve: FastCurve | undefined;
  readonly made: Map<string, Promise<CommitmentBases>>;
};

/** IC points and their images, the blinding term's first. */
type GroupPoints = { readonly ic: readonly Point[]; readonly images: readonly Point[] };

const insides = new WeakMap<UpdateKey, Inside>();

/**
 * Reads, checks and prepares an update key.
 *
 * **Security**: a key is as good as its setup; the checks are those that its bytes allow. σ must come
 * from a chain of at least one contribution, each with a proof that its maker knew the factor; σ_X and
 * σ_H must differ; every image must be σ times its IC point; no point may be infinity, a blinding
 * term's least of all. Whether the verifying key is of the update circuit is not in the bytes: check
 * the proving key with `verifyProvingKey`, then pin `hash`.
 * **Source**: commit-carrying Groth16: LegoSNARK (eprint 2019/142), with a pairing check of knowledge
 * for each group as in the knowledge-of-exponent setups of Pinocchio (eprint 2013/279).
 * **Cost**: as `verifyingKey`, a curve equation for each image, four sums of 2d points in all with
 * 128-bit multiples, and two subgroup checks and four multiplications in G2 for each contribution.
 *
 * @param bytes - from `contributeToUpdateKey`; copied
 * @param options - see {@link UpdateKeyOptions}
 * @throws CodecError as `verifyingKey`; `malformed` also for another number of public signals, a
 *   contribution without knowledge, and images that are not σ times their points
 * @throws ProtocolError `bad-key` if nobody contributed to the key or to σ, or the key is marked insecure
 * @throws UsageError `wrong-type`
 */
export function updateKey(bytes: Uint8Array, options: UpdateKeyOptions = {}): Promise<UpdateKey> {
  return open(bytes, options, verifyingKey);
}

/**
 * As {@link updateKey}, but takes keys that are marked insecure too.
 *
 * **Security**: whoever knows the secrets of such a key proves anything, and opens commitments to other
 * values. Only for tests and for development. A key without contributions is refused here too.
 *
 * @param bytes - as for {@link updateKey}
 * @param options - as for {@link updateKey}
 * @throws CodecError as {@link updateKey}
 * @throws ProtocolError `bad-key` if nobody contributed to the key or to σ
 * @throws UsageError `wrong-type`
 */
export function insecureUpdateKeyForTestingOnly(
  bytes: Uint8Array,
  options: UpdateKeyOptions = {},
): Promise<UpdateKey> {
  return open(bytes, options, insecureVerifyingKeyForTestingOnly);
}

/**
 * The bases of commitments to updates under a key: points of the key, so that sums of commitments that
 * were proved open with `openSum`, and `commitVector` makes the commitment that `proveUpdate` proves.
 *
 * **Security**: not transparent: whoever knows the secrets of the key's setup opens a commitment to
 * other values. Say so wherever a sum is said to open.
 * **Cost**: 248 doublings, once.
 *
 * @param key - from {@link updateKey}
 * @throws UsageError `wrong-type` if the key is none
 */
export function updateBases(key: UpdateKey): Promise<CommitmentBases> {
  return basesOf(key, 'x', 'ic');
}

/** A copy of the bytes that a key was read from. */
export const updateKeyBytes = (key: UpdateKey): Uint8Array => insideOf(key).bytes.slice();

/** The inside of a key that one of the functions above gave. */
export function insideOf(key: UpdateKey): Inside {
  const inside = typeof key === 'object' && key !== null ? insides.get(key) : undefined;
  if (inside !== undefined) return inside;
  throw new UsageError(
    'wrong-type',
    'update key: got another object, expected what updateKey gave',
  );
}

/** Both bases of a group, made once. */
export async function groupBases(key: UpdateKey, group: 'x' | 'h'): Promise<GroupBases> {
  return { bases: await basesOf(key, group, 'ic'), images: await basesOf(key, group, 'images') };
}

function basesOf(
  key: UpdateKey,
  group: 'x' | 'h',
  kind: 'ic' | 'images',
): Promise<CommitmentBases> {
  const { made, points, curve } = insideOf(key);
  const name = `${group}/${kind}`;
  const known = made.get(name);
  if (known !== undefined) return known;
  const [blinding, ...values] = points[group][kind];
  const making = basesFromKey(values, blinding as Point, curve);
  made.set(name, making);
  return making;
}

/**
 * e(C', [1]_2) = e(C, [σ]_2): whoever made C knew its opening over the group's points.
 *
 * @param commitment - C, checked
 * @param image - C', checked
 */
export const knowledgeEquation = (
  { generator, sigma, groth16: { backend } }: Pick<Inside, 'generator' | 'sigma' | 'groth16'>,
  group: 'x' | 'h',
  commitment: G1Point,
  image: G1Point,
): Equation => ({
  terms: [
    { lines: generator, point: image, scalar: 1n },
    { lines: sigma[group], point: backend.negate(commitment), scalar: 1n },
  ],
});

async function open(
  given: Uint8Array,
  { backend = noblePairing, curve }: UpdateKeyOptions,
  openInner: typeof verifyingKey,
): Promise<UpdateKey> {
  assertBytes('update key', given);
  // What is checked, hashed and used is one copy: there is a pause between.
  const bytes = given.slice();
  const { values, contributions, images, ...parts } = readUpdateKey(bytes);
  // Refuses keys without contribution, and insecure ones where they are not wanted.
  const inner = openInner(parts.verifyingKey, backend);
  if (contributions.length === 0) {
    throw new ProtocolError('bad-key', 'update key: got σ = 1, expected at least one contribution');
  }
  const ends = endOfChains(parts.verifyingKey, contributions);
  if (haveSameX(ends.x, GENERATOR) || haveSameX(ends.h, GENERATOR) || haveSameX(ends.x, ends.h)) {
    throw new ProtocolError('bad-key', 'update key: got σ that are ±1 or ± each other');
  }
  const { ic } = readKey(parts.verifyingKey);
  const groups = groupsFor(values);
  const points: PerGroup<GroupPoints> = {
    x: groupPoints(ic, groups.x, images.x),
    h: groupPoints(ic, groups.h, images.h),
  };
  const inside: Inside = {
    bytes,
    groth16: preparedKey(inner),
    generator: backend.lines(accepted(readG2(backend, GENERATOR)) as G2Point),
    sigma: {
      x: backend.lines(accepted(readG2(backend, ends.x)) as G2Point),
      h: backend.lines(accepted(readG2(backend, ends.h)) as G2Point),
    },
    points,
    curve,
    made: new Map(),
  };
  await assertImages(inside);
  const key: UpdateKey = Object.freeze({
    values,
    hash: sha256(bytes),
    insecure: inner.insecure,
    contributions: contributions.length,
    backend: backend.name,
  });
  insides.set(key, inside);
  return key;
}

function groupPoints(
  ic: readonly Uint8Array[],
  { first, values }: Group,
  images: Uint8Array,
): GroupPoints {
  const read = (bytes: Uint8Array, i: number): Point =>
    decodePoint(`update key: point ${i}`, bytes);
  const image = (i: number): Uint8Array => images.subarray(i * G1_BYTES, (i + 1) * G1_BYTES);
  return {
    ic: ic.slice(first, first + values + 1).map(read),
    images: Array.from({ length: values + 1 }, (_, i) => read(image(i), i)),
  };
}

/** Every image is σ times its point: one random sum of all images against that of all points. */
async function assertImages(inside: Inside): Promise<void> {
  const { points, curve, groth16 } = inside;
  const { backend } = groth16;
  const engine = curve === undefined ? nobleEngine : wasmEngine(curve);
  const equations: Equation[] = [];
  for (const group of GROUPS) {
    const { ic, images } = points[group];
    const scalars = randomBytes(16 * ic.length);
    const sum = async (of: readonly Point[]): Promise<Point> =>
      engine.multiply(await engine.prepare(of), scalars, 16);
    const [left, right] = [await sum(images), await sum(ic)];
    equations.push(knowledgeEquation(inside, group, hidden(backend, right), hidden(backend, left)));
  }
  const claims = [{ index: 0, equations }];
  if (falseClaims(backend, claims).length > 0) {
    throw new CodecError('malformed', 'update key: got images that are not σ times their points');
  }
}

const hidden = (backend: PairingBackend, point: Point): G1Point =>
  accepted(readG1(backend, encodePoint(point))) as G1Point;

function accepted<T>(point: T | string): T {
  if (typeof point !== 'string') return point;
  throw new CodecError('malformed', `update key: got a ${point.replaceAll('-', ' ')}`);
}
