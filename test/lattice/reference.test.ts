/**
 * The slow twin of lattice masks against the known answers, against itself by another way, and
 * against what the parameters promise: the rounding's error as a fraction, and sums that open.
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { latticeShape } from '../../src/lattice/parameters.ts';
import {
  type Both,
  candidatesBelow,
  fromEvaluation,
  hideBlock,
  largestRemainder,
  mod,
  N,
  negacyclicProduct,
  type Opened,
  openBlock,
  packedLow,
  packedReference,
  positionOf,
  powerMod,
  primes,
  productModQ,
  publicPolynomial,
  Q,
  roundedPair,
  toEvaluation,
  unpackedReference,
  WINDOW,
  wordOf,
} from '../reference/lattice.ts';

/** SHA-256 of words as four bytes each, least significant first. */
const digest = (words: readonly (number | bigint)[]): string =>
  createHash('sha256')
    .update(new Uint8Array(Uint32Array.from(words, Number).buffer))
    .digest('hex');

/** Whole numbers of no pattern, for tests: x ← 48271·x mod 2^31 − 1. */
function* numbersFrom(seed: number): Generator<number, never> {
  for (let x = seed; ; ) {
    x = (x * 48271) % 2147483647;
    yield x;
  }
}

const a: Both<number[]> = publicPolynomial(new Uint8Array(32), 0);
const block = (value: (j: number) => number): number[] =>
  Array.from({ length: N }, (_, j) => value(j));

describe('constants', () => {
  test('of the primes', () => {
    expect(primes.map(({ psi, p }) => powerMod(BigInt(psi), 2048n, BigInt(p)) - BigInt(p))).toEqual(
      [-1n, -1n],
    );
    expect(primes.map(({ k }) => k)).toEqual([6704470n, 1663660n]);
    expect(primes.map(({ c }) => c)).toEqual([2201172575745n, 2217429387497n]);
  });

  test('the order of values', () => {
    expect([0, 1, 2, 3, 4, 8, 2047].map(positionOf)).toEqual([0, 1, 2, 3, 1024, 512, 2047]);
    expect(new Set(block(positionOf)).size).toBe(N);
  });
});

describe('known answers', () => {
  test('a_0 of the seed of zeros', () => {
    expect(a[0].slice(0, 4)).toEqual([6338678, 7446701, 4231229, 6646365]);
    expect(a[1].slice(0, 4)).toEqual([1721837, 610150, 2575057, 7970379]);
    expect(digest(a[0]).slice(0, 16)).toBe('25688294a651aa23');
    expect(digest(a[1]).slice(0, 16)).toBe('293c95dc3ed1fbee');
  });

  test.each([
    [
      32767501n,
      32,
      [4010000472n, 2131543467n, 1945294933n, 788349653n],
      'e923999840484d83e3f058632627c0eb1182eb0f1c8fdda945b82c84b71b1c4e',
    ],
    [
      25501n,
      21,
      [1958008n, 1043340n, 954946n, 392579n],
      '191fec4af79a42251bc854e75b369322f17801ea97447c19330a22c6854a1a05',
    ],
  ])('words of T = %s, k = %i', (modulus, wireBits, first, sha256) => {
    const words = hideBlock({
      a,
      s: block((j) => ((7 * j) % 15) - 7),
      e: block((j) => ((5 * j) % 27) - 13),
      m: block((j) => (31 * j) & 65535).map(BigInt),
      modulus,
      wireBits,
    });
    expect(words.slice(0, 4)).toEqual(first);
    expect(digest(words)).toBe(sha256);
  });
});

