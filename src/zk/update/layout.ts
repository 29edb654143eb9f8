/**
 * The binary forms of update keys and of proofs of updates. One value has one encoding, and lengths
 * follow from the head or from what the reader knows.
 *
 *     key    version 1 | kind 1 (3) | contributions 2 | d 4 | verifying key of 2·d + 261 publics
 *            | σ_X·IC of group X 64·(d + 1) | σ_H·IC of group H 64·(d + 257)
 *            | contributions × (σ_X 128 | knowledge 64 | σ_H 128 | knowledge 64)
 *     proof  version 1 | kind 1 (4) | C'_X 64 | C_H 64 | C'_H 64 | Groth16 proof 258
 *
 * Points and numbers are as in `../groth16/layout.ts`. C_X is not in a proof: it is the commitment, which
 * travels by itself. **Bytes only**: no point is looked at here.
 */
import { CodecError } from '../../errors.ts';
import { assertBytes } from '../../internal/assert.ts';
import { concat, u32 } from '../../internal/bytes.ts';
import { KEY_FIXED, MAX_PUBLICS, PROOF_BYTES } from '../groth16/layout.ts';
import { G1_BYTES, G2_BYTES } from '../groth16/points.ts';

/** The version of both formats. */
export const UPDATE_VERSION = 1;

/** Bytes of a proof of one chunk. */
export const UPDATE_PROOF_BYTES: number = 2 + 3 * G1_BYTES + PROOF_BYTES;

/** Public signals that verifiers know: context, bound and challenge. */
export const KNOWN = 3;

/** Entries of the table of bytes. */
export const TABLE = 256;

/** The most values in a chunk: their two groups are all publics that a key may have. */
export const MAX_CHUNK: number = (MAX_PUBLICS - KNOWN - 2 - TABLE) >> 1;

/** Far more parties than anyone gathers. */
const MAX_CONTRIBUTIONS = 256;

/** The hidden groups: the chunk itself, and what helps to show its range. */
export const GROUPS = ['x', 'h'] as const;
export type GroupName = (typeof GROUPS)[number];

/** One thing for each group. */
export type PerGroup<T> = Readonly<Record<GroupName, T>>;

/** A public signal's place: IC of the blinding term, and how many points follow it. */
export type Group = { readonly first: number; readonly values: number };

/** Where the groups are among the public signals of a key for chunks of `d` values. */
export const groupsFor = (d: number): PerGroup<Group> => ({
  x: { first: 1 + KNOWN, values: d },
  h: { first: 2 + KNOWN + d, values: d + TABLE },
});

/** How many public signals such a key has. */
export const publicsFor = (d: number): number => KNOWN + 2 + 2 * d + TABLE;

/** One step of σ in one group: the new [σ]_2, and that its maker knew the factor. */
export type Step = {
  readonly sigma: Uint8Array;
  /** Challenge and response, 32 bytes each. */
  readonly knowledge: Uint8Array;
};

/** The parts of a key. */
export type UpdateKeyParts = {
  /** d. */
  readonly values: number;
  readonly verifyingKey: Uint8Array;
  /** σ·IC of the blinding term and of each value, 64 bytes each. */
  readonly images: PerGroup<Uint8Array>;
  readonly contributions: readonly PerGroup<Step>[];
};

/** The parts of a proof. */
export type UpdateProofParts = {
  readonly imageX: Uint8Array;
  readonly commitmentH: Uint8Array;
  readonly imageH: Uint8Array;
  readonly proof: Uint8Array;
};

const KEY = 'update key';
const [KIND_KEY, KIND_PROOF] = [3, 4];
const HEAD = 8;
const STEP_BYTES: number = G2_BYTES + 64;

