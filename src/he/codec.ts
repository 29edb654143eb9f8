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
import { type Polynomials, polynomials } from './blob.ts';
import { dataPrimes, type ParameterSet, parameterSets } from './parameters.ts';
import { narrowInto, type WirePrime, widenInto, wirePrime } from './words.ts';

/**
 * What can be on the wire: a `ciphertext` (c0 and c1) or its second polynomial alone (`mask`), a
 * `public-key` (b and a), a committee member's part of it (`key-share`, b alone) and of a decryption
 * (`decryption-share`).
 */
export type LatticeKind = keyof typeof KINDS;

/** Numbers on the wire, polynomials, and whether they have the special prime too. */
const KINDS = {
  ciphertext: { id: 1, size: 2, key: false },
  mask: { id: 2, size: 1, key: false },
  'public-key': { id: 3, size: 2, key: true },
  'key-share': { id: 4, size: 1, key: true },
  'decryption-share': { id: 5, size: 1, key: false },
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

/** Per set: primes as the loops need them, data primes first. */
const wirePrimes: ReadonlyMap<
  ParameterSet,
  { readonly data: WirePrimes; readonly key: WirePrimes }
> = new Map(
  parameterSets.map((set) => [
    set,
    { data: dataPrimes(set).map(wirePrime), key: set.primes.map(wirePrime) },
  ]),
);
type WirePrimes = readonly WirePrime[];

/**
 * Bytes of every object of this kind.
 *
 * @param set from `parameterSet`
 * @param kind one of {@link LatticeKind}
 * @throws UsageError `wrong-type`
 */
export function encodedLatticeLength(set: ParameterSet, kind: LatticeKind): number {
  const { size, primes } = shapeOf(set, kind);
  const width = primes.reduce((sum, prime) => sum + prime.width, 0);
  return HEAD + size * set.degree * width;
}

/** Coefficients of an object of this kind, all its primes and polynomials together. */
export function coefficientsOf(set: ParameterSet, kind: LatticeKind): number {
  const { size, primes } = shapeOf(set, kind);
  return size * set.degree * primes.length;
}

/**
 * Writes an object for the wire.
 *
 * @param head what it is; `roundId` 32 bytes, `index` 0 to 2^32 − 1
 * @param words of eight bytes, as SEAL has them, each below its prime
 * @returns fresh bytes, `encodedLatticeLength` of them
 * @throws UsageError `wrong-length`, `wrong-type`, `out-of-range`
 */
export function encodeLattice(head: LatticeExpectation, words: Uint8Array): Uint8Array {
  const { size, primes } = shapeOf(head.set, head.kind);
  const { degree } = head.set;
  assertBytes('encodeLattice: words', words, 8 * size * degree * primes.length);
  const out = new Uint8Array(encodedLatticeLength(head.set, head.kind));
  writeHead(out, head);
  const to = viewOf(out);
  const from = viewOf(words);
  let at = 0;
  let outAt = HEAD;
  for (let polynomial = 0; polynomial < size; polynomial++) {
    for (const prime of primes) {
      narrowInto(to, outAt, from, at, degree, prime);
      at += 8 * degree;
      outAt += prime.width * degree;
    }
  }
  return out;
}

/**
 * Reads an object from the wire, or says what is wrong with it. Nothing of it reaches SEAL before all
 * of it was checked.
 *
 * @param expected what it must be, in every field
 * @param bytes from anyone
 * @param into of {@link coefficientsOf} coefficients, to be overwritten, for callers that read many;
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
  const { size, primes } = shapeOf(expected.set, expected.kind);
  const { degree } = expected.set;
  const coefficients = size * degree * primes.length;
  if (into !== undefined) assertLength('decodeLattice: into', into.words, 2 * coefficients);
  checkHead(expected, bytes);
  const out = into ?? polynomials(coefficients);
  const from = viewOf(bytes);
  let at = HEAD;
  let outAt = 0;
  for (let polynomial = 0; polynomial < size; polynomial++) {
    for (const prime of primes) {
      const found = widenInto(out.words, outAt, from, at, degree, prime);
      if (found !== 'fine') throw badCoefficients(expected.kind, found, polynomial);
      at += prime.width * degree;
      outAt += 2 * degree;
    }
  }
  return out;
}

function badCoefficients(kind: LatticeKind, found: string, polynomial: number): CodecError {
  return found === 'all-zero'
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

function writeHead(out: Uint8Array, { kind, set, roundId, index }: LatticeExpectation): void {
  assertBytes('roundId', roundId, 32);
  assertInteger('index', index, 0, 2 ** 32 - 1);
  const view = viewOf(out);
  out[0] = LATTICE_VERSION;
  out[1] = KINDS[kind].id;
  view.setUint16(2, set.id);
  out.set(roundId, 4);
  view.setUint32(36, index);
}

/** Length first: a short message has no head to look at. */
function checkHead(expected: LatticeExpectation, bytes: Uint8Array): void {
  const { kind, set } = expected;
  const head = new Uint8Array(HEAD);
  writeHead(head, expected);
  const length = encodedLatticeLength(set, kind);
  if (bytes.length !== length) {
    throw new CodecError(
      bytes.length < length ? 'truncated' : 'trailing-bytes',
      `${kind}: got ${bytes.length} bytes, expected ${length}`,
      { kind, got: bytes.length, expected: length },
    );
  }
  const same = (from: number, to: number): boolean =>
    equalBytes(bytes.subarray(from, to), head.subarray(from, to));
  const refuse = (code: CodecError['code'], what: string): never => {
    throw new CodecError(code, `${kind}: got another ${what}, expected that of this round`, {
      kind,
    });
  };
  if (!same(0, 1)) refuse('unknown-version', 'version');
  if (!same(1, 2)) refuse('wrong-phase', 'kind');
  if (!same(2, 4)) refuse('malformed', 'parameter set');
  if (!same(4, 36)) refuse('wrong-round', 'round id');
  if (!same(36, HEAD)) refuse('malformed', 'index');
}

function shapeOf(
  set: ParameterSet,
  kind: LatticeKind,
): { readonly size: number; readonly primes: WirePrimes } {
  const known = wirePrimes.get(set);
  if (known === undefined || !Object.hasOwn(KINDS, kind)) {
    throw new UsageError(
      'wrong-type',
      'lattice object: got an unknown parameter set or kind, expected one that parameterSet gave and a LatticeKind',
    );
  }
  const { size, key } = KINDS[kind];
  return { size, primes: key ? known.key : known.data };
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
