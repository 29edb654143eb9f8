/**
 * The wire form of ciphertexts, public keys and shares. SEAL's own reader is not safe on foreign
 * bytes; this one is total: one length for each parameter set and kind, every byte of the head
 * checked, every coefficient below its prime, one form for each value.
 *
 *     version 1 | kind 1 | parameter set 2 | round id 32 | index 4 | coefficients
 *
 * Numbers of the head are most significant byte first. Coefficients are least significant byte
 * first, each with as few bytes as its prime; polynomial after polynomial, prime after prime.
 */
import { CodecError, UsageError } from '../errors.ts';
import { assertBytes, assertInteger, assertLength } from '../internal/assert.ts';
import { equalBytes } from '../internal/bytes.ts';
import {
  checkResidues,
  type Found,
  narrowResidues,
  type WirePrime,
  widenResidues,
} from '../kernel/index.ts';
import { type Polynomials, polynomials } from './blob.ts';
import { dataPrimes, type ParameterSet, parameterSets } from './parameters.ts';

/**
 * What can be on the wire: a `ciphertext` (c0 and c1), or its halves by themselves: the first, in which
 * the message is hidden (`body`), and the second, which is all that a decryptor needs (`mask`); a
 * `public-key` (b and a), a committee member's part of it (`key-share`, b alone) and of a decryption
 * (`decryption-share`), and what one member deals to another (`dealt-share`).
 */
export type LatticeKind = keyof typeof KINDS;

/** Numbers on the wire, polynomials, and whether they have the special prime too. */
const KINDS = {
  ciphertext: { id: 1, size: 2, key: false },
  mask: { id: 2, size: 1, key: false },
  'public-key': { id: 3, size: 2, key: true },
  'key-share': { id: 4, size: 1, key: true },
  'decryption-share': { id: 5, size: 1, key: false },
  body: { id: 6, size: 1, key: false },
  'dealt-share': { id: 7, size: 1, key: false },
} as const;

/** What a message must be to be read. */
export type LatticeExpectation = {
  readonly kind: LatticeKind;
  readonly set: ParameterSet;
  /** 32 bytes that name the round: whatever both sides agreed on. */
  readonly roundId: Uint8Array;
  /** The place of this object in its vector of objects, 0 to 2^32 − 1. */
  readonly index: number;
};

/** The version of this format. */
export const LATTICE_VERSION = 1;

const HEAD = 40;

/** One polynomial modulo one prime: where it lies on the wire, in bytes, and in memory, in 32-bit words. */
export type LatticeRow = {
  readonly polynomial: number;
  readonly prime: WirePrime;
  readonly at: number;
  readonly end: number;
  readonly wordsAt: number;
  readonly wordsEnd: number;
};

/** What all objects of a kind have in common: their length on the wire, and their rows in order. */
export type LatticeShape = {
  readonly kind: LatticeKind;
  readonly length: number;
  readonly coefficients: number;
  readonly rows: readonly LatticeRow[];
};

/** A prime as kernels need it. */
const wirePrime = (prime: bigint): WirePrime =>
  Object.freeze({
    width: Math.ceil((prime - 1n).toString(2).length / 8),
    high: Number(prime >> 32n),
    low: Number(prime & 0xffff_ffffn),
  });

/** By set and kind; sets are known by identity. */
const shapes: ReadonlyMap<ParameterSet, Readonly<Record<LatticeKind, LatticeShape>>> = new Map(
  parameterSets.map((set) => {
    const kinds = Object.keys(KINDS) as LatticeKind[];
    const ofSet = Object.fromEntries(kinds.map((kind) => [kind, shapeFor(set, kind)]));
    return [set, ofSet as Record<LatticeKind, LatticeShape>];
  }),
);