describe('the public polynomial', () => {
  test('a candidate that is not below the prime is passed over, and the top bit dropped', () => {
    const window = new Uint8Array(WINDOW);
    const { p } = primes[0];
    // 0xffffff & 0x7fffff ≥ p; then p itself; then p − 1 with the top bit set.
    const put = (at: number, value: number) =>
      window.set([value & 255, (value >> 8) & 255, value >> 16], 3 * at);
    put(0, 0xffffff);
    put(1, p);
    put(2, (p - 1) | 0x800000);
    expect(candidatesBelow(window, p)?.slice(0, 2)).toEqual([p - 1, 0]);
    expect(candidatesBelow(window, p)?.length).toBe(N);
  });

  test('a window with 2,047 good candidates is refused, one with 2,048 is not', () => {
    const { p } = primes[0];
    const bad = Math.floor(WINDOW / 3) - N;
    expect(candidatesBelow(new Uint8Array(WINDOW).fill(255, 0, 3 * bad), p)?.length).toBe(N);
    expect(candidatesBelow(new Uint8Array(WINDOW).fill(255, 0, 3 * bad + 3), p)).toBe(undefined);
  });

  test('a window of random bytes has too few candidates with a chance below 2^−100', () => {
    // Fewer than 2,048 of 2,133 are below p: a tail of the binomial, in whole numbers over 2^23.
    const candidates = Math.floor(WINDOW / 3);
    expect(candidates).toBe(2133);
    for (const { p } of primes) {
      const good = BigInt(p);
      const bad = (1n << 23n) - good;
      let tail = 0n;
      let choose = 1n;
      for (let i = 0; i < N; i++) {
        tail += choose * good ** BigInt(i) * bad ** BigInt(candidates - i);
        choose = (choose * BigInt(candidates - i)) / BigInt(i + 1);
      }
      expect(tail << 100n < 1n << BigInt(23 * candidates)).toBe(true);
    }
  });

  test('windows are where rule 2 puts them: a_1 begins 200 blocks on', () => {
    const other = publicPolynomial(new Uint8Array(32), 1);
    expect(other[0].slice(0, 4)).not.toEqual(a[0].slice(0, 4));
    expect([...other[0], ...other[1]].every((value) => value < primes[0].p)).toBe(true);
  });
});

describe('transforms', () => {
  test('are each other’s inverse, and X^2047·X = −1', () => {
    const [prime] = primes;
    const x = block((j) => (j === 1 ? 1 : 0));
    const top = block((j) => (j === N - 1 ? 1 : 0));
    expect(fromEvaluation(toEvaluation(a[0], prime), prime)).toEqual(a[0]);
    expect(negacyclicProduct(top, x, prime)).toEqual(block((j) => (j === 0 ? prime.p - 1 : 0)));
  });

  test('take the schoolbook’s product to products value by value', () => {
    const prime = primes[1];
    const s = block((j) => ((7 * j) % 15) - 7);
    const values = toEvaluation(s, prime);
    const product = negacyclicProduct(fromEvaluation(a[1], prime), s, prime);
    expect(toEvaluation(product, prime)).toEqual(
      a[1].map((value, i) => (value * (values[i] as number)) % prime.p),
    );
  });

  test('residues modulo q have the residues of both primes', () => {
    const s = block((j) => ((7 * j) % 15) - 7);
    const wide = productModQ(a, s);
    primes.forEach((prime, i) => {
      const want = negacyclicProduct(fromEvaluation(a[i as 0 | 1], prime), s, prime);
      expect(wide.map((value) => Number(value % BigInt(prime.p)))).toEqual(want);
    });
  });
});

