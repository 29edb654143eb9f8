// Draws from alias tables. A column of 24 bytes holds a threshold of 124 bits in four limbs of 31, in two
// 64-bit words with bits 31 and 63 clear, then two values: the one below the threshold, and the other.
//
// `words` points to n words that choose the column and the sign, and after them to four words for each draw,
// of which the low 31 bits count. Nothing is compared: bit 63 of a difference is the borrow.

const LIMBS: u64 = 0x7fffffff7fffffff;

/** All ones if the random number lies below the threshold, else zero. */
@inline function isBelow(random: usize, low: u64, high: u64): i32 {
  const borrow = ((load<u64>(random) & LIMBS) - low) >>> 63;
  return -i32(((load<u64>(random, 8) & LIMBS) - high - borrow) >>> 63);
}

/** Adds ±value · factor to what is at `out`: negative if `drawn` says so, or if that is and `kept` does. */
@inline function addSigned(out: usize, value: i32, factor: i32, drawn: u32, kept: i32): void {
  const before = load<i32>(out);
  const sign = -i32(drawn) | ((before >> 31) & kept);
  store<i32>(out, before + (((value * factor) ^ sign) - sign));
}

/**
 * out[i] += ± factor · draw, n times.
 *
 * @param mask one less than the number of columns, a power of two
 * @param signs 1: bit 31 of a draw's first word is its sign; 0: it has none
 * @param kept −1: a draw has the sign of what it is added to; else 0
 */
export function drawAlias(
  out: usize, words: usize, n: u32, table: usize, mask: u32, factor: i32, signs: u32, kept: i32,
): void {
  let random = words + 4 * n;
  for (; n > 0; n--, out += 4, words += 4, random += 16) {
    const word = load<u32>(words);
    const column = table + 24 * (word & mask);
    const own = isBelow(random, load<u64>(column), load<u64>(column, 8));
    const other = load<i32>(column, 20);
    const value = other ^ ((load<i32>(column, 16) ^ other) & own);
    addSigned(out, value, factor, (word >>> 31) & signs, kept);
  }
}

/** The same sums; every draw reads every column, so that no address depends on what is drawn. */
export function scanAlias(
  out: usize, words: usize, n: u32, table: usize, mask: u32, factor: i32, signs: u32, kept: i32,
): void {
  let random = words + 4 * n;
  const end = table + 24 * (mask + 1);
  const step = i32x4.splat(1);
  for (; n > 0; n--, out += 4, words += 4, random += 16) {
    const word = load<u32>(words);
    const wanted = i32x4.splat(word & mask);
    let at = i32x4.splat(0);
    let limbs = i64x2.splat(0);
    let values = i64x2.splat(0);
    for (let column = table; column < end; column += 24) {
      const here = i32x4.eq(at, wanted);
      limbs = v128.or(limbs, v128.and(v128.load(column), here));
      values = v128.or(values, v128.and(v128.load64_zero(column, 16), here));
      at = i32x4.add(at, step);
    }
    const own = isBelow(random, i64x2.extract_lane(limbs, 0), i64x2.extract_lane(limbs, 1));
    const other = i32x4.extract_lane(values, 1);
    const value = other ^ ((i32x4.extract_lane(values, 0) ^ other) & own);
    addSigned(out, value, factor, (word >>> 31) & signs, kept);
  }
}
