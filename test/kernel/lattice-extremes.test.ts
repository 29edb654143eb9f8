/**
 * The kernel's shortcuts at their worst. Its products by way of floats, and sums that are reduced nowhere,
 * against the twin, which reduces after every step in exact doubles: on values at the ends of their ranges,
 * with signs that make sums grow at every level, and on products whose quotients are furthest off.
 */
import { createHash } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import type { LatticeBench, LatticeCode } from '../../src/kernel/lattice.ts';
import { RING_DEGREE, RING_PRIMES } from '../../src/kernel/ring-tables.ts';
import { codeOf } from '../../src/lattice/coding.ts';
import { latticeShape } from '../../src/lattice/parameters.ts';
import { candidatesBelow } from '../reference/lattice.ts';
import { mersenneTwister } from '../stat/mersenne-twister.ts';

type Kernel = typeof import('../../src/kernel/lattice.ts');

afterEach(() => {
  vi.unstubAllGlobals();
});

async function kernelOn(path: 'wasm' | 'twin'): Promise<Kernel> {
  if (path === 'twin') vi.stubGlobal('WebAssembly', undefined);
  vi.resetModules();
  return import('../../src/kernel/lattice.ts');
}

const hash = (...vectors: readonly (Uint32Array | Int32Array)[]): string => {
  const sha = createHash('sha256');
  for (const { buffer, byteOffset, byteLength } of vectors) {
    sha.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return sha.digest('hex');
};

const chance = mersenneTwister(41);
const below = (n: number): number => Math.floor((chance() / 2 ** 32) * n);

/**
 * How far from zero the kernel's product of x and w is, in primes, with quotients by 2^s·p; nothing where floats
 * do not round the quotient to a whole number.
 */
function offBy(x: number, w: number, p: number, s: number): number {
  const magic = 1.5 * 2 ** 23;
  const part = Math.fround(w / (2 ** s * p));
  const shifted = Math.fround(Math.fround(Math.fround(x) * part) + magic);
  if (shifted < 2 ** 23 || shifted >= 2 ** 24) return Number.NaN;
  return Math.abs(x * w - (shifted - magic) * 2 ** s * p) / p;
}

/** Of many products at the ends of what there is with |x| ≤ b·p, that which is furthest off. */
function worstProduct(p: number, s: number, b: number): { x: number; w: number; off: number } {
  let found = { x: 0, w: 0, off: 0 };
  for (let i = 0; i < 100_000; i++) {
    const x = Math.floor(b * (p - 1)) - below(Math.floor((b * p) / 2));
    const w = (p - 1) / 2 - below(p >> 1);
    const off = offBy(x, w, p, s);
    if (!(off <= found.off)) found = { x, w, off };
  }
  return found;
}

test.each([
  // s, how many primes x may be from zero, and how many the product: in the order of the transform back.
  [0, 1, 0.75],
  [1, 1.5, 1.75],
  [2, 3.25, 4.45],
  [0, 0.5001, 0.76],
  [1, 1.26, 1.65],
  [2, 2.9, 4.2],
  [3, 7.1, 9.35],
  [4, 8.4, 14.3],
  [5, 22.7, 33.1],
])(
  'quotients by 2^%i·p of what is within %fp leave less than %fp, and more than half of it',
  (s, b, most) => {
    for (const { p } of RING_PRIMES) {
      const { off } = worstProduct(p, s, b);
      expect(off).toBeLessThan(most);
      expect(off).toBeGreaterThan(0.6 * most);
    }
  },
);

const worst = RING_PRIMES.map(({ p }) => worstProduct(p, 0, 1));

/** A value for each place, of a polynomial in [0, p) and of a secret within p/2. */
type Pattern = (i: number, prime: 0 | 1) => number;
const half = (prime: number): number => ((RING_PRIMES[prime]?.p as number) - 1) / 2;
/** Bits of no pattern, the same for kernel and twin. */
const drawn = Uint32Array.from({ length: RING_DEGREE }, () => below(2 ** 32));
const bitsIn = (i: number): number => i.toString(2).replaceAll('0', '').length;

const signs: readonly ((i: number) => 1 | -1)[] = [
  () => 1,
  () => -1,
  (i) => (i % 2 === 0 ? 1 : -1),
  (i) => (bitsIn(i) % 2 === 0 ? 1 : -1),
  (i) => (i < RING_DEGREE / 2 ? 1 : -1),
  (i) => ((drawn[i] as number) % 2 === 0 ? 1 : -1),
];
const polynomials: readonly Pattern[] = [
  (_, prime) => 2 * half(prime),
  (_, prime) => half(prime) + 1,
  (_, prime) => worst[prime]?.x as number,
  (i, prime) => 2 * half(prime) - ((drawn[i] as number) >>> 30),
];
const secrets: readonly Pattern[] = [
  (_, prime) => half(prime),
  (_, prime) => worst[prime]?.w as number,
  (i, prime) => half(prime) - (((drawn[i] as number) >>> 28) & 3),
];
const messages = [-(2 ** 31), 2 ** 31 - 1, -1, 0];

/** Values where transforms of polynomials would be, and the floats next to a secret's parts of p beside them. */
function fill({ polynomial, secrets }: LatticeBench, a: Pattern, s: Pattern): void {
  const secret = secrets[0] as Int32Array;
  const floats = new Float32Array(secret.buffer, secret.byteOffset, secret.length);
  for (const prime of [0, 1] as const) {
    for (let i = 0; i < RING_DEGREE; i++) {
      const value = s(i, prime);
      polynomial[prime * RING_DEGREE + i] = a(i, prime);
      secret[2 * prime * RING_DEGREE + i] = value;
      floats[(2 * prime + 1) * RING_DEGREE + i] = value / (RING_PRIMES[prime]?.p as number);
    }
  }
}

/** What comes of a block that is hidden and opened again: words and sums, in short, and the largest remainder. */
type Came = { readonly words: string; readonly sums: string; readonly remainder: number };

function roundTrip(kernel: Kernel, bench: LatticeBench, code: LatticeCode): Came {
  kernel.hideBlock(bench, 0, 0, code);
  const words = hash(bench.words.subarray(0, RING_DEGREE), bench.lows.subarray(0, RING_DEGREE));
  const remainder = kernel.openBlock(bench, 0, 0, code);
  return { words, sums: hash(bench.messages.subarray(0, RING_DEGREE)), remainder };
}

function extremes(kernel: Kernel, code: LatticeCode): readonly Came[] {
  return kernel.withLatticeBench(1, (bench) => {
    kernel.setCode(bench, code);
    const out: Came[] = [];
    for (const a of polynomials) {
      for (const s of secrets) {
        for (const sign of signs) {
          fill(bench, a, (i, prime) => sign(i) * s(i, prime));
          bench.messages.fill(messages[out.length % messages.length] as number, 0, RING_DEGREE);
          const other = signs[out.length % 5] as (i: number) => number;
          for (let i = 0; i < RING_DEGREE; i++) bench.errors[i] = 93 * other(i);
          out.push(roundTrip(kernel, bench, code));
        }
      }
    }
    return out;
  });
}

test.each([20, 32, 33, 40])(
  'k = %i: at its ends the kernel gives what the twin gives',
  async (wireBits) => {
    const modulus = 2 ** Math.min(32, wireBits - 8);
    const shape = latticeShape({ clients: 2, length: 1, low: -modulus / 2, high: modulus / 2 - 1 });
    const code = codeOf({ ...shape, packing: 1, wireBits });
    const wasm = extremes(await kernelOn('wasm'), code);
    const twin = extremes(await kernelOn('twin'), code);
    expect(new Set(wasm.map(({ words }) => words)).size).toBeGreaterThan(60);
    wasm.forEach(({ words, sums, remainder }, i) => {
      const expected = twin[i] as Came;
      expect([words, sums]).toEqual([expected.words, expected.sums]);
      // Masks that are taken off need not come from canonical residues: those that are put on do.
      expect(Math.abs(remainder - expected.remainder)).toBeLessThanOrEqual(
        wireBits <= 32 ? 1 / 16 : 1 / 4,
      );
    });
  },
);

test('the values of secrets at the ends of 2^27, and of sums of a million, are those of the twin', async () => {
  const valuesOn = (kernel: Kernel): readonly string[] =>
    kernel.withLatticeBench(1, (bench) =>
      [2 ** 27 - 1, 93_000_000, 93].flatMap((most) =>
        signs.map((sign) => {
          for (let i = 0; i < RING_DEGREE; i++) bench.coefficients[i] = most * sign(i);
          kernel.ringValues(bench, 0);
          const [secret] = bench.secrets as [Int32Array];
          const at = 2 * RING_DEGREE;
          return hash(secret.subarray(0, RING_DEGREE), secret.subarray(at, at + RING_DEGREE));
        }),
      ),
    );
  const wasm = valuesOn(await kernelOn('wasm'));
  expect(new Set(wasm).size).toBe(wasm.length);
  expect(valuesOn(await kernelOn('twin'))).toEqual(wasm);
});

test.each(['wasm', 'twin'] as const)(
  '%s: candidates at both sides of the prime are taken and passed over, and one too few is refused',
  async (path) => {
    const kernel = await kernelOn(path);
    const candidates = Math.floor(kernel.RING_WINDOW / 3);
    /** A window with as many candidates below p, and the others not; p's neighbours all of them. */
    const windowOf = (p: number, good: number): Uint8Array => {
      const out = new Uint8Array(kernel.RING_WINDOW);
      // The first ones in whole registers of four, the others one by one between those passed over.
      for (let i = 0, bad = candidates - good; i < candidates; i++) {
        const isBad = i > 1_000 && bad > 0 && (i % 7 < 3 || candidates - i <= bad);
        const value = isBad ? p + (bad-- % 3) : p - 1 - (i % 2) * (p - 1);
        // The top bit does not count.
        const candidate = Math.min(value, 0x7fffff) + ((i % 5 === 0 ? 1 : 0) << 23);
        out.set([candidate & 255, (candidate >> 8) & 255, candidate >> 16], 3 * i);
      }
      return out;
    };
    for (const [first, second] of [
      [RING_DEGREE, RING_DEGREE],
      [RING_DEGREE, RING_DEGREE - 1],
      [RING_DEGREE - 1, RING_DEGREE],
    ] as const) {
      kernel.withLatticeBench(1, (bench) => {
        const windows = RING_PRIMES.map(({ p }, i) => windowOf(p, i === 0 ? first : second));
        const bytes = new Uint8Array(bench.windows.buffer, bench.windows.byteOffset);
        windows.forEach((window, i) => {
          bytes.set(window, i * kernel.RING_WINDOW);
        });
        const expected = windows.map((window, i) =>
          candidatesBelow(window, RING_PRIMES[i]?.p as number),
        );
        const isEnough = expected.every((found) => found !== undefined);
        expect(isEnough).toBe(first === RING_DEGREE && second === RING_DEGREE);
        expect(kernel.ringPolynomial(bench)).toBe(isEnough);
        if (isEnough) expect([...bench.polynomial]).toEqual(expected.flat());
      });
    }
  },
);
