/** The Fourier transforms against their defining sums. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  FFT_ERROR_PER_LEVEL,
  fftPlan,
  forwardInto,
  inverseInto,
} from '../../src/dp/accountants/pld-fft.ts';
import { spectrum } from '../reference/losses.ts';

const sequence = (length: number) =>
  fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: length, maxLength: length });

describe('real transforms', () => {
  test.each([8, 16, 32, 64, 128])('of %i numbers hold every frequency once', (length) => {
    const values = Array.from({ length }, (_, i) => Math.sin(i * i + 1) + (i % 3));
    const data = Float64Array.from(values);
    forwardInto(fftPlan(length), data);
    const expected = spectrum(values);
    expect(data[0]).toBeCloseTo(expected[0]?.[0] as number, 9);
    expect(data[1]).toBeCloseTo(expected[length / 2]?.[0] as number, 9);
    const key = (r: number, s: number): string => `${r.toFixed(8)} ${Math.abs(s).toFixed(8)}`;
    const got = Array.from({ length: length / 2 - 1 }, (_, i) =>
      key(data[2 * i + 2] as number, data[2 * i + 3] as number),
    );
    const want = expected.slice(1, -1).map(([r, s]) => key(r, s));
    expect(got.sort()).toEqual(want.sort());
  });

  test.each([8, 16, 1024, 2048])('of %i numbers turn products into circular convolutions', (n) => {
    fc.assert(
      fc.property(sequence(n), sequence(n), (a, b) => {
        const plan = fftPlan(n);
        const x = Float64Array.from(a);
        const y = Float64Array.from(b);
        forwardInto(plan, x);
        forwardInto(plan, y);
        const product = new Float64Array(n);
        product[0] = (x[0] as number) * (y[0] as number);
        product[1] = (x[1] as number) * (y[1] as number);
        for (let i = 2; i < n; i += 2) {
          const [xr, xi, yr, yi] = [x[i], x[i + 1], y[i], y[i + 1]] as [
            number,
            number,
            number,
            number,
          ];
          product[i] = xr * yr - xi * yi;
          product[i + 1] = xr * yi + xi * yr;
        }
        inverseInto(plan, product);
        for (const k of [0, 1, n / 2, n - 1]) {
          let sum = 0;
          for (let j = 0; j < n; j++) sum += (a[j] as number) * (b[(k - j + n) % n] as number);
          expect(((product[k] as number) * 2) / n).toBeCloseTo(sum, 9);
        }
      }),
      { numRuns: 10 },
    );
  });

  test('stay within the error that is stated, there and back', () => {
    for (let length = 8; length <= 2 ** 16; length *= 2) {
      const plan = fftPlan(length);
      const data = Float64Array.from({ length }, (_, i) => Math.cos(1.7 * i * i));
      const before = data.slice();
      forwardInto(plan, data);
      inverseInto(plan, data);
      const worst = data.reduce(
        (most, value, i) => Math.max(most, Math.abs((value * 2) / length - (before[i] as number))),
        0,
      );
      const total = before.reduce((sum, value) => sum + Math.abs(value), 0);
      expect(worst).toBeLessThan(FFT_ERROR_PER_LEVEL * Math.log2(length) * total);
    }
  });
});
