/** Section 7.6: vectors under lattice masks, by the definitions. */
import { type Hidden, type Lattice, N, PRIMES, Q, SUITE } from './lattice-plan.ts';
import { KDF, pack, STREAM } from './primitives.ts';
import { must } from './refused.ts';

type Prime = (typeof PRIMES)[number];

/** Σ_j x_j·w^(ij) for each i, by halves. */
function dft(x: readonly number[], w: number, p: number): number[] {
  if (x.length === 1) return [...x];
  const of = (rest: number): number[] =>
    dft(
      x.filter((_, j) => j % 2 === rest),
      (w * w) % p,
      p,
    );
  const [even, odd] = [of(0), of(1)];
  const out = new Array<number>(x.length);
  for (let i = 0, t = 1; i < even.length; i++, t = (t * w) % p) {
    const turned = (t * (odd[i] as number)) % p;
    out[i] = ((even[i] as number) + turned) % p;
    out[i + even.length] = ((even[i] as number) - turned + p) % p;
  }
  return out;
}
const power = (x: number, e: number, p: number): number => {
  let out = 1;
  for (let i = 0; i < e; i++) out = (out * x) % p;
  return out;
};
const mod = (x: number, p: number): number => ((x % p) + p) % p;

/** s(ψ^(2i+1)) for each i. */
function valuesOf(s: readonly number[], { p, psi }: Prime): number[] {
  let t = 1;
  const twisted = s.map((x) => {
    const out = (mod(x, p) * t) % p;
    t = (t * psi) % p;
    return out;
  });
  return dft(twisted, (psi * psi) % p, p);
}
/** The polynomial with these values. */
function fromValues(values: readonly number[], { p, psi }: Prime): number[] {
  const back = power(psi, 2 * N - 1, p);
  let t = power(N, p - 2, p);
  return dft(values, (back * back) % p, p).map((x) => {
    const out = (x * t) % p;
    t = (t * back) % p;
    return out;
  });
}

/** Where the value at ψ^(2i+1) stands in its window: 4·rev9(⌊i/4⌋) + i mod 4. */
const placeOf = (i: number): number => {
  let out = i % 4;
  for (let bit = 0; bit < 9; bit++) if ((i >> (2 + bit)) & 1) out += 4 * 2 ** (8 - bit);
  return out;
};

/** The bytes of the round's stream for its first public polynomials. */
export const polynomialStream = (roundId: Uint8Array, count: number): Uint8Array =>
  new Uint8Array(STREAM(KDF(roundId, ['lattice polynomials', SUITE]), 3200 * count).buffer);

/** The numbers that a window gives: values of a_⌊window/2⌋ modulo prime `window` mod 2, in their places. */
export function candidatesOf(stream: Uint8Array, window: number): number[] {
  const { p } = PRIMES[window % 2] as Prime;
  const candidates: number[] = [];
  for (let at = 6400 * window; at + 3 <= 6400 * (window + 1); at += 3) {
    const [a, b, c] = stream.slice(at, at + 3) as unknown as [number, number, number];
    const x = a + 256 * b + 65_536 * (c & 0x7f);
    if (x < p) candidates.push(x);
  }
  must(candidates.length >= N, 'bad-key', 'public polynomial');
  return candidates.slice(0, N);
}

/** What a client draws for its lattice masks. */
export type LatticeDraws = {
  /** G·2,048 coefficients. */
  readonly secrets: readonly number[];
  /** Of each field under such a mask one for each coefficient. */
  readonly errors: readonly (readonly number[])[];
};

/** c values in one coefficient. */
function packed(values: readonly number[], { c, T, coefficients }: Hidden): bigint[] {
  return Array.from({ length: coefficients }, (_, at) => {
    const digits = values.slice(at * c, (at + 1) * c).map((x) => BigInt(x | 0));
    return digits.reduceRight((sum, x) => sum * BigInt(T) + x, 0n);
  });
}

/** 7.6: the words of every field under a lattice mask, packed for the payload. */
export function hide(
  { roundId }: { readonly roundId: Uint8Array },
  { G, fields }: Lattice,
  vectors: readonly (readonly number[])[],
  { secrets, errors }: LatticeDraws,
): Uint8Array[] {
  const last = fields.at(-1) as Hidden;
  const blocks = last.firstBlock + Math.ceil(last.coefficients / N);
  const words = STREAM(KDF(roundId, ['lattice polynomials', SUITE]), 3200 * Math.ceil(blocks / G));
  const stream = new Uint8Array(words.buffer);
  const keys = Array.from({ length: G }, (_, g) =>
    PRIMES.map((prime) => valuesOf(secrets.slice(g * N, (g + 1) * N), prime)),
  );
  return fields.flatMap((of, f) => {
    const { k, T, c, coefficients, firstBlock } = of;
    const messages = packed(vectors[of.field] as readonly number[], of);
    const delta = Q / BigInt(T) ** BigInt(c);
    const out: bigint[] = [];
    for (let from = 0; from < coefficients; from += N) {
      const block = firstBlock + from / N;
      const products = PRIMES.map((prime, i) => {
        const a = candidatesOf(stream, 2 * Math.floor(block / G) + i);
        const s = keys[block % G]?.[i] as number[];
        return fromValues(
          s.map((x, at) => (x * (a[placeOf(at)] as number)) % prime.p),
          prime,
        );
      });
      for (let at = 0; at < Math.min(N, coefficients - from); at++) {
        const rest =
          BigInt(errors[f]?.[from + at] as number) + delta * (messages[from + at] as bigint);
        const sum = PRIMES.reduce(
          (all, { p, K, C }, i) => {
            const b = BigInt(products[i]?.[at] as number) + rest;
            const y = (((b * BigInt(K)) % BigInt(p)) + BigInt(p)) % BigInt(p);
            return all + y * C;
          },
          2n ** BigInt(63 - k),
        );
        out.push(BigInt.asUintN(64, sum) >> BigInt(64 - k));
      }
    }
    const split = BigInt(Math.max(k - 32, 0));
    const highs = out.map((word) => Number(word >> split));
    if (k <= 32) return [pack(highs, k)];
    return [
      pack(highs, 32),
      pack(
        out.map((word) => Number(word % 2n ** split)),
        k - 32,
      ),
    ];
  });
}
