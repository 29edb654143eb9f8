/**
 * Lattice masks by their definitions, slow and exact: transforms by evaluating at every root,
 * products by the schoolbook, residues modulo q itself, and sums opened in fractions.
 *
 * Residues modulo a prime are numbers (below 2^23, so products are exact in a double); everything
 * modulo q or on the wire is bigint.
 */
import { bytesOfWords, chachaStream } from './chacha.ts';

export const N = 2048;

/** A prime, ψ of order 4096 (so ψ^2048 = −1), K = (q/p)^−1 mod p, and C = round(2^64/p). */
export type Prime = {
  readonly p: number;
  readonly psi: number;
  readonly k: bigint;
  readonly c: bigint;
};

const makePrime = (p: number, other: number, psi: number): Prime => ({
  p,
  psi,
  k: powerMod(BigInt(other), BigInt(p) - 2n, BigInt(p)),
  c: ((1n << 64n) + BigInt(p) / 2n) / BigInt(p),
});

export const primes: readonly [Prime, Prime] = [
  makePrime(8380417, 8318977, 7901702),
  makePrime(8318977, 8380417, 3728401),
];
export const Q: bigint = primes.reduce((product, { p }) => product * BigInt(p), 1n);

/** One value for each prime. */
export type Both<T> = readonly [T, T];
const forBoth = <T>(make: (prime: Prime, i: 0 | 1) => T): Both<T> => [
  make(primes[0], 0),
  make(primes[1], 1),
];

export function mod(a: bigint, m: bigint): bigint {
  return ((a % m) + m) % m;
}
const modNumber = (a: number, p: number): number => ((a % p) + p) % p;

export function powerMod(base: bigint, exponent: bigint, m: bigint): bigint {
  let result = 1n;
  for (let square = mod(base, m), e = exponent; e > 0n; e >>= 1n, square = (square * square) % m) {
    if (e & 1n) result = (result * square) % m;
  }
  return result;
}

/** ψ^0 … ψ^4095. */
const powersOf = ({ p, psi }: Prime): number[] => {
  const out = [1];
  while (out.length < 2 * N) out.push(((out.at(-1) as number) * psi) % p);
  return out;
};

/** Rule 1: where the value at ψ^(2i+1) stands: 4·rev9(i') + l for i = 4i' + l. */
export const positionOf = (i: number): number => {
  const high = Math.floor(i / 4);
  const reversed = Number.parseInt([...high.toString(2).padStart(9, '0')].reverse().join(''), 2);
  return 4 * reversed + (i % 4);
};

/** Σ x[i]·y[i] modulo p, of numbers below p in magnitude: 64 products of 46 bits are exact. */
function dot(x: Float64Array, y: Float64Array, p: number): number {
  let sum = 0;
  for (let i = 0; i < N; i += 64) {
    for (let j = i; j < i + 64; j++) sum += (x[j] as number) * (y[j] as number);
    sum %= p;
  }
  return modNumber(sum, p);
}

/** ψ^(first + step·t) for t = 0 … 2047. */
function progression(powers: readonly number[], first: number, step: number): Float64Array {
  const out = new Float64Array(N);
  for (let t = 0; t < N; t++) out[t] = powers[(first + step * t) % (2 * N)] as number;
  return out;
}

/** The values of a polynomial at the odd powers of ψ, in the order of rule 1. */
export function toEvaluation(coefficients: readonly number[], prime: Prime): number[] {
  const { p } = prime;
  const powers = powersOf(prime);
  const reduced = Float64Array.from(coefficients, (value) => modNumber(value, p));
  const out = new Array<number>(N);
  for (let i = 0; i < N; i++) {
    out[positionOf(i)] = dot(reduced, progression(powers, 0, 2 * i + 1), p);
  }
  return out;
}

