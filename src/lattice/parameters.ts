/**
 * Parameters of lattice masks: what a field looks like on the wire, derived from how many clients
 * there are and how large their sums can be.
 *
 * Client and coordinator both derive them and compare. Everything here is integer arithmetic, so no
 * engine comes to another result.
 *
 * A word of k bits carries w = b·2^k/q + rounding, where b = a·s + e + Δ·m modulo q and Δ = ⌊q/T⌋.
 * A sum of n words is therefore M·δ + remainder, δ = Δ·2^k/q, and M is read without error as long as
 * the remainder stays within half of δ. This file bounds the remainder and chooses the least k.
 */
import { CapacityError } from '../errors.ts';
import { assertInteger } from '../internal/assert.ts';
import { RING_DEGREE, RING_PRIMES } from '../kernel/index.ts';
import { GAUSSIAN_BOUND } from './gaussian-table.ts';

/**
 * q: the product of both primes of the ring, 2^45.99. With secrets and errors of half the width that is drawn,
 * which is what the proof leaves, the cheapest known attack is estimated at core-SVP 2^131 classical, 2^118 quantum
 * (`npm run estimate`).
 */
export const Q: bigint = RING_PRIMES.reduce((product, { p }) => product * BigInt(p), 1n);

/** The most different sums that one coefficient holds. */
const MAX_MODULUS = 2 ** 32;
const MIN_WIRE_BITS = 8;
const MAX_WIRE_BITS = 40;
/** As in a graph's derivation. The key vector's ring has then at most 28 bits. */
const MAX_CLIENTS = 1_000_000;
const MAX_LENGTH = 2 ** 32 - 1;

/** One lattice field as the wire holds it. Frozen. */
export type LatticeShape = {
  /** Number of values, d. */
  readonly length: number;
  /** Least sum, ≤ 0: sums are low … low + modulus − 1. */
  readonly low: number;
  /** T: number of different sums, 2 … 2^32. */
  readonly modulus: number;
  /** c: values in one coefficient, in mixed radix; T^c ≤ 2^32. */
  readonly packing: number;
  /** ⌈length / c⌉. */
  readonly coefficients: number;
  /** k: bits of a word, 8 … 40. */
  readonly wireBits: number;
  /** x: no remainder of honest clients is larger, in units of the wire; a multiple of 1/1024. */
  readonly residualBound: number;
};

/** The vector of secrets that the pairwise masks carry. Frozen. */
export type KeyShape = {
  /** G: secrets of a client; block B of its coefficients is hidden under secret B mod G. */
  readonly secrets: number;
  /** 2048·G: integers of the key vector. */
  readonly length: number;
  /** w: bits of the ring in which key vectors are added. */
  readonly modulusBits: number;
};

/**
 * The shape of a field: the packing with the fewest bits a value (of equal ones the least), and the
 * least word that its sums need.
 *
 * A client's own values must be at most (modulus − 1)/2 in magnitude, or a packed one may not fit 32
 * bits with a sign. This holds whenever all of at least two clients have the same range, and noise,
 * if any, reaches as far below as above: n·range + 2·tail(sum) < T and tail(client) ≤ tail(sum).
 *
 * @param facts.clients how many may contribute, n, 2 to 10^6
 * @param facts.length values of the vector, 1 to 2^32 − 1
 * @param facts.low the least possible sum, 0 or less, noise included
 * @param facts.high the greatest possible sum, 0 or more, noise included; T = high − low + 1, at least 2
 * @throws CapacityError `ring-overflow` if the sums need more than 40 bits on the wire or T > 2^32;
 *   message and `details` name what would fit: `maxModulus` and `maxBits` for as many clients,
 *   `maxClients` for the same range a client (0 where no two fit)
 * @throws UsageError `out-of-range`
 *
 * **Security**: with honest clients all sums of a field are right but for 2^−40, taken over the
 * public polynomials. Someone who sends arbitrary words can spoil a sum, as with any mask.
 */
