/**
 * Lattice masks in plain TypeScript: what runs where WebAssembly does not. Products of residues stay below
 * 2^46 and are exact in doubles; 64-bit sums are kept in two halves. Transforms are the plainest there are.
 */
import { RING_DEGREE, RING_PRIMES, type RingPrime, valuePosition } from '../ring-tables.ts';

/** A field's parameters as kernels take them; see `kernel/lattice.ts`. */
export type LatticeCode = {
  /** k: bits of a word on the wire. */
  readonly wireBits: number;
  /** Δ, the step of a message in units of 1/q: below 2^46. */
  readonly step: bigint;
  /** Opening: what is added to sums before their k bits are taken, below 2^k. */
  readonly offset: number;
  /** Opening: δ = Δ·2^k/q. */
  readonly delta: number;
  /** Opening: the remainder of a sum that no error has touched. */
  readonly middle: number;
  /** Opening: steps of the greatest sum, T^c − 1. */
  readonly most: number;
  /** Opening: what is added to steps, a signed word. */
  readonly low: number;
};

/** What one prime needs here: powers of ψ, by exponent. */
const roots = RING_PRIMES.map(({ p, psi }) => {
  const out = new Float64Array(2 * RING_DEGREE);
  for (let i = 0, x = 1; i < out.length; i++, x = (x * psi) % p) out[i] = x;
  return out;
});

const positions = Int32Array.from({ length: RING_DEGREE }, (_, i) => valuePosition(i));

/**
 * x modulo p, in [0, p), for whole numbers with |x| < 2^52. The quotient is exact: one that is no whole number is
 * 1/p away from the next at least, and a double is nearer. No branch, and no `%`, whose time depends on x.
 */
const modulo = (x: number, p: number): number => x - Math.floor(x / p) * p;

/** Positions of a transform's input by reversed bits. */
const reverse = Int32Array.from({ length: RING_DEGREE }, (_, i) => {
  let out = 0;
  for (let bit = 0; bit < 11; bit++) out |= ((i >> bit) & 1) << (10 - bit);
  return out;
});

/** In place: x[i] ← Σ x[j]·ω^(±ij), ω = ψ², from reversed places. */
function transform(x: Float64Array, prime: 0 | 1, sign: 1 | -1): void {
  const { p } = RING_PRIMES[prime];
  const powers = roots[prime] as Float64Array;
  for (let h = 1; h < RING_DEGREE; h *= 2) {
    const stride = RING_DEGREE / h;
    for (let k = 0; k < h; k++) {
      const w = powers[(2 * RING_DEGREE + sign * stride * k) % (2 * RING_DEGREE)] as number;
      for (let j = k; j < RING_DEGREE; j += 2 * h) {
        const a = x[j] as number;
        const b = modulo((x[j + h] as number) * w, p);
        x[j] = modulo(a + b, p);
        x[j + h] = modulo(a - b, p);
      }
    }
  }
}

/** The values of a polynomial, centred, in their order; nothing else of `out` is written. */
export function forward(out: Int32Array, from: Int32Array, prime: 0 | 1): void {
  const { p } = RING_PRIMES[prime];
  const powers = roots[prime] as Float64Array;
  const x = new Float64Array(RING_DEGREE);
  for (let j = 0; j < RING_DEGREE; j++) {
    const residue = modulo(from[j] as number, p);
    x[reverse[j] as number] = modulo(residue * (powers[j] as number), p);
  }
  transform(x, prime, 1);
  const half = (p - 1) / 2;
  for (let i = 0; i < RING_DEGREE; i++) {
    out[positions[i] as number] = modulo((x[i] as number) + half, p) - half;
  }
  x.fill(0);
}

/** K·(a·s) modulo p, in [0, p). */
export function multiply(out: Float64Array, a: Int32Array, s: Int32Array, prime: 0 | 1): void {
  const { p, part } = RING_PRIMES[prime] as RingPrime;
  const powers = roots[prime] as Float64Array;
  for (let i = 0; i < RING_DEGREE; i++) {
    const at = positions[i] as number;
    out[reverse[i] as number] = modulo((a[at] as number) * (s[at] as number), p);
  }
  transform(out, prime, -1);
  // 1/N = p − (p − 1)/N, since N divides p − 1.
  const scale = ((p - (p - 1) / RING_DEGREE) * part) % p;
  for (let j = 0; j < RING_DEGREE; j++) {
    const shift = powers[(2 * RING_DEGREE - j) % (2 * RING_DEGREE)] as number;
    out[j] = modulo(modulo((out[j] as number) * scale, p) * shift, p);
  }
}