/** The coefficients of the polynomial with these values: N^−1·Σ value·ψ^(−(2i+1)j). */
export function fromEvaluation(values: readonly number[], prime: Prime): number[] {
  const { p } = prime;
  const powers = powersOf(prime);
  const inverseN = Number(powerMod(BigInt(N), BigInt(p) - 2n, BigInt(p)));
  const ordered = Float64Array.from({ length: N }, (_, i) => values[positionOf(i)] as number);
  // ψ^4096 = 1, so ψ^(−x) = ψ^(4095·x); and (2i+1)·j is j, then 2j more with each i.
  return Array.from({ length: N }, (_, j) => {
    const sum = dot(ordered, progression(powers, 4095 * j, 2 * 4095 * j), p);
    return (sum * inverseN) % p;
  });
}

/** a·b modulo X^2048 + 1 and p, by the schoolbook: X^2048 = −1. */
export function negacyclicProduct(
  a: readonly number[],
  b: readonly number[],
  { p }: Prime,
): number[] {
  const left = Float64Array.from(a);
  // b backwards, once with its sign changed: what a_i meets for the coefficient `to` is
  // b_(to−i), or −b_(to−i+2048).
  const backwards = b.map((value) => modNumber(value, p)).reverse();
  const twice = Float64Array.from([...backwards, ...backwards.map((value) => -value)]);
  return Array.from({ length: N }, (_, to) => dot(left, twice.subarray(N - 1 - to), p));
}

/** Rule 2: bytes of one window, and the mask of a candidate. */
export const WINDOW = 6400;
const CANDIDATE_MASK = 0x7fffff;

/** Rule 2, of one window: the first 2,048 candidates below p, or `undefined` if there are fewer. */
export function candidatesBelow(window: Uint8Array, p: number): number[] | undefined {
  const out: number[] = [];
  for (let at = 0; at + 3 <= window.length && out.length < N; at += 3) {
    const [low, middle, high] = window.subarray(at, at + 3) as unknown as [number, number, number];
    const candidate = (low + 256 * middle + 65536 * high) & CANDIDATE_MASK;
    if (candidate < p) out.push(candidate);
  }
  return out.length === N ? out : undefined;
}

/** Rule 2: a_j, as values in the order of rule 1, from 32 bytes of seed. */
export function publicPolynomial(seed: Uint8Array, j: number): Both<number[]> {
  return forBoth(({ p }, i) => {
    const block = (2 * j + i) * (WINDOW / 64);
    const found = candidatesBelow(bytesOfWords(chachaStream(seed, block, WINDOW / 4)), p);
    if (found === undefined) throw new Error(`window ${2 * j + i} has too few candidates`);
    return found;
  });
}

/** The coefficients of public polynomials already seen: tests hide many blocks with one. */
const remembered = new WeakMap<readonly number[], number[]>();

function coefficientsOf(values: readonly number[], prime: Prime): number[] {
  const found = remembered.get(values) ?? fromEvaluation(values, prime);
  remembered.set(values, found);
  return found;
}

/** a·s as coefficients modulo q, 0 … q − 1; a as values, s as integers of any size below 2^31. */
export function productModQ(a: Both<readonly number[]>, s: readonly number[]): bigint[] {
  const parts = forBoth((prime, i) => negacyclicProduct(coefficientsOf(a[i], prime), s, prime));
  return parts[0].map((first, at) => {
    const second = parts[1][at] as number;
    // x ≡ Σ part·(q/p)·K: the term of a prime vanishes modulo the other one.
    const terms = forBoth(({ p, k }, i) => BigInt(i === 0 ? first : second) * (Q / BigInt(p)) * k);
    return mod(terms[0] + terms[1], Q);
  });
}

/** Rules 5 and 6: the word of a coefficient b; it depends on b modulo q alone. */
export function wordOf(b: bigint, wireBits: number): bigint {
  const [y1, y2] = forBoth(({ p, k }) => mod(b * k, BigInt(p)));
  return roundedPair(y1, y2, wireBits);
}

/** Rule 6 itself, of canonical residues. */
export const roundedPair = (y1: bigint, y2: bigint, wireBits: number): bigint => {
  const half = 1n << BigInt(63 - wireBits);
  return BigInt.asUintN(64, y1 * primes[0].c + y2 * primes[1].c + half) >> BigInt(64 - wireBits);
};