export function latticeShape(facts: {
  readonly clients: number;
  readonly length: number;
  readonly low: number;
  readonly high: number;
}): LatticeShape {
  const { clients, length, low, high } = facts;
  assertInteger('latticeShape: clients', clients, 2, MAX_CLIENTS);
  assertInteger('latticeShape: length', length, 1, MAX_LENGTH);
  assertInteger('latticeShape: low', low, -Number.MAX_SAFE_INTEGER, 0);
  assertInteger('latticeShape: high', high, 0, Number.MAX_SAFE_INTEGER);
  // Beyond 2^53 the sum may be rounded, but then it is beyond 2^32 by far.
  const modulus = Math.max(high - low + 1, 2);

  let best: LatticeShape | undefined;
  for (let packing = 1; ; packing++) {
    const packed = packedModulus({ modulus, packing });
    if (packed > MAX_MODULUS) break;
    const coefficients = Math.ceil(length / packing);
    const found = leastWord(clients, coefficients, packed);
    if (found === undefined) break;
    // k/c against the best so far, without a division.
    if (best === undefined || found.wireBits * best.packing < best.wireBits * packing) {
      best = { length, low: low === 0 ? 0 : low, modulus, packing, coefficients, ...found };
    }
  }
  if (best === undefined) throw overflow(clients, length, low, high);
  return Object.freeze(best);
}

/**
 * T^c: number of different sums of one coefficient. It is a product and no power, because engines
 * need not agree on `**`.
 *
 * @param shape.modulus T, 2 to 2^32
 * @param shape.packing c, 1 or more; T^c exact up to 2^53
 */
export function packedModulus(shape: Pick<LatticeShape, 'modulus' | 'packing'>): number {
  let product = 1;
  for (let i = 0; i < shape.packing; i++) product *= shape.modulus;
  return product;
}

/**
 * The key vector of a round: G polynomials of 2048 short integers, and the ring that their sum fits.
 *
 * More secrets share one public polynomial among more blocks, which makes expanding it cheaper, and
 * cost more key work; G is 1 below 10^5 coefficients, 4 from there, 8 from 10^7.
 *
 * @param coefficients of all lattice fields of the round together, 1 to 2^53 − 1
 * @param clients how many may contribute, n, 2 to 10^6; coefficients are at most 93 in magnitude, so
 *   the ring has ⌈log2(186n + 1)⌉ bits
 * @throws UsageError `out-of-range`
 */
export function keyShape(coefficients: number, clients: number): KeyShape {
  assertInteger('keyShape: coefficients', coefficients, 1, Number.MAX_SAFE_INTEGER);
  assertInteger('keyShape: clients', clients, 2, MAX_CLIENTS);
  const secrets = coefficients < 1e5 ? 1 : coefficients < 1e7 ? 4 : 8;
  let modulusBits = 1;
  while (2 ** modulusBits < 2 * GAUSSIAN_BOUND * clients + 1) modulusBits++;
  return Object.freeze({ secrets, length: secrets * RING_DEGREE, modulusBits });
}

/** The least k whose words hold sums below `modulus`, and the bound of their remainders. */
function leastWord(
  clients: number,
  coefficients: number,
  modulus: number,
): { readonly wireBits: number; readonly residualBound: number } | undefined {
  for (let wireBits = MIN_WIRE_BITS; wireBits <= MAX_WIRE_BITS; wireBits++) {
    const bound = residualBound(clients, coefficients, wireBits);
    if (modulus <= largestModulus(bound, wireBits)) {
      return { wireBits, residualBound: Number(bound) / 1024 };
    }
  }
  return undefined;
}

/**
 * The greatest T ≤ 2^32 with δ ≥ 2x: ⌊q/T⌋·2^k ≥ 2·x·q. It is a little stricter than 2^k ≥ 2·T·x,
 * because δ is a little less than 2^k/T.
 *
 * @param bound x in units of 1/1024
 */
function largestModulus(bound: bigint, wireBits: number): number {
  const least = ceilDivide(2n * bound * Q, 1024n << BigInt(wireBits));
  return Math.min(Number(Q / least), MAX_MODULUS);
}

