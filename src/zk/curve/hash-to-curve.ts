/**
 * Points that nobody knows a relation between: hashing to BN254's G1 as RFC 9380 would have it. The
 * RFC has no suite for this curve; this is `BN254G1_XMD:SHA-256_SVDW_RO_`, as other libraries have it.
 */
import { hash_to_field as hashToField } from '@noble/curves/abstract/hash-to-curve.js';
import { bn254 } from '@noble/curves/bn254.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { DependencyError } from '../../errors.ts';
import { type CurveEngine, nobleEngine } from './engine.ts';
import { addPairs, FIELD_PRIME, invertAll, type Point } from './points.ts';

const { Fp } = bn254.fields;

/** y² for a given x. */
const curveAt = (x: bigint): bigint => (x * x * x + 3n) % FIELD_PRIME;

/** The least Z that RFC 9380's H.1 accepts for y² = x³ + 3: g(Z) = 4, and −1/2 gives a square. */
const Z = 1n;

// c1 to c4 of RFC 9380, section 6.6.1, with A = 0.
const C1 = curveAt(Z);
const C2 = Fp.mul(Fp.neg(Z), Fp.inv(2n));
const C3 = evenRoot(Fp.neg(Fp.mul(C1, 3n * Z * Z)));
const C4 = Fp.mul(Fp.neg(Fp.mul(4n, C1)), Fp.inv(3n * Z * Z));

/** The square root whose sgn0 is 0. */
function evenRoot(square: bigint): bigint {
  const root = Fp.sqrt(square);
  return (root & 1n) === 0n ? root : Fp.neg(root);
}

/**
 * Maps field elements to points by Shallue and van de Woestijne.
 *
 * @param elements residues modulo p; public, as time depends on them
 * @param engine who takes the roots
 *
 * **Source**: RFC 9380, section 6.6.1, with one inversion for all of them.
 * **Cost**: 1.75 powers modulo p each on average, at most three.
 */
export async function mapToCurve(
  elements: readonly bigint[],
  engine: CurveEngine = nobleEngine,
): Promise<Point[]> {
  const lefts = elements.map((u) => (((u * u) % FIELD_PRIME) * C1) % FIELD_PRIME);
  const inverses = lefts.map((t) => ((1n + t) * (1n - t + FIELD_PRIME)) % FIELD_PRIME);
  invertAll(inverses);
  const shifts = elements.map((u, i) =>
    Fp.mul(Fp.mul(u, 1n - (lefts[i] as bigint) + FIELD_PRIME), Fp.mul(inverses[i] as bigint, C3)),
  );
  const candidates: readonly ((i: number) => bigint)[] = [
    (i) => Fp.sub(C2, shifts[i] as bigint),
    (i) => Fp.add(C2, shifts[i] as bigint),
    (i) => {
      const left = 1n + (lefts[i] as bigint);
      const ratio = Fp.mul(Fp.mul(left, left), inverses[i] as bigint);
      return Fp.add(Z, Fp.mul(C4, Fp.mul(ratio, ratio)));
    },
  ];
  const points: Point[] = new Array(elements.length);
  let open = elements.map((_, i) => i);
  for (const candidate of candidates) {
    const xs = open.map(candidate);
    const squares = xs.map(curveAt);
    const roots = await engine.rootCandidates(squares);
    open = open.filter((at, i) => {
      const y = roots[i] as bigint;
      if ((y * y) % FIELD_PRIME !== squares[i]) return true;
      const sameSign = (y & 1n) === ((elements[at] as bigint) & 1n);
      points[at] = { x: xs[i] as bigint, y: sameSign ? y : Fp.neg(y) };
      return false;
    });
  }
  // One of the three x is always that of a point.
  if (open.length > 0)
    throw new DependencyError(
      'peer-version',
      'hashToCurve: got wrong roots from the curve, expected those of snarkjs 0.7.6',
    );
  return points;
}

/**
 * Hashes messages to points that behave like random ones.
 *
 * @param messages any bytes; public
 * @param dst the domain separation tag, 1 to 255 ASCII characters
 * @param engine who takes the roots
 * @returns one point for each message, whose discrete logarithms nobody knows
 *
 * **Source**: RFC 9380, sections 3 (`hash_to_curve`), 5.2 (L = 48) and 5.3.1; G1's cofactor is 1.
 * **Security**: not constant-time; messages must be public.
 */
export async function hashToCurve(
  messages: readonly Uint8Array[],
  dst: string,
  engine: CurveEngine = nobleEngine,
): Promise<Point[]> {
  const elements = messages.map((message) =>
    hashToField(message, 2, {
      DST: dst,
      p: FIELD_PRIME,
      m: 1,
      k: 128,
      expand: 'xmd',
      hash: sha256,
    }).map(([u]) => u as bigint),
  );
  const points = await mapToCurve(elements.flat(), engine);
  return addPairs(
    points.filter((_, i) => i % 2 === 0),
    points.filter((_, i) => i % 2 === 1),
  );
}