function shapeFor(set: ParameterSet, kind: LatticeKind): LatticeShape {
  const { size, key } = KINDS[kind];
  const primes = (key ? set.primes : dataPrimes(set)).map(wirePrime);
  const rows: LatticeRow[] = [];
  let at = HEAD;
  let wordsAt = 0;
  for (let polynomial = 0; polynomial < size; polynomial++) {
    for (const prime of primes) {
      const end = at + set.degree * prime.width;
      const wordsEnd = wordsAt + 2 * set.degree;
      rows.push(Object.freeze({ polynomial, prime, at, end, wordsAt, wordsEnd }));
      at = end;
      wordsAt = wordsEnd;
    }
  }
  return Object.freeze({ kind, length: at, coefficients: wordsAt / 2, rows: Object.freeze(rows) });
}

/**
 * Bytes of every object of this kind.
 *
 * @param set from `parameterSet`
 * @param kind one of {@link LatticeKind}
 * @throws UsageError `wrong-type`
 */
export const encodedLatticeLength = (set: ParameterSet, kind: LatticeKind): number =>
  latticeShape(set, kind).length;

/** Coefficients of an object of this kind, all its primes and polynomials together. */
export const coefficientsOf = (set: ParameterSet, kind: LatticeKind): number =>
  latticeShape(set, kind).coefficients;

/**
 * Writes an object for the wire.
 *
 * @param head what it is; `roundId` 32 bytes, `index` 0 to 2^32 − 1
 * @param words of eight bytes, as SEAL has them, each below its prime
 * @returns fresh bytes, `encodedLatticeLength` of them
 * @throws UsageError `wrong-length`, `wrong-type`, `out-of-range`
 */
export function encodeLattice(head: LatticeExpectation, words: Uint8Array): Uint8Array {
  const { length, coefficients, rows } = latticeShape(head.set, head.kind);
  assertBytes('encodeLattice: words', words, 8 * coefficients);
  const out = new Uint8Array(length);
  out.set(latticeHead(head));
  for (const { prime, at, end, wordsAt, wordsEnd } of rows) {
    narrowResidues(out.subarray(at, end), words.subarray(4 * wordsAt, 4 * wordsEnd), prime.width);
  }
  return out;
}

/**
 * Reads an object from the wire, or says what is wrong with it. Nothing of it reaches SEAL before all
 * of it was checked.
 *
 * @param expected what it must be, in every field
 * @param bytes from anyone
 * @param into of `coefficientsOf` coefficients, to be overwritten, for callers that read many;
 *   its content is unspecified after an error
 * @returns the coefficients: `into`, or fresh memory
 * @throws CodecError `truncated`, `trailing-bytes`, `unknown-version`, `wrong-phase` (another kind),
 *   `wrong-round`, `non-canonical` (a coefficient not below its prime), `malformed` (another parameter
 *   set or index; all coefficients of a polynomial zero modulo a prime)
 * @throws UsageError `wrong-length`, `wrong-type`, `out-of-range` for the caller's own arguments
 *
 * **Security**: says where a message belongs, not who wrote it: signatures come before.
 * **Cost**: one pass; length and head are checked before anything is allocated.
 */
export function decodeLattice(
  expected: LatticeExpectation,
  bytes: Uint8Array,
  into?: Polynomials,
): Polynomials {
  assertBytes('decodeLattice: bytes', bytes);
  const shape = latticeShape(expected.set, expected.kind);
  if (into !== undefined) assertLength('decodeLattice: into', into.words, 2 * shape.coefficients);
  const head = latticeHead(expected);
  checkLength(shape, bytes);
  checkHead(shape, head, bytes);
  const out = into ?? polynomials(shape.coefficients);
  for (const row of shape.rows) {
    const words = out.words.subarray(row.wordsAt, row.wordsEnd);
    checkFound(shape, row, widenResidues(words, bytes.subarray(row.at, row.end), row.prime));
  }
  return out;
}

