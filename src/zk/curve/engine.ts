/**
 * Who does the curve's hard work: sums of many multiples of points. There are two engines with the
 * same results, one in plain TypeScript here and one on the WebAssembly of snarkjs.
 */
import {
  addPairs,
  affine,
  FIELD_PRIME,
  INFINITY,
  type Point,
  type Projective,
  projective,
} from './points.ts';

/** Points made ready for an engine; only the engine that made it may use it. */
export type PointTable = {
  /** None of them is infinity. */
  readonly points: readonly Point[];
  /** The engine's own form of them, empty if it needs none. */
  readonly bytes: Uint8Array;
};

/** What commitments need of a curve. */
export type CurveEngine = {
  readonly name: 'noble' | 'wasm';
  /** value^((p + 1) / 4) for each value: a root if the value is a square. */
  readonly rootCandidates: (values: readonly bigint[]) => Promise<readonly bigint[]>;
  /** Makes points ready; none may be infinity. */
  readonly prepare: (points: readonly Point[]) => Promise<PointTable>;
  /**
   * Σ k_i·P_i.
   *
   * @param table n points
   * @param scalars n numbers ≥ 0 of `size` bytes each, least significant byte first; not kept
   */
  readonly multiply: (table: PointTable, scalars: Uint8Array, size: number) => Promise<Point>;
};

/** p ≡ 3 mod 4, so this power of a square is its root. */
export const ROOT_EXPONENT: bigint = (FIELD_PRIME + 1n) >> 2n;

/** The exponent's digits to the base 32, most significant first. */
const ROOT_DIGITS: readonly number[] = ROOT_EXPONENT.toString(32)
  .split('')
  .map((digit) => Number.parseInt(digit, 32));

/**
 * The engine that runs everywhere: bigint, and noble's points where there are few.
 *
 * **Security**: `bigint` and buckets that the scalars choose: not constant-time, and copies of
 * intermediate points stay behind until memory is collected.
 */
export const nobleEngine: CurveEngine = {
  name: 'noble',
  rootCandidates: async (values) => values.map(rootCandidate),
  prepare: async (points) => ({ points, bytes: new Uint8Array(0) }),
  multiply: async ({ points }, scalars, size) => {
    let sum: Projective = projective(INFINITY);
    for (let plane = size - 1; plane >= 0; plane--) {
      for (let i = 0; i < 8; i++) sum = sum.double();
      sum = sum.add(planeSum(points, scalars, size, plane));
    }
    return affine(sum);
  },
};

function rootCandidate(value: bigint): bigint {
  const powers = [1n, value];
  for (let i = 2; i < 32; i++) powers.push(((powers[i - 1] as bigint) * value) % FIELD_PRIME);
  let root = 1n;
  for (const digit of ROOT_DIGITS) {
    for (let i = 0; i < 5; i++) root = (root * root) % FIELD_PRIME;
    if (digit !== 0) root = (root * (powers[digit] as bigint)) % FIELD_PRIME;
  }
  return root;
}

/**
 * Σ b_i·P_i, where b_i is one byte of each scalar (Pippenger with windows of a byte).
 *
 * Equal bytes meet in a bucket, all buckets are halved together with one inversion, and the 255
 * sums are weighted by adding up running totals.
 */
function planeSum(
  points: readonly Point[],
  scalars: Uint8Array,
  size: number,
  plane: number,
): Projective {
  const buckets: Point[][] = Array.from({ length: 256 }, () => []);
  for (let i = 0; i < points.length; i++) {
    buckets[scalars[i * size + plane] as number]?.push(points[i] as Point);
  }
  buckets[0] = [];
  while (halveAll(buckets)) {}
  let total = projective(INFINITY);
  let sum = total;
  for (let byte = 255; byte > 0; byte--) {
    const [point] = buckets[byte] as Point[];
    if (point !== undefined) total = total.add(projective(point));
    if (!total.is0()) sum = sum.add(total);
  }
  return sum;
}

/** Adds points of the same bucket pairwise; whether any bucket had two. */
function halveAll(buckets: Point[][]): boolean {
  const left: Point[] = [];
  const right: Point[] = [];
  for (const bucket of buckets) {
    for (let i = 1; i < bucket.length; i += 2) {
      left.push(bucket[i - 1] as Point);
      right.push(bucket[i] as Point);
    }
  }
  if (left.length === 0) return false;
  const sums = addPairs(left, right);
  let at = 0;
  for (const bucket of buckets) {
    const pairs = bucket.length >> 1;
    const odd = bucket.length & 1 ? bucket[bucket.length - 1] : undefined;
    for (let i = 0; i < pairs; i++) bucket[i] = sums[at++] as Point;
    bucket.length = pairs;
    if (odd !== undefined) bucket.push(odd);
  }
  return true;
}

/** Several tables as one, in this order. */
export function joinTables(...tables: readonly PointTable[]): PointTable {
  let length = 0;
  for (const table of tables) length += table.bytes.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const table of tables) {
    bytes.set(table.bytes, at);
    at += table.bytes.length;
  }
  return { points: tables.flatMap((table) => table.points), bytes };
}

/** The first `count` points of a table of `table.points.length`. */
export function headOf(table: PointTable, count: number): PointTable {
  const width = table.bytes.length / table.points.length;
  return { points: table.points.slice(0, count), bytes: table.bytes.subarray(0, count * width) };
}

/** Every `step`-th point of a table, from the first. */
export function everyOf(table: PointTable, step: number): PointTable {
  const width = table.bytes.length / table.points.length;
  const points = table.points.filter((_, i) => i % step === 0);
  const bytes = new Uint8Array(points.length * width);
  for (let i = 0; i < points.length; i++) {
    bytes.set(table.bytes.subarray(i * step * width, (i * step + 1) * width), i * width);
  }
  return { points, bytes };
}
