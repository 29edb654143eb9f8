/** Section 9.2: context, challenge, what a prover is given, the proof of a chunk, and whether one holds. */
import { bn254 } from '@noble/curves/bn254.js';
import type { UpdateKey } from './bounds.ts';
import { ascii, cat, H, LP, same, u32 } from './primitives.ts';

const { Fp, Fp2, Fp12 } = bn254.fields;
const { G1, G2 } = bn254;
const P = Fp.ORDER;
const R = bn254.fields.Fr.ORDER;

type Point = ReturnType<typeof G1.Point.fromAffine>;
type PointG2 = ReturnType<typeof G2.Point.fromAffine>;

/** What proofs of one client in one round are bound to. */
export type Bound = {
  readonly key: UpdateKey;
  readonly planHash: Uint8Array;
  readonly roundId: Uint8Array;
  readonly context: Uint8Array;
  readonly id: string;
};

/** A chunk's number, and N of its field. */
export type Place = { readonly number: number; readonly N: number };

/** Makes the 258 bytes of Groth16 from the circuit's inputs. */
export type Prover = (inputs: {
  readonly ctx: string;
  readonly normMax: string;
  readonly alpha: string;
  readonly blindX: string;
  readonly x: readonly string[];
  readonly blindH: string;
  readonly hi: readonly string[];
  readonly m: readonly string[];
}) => Promise<Uint8Array>;

const big = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const B = (value: bigint): Uint8Array =>
  new Uint8Array(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'));
const mod = (value: bigint): bigint => ((value % R) + R) % R;

const scalar = (purpose: string, ...parts: readonly Uint8Array[]): bigint => {
  const half = (name: string): bigint =>
    big(H(LP(ascii(`veilsum/zk/${purpose}/${name}`), ...parts)));
  return (2n ** 256n * half('high') + half('low')) % R;
};

function known({ key, planHash, roundId, context, id }: Bound, place: Place, ...C: Uint8Array[]) {
  const protocol = ascii('veilsum/zk/update/v1');
  const name = new Uint8Array(Buffer.from(id));
  const number = u32(place.number);
  const ctx = scalar(
    'update/context',
    protocol,
    planHash,
    roundId,
    context,
    name,
    number,
    key.hash,
  );
  const N = BigInt(place.N);
  return { ctx, N, alpha: scalar('update/challenge', B(ctx), B(N), key.hash, ...C) };
}

/** A point of G1; `undefined` if these bytes are none. */
function g1(bytes: Uint8Array): Point | undefined {
  const [x, y] = [big(bytes.slice(0, 32)), big(bytes.slice(32))];
  if (x >= P || y >= P || (x === 0n && y === 0n)) return undefined;
  if (Fp.sqr(y) !== Fp.add(Fp.mul(Fp.sqr(x), x), 3n)) return undefined;
  return G1.Point.fromAffine({ x, y });
}

/** A point of G2; `undefined` if these bytes are none. */
function g2(bytes: Uint8Array): PointG2 | undefined {
  const all = [0, 1, 2, 3].map((i) => big(bytes.slice(32 * i, 32 * i + 32)));
  const [xi, xr, yi, yr] = all as [bigint, bigint, bigint, bigint];
  if (all.some((v) => v >= P) || all.every((v) => v === 0n)) return undefined;
  try {
    const point = G2.Point.fromAffine({
      x: Fp2.fromBigTuple([xr, xi]),
      y: Fp2.fromBigTuple([yr, yi]),
    });
    point.assertValidity();
    return point;
  } catch {
    return undefined;
  }
}

const bytesOf = (point: Point): Uint8Array => {
  const { x, y } = point.toAffine();
  return cat(B(x), B(y));
};

/** Σ s_k·P_k */
function sumOf(scalars: readonly bigint[], points: readonly Uint8Array[]): Point {
  let sum = G1.Point.ZERO;
  for (const [k, s] of scalars.entries()) {
    if (mod(s) !== 0n) sum = sum.add((g1(points[k] as Uint8Array) as Point).multiplyUnsafe(mod(s)));
  }
  return sum;
}

/** The proof of a chunk. */
export async function proofOf(
  bound: Bound,
  place: Place,
  values: readonly number[],
  [rho, rhoH]: readonly [Uint8Array, Uint8Array],
  prove: Prover,
): Promise<Uint8Array> {
  const { c, ic, imagesX, imagesH } = bound.key;
  const x = Array.from({ length: c }, (_, j) => values[j] ?? 0);
  const hi = x.map((v) => Math.floor((v + 2 ** 15) / 256));
  const lo = x.map((v, j) => v + 2 ** 15 - 256 * (hi[j] as number));
  const m = Array.from({ length: 256 }, (_, t) => [...hi, ...lo].filter((b) => b === t).length);
  const X = [big(rho), ...x.map(BigInt)];
  const help = [big(rhoH), ...hi.map(BigInt), ...m.map(BigInt)];
  const CX = bytesOf(sumOf(X, ic.slice(4)));
  const CH = bytesOf(sumOf(help, ic.slice(5 + c)));
  const { ctx, N, alpha } = known(bound, place, CX, CH);
  const all = (list: readonly number[]): string[] => list.map((v) => `${mod(BigInt(v))}`);
  const groth16 = await prove({
    ctx: `${ctx}`,
    normMax: `${N}`,
    alpha: `${alpha}`,
    blindX: `${big(rho)}`,
    x: all(x),
    blindH: `${big(rhoH)}`,
    hi: all(hi),
    m: all(m),
  });
  const images = [bytesOf(sumOf(X, imagesX)), bytesOf(sumOf(help, imagesH))] as const;
  return cat(Uint8Array.of(1, 4), images[0], CH, images[1], groth16);
}

/** Whether a proof of 452 bytes holds for a point; the key's own points are believed. */
export function holds(
  bound: Bound,
  place: Place,
  commitment: Uint8Array,
  proof: Uint8Array,
): boolean {
  const { ic, alpha, beta, gamma, delta, sigmaX, sigmaH } = bound.key;
  const heads = [proof.slice(0, 2), proof.slice(194, 196)];
  if (!same(cat(...heads), Uint8Array.of(1, 4, 1, 2)) || proof.length !== 452) return false;
  const CH = proof.slice(66, 130);
  const inG1 = [commitment, proof.slice(2, 66), CH, proof.slice(130, 194)];
  const points = [...inG1, proof.slice(196, 260), proof.slice(388)].map(g1);
  const b = g2(proof.slice(260, 388));
  if (b === undefined || points.some((point) => point === undefined)) return false;
  const [X, imageX, Y, imageH, a, c] = points as [Point, Point, Point, Point, Point, Point];
  const said = known(bound, place, commitment, CH);
  const vk = sumOf([1n, said.ctx, said.N, said.alpha], ic).add(X).add(Y);
  const key2 = (bytes: Uint8Array): PointG2 => g2(bytes) as PointG2;
  const isOne = (...pairs: readonly (readonly [Point, PointG2])[]): boolean =>
    Fp12.eql(bn254.pairingBatch(pairs.map(([one, two]) => ({ g1: one, g2: two }))), Fp12.ONE);
  return (
    isOne(
      [a, b],
      [(g1(alpha) as Point).negate(), key2(beta)],
      [vk.negate(), key2(gamma)],
      [c.negate(), key2(delta)],
    ) &&
    isOne([imageX, G2.Point.BASE], [X.negate(), key2(sigmaX)]) &&
    isOne([imageH, G2.Point.BASE], [Y.negate(), key2(sigmaH)])
  );
}
