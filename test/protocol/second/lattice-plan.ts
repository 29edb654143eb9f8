/** Section 4.8: what follows from fields under lattice masks, all in whole numbers. */
import type { Value } from './cbor.ts';
import { must } from './refused.ts';

export const N = 2048;
export const PRIMES = [
  { p: 8_380_417, psi: 7_901_702, K: 6_704_470, C: 2_201_172_575_745n },
  { p: 8_318_977, psi: 3_728_401, K: 1_663_660, C: 2_217_429_387_497n },
] as const;
export const Q: bigint = BigInt(PRIMES[0].p) * BigInt(PRIMES[1].p);
export const SUITE = 'rlwe-2048-46';

/** What a field must be known by. */
type Field = {
  readonly kind: string;
  readonly min: number;
  readonly max: number;
  readonly bits: number;
  readonly maxWeight: number;
  readonly rotated: boolean;
  readonly isLattice: boolean;
  readonly d: number;
  readonly b: number;
  readonly variances: readonly number[];
};
/** A field under a lattice mask. */
export type Hidden = {
  /** Which of the round's fields. */
  readonly field: number;
  readonly low: number;
  readonly T: number;
  readonly c: number;
  readonly k: number;
  readonly coefficients: number;
  readonly firstBlock: number;
};
/** What a plan says of its lattice masks. */
export type Lattice = {
  readonly G: number;
  readonly w: number;
  readonly fields: readonly Hidden[];
};

const ceilDivide = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;
function ceilRoot(x: bigint): bigint {
  let r = BigInt(Math.floor(Math.sqrt(Number(x))));
  while (r * r < x) r++;
  while (r > 0n && (r - 1n) * (r - 1n) >= x) r--;
  return r;
}

/** X of 4.8: the greatest remainder, in units of 1/1024. */
function remainderBound(n: number, coefficients: number, k: number): bigint {
  const h = 2n ** BigInt(40 - k);
  let j = 0n;
  while (10_000_000n * 2n ** j < BigInt(coefficients)) j++;
  const L = 33_622_486n + 1_386_295n * (40n + j);
  const V = BigInt(n) * (100_000n * h * h + 16_536n);
  const root = ceilRoot(ceilDivide(2n ** 20n * L * V, 12n * 10n ** 11n * h * h));
  return root + ceilDivide(1024n * (14_103n + 856n * BigInt(n)), 100_000n * h) + 1537n;
}

function shapeOf(n: number, d: number, low: number, high: number) {
  const T = Math.max(high - low + 1, 2);
  let best: { readonly c: number; readonly k: number; readonly coefficients: number } | undefined;
  for (let c = 1; T ** c <= 2 ** 32; c++) {
    const coefficients = Math.ceil(d / c);
    let k = 8;
    const fits = (): boolean =>
      512n * 2n ** BigInt(k) * (Q / BigInt(T) ** BigInt(c)) >=
      remainderBound(n, coefficients, k) * Q;
    while (k <= 40 && !fits()) k++;
    if (k > 40) break;
    if (best === undefined || k * best.c < best.k * c) best = { c, k, coefficients };
  }
  must(best !== undefined, 'plan-refused', 'sums too wide for a lattice mask');
  return { low, T, ...best };
}

/** The least and the greatest sum of 4.8. */
function rangeOf(field: Field, n: number): readonly [number, number] {
  const { kind, min, max, bits, maxWeight, rotated, b, variances } = field;
  const isNoisy = variances.length > 0;
  if (kind === 'integer') {
    const tail = Math.floor((2 ** b - 1 - n * (max - min)) / 2);
    return isNoisy ? [-tail, 2 ** b - 1 - tail] : [0, n * (max - min)];
  }
  if (isNoisy || rotated) return [-(2 ** (b - 1)), 2 ** (b - 1) - 1];
  const most = n * maxWeight * (2 ** (bits - 1) - 1);
  return [-most, most];
}

/** Works out what follows from fields with masks of this kind; nothing where there are none. */
export function latticeOf(fields: readonly Field[], n: number): Lattice | undefined {
  const found: Hidden[] = [];
  let [blocks, all] = [0, 0];
  for (const [i, field] of fields.entries()) {
    if (!field.isLattice) continue;
    const shape = shapeOf(n, field.d, ...rangeOf(field, n));
    found.push({ ...shape, field: i, firstBlock: blocks });
    blocks += Math.ceil(shape.coefficients / N);
    all += shape.coefficients;
  }
  if (found.length === 0) return undefined;
  let w = 1;
  while (2 ** w < 186 * n + 1) w++;
  return { G: all < 1e5 ? 1 : all < 1e7 ? 4 : 8, w, fields: found };
}

/** `derived.lattice`, if there is one. */
export const latticeValue = (of: Lattice | undefined): { readonly lattice?: Value } =>
  of === undefined
    ? {}
    : {
        lattice: {
          suite: SUITE,
          secrets: of.G,
          keyBits: of.w,
          // No −0, which is no whole number to CBOR.
          fields: of.fields.map(({ low, T, c, k }) => [low + 0, T, c, k]),
        },
      };
