/** The pairing by noble: pure TypeScript, in every runtime, under any Content Security Policy. */
import { mulAddUnsafe } from '@noble/curves/abstract/curve.js';
import { bn254 } from '@noble/curves/bn254.js';
import type { G1Point, G2Point, Lines, Miller, PairingBackend } from './backend.ts';
import { numberAt } from './field.ts';

const G1 = bn254.G1.Point;
const G2 = bn254.G2.Point;
const { Fp, Fp2, Fp12 } = bn254.fields;

type NobleG1 = InstanceType<typeof G1>;
type NobleG2 = InstanceType<typeof G2>;
type NobleLines = ReturnType<typeof bn254.utils.calcPairingPrecomputes>;
type NobleMiller = ReturnType<typeof bn254.millerLoopBatch>;

// The only places where the opaque types are opened.
const hide1 = (point: NobleG1): G1Point => point as unknown as G1Point;
const open1 = (point: G1Point): NobleG1 => point as unknown as NobleG1;
const open2 = (point: G2Point): NobleG2 => point as unknown as NobleG2;

/** Points that share the doublings of one multi-exponentiation; each brings a table of its own. */
const SLICE = 64;

function g1(bytes: Uint8Array): G1Point | undefined {
  const [x, y] = [numberAt(bytes, 0), numberAt(bytes, 32)];
  const right = Fp.add(Fp.mul(Fp.sqr(x), x), 3n);
  return Fp.eql(Fp.sqr(y), right) ? hide1(G1.fromAffine({ x, y })) : undefined;
}

function g2(bytes: Uint8Array): G2Point | undefined {
  // Imaginary parts first.
  const x = Fp2.fromBigTuple([numberAt(bytes, 32), numberAt(bytes, 0)]);
  const y = Fp2.fromBigTuple([numberAt(bytes, 96), numberAt(bytes, 64)]);
  const right = Fp2.add(Fp2.mul(Fp2.sqr(x), x), G2.CURVE().b);
  if (!Fp2.eql(Fp2.sqr(y), right)) return undefined;
  return G2.fromAffine({ x, y }) as unknown as G2Point;
}

function combine(points: readonly G1Point[], scalars: readonly bigint[]): G1Point | undefined {
  let sum = G1.ZERO;
  for (let from = 0; from < points.length; from += SLICE) {
    const slice = points.slice(from, from + SLICE).map(open1);
    sum = sum.add(mulAddUnsafe(G1, slice, scalars.slice(from, from + SLICE)));
  }
  return sum.is0() ? undefined : hide1(sum);
}

/** The back end that needs nothing but this package's own dependencies. */
export const noblePairing: PairingBackend = Object.freeze<PairingBackend>({
  name: 'noble',
  g1,
  g2,
  isInSubgroup: (point) => open2(point).isTorsionFree(),
  negate: (point) => hide1(open1(point).negate()),
  combine,
  lines: (point) => bn254.utils.calcPairingPrecomputes(open2(point)) as unknown as Lines,
  miller: (pairs) => {
    const factors = pairs.map(([point, lines]): [NobleLines, bigint, bigint] => {
      const { x, y } = open1(point).toAffine();
      return [lines as unknown as NobleLines, x, y];
    });
    return bn254.millerLoopBatch(factors) as unknown as Miller;
  },
  isOne: (factors) => {
    let product = Fp12.ONE;
    for (const factor of factors) product = Fp12.mul(product, factor as unknown as NobleMiller);
    return Fp12.eql(Fp12.finalExponentiate(product), Fp12.ONE);
  },
});
