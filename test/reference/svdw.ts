/** The map of Shallue and van de Woestijne to y² = x³ + 3, step by step as RFC 9380 states it. */

const P = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47n;

const mod = (a: bigint): bigint => ((a % P) + P) % P;

export function power(base: bigint, exponent: bigint): bigint {
  if (exponent === 0n) return 1n;
  const half = power(mod(base * base), exponent / 2n);
  return exponent % 2n === 0n ? half : mod(half * base);
}

const inv0 = (a: bigint): bigint => power(mod(a), P - 2n);
const isSquare = (a: bigint): boolean => mod(a) === 0n || power(mod(a), (P - 1n) / 2n) === 1n;
const sgn0 = (a: bigint): bigint => mod(a) % 2n;
const g = (x: bigint): bigint => mod(x * x * x + 3n);

function root(a: bigint): bigint {
  const candidate = power(mod(a), (P + 1n) / 4n);
  if (mod(candidate * candidate) !== mod(a)) throw new Error('not a square');
  return candidate;
}

/** Appendix H.1: the Z of least magnitude that fulfils the four criteria; A = 0. */
export function findZ(): bigint {
  for (let counter = 1n; ; counter++) {
    for (const z of [counter, -counter]) {
      const ratio = mod(-(3n * z * z) * inv0(4n * g(z)));
      if (g(z) === 0n || ratio === 0n || !isSquare(ratio)) continue;
      if (isSquare(g(z)) || isSquare(g(mod(-z * inv0(2n))))) return mod(z);
    }
  }
}

/** Section 6.6.1, the formulas as they are explained there. */
export function svdw(u: bigint): { x: bigint; y: bigint } {
  const z = findZ();
  const c1 = g(z);
  const c2 = mod(-z * inv0(2n));
  let c3 = root(mod(-g(z) * 3n * z * z));
  if (sgn0(c3) === 1n) c3 = mod(-c3);
  const c4 = mod(-4n * g(z) * inv0(3n * z * z));
  const tv1 = mod(u * u * c1);
  const tv2 = mod(1n + tv1);
  const tv3 = inv0((1n - tv1) * tv2);
  const tv4 = mod(u * (1n - tv1) * tv3 * c3);
  const x1 = mod(c2 - tv4);
  const x2 = mod(c2 + tv4);
  const x3 = mod(z + c4 * mod(tv2 * tv2 * tv3) ** 2n);
  const x = isSquare(g(x1)) ? x1 : isSquare(g(x2)) ? x2 : x3;
  const y = root(g(x));
  return { x, y: sgn0(u) === sgn0(y) ? y : mod(-y) };
}
