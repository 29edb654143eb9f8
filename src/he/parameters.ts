/**
 * Named parameter sets: which ring, which primes, for what purpose, how secure, how large on the wire.
 * A set is named in every message, so peers with different ones never mix.
 */
import { UsageError } from '../errors.ts';

/** The names of the sets. */
export type ParameterSetName =
  | 'exact-2048'
  | 'exact-4096'
  | 'exact-committee-8192'
  | 'exact-committee-8192-wide'
  | 'approximate-committee-4096'
  | 'approximate-committee-8192';

/** A parameter set: all of it public. Frozen. */
export type ParameterSet = {
  readonly name: ParameterSetName;
  /** Its number on the wire, never given to another set. */
  readonly id: number;
  /** What it is for, in words. */
  readonly purpose: string;
  /** `bfv` sums whole numbers exactly, `ckks` sums reals approximately. */
  readonly scheme: 'bfv' | 'ckks';
  /** Who may hold the key that opens sums: see the README of this room. */
  readonly keys: 'key-holder' | 'committee';
  /** Coefficients of a polynomial, N. */
  readonly degree: number;
  /** The primes of the whole modulus; if there are several, the last one serves keys only. */
  readonly primes: readonly bigint[];
  /** For `bfv`, plaintexts are modulo 2^plainBits: a message, and spare bits below it; 0 for `ckks`. */
  readonly plainBits: number;
  /** Numbers that one ciphertext carries if each has a place of its own. */
  readonly places: number;
  /**
   * Bits of classical security with ternary secrets, and the bits of the whole modulus beside what
   * the HE standard of 2018 and the guideline of 2024 allow for that.
   */
  readonly security: {
    readonly bits: 128;
    readonly modulusBits: number;
    readonly limit2018: number;
    readonly limit2024: number;
  };
};

/** Bits of the whole modulus, special prime included, for 128 bits and ternary secrets, by degree. */
const LIMITS: Readonly<Record<number, readonly [limit2018: number, limit2024: number]>> = {
  2048: [54, 53],
  4096: [109, 106],
  8192: [218, 214],
};

type Given = Omit<ParameterSet, 'places' | 'security'>;

function set(given: Given): ParameterSet {
  const [limit2018, limit2024] = LIMITS[given.degree] as readonly [number, number];
  const modulusBits = given.primes.reduce((product, prime) => product * prime).toString(2).length;
  return Object.freeze({
    ...given,
    primes: Object.freeze(given.primes),
    places: given.scheme === 'ckks' ? given.degree / 2 : given.degree,
    security: Object.freeze({ bits: 128, modulusBits, limit2018, limit2024 }),
  });
}

/**
 * All sets, the cheapest first within a purpose. The primes are the greatest of their lengths that
 * are 1 modulo 2N, as SEAL finds them; a test asks it.
 *
 * **Source**: Albrecht et al., Homomorphic Encryption Standard (2018), table 1; Bossuat et al.,
 * Security Guidelines for Implementing Homomorphic Encryption (2024), table 5.2.
 */
export const parameterSets: readonly ParameterSet[] = Object.freeze([
  set({
    name: 'exact-2048',
    id: 1,
    purpose: 'exact sums for a key holder: fields of up to 32 bits, or two of 16',
    scheme: 'bfv',
    keys: 'key-holder',
    degree: 2048,
    primes: [9_007_199_254_614_017n],
    plainBits: 32,
  }),
  set({
    name: 'exact-4096',
    id: 2,
    purpose: 'exact sums for a key holder: two fields of up to 23 bits, or three of 15',
    scheme: 'bfv',
    keys: 'key-holder',
    degree: 4096,
    primes: [1_152_921_504_606_830_593n, 70_368_743_669_761n],
    plainBits: 46,
  }),
  set({
    name: 'exact-committee-8192',
    id: 7,
    purpose: 'exact sums for a committee: room for its flooding, two fields of up to 29 bits',
    scheme: 'bfv',
    keys: 'committee',
    degree: 8192,
    primes: [72_057_594_037_370_881n, 72_057_594_037_616_641n, 1_152_921_504_606_830_593n],
    plainBits: 58,
  }),
  set({
    name: 'exact-committee-8192-wide',
    id: 6,
    purpose: 'exact sums for a committee: more room, for more clients or finer values',
    scheme: 'bfv',
    keys: 'committee',
    degree: 8192,
    primes: [72_057_594_037_616_641n, 1_152_921_504_606_748_673n, 1_152_921_504_606_830_593n],
    plainBits: 58,
  }),
  set({
    name: 'approximate-committee-4096',
    id: 4,
    purpose: 'sums of reals for a committee, short ciphertexts',
    scheme: 'ckks',
    keys: 'committee',
    degree: 4096,
    primes: [17_592_185_659_393n, 17_592_186_028_033n, 40_961n],
    plainBits: 0,
  }),
  set({
    name: 'approximate-committee-8192',
    id: 5,
    purpose: 'sums of reals for a committee, finer',
    scheme: 'ckks',
    keys: 'committee',
    degree: 8192,
    primes: [281_474_976_317_441n, 281_474_976_546_817n, 281_474_976_694_273n],
    plainBits: 0,
  }),
]);

/**
 * The set of this name.
 *
 * @param name one of {@link ParameterSetName}
 * @throws UsageError `unknown-id`
 */
export function parameterSet(name: ParameterSetName): ParameterSet {
  const found = parameterSets.find((candidate) => candidate.name === name);
  if (found === undefined) {
    const names = parameterSets.map((candidate) => candidate.name).join(', ');
    throw new UsageError(
      'unknown-id',
      `parameterSet: got an unknown name, expected one of ${names}`,
    );
  }
  return found;
}

/** The primes that ciphertexts have: all but the special one. */
export const dataPrimes = (set: ParameterSet): readonly bigint[] =>
  set.primes.length === 1 ? set.primes : set.primes.slice(0, -1);

/** The prime that only keys have, if there is one. */
export const specialPrime = (set: ParameterSet): bigint | undefined =>
  set.primes.length === 1 ? undefined : set.primes.at(-1);