/**
 * Says what is wrong with an object from the wire, if anything is: all that {@link decodeLattice}
 * checks, and nothing is written.
 *
 * @param expected what it must be, in every field
 * @param bytes from anyone
 * @throws CodecError, UsageError as {@link decodeLattice}
 *
 * **Security**: as {@link decodeLattice}. What is checked here and used later must not change meanwhile.
 * **Cost**: one pass; nothing of the object's size is allocated.
 */
export function checkLattice(expected: LatticeExpectation, bytes: Uint8Array): void {
  assertBytes('checkLattice: bytes', bytes);
  const shape = latticeShape(expected.set, expected.kind);
  const head = latticeHead(expected);
  checkLength(shape, bytes);
  checkHead(shape, head, bytes);
  for (const row of shape.rows) {
    checkFound(shape, row, checkResidues(bytes.subarray(row.at, row.end), row.prime));
  }
}

/** @throws CodecError `non-canonical`, `malformed` for what was found in the residues of a row */
export function checkFound({ kind }: LatticeShape, { polynomial }: LatticeRow, found: Found): void {
  if (found === 'fine') return;
  throw found === 'all-zero'
    ? new CodecError(
        'malformed',
        `${kind}: polynomial ${polynomial}: got zeros only modulo a prime, expected a random-looking one`,
        { kind, polynomial },
      )
    : new CodecError(
        'non-canonical',
        `${kind}: polynomial ${polynomial}: got a coefficient that is not below its prime, expected residues`,
        { kind, polynomial },
      );
}

/** The head that an object must have. @throws UsageError `wrong-length`, `wrong-type`, `out-of-range` */
export function latticeHead({ kind, set, roundId, index }: LatticeExpectation): Uint8Array {
  assertBytes('roundId', roundId, 32);
  assertInteger('index', index, 0, 2 ** 32 - 1);
  const head = new Uint8Array(HEAD);
  const view = new DataView(head.buffer);
  head[0] = LATTICE_VERSION;
  head[1] = KINDS[kind].id;
  view.setUint16(2, set.id);
  head.set(roundId, 4);
  view.setUint32(36, index);
  return head;
}

/** Before anything else: a short message has no head to look at. @throws CodecError */
export function checkLength({ kind, length }: LatticeShape, bytes: Uint8Array): void {
  if (bytes.length === length) return;
  throw new CodecError(
    bytes.length < length ? 'truncated' : 'trailing-bytes',
    `${kind}: got ${bytes.length} bytes, expected ${length}`,
    { kind, got: bytes.length, expected: length },
  );
}

/** Compares the head of `bytes` with the one expected, field by field. @throws CodecError */
export function checkHead({ kind }: LatticeShape, head: Uint8Array, bytes: Uint8Array): void {
  // Nearly all are as they should be; which field is not matters only to the message.
  if (equalBytes(bytes.subarray(0, HEAD), head)) return;
  for (const { end, code, what } of FIELDS) {
    // Up to a field's end: what comes before it is the same already.
    if (equalBytes(bytes.subarray(0, end), head.subarray(0, end))) continue;
    throw new CodecError(code, `${kind}: got another ${what}, expected that of this round`, {
      kind,
    });
  }
}

/** Fields of the head in order, and what an error calls them. */
const FIELDS = [
  { end: 1, code: 'unknown-version', what: 'version' },
  { end: 2, code: 'wrong-phase', what: 'kind' },
  { end: 4, code: 'malformed', what: 'parameter set' },
  { end: 36, code: 'wrong-round', what: 'round id' },
  { end: HEAD, code: 'malformed', what: 'index' },
] as const;

/** @throws UsageError `wrong-type` for a set or kind that nobody knows */
export function latticeShape(set: ParameterSet, kind: LatticeKind): LatticeShape {
  const known = shapes.get(set);
  if (known === undefined || !Object.hasOwn(KINDS, kind)) {
    throw new UsageError(
      'wrong-type',
      'lattice object: got an unknown parameter set or kind, expected one that parameterSet gave and a LatticeKind',
    );
  }
  return known[kind];
}
