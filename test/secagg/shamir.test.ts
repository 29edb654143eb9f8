/** Shamir's sharing against published products, its slow twin, and its own promises. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomBytes } from '../../src/internal/random.ts';
import {
  addProductInto,
  type BinaryField,
  bytesFrom,
  doublingsInto,
  GF8,
  GF16,
  wordsFrom,
} from '../../src/secagg/binary-field.ts';
import {
  combineShares,
  combineWithWeights,
  evaluate,
  fieldFor,
  lagrangeWeights,
  splitSecret,
} from '../../src/secagg/shamir.ts';
import {
  combineSlowly,
  evaluateSlowly,
  SLOW8,
  SLOW16,
  times,
  toBytes,
} from '../reference/shamir.ts';

const range = (length: number, from = 1): number[] => Array.from({ length }, (_, i) => from + i);

/** The lanes of a vector times a public constant, by the code that secrets go through. */
function timesVector(field: BinaryField, vector: Uint8Array, constant: number): Uint8Array {
  const words = wordsFrom(vector);
  const doublings = new Uint32Array(words.length * field.bits);
  doublingsInto(doublings, field, words);
  const out = new Uint32Array(words.length);
  addProductInto(out, 0, words.length, doublings, constant);
  return bytesFrom(out);
}

describe('the fields', () => {
  test('GF(2^8) gives the products of FIPS 197 §4.2, by tables and by lanes', () => {
    for (const [a, b, product] of [
      [0x57, 0x83, 0xc1],
      [0x57, 0x02, 0xae],
      [0x57, 0x04, 0x47],
      [0x57, 0x08, 0x8e],
      [0x57, 0x10, 0x07],
      [0x57, 0x13, 0xfe],
    ] as const) {
      expect(GF8.multiply(a, b)).toBe(product);
      expect([...timesVector(GF8, Uint8Array.of(a, 0, a, 0), b)]).toEqual([product, 0, product, 0]);
    }
  });

  test('all products of GF(2^8) agree with the twin, lane by lane', () => {
    const all = Uint8Array.from(range(256, 0));
    for (let constant = 0; constant < 256; constant++) {
      const lanes = timesVector(GF8, all, constant);
      for (let a = 0; a < 256; a++) {
        const slow = Number(times(SLOW8, BigInt(a), BigInt(constant)));
        if (lanes[a] !== slow || GF8.multiply(a, constant) !== slow) {
          expect([a, constant, lanes[a], GF8.multiply(a, constant)]).toEqual([
            a,
            constant,
            slow,
            slow,
          ]);
        }
      }
    }
  });

  test('GF(2^16): every element times some constants agrees with the twin', () => {
    const values = range(65_536, 0);
    const all = toBytes(SLOW16, values.map(BigInt));
    expect([...timesVector(GF16, Uint8Array.of(0x00, 0x80, 0, 0), 2)]).toEqual([0x0b, 0x10, 0, 0]);
    for (const constant of [0, 1, 2, 0x100b, 0x8000, 0xffff]) {
      const lanes = timesVector(GF16, all, constant);
      for (const a of values.filter((value) => value % 7 === constant % 7 || value > 65_500)) {
        const slow = Number(times(SLOW16, BigInt(a), BigInt(constant)));
        const fast = (lanes[2 * a] as number) | ((lanes[2 * a + 1] as number) << 8);
        if (fast !== slow || GF16.multiply(a, constant) !== slow) {
          expect([a, constant, fast, GF16.multiply(a, constant)]).toEqual([
            a,
            constant,
            slow,
            slow,
          ]);
        }
      }
    }
  });

  test('both generators reach every unit', () => {
    for (const field of [GF8, GF16]) {
      const { exp, log } = field.logarithms();
      expect(new Set(exp.subarray(0, field.units)).size).toBe(field.units);
      for (const a of [1, 2, 3, field.units]) expect(exp[log[a] as number]).toBe(a);
    }
  });

  test('the number of shares decides the field', () => {
    expect(fieldFor(255)).toBe(GF8);
    expect(fieldFor(256)).toBe(GF16);
    expect(fieldFor(65_535)).toBe(GF16);
    expect(() => fieldFor(65_536)).toThrow(expect.objectContaining({ code: 'too-many-shares' }));
  });
});