/** Writes a key from its parts, whose lengths the caller has seen to. */
export function writeUpdateKey(parts: UpdateKeyParts): Uint8Array {
  const { values, verifyingKey, images, contributions } = parts;
  const count = contributions.length;
  return concat(
    Uint8Array.of(UPDATE_VERSION, KIND_KEY, count >> 8, count),
    u32(values),
    verifyingKey,
    images.x,
    images.h,
    ...contributions.flatMap(({ x, h }) => [x.sigma, x.knowledge, h.sigma, h.knowledge]),
  );
}

/**
 * Reads a key: views into `bytes`.
 *
 * @throws CodecError `truncated`, `trailing-bytes`, `unknown-version`, `too-large`, `malformed`
 * @throws UsageError `wrong-type`
 */
export function readUpdateKey(bytes: Uint8Array): UpdateKeyParts {
  assertBytes(KEY, bytes);
  if (bytes.length < HEAD) {
    throw new CodecError('truncated', `${KEY}: got ${bytes.length} bytes, expected more`);
  }
  if (bytes[0] !== UPDATE_VERSION) {
    throw new CodecError(
      'unknown-version',
      `${KEY}: got version ${bytes[0]}, expected ${UPDATE_VERSION}`,
    );
  }
  if (bytes[1] !== KIND_KEY) {
    throw new CodecError('malformed', `${KEY}: got kind ${bytes[1]}, expected ${KIND_KEY}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const count = view.getUint16(2);
  const values = view.getUint32(4);
  assertSizes(values, count);
  const groups = groupsFor(values);
  const keyBytes = KEY_FIXED + G1_BYTES * (publicsFor(values) + 1);
  const imageBytes = ({ values: n }: Group): number => G1_BYTES * (n + 1);
  const length =
    HEAD + keyBytes + imageBytes(groups.x) + imageBytes(groups.h) + 2 * count * STEP_BYTES;
  if (bytes.length !== length) {
    const code = bytes.length < length ? 'truncated' : 'trailing-bytes';
    throw new CodecError(code, `${KEY}: got ${bytes.length} bytes, expected ${length}`);
  }
  let at = HEAD;
  const take = (size: number): Uint8Array => {
    at += size;
    return bytes.subarray(at - size, at);
  };
  const step = (): Step => ({ sigma: take(G2_BYTES), knowledge: take(64) });
  return {
    values,
    verifyingKey: take(keyBytes),
    images: { x: take(imageBytes(groups.x)), h: take(imageBytes(groups.h)) },
    contributions: Array.from({ length: count }, () => ({ x: step(), h: step() })),
  };
}

/** @throws CodecError `malformed`, `too-large` */
export function assertSizes(values: number, contributions: number): void {
  if (values === 0) throw new CodecError('malformed', `${KEY}: got 0 values, expected some`);
  if (values > MAX_CHUNK) {
    throw new CodecError(
      'too-large',
      `${KEY}: got ${values} values, expected at most ${MAX_CHUNK}`,
    );
  }
  if (contributions > MAX_CONTRIBUTIONS) {
    throw new CodecError(
      'too-large',
      `${KEY}: got ${contributions} contributions, expected at most ${MAX_CONTRIBUTIONS}`,
    );
  }
}

/** Writes the proof of a chunk. */
export const writeUpdateProof = (parts: UpdateProofParts): Uint8Array =>
  concat(
    Uint8Array.of(UPDATE_VERSION, KIND_PROOF),
    parts.imageX,
    parts.commitmentH,
    parts.imageH,
    parts.proof,
  );

/** The parts of a proof of 452 bytes as views, not looked at; `undefined` if this is none. */
export function splitUpdateProof(bytes: Uint8Array): UpdateProofParts | undefined {
  if (bytes[0] !== UPDATE_VERSION || bytes[1] !== KIND_PROOF) return undefined;
  const point = (i: number): Uint8Array => bytes.subarray(2 + i * G1_BYTES, 2 + (i + 1) * G1_BYTES);
  return {
    imageX: point(0),
    commitmentH: point(1),
    imageH: point(2),
    proof: bytes.subarray(2 + 3 * G1_BYTES),
  };
}
