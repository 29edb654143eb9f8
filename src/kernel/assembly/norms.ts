// Norms of vectors. Sums of doubles are taken in eight lanes, element i in lane i mod 8, whatever pieces
// the vector comes in (whole eights, but for the last): so every path rounds alike, to the last bit.

import { one, pair, strideOf } from './reals';

@inline function measureInto(lanes: usize, from: usize, n: u32, single: bool): void {
  const stride = strideOf(single);
  let s0 = v128.load(lanes);
  let s1 = v128.load(lanes, 16);
  let s2 = v128.load(lanes, 32);
  let s3 = v128.load(lanes, 48);
  let m0 = v128.load(lanes, 64);
  let m1 = v128.load(lanes, 80);
  let m2 = v128.load(lanes, 96);
  let m3 = v128.load(lanes, 112);
  for (; n >= 8; n -= 8, from += 8 * stride) {
    const x0 = f64x2.abs(pair(from, single));
    const x1 = f64x2.abs(pair(from + 2 * stride, single));
    const x2 = f64x2.abs(pair(from + 4 * stride, single));
    const x3 = f64x2.abs(pair(from + 6 * stride, single));
    s0 = f64x2.add(s0, f64x2.mul(x0, x0));
    s1 = f64x2.add(s1, f64x2.mul(x1, x1));
    s2 = f64x2.add(s2, f64x2.mul(x2, x2));
    s3 = f64x2.add(s3, f64x2.mul(x3, x3));
    m0 = f64x2.pmax(m0, x0);
    m1 = f64x2.pmax(m1, x1);
    m2 = f64x2.pmax(m2, x2);
    m3 = f64x2.pmax(m3, x3);
  }
  v128.store(lanes, s0);
  v128.store(lanes, s1, 16);
  v128.store(lanes, s2, 32);
  v128.store(lanes, s3, 48);
  v128.store(lanes, m0, 64);
  v128.store(lanes, m1, 80);
  v128.store(lanes, m2, 96);
  v128.store(lanes, m3, 112);
  for (; n > 0; n--, from += stride, lanes += 8) {
    const x = abs<f64>(one(from, single));
    store<f64>(lanes, load<f64>(lanes) + x * x);
    store<f64>(lanes, max<f64>(load<f64>(lanes, 64), x), 64);
  }
}

/**
 * Adds the squares of `n` numbers to eight lanes at `lanes`, and keeps the largest magnitudes in the
 * eight behind them. With a NaN among the numbers the sums are NaN and the magnitudes mean nothing.
 */
export function measureDoubles(lanes: usize, from: usize, n: u32): void {
  measureInto(lanes, from, n, false);
}

/** The same for floats. */
export function measureFloats(lanes: usize, from: usize, n: u32): void {
  measureInto(lanes, from, n, true);
}

/**
 * Adds Σ z² of `n` signed 32-bit integers to the number that the two u64 at `sums` stand for: the first,
 * a sum of low halves, plus 2^32 times the second, a sum of high ones. 2^28 integers overflow neither.
 */
export function addSquares(sums: usize, from: usize, n: u32): void {
  let all = i64x2.splat(0);
  let high = i64x2.splat(0);
  for (; n >= 4; n -= 4, from += 16) {
    const z = v128.load(from);
    // Two squares are at most 2^63 together: nothing is lost before they are halved.
    const squares = i64x2.add(i64x2.extmul_low_i32x4_s(z, z), i64x2.extmul_high_i32x4_s(z, z));
    all = i64x2.add(all, squares);
    high = i64x2.add(high, i64x2.shr_u(squares, 32));
  }
  let a = i64x2.extract_lane(all, 0) + i64x2.extract_lane(all, 1);
  let h = i64x2.extract_lane(high, 0) + i64x2.extract_lane(high, 1);
  for (; n > 0; n--, from += 4) {
    const z = load<i32>(from) as i64;
    a += z * z;
    h += ((z * z) as u64) >> 32;
  }
  // `a` may have wrapped, but the sum of low halves, which is left of it, is less than 2^64.
  store<u64>(sums, load<u64>(sums) + a - (h << 32));
  store<u64>(sums, load<u64>(sums, 8) + h, 8);
}

/** out[i] = from[i] · factor; the same place or apart. */
export function scale(out: usize, from: usize, n: u32, factor: f64): void {
  const factors = f64x2.splat(factor);
  for (; n >= 4; n -= 4, from += 32, out += 32) {
    v128.store(out, f64x2.mul(v128.load(from), factors));
    v128.store(out, f64x2.mul(v128.load(from, 16), factors), 16);
  }
  for (; n > 0; n--, from += 8, out += 8) store<f64>(out, load<f64>(from) * factor);
}
