/**
 * Slow twin of the lattice room's noise: the discrete Gaussian with σ = 6.6 between proven bounds, its
 * thresholds, and draws by their definition, all in bigint.
 */

/** Fixed point with 320 bits behind the point. */
export const UNIT_BITS = 320n;
export const UNIT: bigint = 1n << UNIT_BITS;

/** A number of units that lies between two bounds. */
export type Bounds = { readonly lower: bigint; readonly upper: bigint };

const ceilDivide = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

const product = (a: Bounds, b: Bounds): Bounds => ({
  lower: (a.lower * b.lower) >> UNIT_BITS,
  upper: ceilDivide(a.upper * b.upper, UNIT),
});

const power = (a: Bounds, n: number): Bounds => {
  if (n === 0) return { lower: UNIT, upper: UNIT };
  const half = power(a, Math.floor(n / 2));
  const square = product(half, half);
  return n % 2 === 0 ? square : product(square, a);
};

/** e^(−1/2178): partial sums of the alternating series lie below and above it in turns. */
function root(): Bounds {
  const y = 2178n;
  let [lower, upper] = [0n, 0n];
  // In units of 1 / (2178^k · k!), so that nothing is rounded before the end.
  for (let k = 1n, sum = 1n, scale = 1n; k <= 60n; k++) {
    sum = sum * y * k + (k % 2n === 0n ? 1n : -1n);
    scale *= y * k;
    if (k % 2n === 0n) upper = ceilDivide(sum << UNIT_BITS, scale);
    else lower = (sum << UNIT_BITS) / scale;
  }
  return { lower, upper };
}

/** Terms after which all others together are less than those bounds can show. */
const TERMS = 160;

/**
 * Bounds of P(|X| = 0), P(|X| = 1), … for P(x) ∝ e^(−25x²/2178); the last entry is P(|X| ≥ 160).
 *
 * A ratio of neighbours beyond 160 is below e^(−25 · 321/2178) < 1/2, so the rest is at most twice its first
 * term, on both sides.
 */
export function gaussianLaw(): readonly Bounds[] {
  const base = root();
  const weights = Array.from({ length: TERMS + 1 }, (_, x): Bounds => {
    const { lower, upper } = power(base, 25 * x * x);
    if (x === TERMS) return { lower: 0n, upper: 4n * upper };
    return x === 0 ? { lower, upper } : { lower: 2n * lower, upper: 2n * upper };
  });
  const total = weights.reduce((sum, w) => ({
    lower: sum.lower + w.lower,
    upper: sum.upper + w.upper,
  }));
  return weights.map(({ lower, upper }) => ({
    lower: (lower << UNIT_BITS) / total.upper,
    upper: ceilDivide(upper << UNIT_BITS, total.lower),
  }));
}

/** ⌊P(|X| < i) · 2^bits⌋ for i = 1 … 93; fails if the bounds leave it open. */
export function gaussianThresholds(bits: bigint): readonly bigint[] {
  const law = gaussianLaw();
  const shift = UNIT_BITS - bits;
  return Array.from({ length: 93 }, (_, i) => {
    const rest = law.slice(i + 1);
    // From above, since there the numbers are small: 1 − P(|X| ≥ i).
    const lower = (UNIT - rest.reduce((sum, p) => sum + p.upper, 0n)) >> shift;
    const upper = (UNIT - rest.reduce((sum, p) => sum + p.lower, 0n)) >> shift;
    if (lower !== upper) throw new Error(`threshold ${i + 1}: not decided by ${UNIT_BITS} bits`);
    return lower;
  });
}

/**
 * Bounds of the total-variation distance to the law, in units of 2^−320, for a sign and a magnitude that is
 * the number of thresholds not above a uniform number of `bits` bits.
 */
export function distanceOf(thresholds: readonly bigint[], bits: bigint): Bounds {
  const edges = [0n, ...thresholds, 1n << bits];
  let [lower, upper] = [0n, 0n];
  gaussianLaw().forEach((p, x) => {
    const share = x + 1 < edges.length ? (edges[x + 1] as bigint) - (edges[x] as bigint) : 0n;
    const q = share << (UNIT_BITS - bits);
    const apart = q > p.lower ? q - p.lower : p.lower - q;
    const width = p.upper - p.lower;
    upper += apart + width;
    lower += apart > width ? apart - width : 0n;
  });
  return { lower: lower / 2n, upper: ceilDivide(upper, 2n) };
}

const LOW_113 = (1n << 113n) - 1n;

/** One draw: the word's top bit is the sign, its other bits and the tail's low 113 the uniform number. */
export function slowGaussian(thresholds: readonly bigint[], word: number, tail: bigint): number {
  const u = (BigInt(word & 0x7fff) << 113n) | (tail & LOW_113);
  const x = thresholds.filter((c) => u >= c).length;
  return word >= 0x8000 && x > 0 ? -x : x;
}

/** Draws as kernel/gaussian.ts asks for words: piece by piece, slots first, and more slots if they are few. */
export function slowGaussians(
  thresholds: readonly bigint[],
  length: number,
  draw: (words: Uint32Array) => void,
): number[] {
  const heads = new Set(thresholds.map((c) => Number(c >> 113n)));
  const out: number[] = [];
  while (out.length < length) {
    const n = Math.min(30_720, length - out.length);
    const slots = 32 + 2 * Math.floor(n / 1024);
    const random = new Uint32Array(4 * slots + Math.ceil(n / 2));
    draw(random);
    const tails = random.subarray(0, 4 * slots);
    let used = 0;
    for (let i = 0; i < n; i++) {
      const pair = random[4 * slots + (i >> 1)] as number;
      const word = i % 2 === 0 ? pair & 0xffff : pair >>> 16;
      if (!heads.has(word & 0x7fff)) {
        out.push(slowGaussian(thresholds, word, 0n));
        continue;
      }
      if (used === slots) {
        draw(tails);
        used = 0;
      }
      const slot = [...tails.subarray(4 * used, 4 * used + 4)];
      out.push(
        slowGaussian(
          thresholds,
          word,
          slot.reduceRight((tail, part) => (tail << 32n) | BigInt(part), 0n),
        ),
      );
      used++;
    }
  }
  return out;
}
