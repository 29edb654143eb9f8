/**
 * The two primes of lattice masks, and the tables that their kernels read: roots of unity as factors of
 * Montgomery's product, with companions, or as plain residues with the floats next to their part of the
 * prime. All public constants; `assembly/ring.ts` says what they serve for.
 *
 * A block of tables belongs to one prime:
 *
 *     0     p | 1/p | roots with their parts of multiples of p: I⁻¹ of 2p; I⁻¹, W₈⁻¹, W₈⁻³ of 4p; ψ^−512t for
 *           t = 0 … 3 of 32p; I⁻¹ of 16p | 1.5·2^23 | I and one as factors
 *     128   transform back: levels 8 and 16, 32 and 64, 128 and 256: three roots and their parts for each place
 *           transform back: roots and parts for each lane of each place, scaling included
 *           transform: powers of ψ, and their companions a block further
 *           transform: roots for the last three lanes of each place
 *           transform: levels 256, 128, … 1: one root for each place
 *
 * where I = W₄, W_m is a root of order m, and ψ one of order 4,096.
 */

/** Coefficients of a polynomial. */
export const RING_DEGREE = 2_048;

/** One prime and what belongs to it: see the design of lattice masks in `lattice/README.md`. */
export type RingPrime = {
  readonly p: number;
  /** ψ: a root of unity of order 4,096. */
  readonly psi: number;
  /** K = (q/p)^−1 modulo p, q the product of both primes: what scales residues to fractions of q. */
  readonly part: number;
  /** C = round(2^64/p). */
  readonly fraction: bigint;
};

/** Both primes, just below 2^23 and 1 modulo 4,096. */
export const RING_PRIMES: readonly [RingPrime, RingPrime] = [
  { p: 8_380_417, psi: 7_901_702, part: 6_704_470, fraction: 2_201_172_575_745n },
  { p: 8_318_977, psi: 3_728_401, part: 1_663_660, fraction: 2_217_429_387_497n },
];

/** Words of the tables of one prime. */
export const RING_TABLE_WORDS: number = 32 + 168 * 6 + 128 * 32 + 4_096 + 128 * 24 + 511 * 2 + 2;

const R = 2n ** 32n;

/** Residues modulo p as signed words, centred. */
const centred = (x: bigint, p: bigint): number => {
  const rest = ((x % p) + p) % p;
  return Number(rest > p / 2n ? rest - p : rest);
};

function power(base: bigint, exponent: bigint, p: bigint): bigint {
  let [out, square] = [1n, base % p];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) out = (out * square) % p;
    square = (square * square) % p;
  }
  return out;
}

/** Reverses the lowest `bits` bits. */
const reversed = (x: number, bits: number): number => {
  let out = 0;
  for (let i = 0; i < bits; i++) out |= ((x >> i) & 1) << (bits - 1 - i);
  return out;
};

/** Where value number i of a polynomial lies: that at ψ^(2i+1). */
export const valuePosition = (i: number): number => 4 * reversed(i >> 2, 9) + (i & 3);

/** One prime's tables. **Cost**: some milliseconds, once. */
export function ringTables({ p, psi, part }: RingPrime): Int32Array {
  const out = new Int32Array(RING_TABLE_WORDS);
  const floats = new Float32Array(out.buffer);
  const prime = BigInt(p);
  const inverse = invertedModR(prime);
  const psis = powersOf(BigInt(psi), 4_096, prime);
  /** ψ to any power. */
  const psiTo = (exponent: number): bigint => psis[((exponent % 4_096) + 4_096) % 4_096] as bigint;
  /** W_order to a power. */
  const root = (order: number, exponent: number): bigint => psiTo((4_096 / order) * exponent);
  let at = 0;
  /** Writes a factor, and its companion `apart` words further. */
  const factor = (w: bigint, apart = 1): void => {
    const residue = centred(w * R, prime);
    out[at] = residue;
    out[at + apart] = Number(BigInt.asIntN(32, BigInt(residue) * inverse));
    at += apart === 1 ? 2 : 1;
  };
  /** Writes a residue and, `apart` words further, its part of `multiple` times p. */
  const near = (w: bigint, multiple: number, apart = 1): void => {
    const residue = centred(w, prime);
    out[at] = residue;
    floats[at + apart] = residue / (multiple * p);
    at += apart === 1 ? 2 : 1;
  };
  out[0] = p;
  floats[1] = 1 / p;
  at = 2;
  near(root(4, -1), 2);
  near(root(4, -1), 4);
  near(root(8, -1), 4);
  near(root(8, -3), 4);
  for (let t = 0; t < 4; t++) near(psiTo(-512 * t), 32);
  near(root(4, -1), 16);
  at = 24;
  factor(root(4, 1));
  factor(1n);
  floats[22] = 1.5 * 2 ** 23;
  at = 32;
  for (const [h, multiple] of [
    [8, 1],
    [32, 4],
    [128, 1],
  ] as const) {
    for (let k = 0; k < h; k++) {
      near(root(2 * h, -k), multiple);
      near(root(4 * h, -k), 2 * multiple);
      near(root(4 * h, -k - h), 2 * multiple);
    }
  }
  const scale = (BigInt(part) * power(BigInt(RING_DEGREE), prime - 2n, prime)) % prime;
  for (let j = 0; j < 512; j += 4) {
    for (let l = 0; l < 4; l++) {
      for (let k = 0; k < 4; k++) near(scale * psiTo(-(2 * l + 1) * (j + k)), 4, 4);
      at += 4;
    }
  }
  for (let j = 0; j < RING_DEGREE; j++) factor(psiTo(j), RING_DEGREE);
  at += RING_DEGREE;
  for (let j = 0; j < 512; j += 4) {
    for (let l = 1; l < 4; l++) {
      for (let k = 0; k < 4; k++) factor(psiTo(2 * l * (j + k)), 4);
      at += 4;
    }
  }
  for (let h = 256; h >= 1; h /= 2) for (let k = 0; k < h; k++) factor(root(2 * h, k));
  return out;
}

function powersOf(base: bigint, count: number, p: bigint): readonly bigint[] {
  const out: bigint[] = [];
  for (let i = 0, x = 1n; i < count; i++, x = (x * base) % p) out.push(x);
  return out;
}

/** p^−1 modulo 2^32, by Newton's iteration. */
function invertedModR(p: bigint): bigint {
  let x = 1n;
  for (let i = 0; i < 6; i++) x = BigInt.asUintN(32, x * (2n - p * x));
  return x;
}
