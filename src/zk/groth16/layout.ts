/**
 * The binary form of verifying keys and proofs. One value has one encoding, and the length is known
 * from the head, so nothing is allocated on a stranger's word.
 *
 *     key    version 1 | kind 1 (1) | setup 1 | publics 4 | α 64 | β 128 | γ 128 | δ 128 | IC 64·(publics + 1)
 *     proof  version 1 | kind 1 (2) | A 64 | B 128 | C 64
 *
 * Numbers are most significant byte first. A point is its two coordinates; on the twist, each has its
 * imaginary part first, as a contract on Ethereum takes it (EIP-196, EIP-197). No flags, no
 * compression, and no infinity: an honest key or proof has it nowhere but by a chance of 2^−254.
 *
 * **The curve is not looked at here**, only bytes: `points.ts` does that.
 */
import { CodecError } from '../../errors.ts';
import { assertBytes } from '../../internal/assert.ts';
import { encodingFault, G1_BYTES, G2_BYTES } from './points.ts';

/** The version of both formats. */
export const GROTH16_VERSION = 1;

/** The most public inputs that a key may have: 4 MB of points. */
export const MAX_PUBLICS = 65_536;

/** Bytes of a proof. */
export const PROOF_BYTES = 258;

/**
 * Where a key comes from, as its maker says: a `ceremony` in which somebody threw the secrets away, or
 * an `insecure` setup whose secrets may be known. Who knows them proves anything.
 */
export type KeySetup = 'ceremony' | 'insecure';

/** The points of a key, each as its bytes. */
export type KeyParts = {
  readonly setup: KeySetup;
  readonly alpha: Uint8Array;
  readonly beta: Uint8Array;
  readonly gamma: Uint8Array;
  readonly delta: Uint8Array;
  /** One more than there are public inputs. */
  readonly ic: readonly Uint8Array[];
};

/** The points of a proof, each as its bytes. */
export type ProofParts = {
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  readonly c: Uint8Array;
};

const KEY = 'verifying key';
const KIND_KEY = 1;
const KIND_PROOF = 2;
const KEY_HEAD = 7;
/** Bytes of a key without its IC points. */
export const KEY_FIXED: number = KEY_HEAD + G1_BYTES + 3 * G2_BYTES;
const SETUPS: readonly KeySetup[] = ['ceremony', 'insecure'];

/** Writes a key from its parts, whose lengths the caller has seen to. */
export function writeKey(parts: KeyParts): Uint8Array {
  const publics = parts.ic.length - 1;
  const out = new Uint8Array(KEY_FIXED + G1_BYTES * parts.ic.length);
  out.set([GROTH16_VERSION, KIND_KEY, SETUPS.indexOf(parts.setup)]);
  new DataView(out.buffer).setUint32(3, publics);
  let at = KEY_HEAD;
  for (const point of [parts.alpha, parts.beta, parts.gamma, parts.delta, ...parts.ic]) {
    out.set(point, at);
    at += point.length;
  }
  return out;
}

/**
 * Reads a key: views into `bytes`.
 *
 * @throws CodecError `truncated`, `trailing-bytes`, `unknown-version`, `too-large`, `non-canonical`,
 *   `malformed`
 * @throws UsageError `wrong-type`
 */
export function readKey(bytes: Uint8Array): KeyParts {
  assertBytes(KEY, bytes);
  assertHead(bytes);
  const setup = SETUPS[bytes[2] as number];
  if (setup === undefined) {
    throw new CodecError('malformed', `${KEY}: got setup ${bytes[2]}, expected 0 or 1`);
  }
  const publics = new DataView(bytes.buffer, bytes.byteOffset).getUint32(3);
  if (publics > MAX_PUBLICS) {
    throw new CodecError(
      'too-large',
      `${KEY}: got ${publics} public inputs, expected at most ${MAX_PUBLICS}`,
    );
  }
  assertExactly(bytes, KEY_FIXED + G1_BYTES * (publics + 1));
  const take = taker(bytes, KEY_HEAD);
  return {
    setup,
    alpha: take('α', G1_BYTES),
    beta: take('β', G2_BYTES),
    gamma: take('γ', G2_BYTES),
    delta: take('δ', G2_BYTES),
    ic: Array.from({ length: publics + 1 }, (_, i) => take(`IC ${i}`, G1_BYTES)),
  };
}

/** Writes a proof from its parts. */
export function writeProof({ a, b, c }: ProofParts): Uint8Array {
  const out = new Uint8Array(PROOF_BYTES);
  out.set([GROTH16_VERSION, KIND_PROOF]);
  out.set(a, 2);
  out.set(b, 2 + G1_BYTES);
  out.set(c, 2 + G1_BYTES + G2_BYTES);
  return out;
}

/**
 * The points of a proof, not looked at; `undefined` if these are no proof. They are copies: memory may
 * be shared with another thread, and what is checked must be what is used.
 */
export function splitProof(bytes: unknown): ProofParts | undefined {
  // A view in truth: `instanceof` alone believes an object with the right prototype.
  if (!ArrayBuffer.isView(bytes) || !(bytes instanceof Uint8Array)) return undefined;
  if (bytes.length !== PROOF_BYTES) return undefined;
  const own = new Uint8Array(bytes);
  if (own[0] !== GROTH16_VERSION || own[1] !== KIND_PROOF) return undefined;
  const c = 2 + G1_BYTES + G2_BYTES;
  return {
    a: own.subarray(2, 2 + G1_BYTES),
    b: own.subarray(2 + G1_BYTES, c),
    c: own.subarray(c),
  };
}

function assertHead(bytes: Uint8Array): void {
  if (bytes.length < KEY_HEAD) {
    throw new CodecError('truncated', `${KEY}: got ${bytes.length} bytes, expected more`);
  }
  if (bytes[0] !== GROTH16_VERSION) {
    throw new CodecError(
      'unknown-version',
      `${KEY}: got version ${bytes[0]}, expected ${GROTH16_VERSION}`,
    );
  }
  if (bytes[1] !== KIND_KEY) {
    throw new CodecError('malformed', `${KEY}: got kind ${bytes[1]}, expected ${KIND_KEY}`);
  }
}

function assertExactly(bytes: Uint8Array, length: number): void {
  if (bytes.length === length) return;
  const code = bytes.length < length ? 'truncated' : 'trailing-bytes';
  throw new CodecError(code, `${KEY}: got ${bytes.length} bytes, expected ${length}`);
}

/** Hands out one point after the other. */
function taker(bytes: Uint8Array, from: number): (name: string, length: number) => Uint8Array {
  let at = from;
  return (name, length) => {
    const point = bytes.subarray(at, at + length);
    at += length;
    const fault = encodingFault(point);
    if (fault === undefined) return point;
    const code = fault === 'point-not-canonical' ? 'non-canonical' : 'malformed';
    const got = fault === 'point-not-canonical' ? 'a coordinate of p or more' : 'infinity';
    throw new CodecError(code, `${KEY}: ${name}: got ${got}, expected a point in canonical form`);
  };
}
