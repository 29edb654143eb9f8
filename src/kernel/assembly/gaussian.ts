// Draws from a table of thresholds of 128 bits: |x| is how many of them a uniform number u does not lie
// below. The top 15 bits of u and a sign are a word of 16 bits, and they decide unless they equal the top
// 15 bits, the head, of a threshold: a tie. All words are drawn first and the ties noted; then each tie is
// settled with 113 more bits, by comparing all of u with every threshold.
//
// Nothing branches on what is drawn. A table is `heads` rows with a head in all eight lanes, ascending, the
// last one 0x7fff; two rows of the heads' low bytes and two of their high bytes; and a row for each
// threshold, least significant byte first. `heads` is even, and at most 32.

/** Bit i is set if lane i of the sixteen in u and v equals a head; x and y are the heads that lie below. */
@inline function tiesOf(u: v128, v: v128, x: v128, y: v128, bytes: usize): u32 {
  // Only the first head that is not below u can equal it: found by a shuffle within registers, no address.
  const first = i8x16.narrow_i16x8_s(x, y);
  const second = i8x16.sub(first, i8x16.splat(16));
  const low = v128.or(
    i8x16.swizzle(v128.load(bytes), first),
    i8x16.swizzle(v128.load(bytes, 16), second),
  );
  const high = v128.or(
    i8x16.swizzle(v128.load(bytes, 32), first),
    i8x16.swizzle(v128.load(bytes, 48), second),
  );
  const byte = i16x8.splat(0xff);
  const lows = i8x16.narrow_i16x8_u(v128.and(u, byte), v128.and(v, byte));
  const highs = i8x16.narrow_i16x8_u(i16x8.shr_u(u, 8), i16x8.shr_u(v, 8));
  return i8x16.bitmask(v128.and(i8x16.eq(lows, low), i8x16.eq(highs, high)));
}

/** The numbers x with the signs of the words. */
@inline function signed(x: v128, words: v128): v128 {
  const sign = i16x8.shr_s(words, 15);
  return i16x8.sub(v128.xor(x, sign), sign);
}

/** Draws 32 numbers from 32 words; bit i of the result tells that draw i is a tie. */
@inline function drawGroup(out: usize, words: usize, table: usize, heads: u32): u32 {
  const end = table + 16 * heads;
  const low = i16x8.splat(0x7fff);
  const a = v128.and(v128.load(words), low);
  const b = v128.and(v128.load(words, 16), low);
  const c = v128.and(v128.load(words, 32), low);
  const d = v128.and(v128.load(words, 48), low);
  let xa = i16x8.splat(0);
  let xb = i16x8.splat(0);
  let xc = i16x8.splat(0);
  let xd = i16x8.splat(0);
  for (let row = table; row < end; row += 32) {
    let head = v128.load(row);
    xa = i16x8.sub(xa, i16x8.gt_s(a, head));
    xb = i16x8.sub(xb, i16x8.gt_s(b, head));
    xc = i16x8.sub(xc, i16x8.gt_s(c, head));
    xd = i16x8.sub(xd, i16x8.gt_s(d, head));
    head = v128.load(row, 16);
    xa = i16x8.sub(xa, i16x8.gt_s(a, head));
    xb = i16x8.sub(xb, i16x8.gt_s(b, head));
    xc = i16x8.sub(xc, i16x8.gt_s(c, head));
    xd = i16x8.sub(xd, i16x8.gt_s(d, head));
  }
  const ties = tiesOf(a, b, xa, xb, end) | (tiesOf(c, d, xc, xd, end) << 16);
  v128.store(out, signed(xa, v128.load(words)));
  v128.store(out, signed(xb, v128.load(words, 16)), 16);
  v128.store(out, signed(xc, v128.load(words, 32)), 32);
  v128.store(out, signed(xd, v128.load(words, 48)), 48);
  return ties;
}

/** Appends 16 draws from `at` on to the list if there are ties among them; where it then ends. */
@inline function note(list: usize, at: u32, ties: u32): usize {
  store<u32>(list, (at << 16) | ties);
  return list + 4 * ((0 - ties) >>> 31);
}

