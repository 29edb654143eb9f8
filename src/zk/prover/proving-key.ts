/**
 * Reads proving keys for the prover: views into a `.zkey` file, whose sizes are checked before anything
 * is computed. Points are left in the curve's own form, which is the file's.
 */
import { CodecError } from '../../errors.ts';
import { equalBytes } from '../../internal/bytes.ts';
import { P, R } from '../groth16/field.ts';
import { littleEndian, readSections, sectionOf } from '../setup/sections.ts';

/** What a proof is computed from, section by section. */
export type ProvingKey = {
  /** Wires, the constant one among them. */
  readonly wires: number;
  readonly publics: number;
  /** Rows are filled up to this power of two. */
  readonly domain: number;
  readonly alpha1: Uint8Array;
  readonly beta1: Uint8Array;
  readonly beta2: Uint8Array;
  readonly delta1: Uint8Array;
  readonly delta2: Uint8Array;
  /** Of the matrices A and B: 44 bytes for each term. */
  readonly terms: Uint8Array;
  readonly termCount: number;
  /** Σ w_i·(one of these) is a part of the proof: for all wires. */
  readonly a: Uint8Array;
  readonly b1: Uint8Array;
  readonly b2: Uint8Array;
  /** For the wires that are not public. */
  readonly c: Uint8Array;
  /** For the quotient's values. */
  readonly h: Uint8Array;
};

const WHAT = 'zkey';
const VERSION = 1;
const GROTH16 = 1;
const [PROTOCOL, HEADER, TERMS, A, B1, B2, C, H] = [1, 2, 4, 5, 6, 7, 8, 9] as const;
const [G1, G2] = [64, 128] as const;
const FIELD = 32;
const TERM_BYTES: number = 12 + FIELD;
/** Sizes and primes, three counts, six points. */
const HEADER_BYTES: number = 2 * (4 + FIELD) + 3 * 4 + 3 * G1 + 3 * G2;
/** Twice the domain must have a root of unity of its own, and r − 1 has 28 factors of two. */
const MAX_POWER = 27;

/**
 * Reads a key.
 *
 * @param zkey - the file; it is not copied, so it must not change
 * @throws CodecError `malformed`, and as `readSections`
 * @throws UsageError `wrong-type`
 */
export function readProvingKey(zkey: Uint8Array): ProvingKey {
  const sections = readSections(WHAT, VERSION, zkey);
  const protocol = sectionOf(WHAT, sections, PROTOCOL);
  const header = sectionOf(WHAT, sections, HEADER);
  if (
    protocol.length !== 4 ||
    u32At(protocol, 0) !== GROTH16 ||
    header.length !== HEADER_BYTES ||
    !isPrime(header, 0, P) ||
    !isPrime(header, 4 + FIELD, R)
  ) {
    throw malformed('another system', 'Groth16 on BN254');
  }
  let at = 2 * (4 + FIELD);
  const count = (): number => {
    at += 4;
    return u32At(header, at - 4);
  };
  const [wires, publics, domain] = [count(), count(), count()];
  if (publics >= wires || domain > 2 ** MAX_POWER || (domain & (domain - 1)) !== 0 || domain < 2) {
    throw malformed(
      `${wires} wires, ${publics} of them public, and ${domain} rows`,
      `fewer public ones than wires, and a power of two up to 2^${MAX_POWER}`,
    );
  }
  const point = (length: number): Uint8Array => {
    at += length;
    return header.subarray(at - length, at);
  };
  const [alpha1, beta1, beta2, , delta1, delta2] = [
    point(G1),
    point(G1),
    point(G2),
    point(G2), // γ is for the verifier.
    point(G1),
    point(G2),
  ];
  const points = (type: number, size: number, many: number): Uint8Array => {
    const section = sectionOf(WHAT, sections, type);
    if (section.length === size * many) return section;
    throw malformed(`${section.length} bytes in section ${type}`, `${size * many}`);
  };
  const listed = sectionOf(WHAT, sections, TERMS);
  const termCount = listed.length < 4 ? 0 : u32At(listed, 0);
  if (listed.length !== 4 + termCount * TERM_BYTES) {
    throw malformed(`${listed.length} bytes of terms`, `4 and ${TERM_BYTES} for each of them`);
  }
  return {
    wires,
    publics,
    domain,
    alpha1,
    beta1,
    beta2,
    delta1,
    delta2,
    terms: listed.subarray(4),
    termCount,
    a: points(A, G1, wires),
    b1: points(B1, G1, wires),
    b2: points(B2, G2, wires),
    c: points(C, G1, wires - publics - 1),
    h: points(H, G1, domain),
  };
}

const isPrime = (header: Uint8Array, at: number, prime: bigint): boolean =>
  u32At(header, at) === FIELD &&
  equalBytes(header.subarray(at + 4, at + 4 + FIELD), littleEndian(prime, FIELD));

const u32At = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);

const malformed = (got: string, expected: string): CodecError =>
  new CodecError('malformed', `proving key: got ${got}, expected ${expected}`);