describe('the rounding to the wire', () => {
  // C = 2^64/p + g/p: what y·C is too large by, in 2^−64 of the circle, is y·g/p.
  const drift = primes.map(({ p, c }) => c * BigInt(p) - (1n << 64n)) as [bigint, bigint];

  test('its drift is what the parameters count with', () => {
    // At k = 40, a wire unit is 2^24 of these; scaled by 10^8.
    const worst = primes.map(
      ({ p }, i) => (10n ** 8n * (drift[i as 0 | 1] * BigInt(p - 1))) / BigInt(p) / (1n << 24n),
    ) as [bigint, bigint];
    // One is never positive, the other never negative: −0.14103 < drift < 0.12392.
    expect(worst).toEqual([-14102165n, 12391524n]);
    // Mean −0.00856, the bound of its magnitude.
    expect((worst[0] + worst[1]) / 2n).toBe(-855320n);
    // Variance of two uniforms on their ranges, and of the error: 6.6·2^40/q = 0.10409.
    const rounding = Number(worst[0] ** 2n + worst[1] ** 2n) / 1e16 / 12;
    const error = (6.6 * 2 ** 40) / Number(Q);
    expect(rounding + error ** 2).toBeLessThan(0.01378);
    expect(rounding + error ** 2).toBeGreaterThan(0.01377);
  });

  test('is within ½ and the drift of b·2^k/q, by fractions, at corners and elsewhere', () => {
    const numbers = numbersFrom(1);
    const [p1, p2] = primes.map(({ p }) => BigInt(p)) as [bigint, bigint];
    const some = Array.from({ length: 2000 }, (): [bigint, bigint] => [
      BigInt(numbers.next().value) % p1,
      BigInt(numbers.next().value) % p2,
    ]);
    const corners: [bigint, bigint][] = [
      [0n, 0n],
      [p1 - 1n, 0n],
      [0n, p2 - 1n],
      [p1 - 1n, p2 - 1n],
    ];
    let least = 0n;
    let most = 0n;
    for (const wireBits of [8, 16, 21, 24, 32, 38, 40]) {
      for (const [y1, y2] of [...corners, ...some]) {
        // b with these residues: b·K ≡ y, and (q/p)·K ≡ 1.
        const b = mod(y1 * p2 + y2 * p1, Q);
        const word = wordOf(b, wireBits);
        expect(word).toBe(roundedPair(y1, y2, wireBits));
        expect(word < 1n << BigInt(wireBits)).toBe(true);
        // word − b·2^k/q on the circle, times q: then between −½ and ½, plus the drift.
        const circle = Q << BigInt(wireBits);
        const error = mod(word * Q - (b << BigInt(wireBits)) + circle / 2n, circle) - circle / 2n;
        // In 10^−5: ½ and 0.14103·2^(k−40) below, ½ and 0.12392·2^(k−40) above.
        const h = 1n << BigInt(40 - wireBits);
        expect(100_000n * h * error >= -Q * (50_000n * h + 14_103n)).toBe(true);
        expect(100_000n * h * error <= Q * (50_000n * h + 12_392n)).toBe(true);
        if (wireBits === 40 && error < least) least = error;
        if (wireBits === 40 && error > most) most = error;
      }
    }
    // And it does go beyond ½ in the widest ring: the drift is not idle.
    expect(-2n * least > Q || 2n * most > Q).toBe(true);
  });

  test.each([36, 38, 40])('at k = %i its variance is the sum of the two variances', (k) => {
    // 1/12 and 0.002937/h². If they went together it would be up to 0.031/h more; the mean square
    // of so many samples is within 0.0002.
    const h = 2 ** (40 - k);
    const numbers = numbersFrom(2);
    const samples = 200_000;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < samples; i++) {
      const y1 = BigInt(numbers.next().value) % BigInt(primes[0].p);
      const y2 = BigInt(numbers.next().value) % BigInt(primes[1].p);
      // The exact place on the circle of 2^64, without the drift.
      const place = (y1 << 64n) / BigInt(primes[0].p) + (y2 << 64n) / BigInt(primes[1].p);
      const error = BigInt.asIntN(64, (roundedPair(y1, y2, k) << BigInt(64 - k)) - place);
      sum += Number(error) / 2 ** (64 - k);
      squares += (Number(error) / 2 ** (64 - k)) ** 2;
    }
    const mean = sum / samples;
    expect(Math.abs(mean + 0.00855 / h)).toBeLessThan(0.004);
    const variance = 1 / 12 + 0.002937 / h ** 2;
    expect(Math.abs(squares / samples - mean ** 2 - variance)).toBeLessThan(0.0008);
  });
});

