/**
 * What is attacked: instances of learning with errors, ours and published ones to check the script by.
 *
 * A ring of degree N counts as N plain dimensions: no attack is known that gains from the ring at these
 * sizes (see the README for what that leaves out).
 */

import { RING_DEGREE, RING_PRIMES } from '../../src/kernel/ring-tables.ts';
import { GAUSSIAN_WIDTH } from '../../src/lattice/gaussian-table.ts';

/** Learning with errors as the estimate sees it. */
export type Instance = {
  readonly name: string;
  /** Dimension n of the secret. */
  readonly dimension: number;
  /** log2 q. */
  readonly logModulus: number;
  /** Standard deviation of a secret coordinate. */
  readonly secretWidth: number;
  /** Standard deviation of an error coordinate. */
  readonly errorWidth: number;
  /** Samples the attacker has; an attack may use fewer. */
  readonly samples: number;
};

/** Degree of the ring and its two primes. */
export const DEGREE: number = RING_DEGREE;
const [{ p: firstPrime }, { p: secondPrime }] = RING_PRIMES;
export const FIRST_PRIME: number = firstPrime;
export const SECOND_PRIME: number = secondPrime;
/** log2 q of the suite. */
export const LOG_MODULUS: number = Math.log2(FIRST_PRIME) + Math.log2(SECOND_PRIME);

/** Width of the Gaussians that clients draw. */
export const DRAWN_WIDTH: number = GAUSSIAN_WIDTH;
/** Width that the proof leaves once the sum of the secrets is public: σ0 with 1/σ0² = 2(1/σ² + 1/σ²). */
export const PROVEN_WIDTH: number = DRAWN_WIDTH / 2;

/** Standard deviations of a uniform ternary coordinate, and of a centred binomial one. */
const TERNARY = Math.sqrt(2 / 3);
const binomial = (eta: number): number => Math.sqrt(eta / 2);

/** Every vector block is a sample for 2,048 equations of one secret, so lattice attacks have all they want. */
const ALL = Number.POSITIVE_INFINITY;

/** The suite as the proof prices it: this is the instance whose level is claimed. */
export const suite: Instance = {
  name: 'suite',
  dimension: DEGREE,
  logModulus: LOG_MODULUS,
  secretWidth: PROVEN_WIDTH,
  errorWidth: PROVEN_WIDTH,
  samples: ALL,
};

/** The same with both widths changed. */
const wide = (name: string, width: number): Instance => ({
  ...suite,
  name,
  secretWidth: width,
  errorWidth: width,
});

/** What travels is rounded to k bits, which adds a uniform error of q/2^k to the one that was drawn. */
const seen = (wireBits: number): Instance => ({
  ...suite,
  name: `seen, k=${wireBits}`,
  errorWidth: Math.sqrt(PROVEN_WIDTH ** 2 + 4 ** (LOG_MODULUS - wireBits) / 12),
});

/** Ours: the suite, what an attacker holds beyond the proof's caution, and other suites to compare with. */
export const ours: readonly Instance[] = [
  suite,
  wide('one hint', DRAWN_WIDTH / Math.SQRT2),
  wide('no hint', DRAWN_WIDTH),
  seen(40),
  seen(32),
  { ...suite, name: 'one block only', samples: DEGREE },
  { ...suite, name: 'N=1024, one prime', dimension: 1024, logModulus: Math.log2(FIRST_PRIME) },
  { ...suite, name: 'N=2048, 30 bits', logModulus: 30 },
  { ...suite, name: 'N=4096, four primes', dimension: 4096, logModulus: 92 },
];

const kyber = (name: string, dimension: number, eta: number): Instance => ({
  name,
  dimension,
  logModulus: Math.log2(3329),
  secretWidth: binomial(eta),
  errorWidth: binomial(eta),
  samples: dimension,
});

const newHope = (name: string, dimension: number, k: number): Instance => ({
  name,
  dimension,
  logModulus: Math.log2(12289),
  secretWidth: Math.sqrt(k / 2),
  errorWidth: Math.sqrt(k / 2),
  samples: 2 * dimension,
});

const standard = (dimension: number, logModulus: number): Instance => ({
  name: `HE standard ${dimension}/${logModulus}`,
  dimension,
  logModulus,
  secretWidth: TERNARY,
  errorWidth: 3.2,
  samples: ALL,
});

/** Published instances. */
export const published: Readonly<Record<string, Instance>> = {
  kyber512: kyber('Kyber512', 512, 3),
  kyber768: kyber('Kyber768', 768, 2),
  kyber1024: kyber('Kyber1024', 1024, 2),
  newHope: newHope('NewHope', 1024, 16),
  jarJar: newHope('JarJar', 512, 24),
  standard1024: standard(1024, 27),
  standard2048: standard(2048, 54),
  standard4096: standard(4096, 109),
  standard8192v2: { ...standard(8192, 214), name: 'HE standard v2 8192/214', errorWidth: 3.19 },
};
