/**
 * Proving keys in snarkjs's file format, `.zkey`, with one section more: a mark that says that the
 * secrets of the setup are known. snarkjs reads past it; {@link keyFromProvingKey} does not.
 *
 * Numbers have their least significant byte first. Points are affine, their coordinates in Montgomery
 * form, as the WebAssembly curve holds them.
 */
import { CodecError } from '../../errors.ts';
import { concat, equalBytes, utf8 } from '../../internal/bytes.ts';
import { P, R, writeNumber } from '../groth16/field.ts';
import { MAX_PUBLICS, writeKey } from '../groth16/layout.ts';
import { scalars as F } from '../poseidon.ts';
import type { Rows } from './r1cs.ts';
import { littleEndian, readSections, sectionOf, writeSections } from './sections.ts';

/** The points of a proving key, in the curve's own form. */
export type ProvingPoints = {
  readonly alpha1: Uint8Array;
  readonly beta1: Uint8Array;
  readonly beta2: Uint8Array;
  readonly gamma2: Uint8Array;
  readonly delta1: Uint8Array;
  readonly delta2: Uint8Array;
  /** For the one and the public wires. */
  readonly ic: Uint8Array;
  /** For all wires. */
  readonly a: Uint8Array;
  readonly b1: Uint8Array;
  readonly b2: Uint8Array;
  /** For the private wires. */
  readonly c: Uint8Array;
  /** For the quotient: one for each row of the domain. */
  readonly h: Uint8Array;
};

const WHAT = 'zkey';
const VERSION = 1;

/** Section types of the format, and the mark's. */
const [PROTOCOL, HEADER, IC, COEFFICIENTS, A, B1, B2, C, H, CONTRIBUTIONS] = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
];
const MARK = 100;
const MARK_TEXT: Uint8Array = utf8(
  'insecure: the secrets of this setup are known; for testing only',
);

const GROTH16 = 1;
const COORDINATE = 32;
const G1 = 64;
const G2 = 128;
/** Sizes and primes, then α1 β1 β2 γ2 δ1 δ2. */
const HEADER_BYTES: number = 4 * 5 + 2 * COORDINATE + 3 * G1 + 3 * G2;
const MONTGOMERY: bigint = 2n ** 256n;

/**
 * Writes a proving key that carries the mark. There is no other writer: keys of a ceremony come from
 * the tools of the ceremony.
 *
 * @param circuit - whose rows go into the key
 * @param domain - rows of the domain: a power of two
 * @param points - of the setup
 */
export function writeInsecureProvingKey(
  circuit: Rows,
  domain: number,
  points: ProvingPoints,
): Uint8Array {
  const header = [
    u32(COORDINATE),
    le(P),
    u32(COORDINATE),
    le(R),
    ...[circuit.wires, circuit.publics, domain].map(u32),
    points.alpha1,
    points.beta1,
    points.beta2,
    points.gamma2,
    points.delta1,
    points.delta2,
  ];
  const sections = new Map<number, Uint8Array>([
    [PROTOCOL, u32(GROTH16)],
    [HEADER, concat(...header)],
    [MARK, MARK_TEXT],
    [IC, points.ic],
    [COEFFICIENTS, coefficients(circuit)],
    [A, points.a],
    [B1, points.b1],
    [B2, points.b2],
    [C, points.c],
    [H, points.h],
    // A hash of the circuit, which only a ceremony needs, and no contributions.
    [CONTRIBUTIONS, new Uint8Array(64 + 4)],
  ]);
  return writeSections(WHAT, VERSION, sections);
}

/**
 * Whether a proving key says of itself that its secrets are known: it has the mark, or nobody
 * contributed to its second phase.
 *
 * @param zkey - the bytes of the file
 * @throws CodecError as `readSections`
 * @throws UsageError `wrong-type`
 */
export function isInsecureProvingKey(zkey: Uint8Array): boolean {
  const sections = readSections(WHAT, VERSION, zkey);
  const mark = sections.get(MARK);
  if (mark !== undefined && equalBytes(mark, MARK_TEXT)) return true;
  const contributions = sections.get(CONTRIBUTIONS);
  // A hash, then how many.
  return contributions === undefined || contributions.length < 68 || u32At(contributions, 64) === 0;
}

