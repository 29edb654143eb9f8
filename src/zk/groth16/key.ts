/**
 * Verifying keys, ready for use. A key is refused unless every point is on its curve and in its group,
 * and unless somebody contributed to its setup; one that is marked insecure is refused by the function
 * that most callers use.
 */
import { CodecError, ProtocolError, UsageError } from '../../errors.ts';
import { sha256 } from '../../internal/sha256.ts';
import type { G1Point, G2Point, Lines, Miller, PairingBackend } from './backend.ts';
import { type KeyParts, readKey } from './layout.ts';
import { noblePairing } from './noble-backend.ts';
import { G1_BYTES, type PointFault, readG1, readG2 } from './points.ts';

/** A key that was checked and prepared. Its points are not reachable through the object. */
export type VerifyingKey = {
  /** How many public inputs a statement has. */
  readonly publics: number;
  /** SHA-256 of the key's bytes: what a verifier pins. */
  readonly hash: Uint8Array;
  /** Whether the key says of itself that its secrets may be known. */
  readonly insecure: boolean;
  /** What computes: the same verdicts, at another speed. */
  readonly backend: 'noble' | 'wasm';
};

/** What verification needs of a key. */
export type PreparedKey = {
  readonly backend: PairingBackend;
  readonly alpha: G1Point;
  readonly betaLines: Lines;
  readonly gammaLines: Lines;
  readonly deltaLines: Lines;
  readonly ic: readonly G1Point[];
  /** The Miller loop of (α, β). */
  readonly alphaBeta: Miller;
};

const prepared = new WeakMap<VerifyingKey, PreparedKey>();

/**
 * Reads, checks and prepares a verifying key.
 *
 * **Security**: a key is as good as its setup: if all who contributed kept their secrets and joined
 * them, they prove anything. What can be seen in a key is checked: δ = ±γ means that nobody
 * contributed, and then everybody can. What cannot is for the caller to pin, by `hash`. The mark
 * `insecure` is part of the bytes and of the hash.
 * **Source**: Groth, "On the size of pairing-based non-interactive arguments" (eprint 2016/260).
 * **Cost**: three subgroup checks, the lines of three points, a Miller loop, and a curve equation for
 * each public input. The key keeps its points: make it once.
 *
 * @param bytes - as `keyFromSnarkjs` writes them; copied
 * @param backend - `noblePairing` unless the WebAssembly curve is at hand (`wasmPairing`)
 * @throws CodecError `truncated`, `trailing-bytes`, `unknown-version`, `too-large`, `non-canonical`
 *   (a coordinate of p or more), `malformed` (infinity; a point off its curve or outside G2)
 * @throws ProtocolError `bad-key` if δ = ±γ, or the key is marked insecure
 * @throws UsageError `wrong-type`
 */
export function verifyingKey(
  bytes: Uint8Array,
  backend: PairingBackend = noblePairing,
): VerifyingKey {
  return open(bytes, backend, false);
}

/**
 * As {@link verifyingKey}, but takes keys that are marked insecure too.
 *
 * **Security**: whoever knows the secrets of such a key proves anything. Only for tests and for
 * development. A key without contributions is refused here too.
 *
 * @param bytes - as for {@link verifyingKey}
 * @param backend - as for {@link verifyingKey}
 * @throws CodecError as {@link verifyingKey}
 * @throws ProtocolError `bad-key` if δ = ±γ
 * @throws UsageError `wrong-type`
 */
export function insecureVerifyingKeyForTestingOnly(
  bytes: Uint8Array,
  backend: PairingBackend = noblePairing,
): VerifyingKey {
  return open(bytes, backend, true);
}

/** The inside of a key that one of the functions above gave. */
export function preparedKey(key: VerifyingKey): PreparedKey {
  const inside = prepared.get(key);
  if (inside !== undefined) return inside;
  throw new UsageError(
    'wrong-type',
    'verifying key: got another object, expected what verifyingKey gave',
  );
}

function open(bytes: Uint8Array, backend: PairingBackend, allowInsecure: boolean): VerifyingKey {
  const parts = readKey(bytes);
  const insecure = parts.setup === 'insecure';
  if (insecure && !allowInsecure) {
    throw new ProtocolError(
      'bad-key',
      'verifying key: got one marked insecure, expected one from a ceremony',
    );
  }
  if (hasNoContribution(parts)) {
    throw new ProtocolError(
      'bad-key',
      'verifying key: got δ = ±γ, which means no contribution; expected at least one',
    );
  }
  const g1 = (name: string, bytes: Uint8Array): G1Point => accepted(name, readG1(backend, bytes));
  const g2 = (name: string, bytes: Uint8Array): G2Point => accepted(name, readG2(backend, bytes));
  const alpha = g1('α', parts.alpha);
  const betaLines = backend.lines(g2('β', parts.beta));
  const gammaLines = backend.lines(g2('γ', parts.gamma));
  const deltaLines = backend.lines(g2('δ', parts.delta));
  const ic = parts.ic.map((point, i) => g1(`IC ${i}`, point));
  const alphaBeta = backend.miller([[alpha, betaLines]]);
  const key: VerifyingKey = Object.freeze({
    publics: ic.length - 1,
    hash: sha256(bytes),
    insecure,
    backend: backend.name,
  });
  prepared.set(key, { backend, alpha, betaLines, gammaLines, deltaLines, ic, alphaBeta });
  return key;
}

/** δ and γ have the same x: then (α, β, ∓vk_x) is a proof of every statement. */
function hasNoContribution({ gamma, delta }: KeyParts): boolean {
  // On the twist, x has as many bytes as a point of G1.
  for (let i = 0; i < G1_BYTES; i++) if (gamma[i] !== delta[i]) return false;
  return true;
}

function accepted<Point>(name: string, point: Point | PointFault): Point {
  if (typeof point !== 'string') return point;
  throw new CodecError(
    'malformed',
    `verifying key: ${name}: got a ${point.replaceAll('-', ' ')}, expected one of the group`,
  );
}