const TWO32 = 2 ** 32;

/** The sum with it has no room for a fraction. */
const ROUNDING = 1.5 * 2 ** 52;

/** The fractions C as 16-bit parts, least significant first. */
const fractions = RING_PRIMES.map(({ fraction }) =>
  [0n, 16n, 32n].map((by) => Number((fraction >> by) & (by === 32n ? 0xffff_ffffn : 0xffffn))),
);

/** The k upper bits of y1·C1 + y2·C2 + 2^(63−k) modulo 2^64: as one number below 2^k. */
function rounded(y1: number, y2: number, k: number): number {
  const [a, b] = fractions as [number[], number[]];
  const low = y1 * (a[0] as number) + y2 * (b[0] as number);
  const middle = y1 * (a[1] as number) + y2 * (b[1] as number);
  const high = y1 * (a[2] as number) + y2 * (b[2] as number);
  // low + middle·2^16 + high·2^32 + 2^(63−k), each of them below 2^41.
  const half = 2 ** (63 - k);
  const lowest = low + modulo(middle, 65_536) * 65_536 + (half < TWO32 ? half : 0);
  const lower = modulo(lowest, TWO32);
  const carry = Math.floor(lowest / TWO32) + (half < TWO32 ? 0 : half / TWO32);
  const upper = modulo(high + Math.floor(middle / 65_536) + carry, TWO32);
  return k <= 32
    ? Math.floor(upper / 2 ** (32 - k))
    : upper * 2 ** (k - 32) + Math.floor(lower / 2 ** (64 - k));
}

/** As `latticeHide` of the kernel. */
export function hide(
  out: Uint32Array,
  low: Uint32Array,
  a: Int32Array,
  s: Int32Array,
  errors: Int16Array,
  message: Int32Array,
  { wireBits, step }: LatticeCode,
): void {
  const residues = RING_PRIMES.map(({ p, part }, prime) => {
    const y = new Float64Array(RING_DEGREE);
    multiply(y, half(a, prime, 1), half(s, prime, 2), prime as 0 | 1);
    const factor = (Number(step % BigInt(p)) * part) % p;
    for (let i = 0; i < RING_DEGREE; i++) {
      const m = modulo(message[i] as number, p) * factor;
      y[i] = modulo((y[i] as number) + (errors[i] as number) * part + m, p);
    }
    return y;
  }) as [Float64Array, Float64Array];
  for (let i = 0; i < RING_DEGREE; i++) {
    const word = rounded(residues[0][i] as number, residues[1][i] as number, wireBits);
    if (wireBits <= 32) out[i] = word;
    else {
      const unit = 2 ** (wireBits - 32);
      out[i] = Math.floor(word / unit);
      low[i] = word % unit;
    }
  }
  for (const y of residues) y.fill(0);
}

/** As `latticeOpen` of the kernel. */
export function open(
  out: Uint32Array,
  sums: Uint32Array,
  lows: Uint32Array,
  a: Int32Array,
  s: Int32Array,
  { wireBits, offset, delta, middle, most, low }: LatticeCode,
): number {
  const residues = RING_PRIMES.map((_, prime) => {
    const y = new Float64Array(RING_DEGREE);
    multiply(y, half(a, prime, 1), half(s, prime, 2), prime as 0 | 1);
    return y;
  }) as [Float64Array, Float64Array];
  const all = 2 ** wireBits;
  const steps = 1 / delta;
  let worst = 0;
  for (let i = 0; i < RING_DEGREE; i++) {
    const mask = rounded(residues[0][i] as number, residues[1][i] as number, wireBits);
    const top = sums[i] as number;
    const sum = wireBits <= 32 ? top : top * 2 ** (wireBits - 32) + (lows[i] as number);
    const value = modulo((sum % all) - mask + offset, all) - middle;
    // The nearest whole number, as the kernel rounds: to even in the middle.
    const whole = Math.min(value * steps + ROUNDING - ROUNDING, most);
    worst = Math.max(worst, Math.abs(value - whole * delta));
    out[i] = whole + low;
  }
  return worst;
}

/** One prime's part of a buffer for both, of `blocks` blocks each. */
const half = (both: Int32Array, prime: number, blocks: number): Int32Array =>
  both.subarray(prime * blocks * RING_DEGREE, (prime + 1) * blocks * RING_DEGREE);
