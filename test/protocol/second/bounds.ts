/** Section 4.7, and the update key of section 9.2. */
import { bytes, encode, map, text, type Value } from './cbor.ts';
import { H, same } from './primitives.ts';
import { must } from './refused.ts';

/** The parts of an update key, points as their bytes. */
export type UpdateKey = {
  readonly hash: Uint8Array;
  /** Values in a chunk. */
  readonly c: number;
  readonly alpha: Uint8Array;
  readonly beta: Uint8Array;
  readonly gamma: Uint8Array;
  readonly delta: Uint8Array;
  readonly ic: readonly Uint8Array[];
  readonly imagesX: readonly Uint8Array[];
  readonly imagesH: readonly Uint8Array[];
  /** [σ_X]_2 and [σ_H]_2 of the last contribution. */
  readonly sigmaX: Uint8Array;
  readonly sigmaH: Uint8Array;
};

/** Cuts a key that somebody else has checked. */
export function readUpdateKey(key: Uint8Array): UpdateKey {
  const view = Buffer.from(key);
  let at = 8;
  const take = (length: number): Uint8Array => {
    at += length;
    return new Uint8Array(view.subarray(at - length, at));
  };
  const points = (count: number): Uint8Array[] => Array.from({ length: count }, () => take(64));
  const c = view.readUInt32BE(4);
  must(view.readUInt16BE(0) === 0x0103 && c >= 1 && c <= 32_637, 'malformed', 'update key');
  at += 3;
  must(view.readUInt32BE(at) === 2 * c + 261, 'malformed', 'verifying key');
  at += 4;
  const [alpha, beta, gamma, delta] = [take(64), take(128), take(128), take(128)];
  const [ic, imagesX, imagesH] = [points(2 * c + 262), points(c + 1), points(c + 257)];
  const contributions = view.readUInt16BE(2);
  at += (contributions - 1) * 384;
  const sigmaX = take(128);
  at += 64;
  const sigmaH = take(128);
  must(contributions > 0 && at + 64 === key.length, 'malformed', 'update key');
  const verifying = { alpha, beta, gamma, delta, ic } as Pick<
    UpdateKey,
    'alpha' | 'beta' | 'gamma' | 'delta' | 'ic'
  >;
  return { hash: H(key), c, ...verifying, imagesX, imagesH, sigmaX, sigmaH };
}

/** What bounds follow from. */
type Bounded = {
  readonly kind: 'integer' | 'real' | 'weighted-mean';
  readonly min: number;
  readonly max: number;
  readonly bits: number;
  readonly maxWeight: number;
  /** Ring length. */
  readonly d: number;
  readonly B: bigint;
};

/** Width, and greatest sum of squares in a chunk. */
function boundsOf({ kind, min, max, bits, maxWeight, d, B }: Bounded, c: number) {
  const f = BigInt(Math.min(c, d));
  if (kind === 'integer') {
    let q = 1;
    while (2 ** q < max - min + 1) q++;
    return { w: q, N: f * 4n ** BigInt(q - 1) };
  }
  const [M, W] = [2n ** BigInt(bits - 1) - 1n, BigInt(maxWeight)];
  const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
  if (kind === 'real') return { w: bits, N: least(B, f * M * M) };
  let k = 1;
  while (2n ** BigInt(k) < W * M + 1n) k++;
  return { w: 1 + k, N: W * W * least(B + 1n, f * M * M) };
}

/** N of each field, where a plan asks for proofs under this key and says what follows from it. */
export function readBounds(
  value: Value,
  fields: readonly Bounded[],
  key: UpdateKey | undefined,
): readonly number[] {
  const of = map(value, 'scheme', 'key', 'chunk', 'bits', 'norms');
  must(text(of.scheme) === 'proven-updates', 'plan-refused', 'commitments');
  const hash = bytes(of.key, 32);
  must(key !== undefined && same(hash, key.hash), 'plan-refused', 'update key');
  const bounds = fields.map((field) => boundsOf(field, key.c));
  const most = 2n ** BigInt(30 + Math.ceil(Math.log2(key.c))) - 1n;
  must(
    bounds.every(({ w, N }) => w <= 16 && N <= most),
    'plan-refused',
    'wider than what can be proven',
  );
  const norms = bounds.map(({ N }) => Number(N));
  const said = { scheme: 'proven-updates', key: hash, chunk: key.c, bits: 16, norms };
  must(same(encode(value), encode(said)), 'plan-refused', 'bounds');
  return norms;
}