describe('splitting and combining', () => {
  const setting = fc
    .record({
      shares: fc.oneof(fc.integer({ min: 2, max: 24 }), fc.constantFrom(255, 256, 300)),
      words: fc.constantFrom(1, 2, 8),
    })
    .chain(({ shares, words }) =>
      fc.record({
        shares: fc.constant(shares),
        threshold: fc.integer({ min: 2, max: Math.min(shares, 12) }),
        secret: fc.uint8Array({ minLength: 4 * words, maxLength: 4 * words }),
        order: fc.shuffledSubarray(range(shares), { minLength: Math.min(shares, 12) }),
      }),
    );

  test('any t shares open the secret, in any order, further ones unread', () => {
    fc.assert(
      fc.property(setting, ({ shares, threshold, secret, order }) => {
        const values = splitSecret(secret, { threshold, shares, xs: range(shares) });
        const picked = order.map((x) => ({ x, value: values[x - 1] as Uint8Array }));
        expect(combineShares(picked, { threshold, shares })).toEqual(secret);
        const extra = { x: 0, value: new Uint8Array(1) };
        expect(
          combineShares([...picked.slice(0, threshold), extra], { threshold, shares }),
        ).toEqual(secret);
      }),
      { numRuns: 60 },
    );
  });

  test('evaluation and interpolation agree with the twin', () => {
    fc.assert(
      fc.property(setting, ({ shares, threshold, secret, order }) => {
        const [field, slow] = shares > 255 ? ([GF16, SLOW16] as const) : ([GF8, SLOW8] as const);
        const rows = [secret, ...range(threshold - 1).map(() => randomBytes(secret.length))];
        const words = Uint32Array.from(rows.flatMap((row) => [...wordsFrom(row)]));
        const xs = order.slice(0, threshold);
        const values = evaluate(words, secret.length / 4, xs, field);
        expect(values).toEqual(xs.map((x) => evaluateSlowly(slow, rows, x)));
        const points = xs.map((x, i) => ({ x, value: values[i] as Uint8Array }));
        expect(combineSlowly(slow, points)).toEqual(secret);
        expect(combineWithWeights(values, lagrangeWeights(xs, field), field)).toEqual(secret);
      }),
      { numRuns: 25 },
    );
  });

  test('t = 2, exhaustively: one share is equally likely under every secret', () => {
    // All 256 secrets side by side in one vector; one coefficient after the other.
    const secrets = Uint8Array.from(range(256, 0));
    for (const x of [1, 2, 77, 255]) {
      const seen = new Map<number, Set<number>>(range(256, 0).map((secret) => [secret, new Set()]));
      for (let coefficient = 0; coefficient < 256; coefficient++) {
        const words = Uint32Array.from([
          ...wordsFrom(secrets),
          ...wordsFrom(new Uint8Array(256).fill(coefficient)),
        ]);
        const [share] = evaluate(words, 64, [x], GF8) as [Uint8Array];
        for (let secret = 0; secret < 256; secret++) seen.get(secret)?.add(share[secret] as number);
      }
      for (const values of seen.values()) expect(values.size).toBe(256);
    }
  });

  test('coefficients are uniform: zero is as likely as any other', () => {
    const secret = new Uint8Array(32).fill(0xa5);
    let equal = 0;
    for (let i = 0; i < 500; i++) {
      const [share] = splitSecret(secret, { threshold: 2, shares: 3, xs: [1] }) as [Uint8Array];
      equal += share.filter((byte) => byte === 0xa5).length;
    }
    // Binomial(16000, 1/256): mean 62.5, deviation 7.9.
    expect(equal).toBeGreaterThan(20);
    expect(equal).toBeLessThan(110);
  });

  test('t − 1 shares and a forged one give another secret', () => {
    const secret = randomBytes(32);
    const sharing = { threshold: 5, shares: 9 };
    const values = splitSecret(secret, { ...sharing, xs: range(9) });
    const shares = values.slice(0, 5).map((value, i) => ({ x: i + 1, value }));
    const forged = [...shares.slice(0, 4), { x: 5, value: randomBytes(32) }];
    expect(combineShares(shares, sharing)).toEqual(secret);
    expect(combineShares(forged, sharing)).not.toEqual(secret);
  });

  test('all of many: a threshold equal to the number of shares, in both fields', () => {
    for (const shares of [3, 255, 256]) {
      const secret = randomBytes(32);
      const values = splitSecret(secret, { threshold: shares, shares, xs: range(shares) });
      const all = values.map((value, i) => ({ x: i + 1, value }));
      expect(combineShares(all, { threshold: shares, shares })).toEqual(secret);
    }
  });

  test('the secret given is unchanged', () => {
    const secret = new Uint8Array(32).fill(7);
    splitSecret(secret, { threshold: 2, shares: 3, xs: [1, 2, 3] });
    expect(secret).toEqual(new Uint8Array(32).fill(7));
  });
});

describe('refusals', () => {
  const secret = new Uint8Array(32);
  test.each([
    ['threshold 1', { threshold: 1, shares: 3, xs: [1, 2] }, 'out-of-range'],
    ['threshold above the shares', { threshold: 4, shares: 3, xs: [1, 2] }, 'out-of-range'],
    ['x = 0 (the secret itself)', { threshold: 2, shares: 3, xs: [0, 1] }, 'out-of-range'],
    ['x twice', { threshold: 2, shares: 3, xs: [1, 1] }, 'out-of-range'],
    ['x above the shares', { threshold: 2, shares: 3, xs: [4] }, 'out-of-range'],
    [
      'x = 256 in GF(2^8), which would wrap to 0',
      { threshold: 2, shares: 255, xs: [256] },
      'out-of-range',
    ],
    ['too many shares', { threshold: 2, shares: 65_536, xs: [1] }, 'too-many-shares'],
  ])('%s', (_, sharing, code) => {
    expect(() => splitSecret(secret, sharing)).toThrow(expect.objectContaining({ code }));
  });

  test('secrets that are no whole words, shares that are too few, twice or uneven', () => {
    const wrongLength = expect.objectContaining({ code: 'wrong-length' });
    const outOfRange = expect.objectContaining({ code: 'out-of-range' });
    const sharing = { threshold: 2, shares: 3 };
    for (const length of [0, 1, 31]) {
      expect(() => splitSecret(new Uint8Array(length), { ...sharing, xs: [1] })).toThrow(
        wrongLength,
      );
    }
    const share = { x: 1, value: secret };
    expect(() => combineShares([share], sharing)).toThrow(wrongLength);
    expect(() => combineShares([share, share], sharing)).toThrow(outOfRange);
    expect(() => combineShares([share, { x: 4, value: secret }], sharing)).toThrow(outOfRange);
    expect(() => combineShares([share, { x: 2, value: new Uint8Array(28) }], sharing)).toThrow(
      wrongLength,
    );
  });
});