/**
 * Draws n numbers of two bytes from n words, and lists the ties.
 *
 * @param words up to 62 bytes behind them are read as well
 * @param slots how many groups with ties are looked at when there are fewer
 * @param groups room for n / 16 + 3 words, and for `slots`
 * @param ties room for n + 1 positions of two bytes, and for 64 bytes
 * @returns the number of ties
 */
export function drawGaussian(
  out: usize, words: usize, n: u32, table: usize, heads: u32, slots: u32, groups: usize, ties: usize,
): u32 {
  let end = groups;
  let at: u32 = 0;
  for (; at + 32 <= n; at += 32) {
    const found = drawGroup(out + 2 * at, words + 2 * at, table, heads);
    end = note(end, at, found & 0xffff);
    end = note(end, at + 16, found >>> 16);
  }
  if (at < n) {
    // A short group is drawn where the list of ties will be: nothing may be written behind `out`.
    const found = drawGroup(ties, words + 2 * at, table, heads) & ((1 << (n - at)) - 1);
    end = note(end, at, found & 0xffff);
    end = note(end, at + 16, found >>> 16);
    for (let i: u32 = 0; i < n - at; i++) store<i16>(out + 2 * (at + i), load<i16>(ties + 2 * i));
  }
  const noted = u32(end - groups) >>> 2;
  let found: u32 = 0;
  for (let g: u32 = 0; g < max(noted, slots); g++) {
    const group = load<u32>(groups + 4 * g) & (i32(g - noted) >> 31);
    for (let lane: u32 = 0; lane < 16; lane++) {
      store<u16>(ties + 2 * found, u16((group >>> 16) + lane));
      found += (group >>> lane) & 1;
    }
  }
  return found;
}

/** The top 64 bits of u, a bit inverted: signed numbers compare like what they were without a sign. */
@inline function upper(word: u32, tail: usize): i64 {
  const head = u64(word & 0x7fff) << 49;
  return i64((head | (load<u64>(tail, 8) & 0x0001ffffffffffff)) ^ 0x8000000000000000);
}

/** Writes a settled number, if the slot is used. */
@inline function settle(out: usize, word: u32, x: i32, used: i32): void {
  const sign = -i32(word >>> 15);
  const before = <i32>load<i16>(out);
  store<i16>(out, i16(before ^ ((before ^ ((x ^ sign) - sign)) & used)));
}

/**
 * Settles ties `first` to `first` + slots − 1; those from `found` on are slots without a tie, which take as
 * long.
 *
 * @param slots even
 * @param tails 16 bytes for each slot, of which the low 113 bits count
 * @param from the first row of the thresholds
 * @param end behind their last row
 */
export function settleGaussian(
  out: usize, words: usize, ties: usize, first: u32, found: u32, slots: u32, tails: usize,
  from: usize, end: usize,
): void {
  const top = i64x2.splat(0x8000000000000000);
  const most = i64x2.splat(i64((end - from) >>> 4));
  for (let slot = first; slot < first + slots; slot += 2, tails += 32) {
    const usedA = i32(slot - found) >> 31;
    const usedB = i32(slot + 1 - found) >> 31;
    const a: usize = 2 * (<u32>load<u16>(ties + 2 * slot) & usedA);
    const b: usize = 2 * (<u32>load<u16>(ties + 2 * slot, 2) & usedB);
    const wordA = <u32>load<u16>(words + a);
    const wordB = <u32>load<u16>(words + b);
    const high = i64x2.replace_lane(i64x2.splat(upper(wordA, tails)), 1, upper(wordB, tails + 16));
    const low = v128.xor(v128.load64_lane(tails + 16, v128.load64_zero(tails), 1), top);
    let x = most;
    for (let row = from; row < end; row += 16) {
      const limit = v128.xor(v128.load64_splat(row, 8), top);
      const rest = v128.xor(v128.load64_splat(row), top);
      const below = v128.and(i64x2.eq(high, limit), i64x2.lt_s(low, rest));
      x = i64x2.add(x, v128.or(i64x2.lt_s(high, limit), below));
    }
    settle(out + a, wordA, i32(i64x2.extract_lane(x, 0)), usedA);
    settle(out + b, wordB, i32(i64x2.extract_lane(x, 1)), usedB);
  }
}