/**
 * The bytes of the verifying key that belongs to a proving key. The mark goes over.
 *
 * @param zkey - the bytes of the file
 * @returns what `verifyingKey` reads: `insecure` if {@link isInsecureProvingKey}, else of a `ceremony`
 * @throws CodecError as `readSections`
 * @throws UsageError `wrong-type`
 *
 * **Security**: that a ceremony took place is what the file says. Check it against the circuit and the
 * powers of tau with snarkjs's `zKey.verifyFromR1cs`.
 */
export function keyFromProvingKey(zkey: Uint8Array): Uint8Array {
  const sections = readSections(WHAT, VERSION, zkey);
  const protocol = sectionOf(WHAT, sections, PROTOCOL);
  const header = sectionOf(WHAT, sections, HEADER);
  if (protocol.length !== 4 || u32At(protocol, 0) !== GROTH16 || header.length !== HEADER_BYTES) {
    throw new CodecError('malformed', 'proving key: got another system, expected Groth16 on BN254');
  }
  const publics = u32At(header, 4 * 3 + 2 * COORDINATE);
  if (publics > MAX_PUBLICS) {
    throw new CodecError(
      'too-large',
      `proving key: got ${publics} public inputs, expected at most ${MAX_PUBLICS}`,
    );
  }
  const ic = sectionOf(WHAT, sections, IC);
  if (ic.length !== G1 * (publics + 1)) {
    throw new CodecError('malformed', `proving key: got ${ic.length} bytes of IC points`);
  }
  let at = HEADER_BYTES - 3 * G1 - 3 * G2;
  const take = (length: number): Uint8Array => {
    at += length;
    return plainPoint(header.subarray(at - length, at));
  };
  const alpha = take(G1);
  take(G1);
  const [beta, gamma] = [take(G2), take(G2)];
  take(G1);
  const delta = take(G2);
  return writeKey({
    setup: isInsecureProvingKey(zkey) ? 'insecure' : 'ceremony',
    alpha,
    beta,
    gamma,
    delta,
    ic: Array.from({ length: publics + 1 }, (_, i) =>
      plainPoint(ic.subarray(G1 * i, G1 * (i + 1))),
    ),
  });
}

/** Terms of a and b of every row, as the prover wants them: times R² for its two Montgomery steps. */
function coefficients({ rows, publics }: Rows): Uint8Array {
  const entry = 12 + COORDINATE;
  const count = rows.reduce((sum, { a, b }) => sum + a.length + b.length, publics + 1);
  const out = new Uint8Array(4 + count * entry);
  const view = new DataView(out.buffer);
  view.setUint32(0, count, true);
  const twice = F.create(MONTGOMERY * MONTGOMERY);
  // Nearly all coefficients are among few.
  const known = new Map<bigint, Uint8Array>();
  let at = 4;
  const put = (matrix: number, row: number, wire: number, coefficient: bigint): void => {
    let bytes = known.get(coefficient);
    if (bytes === undefined) {
      bytes = le(F.mul(coefficient, twice));
      known.set(coefficient, bytes);
    }
    view.setUint32(at, matrix, true);
    view.setUint32(at + 4, row, true);
    view.setUint32(at + 8, wire, true);
    out.set(bytes, at + 12);
    at += entry;
  };
  for (const [i, { a, b }] of rows.entries()) {
    for (const [wire, coefficient] of a) put(0, i, wire, coefficient);
    for (const [wire, coefficient] of b) put(1, i, wire, coefficient);
  }
  for (let wire = 0; wire <= publics; wire++) put(0, rows.length + wire, wire, 1n);
  return out;
}

/** A point as our own formats have it: no Montgomery form, most significant byte and part first. */
function plainPoint(point: Uint8Array): Uint8Array {
  const out = new Uint8Array(point.length);
  const isG2 = point.length === G2;
  for (let at = 0; at < point.length; at += COORDINATE) {
    let value = 0n;
    for (let i = COORDINATE - 1; i >= 0; i--)
      value = (value << 8n) | BigInt(point[at + i] as number);
    // On the twist the imaginary part comes first.
    writeNumber(out, isG2 ? at ^ COORDINATE : at, (value * MONTGOMERY_INVERSE) % P);
  }
  return out;
}

/** 2^−256 mod p: p is odd, so it is a power of (p + 1)/2, the half. */
const MONTGOMERY_INVERSE: bigint = (() => {
  let power = (P + 1n) / 2n;
  for (let i = 0; i < 8; i++) power = (power * power) % P;
  return power;
})();

const u32 = (value: number): Uint8Array => littleEndian(value, 4);

const le = (value: bigint): Uint8Array => littleEndian(value, COORDINATE);

const u32At = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
