// Real numbers to 32-bit integers by stochastic rounding with given random words, and integers back to
// real numbers. Two lanes of doubles at a time, four elements a step. `n` counts elements; `single`
// says that the real numbers are floats.
//
// Two numbers must come as parameters, since V8 (Node 24) builds a constant anew at each use in a loop:
// `unitBase` = 2^20, from where up to 2^20 + 1 the low half of a double counts 2^−32ths, and
// `wholeBase` = 1.5 · 2^52: a 32-bit integer added to it stands, as bits, in the low half.

import { one, pair, strideOf } from './reals';

/**
 * ⌊t⌋, plus one where `units` = 2^20 + word/2^32 says so, in the low half of each lane. A true
 * comparison is −1 as an integer: taking it away rounds up.
 */
@inline function round(t: v128, units: v128, base: v128, whole: v128): v128 {
  const floor = f64x2.floor(t);
  const up = f64x2.lt(f64x2.sub(units, base), f64x2.sub(t, floor));
  return i64x2.sub(f64x2.add(floor, whole), up);
}

@inline function quantiseInto(
  out: usize, from: usize, words: usize, n: u32, limit: f64, factor: f64,
  unitBase: f64, wholeBase: f64, single: bool,
): void {
  const stride = strideOf(single);
  const top = f64x2.splat(limit);
  const bottom = f64x2.splat(-limit);
  const factors = f64x2.splat(factor);
  const base = f64x2.splat(unitBase);
  const baseHigh = v128.shuffle<i32>(base, base, 1, 1, 3, 3);
  const whole = f64x2.splat(wholeBase);
  for (; n >= 4; n -= 4, out += 16, words += 16, from += 4 * stride) {
    const random = v128.load(words);
    const x = f64x2.pmax(f64x2.pmin(pair(from, single), top), bottom);
    const y = f64x2.pmax(f64x2.pmin(pair(from + 2 * stride, single), top), bottom);
    const low = v128.shuffle<i32>(random, baseHigh, 0, 4, 1, 5);
    const high = v128.shuffle<i32>(random, baseHigh, 2, 6, 3, 7);
    const p = round(f64x2.mul(x, factors), low, base, whole);
    const q = round(f64x2.mul(y, factors), high, base, whole);
    v128.store(out, v128.shuffle<i32>(p, q, 0, 2, 4, 6));
  }
  for (; n > 0; n--, out += 4, words += 4, from += stride) {
    const t = max<f64>(min<f64>(one(from, single), limit), -limit) * factor;
    const below = floor<f64>(t);
    const up = (load<u32>(words) as f64) * (1.0 / 4294967296.0) < t - below;
    store<i32>(out, (reinterpret<i64>(below + wholeBase) as i32) + i32(up));
  }
}

/**
 * out[i] = ⌊t⌋ or ⌊t⌋ + 1, the latter where words[i] / 2^32 < t − ⌊t⌋, for t = from[i], cut to
 * ±limit, times factor; |t| ≤ 2^31 − 1.
 */
export function quantiseDoubles(
  out: usize, from: usize, words: usize, n: u32, limit: f64, factor: f64, unitBase: f64, wholeBase: f64,
): void {
  quantiseInto(out, from, words, n, limit, factor, unitBase, wholeBase, false);
}

/** The same from floats. */
export function quantiseFloats(
  out: usize, from: usize, words: usize, n: u32, limit: f64, factor: f64, unitBase: f64, wholeBase: f64,
): void {
  quantiseInto(out, from, words, n, limit, factor, unitBase, wholeBase, true);
}

/** z · (high + low): a product that is exact and one that is small, so that the sum rounds once. */
@inline function quotient(z: v128, high: v128, low: v128): v128 {
  const x = f64x2.convert_low_i32x4_s(z);
  return f64x2.add(f64x2.mul(x, high), f64x2.mul(x, low));
}

/** z · factor, to be rounded to a float. */
@inline function product(z: v128, factor: v128): v128 {
  return f32x4.demote_f64x2_zero(f64x2.mul(f64x2.convert_low_i32x4_s(z), factor));
}

/** Four of either. */
@inline function quotients(out: usize, z: v128, high: v128, low: v128, single: bool): void {
  const upper = v128.shuffle<i64>(z, z, 1, 1);
  if (single) {
    v128.store(out, v128.shuffle<i64>(product(z, high), product(upper, high), 0, 2));
  } else {
    v128.store(out, quotient(z, high, low));
    v128.store(out, quotient(upper, high, low), 16);
  }
}

/** From residues mod 2 · sign to −sign … sign − 1. */
@inline function centred(words: v128, mask: v128, sign: v128): v128 {
  return i32x4.sub(v128.xor(v128.and(words, mask), sign), sign);
}

@inline function dequantiseInto(
  out: usize, from: usize, n: u32, mask: u32, sign: u32, high: f64, low: f64, single: bool,
): void {
  const masks = i32x4.splat(mask);
  const signs = i32x4.splat(sign);
  const highs = f64x2.splat(high);
  const lows = f64x2.splat(low);
  const step: usize = single ? 16 : 32;
  if (mask == 0xffffffff) {
    // Words of 32 bits are centred as they are.
    for (; n >= 16; n -= 16, from += 64, out += 4 * step) {
      quotients(out, v128.load(from), highs, lows, single);
      quotients(out + step, v128.load(from, 16), highs, lows, single);
      quotients(out + 2 * step, v128.load(from, 32), highs, lows, single);
      quotients(out + 3 * step, v128.load(from, 48), highs, lows, single);
    }
  }
  for (; n >= 16; n -= 16, from += 64, out += 4 * step) {
    quotients(out, centred(v128.load(from), masks, signs), highs, lows, single);
    quotients(out + step, centred(v128.load(from, 16), masks, signs), highs, lows, single);
    quotients(out + 2 * step, centred(v128.load(from, 32), masks, signs), highs, lows, single);
    quotients(out + 3 * step, centred(v128.load(from, 48), masks, signs), highs, lows, single);
  }
  for (; n > 0; n--, from += 4) {
    const z = (((load<u32>(from) & mask) ^ sign) - sign) as i32 as f64;
    if (single) {
      store<f32>(out, (z * high) as f32);
      out += 4;
    } else {
      store<f64>(out, z * high + z * low);
      out += 8;
    }
  }
}

/**
 * out[i] = z · (high + low), for z with z ≡ from[i] mod 2 · sign and −sign ≤ z < sign; mask = 2 · sign − 1.
 *
 * @param high has at most 21 significant bits
 */
export function dequantiseDoubles(
  out: usize, from: usize, n: u32, mask: u32, sign: u32, high: f64, low: f64,
): void {
  dequantiseInto(out, from, n, mask, sign, high, low, false);
}

/** out[i] = z · factor, rounded to a float. */
export function dequantiseFloats(
  out: usize, from: usize, n: u32, mask: u32, sign: u32, factor: f64,
): void {
  dequantiseInto(out, from, n, mask, sign, factor, 0, true);
}
