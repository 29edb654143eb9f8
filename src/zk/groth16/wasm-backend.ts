/**
 * The pairing by the WebAssembly curve that snarkjs brings, a few times as fast as noble
 * (`bench/README.md`). This file imports no peer, and uses the calling thread only.
 */
import { concat, equalBytes } from '../../internal/bytes.ts';
import type { FastCurve, SnarkCurve } from '../snark.ts';
import type { G1Point, G2Point, Lines, Miller, Pair, PairingBackend } from './backend.ts';
import { CURVE_X, P, writeNumber } from './field.ts';
import { callsOf, inMemory, otherVersion, type WasmCalls, type WasmCurve } from './wasm-memory.ts';

/** Bytes of field elements: of 𝔽_p, of the twist's 𝔽_p², and of the pairing's 𝔽_p¹². */
const FP = 32;
const FP2 = 64;
const FP12 = 384;

/** Bytes of affine points (two coordinates) and of Jacobian ones (three). */
const G1_AFFINE: number = 2 * FP;
const G1_JACOBIAN: number = 3 * FP;
const G2_AFFINE: number = 2 * FP2;
const G2_JACOBIAN: number = 3 * FP2;

/** Points of one multi-exponentiation: 100 KB with their scalars. */
const SLICE = 1_024;

/** The steps of the Miller loop: the binary digits of 6x + 2 after the first. */
const LOOP: readonly boolean[] = [...(6n * CURVE_X + 2n).toString(2)]
  .slice(1)
  .map((digit) => digit === '1');

/** Bytes of a line, three numbers of 𝔽_p²; and how many lines a point has. */
const LINE: number = 3 * FP2;
const LINES: number = LOOP.length + LOOP.filter((isOne) => isOne).length + 2;

/** The opaque types hold the curve's own bytes: affine points, in Montgomery form. */
const open = (value: G1Point | G2Point | Lines | Miller): Uint8Array =>
  value as unknown as Uint8Array;
const hide1 = (bytes: Uint8Array): G1Point => bytes as unknown as G1Point;

/**
 * A back end on snarkjs's curve, with the verdicts of noble.
 *
 * @param curve - from `fastCurve`. Its threads are not used, so `dispose` does not end the back end
 * @throws DependencyError `peer-version` if the curve's functions are not those of snarkjs 0.7.6
 * @throws UsageError `disposed`
 *
 * **Security**: the curve's memory keeps what was computed in it; everything here is public.
 * **Cost**: two Miller loops, and two powers in the field of the twist.
 */
export function wasmPairing(curve: FastCurve): Promise<PairingBackend> {
  return curve.use(async (lent: SnarkCurve & WasmCurve) => backendOn(lent));
}

