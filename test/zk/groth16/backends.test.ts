/** Both back ends against the definition of each operation. */
import { describe, expect, test } from 'vitest';
import type { G1Point, G2Point, Lines } from '../../../src/zk/groth16/backend.ts';
import { CURVE_X, P, R } from '../../../src/zk/groth16/field.ts';
import { readG1, readG2 } from '../../../src/zk/groth16/points.ts';
import {
  G1,
  G2,
  g1Bytes,
  g2Bytes,
  isInG2,
  offCurve,
  type PointG1,
  times,
  timesTwist,
  twistPoint,
} from '../../reference/groth16.ts';
import { backends } from './support.ts';

const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b));

/** The twist has r·COFACTOR points, COFACTOR = 2p − r. */
const COFACTOR = 2n * P - R;

describe('the test of membership in G2', () => {
  test('the curve is the one that x makes', () => {
    const x = CURVE_X;
    expect(36n * x ** 4n + 36n * x ** 3n + 24n * x ** 2n + 6n * x + 1n).toBe(P);
    expect(36n * x ** 4n + 36n * x ** 3n + 18n * x ** 2n + 6n * x + 1n).toBe(R);
    expect(timesTwist(twistPoint(1n), R * COFACTOR).is0()).toBe(true);
  });

  test('the equation holds for no point but those of order r', () => {
    // ψ² − t·ψ + p = 0 on the twist. Modulo it, (x + 1) + x·ψ + x·ψ² − 2x·ψ³ is a + b·ψ, whose
    // kernel has a² + a·b·t + b²·p points. Of those of the twist, gcd many at most satisfy it.
    const t = 6n * CURVE_X ** 2n + 1n;
    expect(P + 1n - t).toBe(R);
    // ψ² = t·ψ − p and ψ³ = (t² − p)·ψ − t·p.
    const x = CURVE_X;
    const a = x + 1n - x * P + 2n * x * t * P;
    const b = x + x * t - 2n * x * (t * t - P);
    const norm = a * a + a * b * t + b * b * P;
    expect(norm % R).toBe(0n);
    expect(gcd(norm, R * COFACTOR)).toBe(R);
    expect(COFACTOR % R).not.toBe(0n);
    // So no point but infinity has x·Q = infinity.
    expect(gcd(x, R * COFACTOR)).toBe(1n);
  });

  const strays = [1n, 100n, 10_000n].map(twistPoint);
  // Prime factors of the cofactor that trial division finds.
  const smallPrimes: bigint[] = [];
  for (let q = 2n; q < 20_000n; q++) {
    if (COFACTOR % q === 0n && smallPrimes.every((known) => q % known !== 0n)) smallPrimes.push(q);
  }

  test.each(backends)('on $name it says what multiplication by r says', (backend) => {
    expect(smallPrimes).toContain(10_069n);
    const own = G2.BASE.multiply(3n ** 90n);
    const ofSmallOrder = smallPrimes.map((q) =>
      timesTwist(strays[0] as typeof G2.BASE, R * (COFACTOR / q)),
    );
    const all = [
      G2.BASE,
      own,
      own.negate(),
      timesTwist(strays[0] as typeof G2.BASE, COFACTOR),
      ...strays,
      ...strays.map((point) => timesTwist(point, R)),
      ...ofSmallOrder,
      ...ofSmallOrder.map((point) => point.add(own)),
    ].filter((point) => !point.is0());
    const verdicts = all.map((point) => {
      const read = readG2(backend, g2Bytes(point));
      if (typeof read === 'string') expect(read).toBe('point-off-subgroup');
      return typeof read !== 'string';
    });
    expect(verdicts).toEqual(all.map(isInG2));
    expect(new Set(verdicts)).toEqual(new Set([true, false]));
  });
});

describe.each(backends)('on $name', (backend) => {
  const g1 = (point: PointG1): G1Point => {
    const read = readG1(backend, g1Bytes(point));
    if (typeof read === 'string') throw new Error(read);
    return read;
  };
  const g2 = (k: bigint): G2Point => {
    const read = readG2(backend, g2Bytes(G2.BASE.multiply(k)));
    if (typeof read === 'string') throw new Error(read);
    return read;
  };
  const base = g1(G1.BASE);
  const lines: Lines = backend.lines(g2(1n));

  /** Whether Σ points is infinity, by e(·, G2). */
  const sumIsZero = (...points: readonly G1Point[]): boolean =>
    backend.isOne([backend.miller(points.map((point) => [point, lines] as const))]);

  test('bytes become points, or what is wrong with them', () => {
    expect(typeof readG1(backend, g1Bytes(G1.BASE))).not.toBe('string');
    expect(readG1(backend, offCurve())).toBe('point-off-curve');
    expect(readG1(backend, new Uint8Array(64))).toBe('point-at-infinity');
    expect(readG2(backend, new Uint8Array(128))).toBe('point-at-infinity');
    expect(readG2(backend, Uint8Array.of(...offCurve(), ...offCurve()))).toBe('point-off-curve');
    for (let at = 0; at < 128; at += 32) {
      const bytes = g2Bytes(G2.BASE);
      bytes.fill(0xff, at, at + 32);
      expect(readG2(backend, bytes)).toBe('point-not-canonical');
      // The two bits that other encodings use as flags.
      for (const flag of [0x40, 0x80]) {
        const flagged = g2Bytes(G2.BASE);
        flagged[at] = (flagged[at] as number) | flag;
        expect(readG2(backend, flagged)).toBe('point-not-canonical');
      }
    }
  });

  test('sums and multiples', () => {
    const scalars = [0n, 1n, 2n, 255n, 256n, 2n ** 128n - 1n, R - 1n, 3n ** 150n % R];
    for (const k of scalars) {
      const found = backend.combine([base], [k]);
      if (k === 0n) expect(found).toBeUndefined();
      else {
        const expected = g1(times(G1.BASE, -k));
        expect(sumIsZero(found as G1Point, expected)).toBe(true);
        expect(sumIsZero(found as G1Point, expected, base)).toBe(false);
      }
    }
    const many = Array.from({ length: 70 }, (_, i) => BigInt(i));
    const points = many.map((k) => g1(times(G1.BASE, k + 1n)));
    const sum = many.reduce((all, k) => all + k * (k + 1n), 0n);
    const found = backend.combine(points, many) as G1Point;
    expect(sumIsZero(found, g1(times(G1.BASE, -sum)))).toBe(true);
    expect(backend.combine([], [])).toBeUndefined();
    expect(backend.combine([base, backend.negate(base)], [7n, 7n])).toBeUndefined();
    expect(backend.combine([base, base], [7n, R - 7n])).toBeUndefined();
  });

  test('the pairing is bilinear and not trivial', () => {
    const left = backend.miller([[g1(times(G1.BASE, 15n)), lines]]);
    const [three, five] = [g1(times(G1.BASE, -3n)), backend.lines(g2(5n))];
    expect(backend.isOne([left, backend.miller([[three, five]])])).toBe(true);
    expect(backend.isOne([left])).toBe(false);
    expect(backend.isOne([])).toBe(true);
    expect(backend.isOne([backend.miller([])])).toBe(true);
  });
});