describe('a sum', () => {
  const CLIENTS = 5;
  const wide = (() => {
    let made: ReturnType<typeof round> | undefined;
    return () => {
      made ??= round(0, 65535);
      return made;
    };
  })();
  /** Five clients with values of `low` to `high`, secrets and errors within 20. */
  const round = (low: number, high: number) => {
    const numbers = numbersFrom(3);
    const upTo = (least: number, most: number) =>
      least + (numbers.next().value % (most - least + 1));
    const shape = latticeShape({
      clients: CLIENTS,
      length: 3 * N,
      low: CLIENTS * low,
      high: CLIENTS * high,
    });
    const { packing, wireBits, modulus } = shape;
    const values = Array.from({ length: CLIENTS }, (_, client) =>
      Array.from({ length: N * packing }, () =>
        // Two clients hold the extremes, so that some sums are near both ends.
        BigInt(client === 0 ? low : client === 1 ? high : upTo(low, high)),
      ),
    );
    // The first coefficients hold the least and the greatest sum that there can be.
    for (const vector of values) {
      vector.fill(BigInt(low), 0, packing);
      vector.fill(BigInt(high), packing, 2 * packing);
    }
    const secrets = values.map(() => block(() => upTo(-20, 20)));
    const radix = BigInt(modulus) ** BigInt(packing);
    const words = values.map((vector, client) =>
      hideBlock({
        a,
        s: secrets[client] as number[],
        e: block(() => upTo(-20, 20)),
        m: packedReference(vector, BigInt(modulus), packing),
        modulus: radix,
        wireBits,
      }),
    );
    const opening = {
      a,
      s: block((j) => secrets.reduce((sum, s) => sum + (s[j] as number), 0)),
      words: block((j) => j).map((j) => words.reduce((sum, w) => sum + (w[j] as bigint), 0n)),
      modulus: radix,
      wireBits,
      low: packedLow(BigInt(shape.low), BigInt(modulus), packing),
    };
    const sums = block((j) => j).flatMap((j) =>
      Array.from({ length: packing }, (_, i) =>
        values.reduce((sum, vector) => sum + (vector[j * packing + i] as bigint), 0n),
      ),
    );
    return { shape, opening, sums };
  };

  test.each([
    ['of 16 bits', 0, 65535, 1],
    ['of 4 bits, packed', 0, 15, 5],
    ['with signs, packed', -7, 8, 5],
    ['with signs, never above 0', -3, 0, 8],
  ])('%s opens, and its remainders are small', (_name, low, high, packing) => {
    const { shape, opening, sums } = round(low, high);
    expect(shape.packing).toBe(packing);
    const opened = openBlock(opening);
    expect(
      unpackedReference(
        opened.map(({ sum }) => sum),
        BigInt(shape.low),
        BigInt(shape.modulus),
        packing,
      ),
    ).toEqual(sums);
    expect(largestRemainder(opened)).toBeLessThanOrEqual(shape.residualBound);
  });

  test('one secret that is off by one leaves remainders beyond the bound', () => {
    const { shape, opening } = wide();
    const s = opening.s.with(77, (opening.s[77] as number) + 1);
    expect(largestRemainder(openBlock({ ...opening, s }))).toBeGreaterThan(shape.residualBound);
  });

  test('a sum of 0 with a remainder below 0 opens, where a half that does not go round fails', () => {
    const { shape, opening } = wide();
    const circle = 1n << BigInt(shape.wireBits);
    const step = (Q / opening.modulus) * circle;
    const opened = openBlock(opening)[0] as Opened;
    expect(opened.sum).toBe(0n);
    // Lower the first word so that the remainder is between −2 and −1.
    const first = (opening.words[0] as bigint) - opened.remainder / Q - 2n;
    const words = opening.words.with(0, first);
    const again = openBlock({ ...opening, words })[0] as Opened;
    expect(again.sum).toBe(0n);
    expect(again.remainder < 0n).toBe(true);
    // The same in wide arithmetic, without "modulo 2^k" after the half is added.
    const mask = wordOf(productModQ(a, opening.s)[0] as bigint, shape.wireBits);
    const y = mod(first - mask, circle);
    expect(((y + step / (2n * Q)) * Q) / step).toBeGreaterThanOrEqual(opening.modulus);
  });
});