function backendOn(curve: WasmCurve): PairingBackend {
  const calls = callsOf(curve);
  assertSameLoop(curve, calls);
  return Object.freeze<PairingBackend>({
    name: 'wasm',
    g1: (bytes) =>
      inMemory(curve, ({ put, room, take }) => {
        const point = room(G1_AFFINE);
        calls.g1m_UtoLEM(put(bytes), point);
        return calls.g1m_inCurveAffine(point) ? hide1(take(point, G1_AFFINE)) : undefined;
      }),
    g2: (bytes) =>
      inMemory(curve, ({ put, room, take }) => {
        const point = room(G2_AFFINE);
        calls.g2m_UtoLEM(put(bytes), point);
        if (!calls.g2m_inCurveAffine(point)) return undefined;
        return take(point, G2_AFFINE) as unknown as G2Point;
      }),
    isInSubgroup: subgroupTest(curve, calls),
    negate: (point) =>
      inMemory(curve, ({ put, take }) => {
        const at = put(open(point));
        calls.g1m_negAffine(at, at);
        return hide1(take(at, G1_AFFINE));
      }),
    combine: (points, scalars) => combine(curve, calls, points, scalars),
    lines: (point) =>
      inMemory(curve, ({ put, room, take }) => {
        const [jacobian, lines] = [room(G2_JACOBIAN), room(curve.preQSize)];
        calls.g2m_toJacobian(put(open(point)), jacobian);
        calls.bn128_prepareG2(jacobian, lines);
        return take(lines, curve.preQSize) as unknown as Lines;
      }),
    miller: (pairs) => miller(curve, calls, pairs),
    isOne: (factors) =>
      inMemory(curve, ({ put, room }) => {
        const [product, factor] = [room(FP12), put(new Uint8Array(FP12))];
        calls.ftm_one(product);
        for (const value of factors) calls.ftm_mul(product, put(open(value)), product);
        calls.bn128_finalExponentiation(product, factor);
        return calls.ftm_isOne(factor) !== 0;
      }),
  });
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
function subgroupTest(curve: WasmCurve, calls: WasmCalls): PairingBackend['isInSubgroup'] {
  const xFactor = powerOfNonResidue(curve, calls, (P - 1n) / 3n);
  const yFactor = powerOfNonResidue(curve, calls, (P - 1n) / 2n);
  const x = littleEndian([CURVE_X]);
  return (point) =>
    inMemory(curve, ({ put, room }) => {
      const [factorX, factorY] = [put(xFactor), put(yFactor)];
      const psi = (from: number, to: number): number => {
        calls.f2m_conjugate(from, to);
        calls.f2m_mul(to, factorX, to);
        calls.f2m_conjugate(from + FP2, to + FP2);
        calls.f2m_mul(to + FP2, factorY, to + FP2);
        return to;
      };
      const from = put(open(point));
      const [left, right] = [room(G2_JACOBIAN), room(G2_JACOBIAN)];
      const [once, spare] = [room(G2_AFFINE), room(G2_AFFINE)];
      calls.g2m_timesScalarAffine(from, put(x.bytes), x.size, left);
      // Not infinity, which has no affine form: x has no factor in common with the twist's order.
      calls.g2m_toAffine(left, once);
      calls.g2m_addMixed(left, from, left);
      calls.g2m_addMixed(left, psi(once, spare), left);
      calls.g2m_addMixed(left, psi(spare, once), left);
      calls.g2m_doubleAffine(psi(once, spare), right);
      return calls.g2m_eq(left, right) !== 0;
    });
}

/** (9 + u)^exponent, where 9 + u is what the twist is made with. */
function powerOfNonResidue(curve: WasmCurve, calls: WasmCalls, exponent: bigint): Uint8Array {
  return inMemory(curve, ({ put, room, take }) => {
    const base = put(littleEndian([9n, 1n], FP).bytes);
    const { bytes, size } = littleEndian([exponent]);
    const power = room(FP2);
    calls.f2m_toMontgomery(base, base);
    calls.f2m_exp(base, put(bytes), size, power);
    return take(power, FP2);
  });
}

/** Σ scalar·point for any number of points. */
function combine(
  curve: WasmCurve,
  calls: WasmCalls,
  points: readonly G1Point[],
  scalars: readonly bigint[],
): G1Point | undefined {
  const sums: G1Point[] = [];
  for (let from = 0; from < points.length; from += SLICE) {
    const slice = points.slice(from, from + SLICE);
    const sum = sumOf(curve, calls, slice, scalars.slice(from, from + SLICE));
    if (sum !== undefined) sums.push(sum);
  }
  if (sums.length <= 1) return sums[0];
  const ones = sums.map(() => 1n);
  return sumOf(curve, calls, sums, ones);
}

function sumOf(
  curve: WasmCurve,
  calls: WasmCalls,
  points: readonly G1Point[],
  scalars: readonly bigint[],
): G1Point | undefined {
  return inMemory(curve, ({ put, room, take }) => {
    const { bytes, size } = littleEndian(scalars);
    const [bases, factors] = [put(concat(...points.map(open))), put(bytes)];
    const [sum, affine] = [room(G1_JACOBIAN), room(G1_AFFINE)];
    // Buckets do not pay for one point.
    if (points.length === 1) calls.g1m_timesScalarAffine(bases, factors, size, sum);
    else calls.g1m_multiexpAffine(bases, factors, size, points.length, sum);
    if (calls.g1m_isZero(sum)) return undefined;
    calls.g1m_toAffine(sum, affine);
    return hide1(take(affine, G1_AFFINE));
  });
}

/**
 * The product of Miller loops, which share their squarings.
 *
 * The curve's own function is one loop with squarings of its own. This is the same loop, over the
 * lines that the curve made, in the order in which they lie there: one for each digit, another one
 * where the digit is 1, and two at the end.
 */
function miller(curve: WasmCurve, calls: WasmCalls, pairs: readonly Pair[]): Miller {
  return inMemory(curve, ({ put, room, take }) => {
    const product = room(FP12);
    const [atX, atY] = [room(FP2), room(FP2)];
    const points = pairs.map(([point]) => put(open(point)));
    // The point itself comes first.
    const lines = pairs.map(([, prepared]) => put(open(prepared)) + G2_JACOBIAN);
    let step = 0;
    const multiply = (): void => {
      for (let i = 0; i < points.length; i++) {
        const point = points[i] as number;
        const line = (lines[i] as number) + step * LINE;
        calls.f2m_mul1(line + FP2, point + FP, atY);
        calls.f2m_mul1(line + 2 * FP2, point, atX);
        calls.bn128__mulBy024(line, atY, atX, product);
      }
      step++;
    };
    calls.ftm_one(product);
    for (const isOne of LOOP) {
      calls.ftm_square(product, product);
      multiply();
      if (isOne) multiply();
    }
    multiply();
    multiply();
    return take(product, FP12) as unknown as Miller;
  });
}

/**
 * Compares one Miller loop with that of the curve itself, byte by byte. Any numbers below p will do
 * for a point and its lines.
 *
 * @throws DependencyError `peer-version` if they differ
 */
function assertSameLoop(curve: WasmCurve, calls: WasmCalls): void {
  if (curve.preQSize !== G2_JACOBIAN + LINES * LINE) throw otherVersion('its lines are others');
  const point = new Uint8Array(G1_AFFINE).map((_, i) => (i * i) & 0x1f);
  const lines = new Uint8Array(curve.preQSize).map((_, i) => (i * i + (i >> 5)) & 0x1f);
  const theirs = inMemory(curve, ({ put, room, take }) => {
    const value = room(FP12);
    calls.bn128_millerLoop(put(point), put(lines), value);
    return take(value, FP12);
  });
  const ours = miller(curve, calls, [[hide1(point), lines as unknown as Lines]]);
  if (!equalBytes(open(ours), theirs)) throw otherVersion('its Miller loop is another one');
}

/** Numbers least significant byte first, each in as few bytes as the widest needs. */
function littleEndian(
  values: readonly bigint[],
  least: number = 1,
): { readonly bytes: Uint8Array; readonly size: number } {
  let size = least;
  for (const value of values) size = Math.max(size, (value.toString(16).length + 1) >> 1);
  const bytes = new Uint8Array(values.length * size);
  const number = new Uint8Array(FP);
  values.forEach((value, at) => {
    writeNumber(number, 0, value);
    for (let i = 0; i < size; i++) bytes[at * size + i] = number[FP - 1 - i] as number;
  });
  return { bytes, size };
}
