/**
 * SEAL's own byte layout (version 4.1, mode `none`), written and read here, so that SEAL loads only
 * what this file wrote around coefficients that the codec checked.
 *
 *     header 16 | parms id 32 | … | array header 24 | words of 8 bytes, least significant first
 *
 * with the words from byte 113 in a ciphertext or public key, from byte 88 in a plaintext or secret key.
 */
import { DependencyError, UsageError } from '../errors.ts';
import { equalBytes } from '../internal/bytes.ts';

/** Where the words begin. */
export const CIPHERTEXT_WORDS = 113;
export const PLAINTEXT_WORDS = 88;

/** Room before the words of {@link Polynomials}: enough for either head, a multiple of 8. */
const ROOM = 120;

/** One level of a context: what SEAL writes before the polynomials of an object on it. */
export type Level = {
  /** SEAL's hash of the parameters at this level, 32 bytes. */
  readonly parmsId: Uint8Array;
  readonly degree: number;
  readonly primes: readonly bigint[];
  /** Whether polynomials are in NTT form here. */
  readonly ntt: boolean;
};

/** Coefficients as SEAL lays them out, with room for its head before them. */
export type Polynomials = {
  /** Two words a coefficient, the lower half first; polynomial after polynomial, prime after prime. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** Room and words. */
  readonly area: Uint8Array<ArrayBuffer>;
};

/** Zeroed room for so many coefficients. */
export function polynomials(coefficients: number): Polynomials {
  const area = new Uint8Array(ROOM + 8 * coefficients);
  return Object.freeze({ area, words: new Uint32Array(area.buffer, ROOM) });
}

/**
 * The bytes of a ciphertext or public key over these polynomials: a view of their area, whose head is
 * overwritten.
 *
 * @throws UsageError `wrong-length` if the words are not a whole number of polynomials of the level
 */
export function ciphertextBlob(level: Level, from: Polynomials, scale: number): Uint8Array {
  const size = polynomialCount(level, from.words.length / 2);
  const bytes = from.area.subarray(ROOM - CIPHERTEXT_WORDS);
  const view = viewOf(bytes);
  writeHeader(view, 0, bytes.length);
  bytes.set(level.parmsId, 16);
  view.setUint8(48, level.ntt ? 1 : 0);
  writeWord(view, 49, size);
  writeWord(view, 57, level.degree);
  writeWord(view, 65, level.primes.length);
  view.setFloat64(73, scale, true);
  writeWord(view, 81, 1);
  writeHeader(view, 89, bytes.length - 89);
  writeWord(view, 105, from.words.length / 2);
  return bytes;
}

/**
 * The bytes of a plaintext or secret key over these words: a view of their area, whose head is
 * overwritten.
 *
 * @param parmsId of the level; all zero for a `bfv` plaintext, which has none
 */
export function plaintextBlob(parmsId: Uint8Array, from: Polynomials, scale: number): Uint8Array {
  const bytes = from.area.subarray(ROOM - PLAINTEXT_WORDS);
  const view = viewOf(bytes);
  writeHeader(view, 0, bytes.length);
  bytes.set(parmsId, 16);
  writeWord(view, 48, from.words.length / 2);
  view.setFloat64(56, scale, true);
  writeHeader(view, 64, bytes.length - 64);
  writeWord(view, 80, from.words.length / 2);
  return bytes;
}

/**
 * Checks that SEAL wrote a ciphertext or public key of `size` polynomials on this level, in the
 * layout that we know. Its words begin at {@link CIPHERTEXT_WORDS}.
 *
 * @throws UsageError `wrong-type` if it is on another level or of another size
 * @throws DependencyError `peer-version` if it has another layout
 */
export function assertCiphertextBlob(level: Level, size: number, bytes: Uint8Array): void {
  const coefficients = size * level.degree * level.primes.length;
  const like = polynomials(0);
  const expected = CIPHERTEXT_WORDS + 8 * coefficients;
  if (
    bytes.length !== expected ||
    !equalBytes(bytes.subarray(16, 48), level.parmsId) ||
    bytes[48] !== (level.ntt ? 1 : 0)
  ) {
    throw new UsageError(
      'wrong-type',
      `ciphertext: got ${bytes.length} bytes or another level, expected ${size} polynomials in ${expected} bytes on the level of the parameter set`,
      { got: bytes.length, expected },
    );
  }
  const view = viewOf(bytes);
  const head = ciphertextBlob(level, like, view.getFloat64(73, true));
  const headView = viewOf(head);
  writeHeader(headView, 0, expected);
  writeWord(headView, 49, size);
  writeHeader(headView, 89, expected - 89);
  writeWord(headView, 105, coefficients);
  if (!equalBytes(head, bytes.subarray(0, CIPHERTEXT_WORDS))) {
    throw new DependencyError(
      'peer-version',
      'ciphertext: got a layout of bytes that is not that of SEAL 4.1, expected node-seal 7.0.0 exactly',
      { package: 'node-seal', range: '7.0.0' },
    );
  }
}

function polynomialCount(level: Level, coefficients: number): number {
  const count = coefficients / (level.degree * level.primes.length);
  if (!Number.isInteger(count)) {
    throw new UsageError(
      'wrong-length',
      `polynomials: got ${coefficients} coefficients, expected a multiple of ${level.degree} × ${level.primes.length}`,
    );
  }
  return count;
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** SEAL's header: magic number, its size, version 4.1, mode `none`, and the bytes with all that follows. */
function writeHeader(view: DataView, at: number, length: number): void {
  view.setUint16(at, 0xa15e, true);
  view.setUint8(at + 2, 16);
  view.setUint8(at + 3, 4);
  view.setUint8(at + 4, 1);
  view.setUint8(at + 5, 0);
  view.setUint16(at + 6, 0, true);
  writeWord(view, at + 8, length);
}

/** A whole number below 2^53 in eight bytes. */
function writeWord(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}