/**
 * x in units of 1/1024, rounded up: what the remainder of a sum of n honest words stays below, except
 * for a chance of 2^−40 that any of max(d, 10^7) sums does not.
 *
 * In units of the wire, with h = 2^(40−k), a client's word is off by
 * - its rounding: uniform on [−½, ½], variance 1/12;
 * - the fixed point of the rounding: between −0.14103/h and 0.12392/h, mean −0.00856/h, variance
 *   0.002937/h²;
 * - its error: discrete Gaussian, variance (6.6·2^k/q)² = 0.010835/h².
 *
 * Each is sub-Gaussian with its own variance (a uniform: sinh x/x ≤ e^(x²/6); a discrete Gaussian: a
 * shift away from the integers only lowers the sum of its weights), so a sum of n of them is beyond
 * √(2·ln(2·d·2^40)·V) with a probability of at most 2^−40/d, where V = n·(1/12 + 0.01378/h²). What is
 * not random is added in full: the mean of n clients, one rounding of the unmasking side
 * (0.5 + 0.14103/h), less than 1 for half of δ being rounded down to a whole number, and 1/1024 for
 * the binary64 of the decoder.
 *
 * This takes the clients' b of one coefficient as uniform and independent. Over the choice of a they
 * are, if the secrets (n ≤ 2048 of them) are linearly independent modulo both primes; beyond, it is
 * assumed. So is that the fixed point does not go with the rounding; a test measures that.
 * Only exactness rests on it, no privacy.
 *
 * The logarithm is an upper bound made of constants: d counts as 10^7·2^j, the next one up.
 */
function residualBound(clients: number, coefficients: number, wireBits: number): bigint {
  const n = BigInt(clients);
  const h = 1n << BigInt(40 - wireBits);
  let doublings = 40;
  for (let d = 1e7; d < coefficients; d *= 2) doublings++;
  // 2·ln(2·10^7) and 2·ln 2, in millionths.
  const logarithm = 33_622_486n + 1_386_295n * BigInt(doublings);
  // V·h², in 1,200,000ths.
  const variance = n * (100_000n * h * h + 16_536n);
  const deviation = ceilRoot(
    ceilDivide(1024n * 1024n * logarithm * variance, 1_000_000n * 1_200_000n * h * h),
  );
  const fixedPoint = ceilDivide(1024n * (14_103n + 856n * n), 100_000n * h);
  return deviation + fixedPoint + 1536n + 1n;
}

/** The refusal, and what would fit instead. */
function overflow(clients: number, length: number, low: number, high: number): CapacityError {
  const room = (n: number): number =>
    largestModulus(residualBound(n, length, MAX_WIRE_BITS), MAX_WIRE_BITS);
  const maxModulus = room(clients);
  let maxBits = 0;
  while (2 ** (maxBits + 1) <= maxModulus) maxBits++;
  // Fewer clients have a proportionally smaller range; both sides of the comparison are monotone.
  const range = BigInt(high) - BigInt(low);
  const fits = (n: number): boolean =>
    ceilDivide(range * BigInt(n), BigInt(clients)) < BigInt(room(n));
  let maxClients = 1;
  for (let step = 2 ** 20; step >= 1; step /= 2) {
    if (maxClients + step <= clients && fits(maxClients + step)) maxClients += step;
  }
  if (maxClients < 2) maxClients = 0;
  return new CapacityError(
    'ring-overflow',
    `latticeShape: got sums from ${low} to ${high} of ${clients} clients, expected them to fit ` +
      `${MAX_WIRE_BITS} bits on the wire and 32 bits a sum; ${clients} clients fit with at most ` +
      `${maxModulus} different sums (${maxBits} bits), the same range a client fits with at most ` +
      `${maxClients} clients`,
    { clients, low, high, maxModulus, maxBits, maxClients },
  );
}

const ceilDivide = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

/** ⌈√n⌉ by Newton's steps from above. */
function ceilRoot(n: bigint): bigint {
  let root = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root * root < n ? root + 1n : root;
    root = next;
  }
}
