/**
 * Arithmetic in GF(2^8) and GF(2^16), in two ways that must not be mixed up.
 *
 * Public numbers (x-coordinates, Lagrange weights) use logarithm tables. Secret bytes never index a
 * table and are never branched on: a secret *vector*, four (or two) field elements to a 32-bit word,
 * is multiplied by a public constant through repeated doubling, and the constant's bits, which are
 * public, say which doublings are added.
 */

/** Public elements only: logarithms to a generator. */
type Logarithms = {
  /** log[a] for a ≠ 0. */
  readonly log: Uint16Array;
  /** exp[i] = generator^i for i from 0 to 2·(order−1) − 1, so that sums of two need no reduction. */
  readonly exp: Uint16Array;
};

/** A field of characteristic 2. */
export type BinaryField = {
  readonly bits: 8 | 16;
  /** Elements of the multiplicative group: 255 or 65,535. */
  readonly units: number;
  /**
   * Multiplies every element of `words` by 2 (the polynomial x) into `out`; both may be the same
   * array. Safe on secrets.
   */
  readonly doubleInto: (out: Uint32Array, words: Uint32Array) => void;
  /** The product of two public elements. */
  readonly multiply: (a: number, b: number) => number;
  /** Tables for public elements, built when first asked for. */
  readonly logarithms: () => Logarithms;
};

/** The field of AES (FIPS 197 §4.2): x^8 + x^4 + x^3 + x + 1, 0x11B, generator 3. */
export const GF8: BinaryField = field(8, 0x11b, 3, (out, words) => {
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as number;
    // Four elements: shift each, and reduce those whose top bit falls out (no carry between lanes).
    out[i] = ((word & 0x7f7f7f7f) << 1) ^ Math.imul((word >>> 7) & 0x01010101, 0x1b);
  }
});

/** x^16 + x^12 + x^3 + x + 1, 0x1100B, generator 2; an element is two bytes, little-endian. */
export const GF16: BinaryField = field(16, 0x1100b, 2, (out, words) => {
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as number;
    out[i] = ((word & 0x7fff7fff) << 1) ^ Math.imul((word >>> 15) & 0x00010001, 0x100b);
  }
});

/**
 * Adds `constant` · v to `out`, where `doublings` holds v, 2v, 4v, … (as {@link doublingsInto} makes
 * them). The vectors may be secret; the constant is public and decides what is read.
 */
export function addProductInto(
  out: Uint32Array,
  at: number,
  length: number,
  doublings: Uint32Array,
  constant: number,
): void {
  for (let from = 0, bits = constant; bits !== 0; bits >>>= 1, from += length) {
    if ((bits & 1) === 0) continue;
    for (let i = 0; i < length; i++) {
      out[at + i] = (out[at + i] as number) ^ (doublings[from + i] as number);
    }
  }
}

/** Fills `out` (bits × length words) with v, 2v, 4v, …; v is `words`. Safe on secrets. */
export function doublingsInto(out: Uint32Array, field: BinaryField, words: Uint32Array): void {
  const length = words.length;
  out.set(words);
  for (let bit = 1; bit < field.bits; bit++) {
    const previous = out.subarray((bit - 1) * length, bit * length);
    field.doubleInto(out.subarray(bit * length, (bit + 1) * length), previous);
  }
}

/** Bytes as little-endian words; the length is a multiple of four. */
export function wordsFrom(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(bytes.length / 4);
  for (let i = 0; i < words.length; i++) {
    words[i] =
      (bytes[4 * i] as number) |
      ((bytes[4 * i + 1] as number) << 8) |
      ((bytes[4 * i + 2] as number) << 16) |
      ((bytes[4 * i + 3] as number) << 24);
  }
  return words;
}

/** `length` words from `at` as little-endian bytes, in fresh memory. */
export function bytesFrom(words: Uint32Array, at = 0, length: number = words.length): Uint8Array {
  const bytes = new Uint8Array(4 * length);
  for (let i = 0; i < length; i++) {
    const word = words[at + i] as number;
    bytes[4 * i] = word;
    bytes[4 * i + 1] = word >>> 8;
    bytes[4 * i + 2] = word >>> 16;
    bytes[4 * i + 3] = word >>> 24;
  }
  return bytes;
}

function field(
  bits: 8 | 16,
  polynomial: number,
  generator: number,
  doubleInto: BinaryField['doubleInto'],
): BinaryField {
  const units = 2 ** bits - 1;
  let tables: Logarithms | undefined;
  const logarithms = (): Logarithms => {
    tables ??= buildLogarithms(units, polynomial, generator);
    return tables;
  };
  return Object.freeze({
    bits,
    units,
    doubleInto,
    logarithms,
    multiply: (a: number, b: number): number => {
      if (a === 0 || b === 0) return 0;
      const { log, exp } = logarithms();
      return exp[(log[a] as number) + (log[b] as number)] as number;
    },
  });
}

function buildLogarithms(units: number, polynomial: number, generator: number): Logarithms {
  const log = new Uint16Array(units + 1);
  const exp = new Uint16Array(2 * units);
  let power = 1;
  for (let i = 0; i < units; i++) {
    exp[i] = power;
    exp[i + units] = power;
    log[power] = i;
    // generator 2: power·2; generator 3: power·2 + power.
    let doubled = power << 1;
    if (doubled > units) doubled ^= polynomial;
    power = generator === 3 ? doubled ^ power : doubled;
  }
  return { log, exp };
}