/** Δ = ⌊q/T⌋. */
export const scaleOf = (modulus: bigint): bigint => Q / modulus;

/** What a block is hidden with. */
export type Hiding = {
  /** a_j: 2,048 values for each prime, as {@link publicPolynomial} gives them. */
  readonly a: Both<readonly number[]>;
  readonly s: readonly number[];
  readonly e: readonly number[];
  /** One packed integer a coefficient; negative ones allowed. Fewer than 2,048 are filled with 0. */
  readonly m: readonly bigint[];
  /** T, or T^c for packed values. */
  readonly modulus: bigint;
  readonly wireBits: number;
};

/** Rules 4 to 6: 2,048 words of a·s + e + Δ·m. */
export function hideBlock({ a, s, e, m, modulus, wireBits }: Hiding): bigint[] {
  const scale = scaleOf(modulus);
  return productModQ(a, s).map((product, i) =>
    wordOf(product + BigInt(e[i] as number) + scale * (m[i] ?? 0n), wireBits),
  );
}

/** What opens a sum of blocks. */
export type Opening = {
  readonly a: Both<readonly number[]>;
  /** S: the sum of the survivors' secrets. */
  readonly s: readonly number[];
  /** The survivors' words, added modulo 2^k (or not reduced at all). */
  readonly words: readonly bigint[];
  readonly modulus: bigint;
  readonly wireBits: number;
  /** The least sum of a coefficient, 0 or less: low·(1 + T + … + T^(c−1)) for packed values. */
  readonly low?: bigint;
};

/** A coefficient of an opened sum. */
export type Opened = {
  /** M. Outside low … low + T − 1 only if something is wrong. */
  readonly sum: bigint;
  /** y − M·δ, in units of 1/q of a wire unit: exact. */
  readonly remainder: bigint;
};

/** Rule 7, in fractions with denominator q. */
export function openBlock(given: Opening): Opened[] {
  const { a, s, words, modulus, wireBits, low = 0n } = given;
  const circle = 1n << BigInt(wireBits);
  // δ·q, and ⌊δ/2⌋·q.
  const step = scaleOf(modulus) * circle;
  const half = (step / (2n * Q)) * Q;
  return productModQ(a, s).map((product, i) => {
    const y = mod((words[i] as bigint) - wordOf(product, wireBits), circle);
    // Sums from 0 on, and half a step up, so that remainders below 0 do not go round the circle.
    const raised = mod(y * Q - low * step + half, circle * Q);
    const above = raised / step;
    return { sum: above + low, remainder: raised - above * step - half };
  });
}

/** The greatest remainder, in units of the wire. */
export const largestRemainder = (opened: readonly Opened[]): number =>
  opened.reduce(
    (most, { remainder }) => Math.max(most, Math.abs(Number(remainder) / Number(Q))),
    0,
  );

/** Mixed radix: values c by c as Σ value·T^i; negative values are digits as they are. */
export function packedReference(
  values: readonly bigint[],
  modulus: bigint,
  packing: number,
): bigint[] {
  return Array.from({ length: Math.ceil(values.length / packing) }, (_, at) =>
    values
      .slice(at * packing, (at + 1) * packing)
      .reduceRight((sum, value) => sum * modulus + value, 0n),
  );
}

/** What to subtract from each packed sum so that its digits are 0 … T − 1. */
export const packedLow = (low: bigint, modulus: bigint, packing: number): bigint =>
  packedReference(new Array<bigint>(packing).fill(low), modulus, packing)[0] as bigint;

/** The digits of packed sums, each low … low + T − 1. */
export function unpackedReference(
  sums: readonly bigint[],
  low: bigint,
  modulus: bigint,
  packing: number,
): bigint[] {
  const least = packedLow(low, modulus, packing);
  return sums.flatMap((sum) =>
    Array.from(
      { length: packing },
      (_, i) => mod((sum - least) / modulus ** BigInt(i), modulus) + low,
    ),
  );
}
