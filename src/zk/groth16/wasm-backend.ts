/**
 * The pairing by the WebAssembly curve that snarkjs brings, a few times as fast as noble
 * (`bench/README.md`). The curve object is handed in: this file imports no peer, and uses the calling thread only.
 */
import type { G1Point, G2Point, Lines, Miller, PairingBackend } from './backend.ts';
import { CURVE_X, P } from './field.ts';

/** Elements of the coordinates' fields, in the curve's own (Montgomery) form. */
type WasmField = {
  readonly mul: (a: Uint8Array, b: Uint8Array) => Uint8Array;
  readonly neg: (a: Uint8Array) => Uint8Array;
  readonly exp: (base: Uint8Array, exponent: bigint) => Uint8Array;
  readonly fromObject: (value: readonly bigint[]) => Uint8Array;
};

/** Points, affine (two coordinates) or Jacobian (three). */
type WasmGroup = {
  readonly fromRprUncompressed: (bytes: Uint8Array, at: number) => Uint8Array;
  readonly isValid: (point: Uint8Array) => boolean;
  readonly isZero: (point: Uint8Array) => boolean;
  readonly add: (a: Uint8Array, b: Uint8Array) => Uint8Array;
  readonly double: (a: Uint8Array) => Uint8Array;
  readonly neg: (a: Uint8Array) => Uint8Array;
  readonly eq: (a: Uint8Array, b: Uint8Array) => boolean;
  readonly timesScalar: (a: Uint8Array, littleEndian: Uint8Array) => Uint8Array;
  readonly toAffine: (a: Uint8Array) => Uint8Array;
  readonly toJacobian: (a: Uint8Array) => Uint8Array;
};

/** The part of snarkjs's curve object `bn128` that is called here. */
export type WasmCurve = {
  readonly F1: Pick<WasmField, 'neg'>;
  readonly F2: WasmField;
  readonly G1: WasmGroup;
  readonly G2: WasmGroup;
  readonly Gt: {
    readonly one: Uint8Array;
    readonly mul: (a: Uint8Array, b: Uint8Array) => Uint8Array;
    readonly eq: (a: Uint8Array, b: Uint8Array) => boolean;
  };
  readonly prepareG1: (jacobian: Uint8Array) => Uint8Array;
  readonly prepareG2: (jacobian: Uint8Array) => Uint8Array;
  readonly millerLoop: (g1: Uint8Array, g2: Uint8Array) => Uint8Array;
  readonly finalExponentiation: (value: Uint8Array) => Uint8Array;
};

const FP = 32;
const FP2 = 64;

/** The opaque types hold the curve's own bytes. */
const open = (value: G1Point | G2Point | Lines | Miller): Uint8Array =>
  value as unknown as Uint8Array;
const hide1 = (bytes: Uint8Array): G1Point => bytes as unknown as G1Point;

/** The bytes of a number, least significant first, and no more of them than it needs. */
function littleEndian(value: bigint): Uint8Array {
  const out: number[] = [];
  for (let rest = value; rest > 0n || out.length === 0; rest >>= 8n) out.push(Number(rest & 255n));
  return Uint8Array.from(out);
}

/**
 * The test of membership in G2: with ψ the Frobenius map seen from the twist,
 *
 *     (x + 1)·Q + ψ(x·Q) + ψ²(x·Q) = ψ³(2x·Q)
 *
 * holds on the twist exactly for the points of order r. One multiplication by 63 bits instead of 254.
 *
 * **Source**: Dai, Lin, Zhao, Zhou, "Fast subgroup membership testings on pairing-friendly curves"
 * (eprint 2022/348).
 */
function subgroupTest({ F1, F2, G2 }: WasmCurve): (point: Uint8Array) => boolean {
  const nonResidue = F2.fromObject([9n, 1n]);
  const xFactor = F2.exp(nonResidue, (P - 1n) / 3n);
  const yFactor = F2.exp(nonResidue, (P - 1n) / 2n);
  const x = littleEndian(CURVE_X);

  const conjugate = (a: Uint8Array): Uint8Array => {
    const out = a.slice();
    out.set(F1.neg(a.slice(FP)), FP);
    return out;
  };
  const psi = (affine: Uint8Array): Uint8Array => {
    const out = new Uint8Array(2 * FP2);
    out.set(F2.mul(conjugate(affine.slice(0, FP2)), xFactor));
    out.set(F2.mul(conjugate(affine.slice(FP2)), yFactor), FP2);
    return out;
  };
  return (point) => {
    // Not infinity, which has no affine form: x has no factor in common with the twist's order.
    const multiple = G2.timesScalar(point, x);
    const once = G2.toAffine(multiple);
    const [first, second] = [psi(once), psi(psi(once))];
    const left = G2.add(G2.add(G2.add(multiple, point), first), second);
    return G2.eq(left, G2.double(psi(second)));
  };
}

/**
 * A back end on a curve object of snarkjs.
 *
 * **Security**: the curve's memory keeps what was computed in it; everything here is public.
 * **Cost**: two powers in the field of the twist, for the constants of the subgroup test.
 *
 * @param curve - `bn128` as `snarkjs.curves.getCurveFromName` gives it; not terminated while in use
 */
export function wasmPairing(curve: WasmCurve): PairingBackend {
  const { G1, G2, Gt } = curve;
  const isInSubgroup = subgroupTest(curve);
  return Object.freeze<PairingBackend>({
    name: 'wasm',
    g1: (bytes) => {
      const point = G1.fromRprUncompressed(bytes, 0);
      return G1.isValid(point) ? hide1(point) : undefined;
    },
    g2: (bytes) => {
      const point = G2.fromRprUncompressed(bytes, 0);
      return G2.isValid(point) ? (point as unknown as G2Point) : undefined;
    },
    isInSubgroup: (point) => isInSubgroup(open(point)),
    negate: (point) => hide1(G1.neg(open(point))),
    combine: (points, scalars) => {
      let sum: Uint8Array | undefined;
      for (let i = 0; i < points.length; i++) {
        const scalar = scalars[i] as bigint;
        if (scalar === 0n) continue;
        const point = open(points[i] as G1Point);
        const term = scalar === 1n ? point : G1.timesScalar(point, littleEndian(scalar));
        sum = sum === undefined ? term : G1.add(sum, term);
      }
      return sum === undefined || G1.isZero(sum) ? undefined : hide1(sum);
    },
    lines: (point) => curve.prepareG2(G2.toJacobian(open(point))) as unknown as Lines,
    miller: (pairs) => {
      let product = Gt.one;
      for (const [point, lines] of pairs) {
        const prepared = curve.prepareG1(G1.toJacobian(open(point)));
        product = Gt.mul(product, curve.millerLoop(prepared, open(lines)));
      }
      return product as unknown as Miller;
    },
    isOne: (factors) => {
      const product = factors.reduce((all, factor) => Gt.mul(all, open(factor)), Gt.one);
      return Gt.eq(curve.finalExponentiation(product), Gt.one);
    },
  });
}
