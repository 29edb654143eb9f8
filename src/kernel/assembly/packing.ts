// Packing: the low `bits` bits of each word one after the other, least significant first. Eight words
// take exactly `bits` bytes. Work goes by fours: word i of a four starts at bit s_i (0 to 7) of byte
// p_i, where the second four of an eight starts in the middle of a byte if `bits` is odd.
//
// WebAssembly has no shift by a count of each lane's own, so lanes are multiplied by powers of two. The
// powers and the byte moves depend on `bits` alone: they come in a table of 16-byte rows (made by
// ../packing.ts) and are held in registers. `wide` is for the widths where a word can touch five bytes.

/** Row `row` of a table. */
@inline function row(table: usize, row: usize): v128 {
  return v128.load(table + 16 * row);
}

/** Four words to where a result goes, or added to what is there. */
@inline function give(out: usize, words: v128, adding: bool): void {
  v128.store(out, adding ? i32x4.add(v128.load(out), words) : words);
}

/** Four words that touch at most four bytes: moved to the top of their lanes, then down. */
@inline function narrowFour(from: v128, bytes: v128, power: v128, unused: i32): v128 {
  return i32x4.shr_u(i32x4.mul(i8x16.swizzle(from, bytes), power), unused);
}

/** Four words that touch up to five bytes: the upper four, moved down by s_i, and the lowest. */
@inline function wideFour(from: v128, upper: v128, lowest: v128, power: v128, mask: v128): v128 {
  const high = i32x4.mul(i8x16.swizzle(from, upper), power);
  const low = i32x4.shr_u(i32x4.mul(i8x16.swizzle(from, lowest), power), 8);
  return v128.and(v128.or(high, low), mask);
}

/** Reads up to 16 bytes past the end of the packed words. */
@inline function unpackInto(
  out: usize, from: usize, n: u32, bits: u32, table: usize, wide: bool, adding: bool,
): void {
  const bytes0 = row(table, 0);
  const power0 = row(table, 1);
  const bytes1 = row(table, 2);
  const power1 = row(table, 3);
  const half = bits >> 1;
  const mask: u32 = 0xffffffff >> (32 - bits);
  if (wide) {
    const lowest0 = row(table, 4);
    const lowest1 = row(table, 5);
    const masks = i32x4.splat(mask);
    for (; n >= 8; n -= 8, out += 32, from += bits) {
      give(out, wideFour(v128.load(from), bytes0, lowest0, power0, masks), adding);
      give(out + 16, wideFour(v128.load(from + half), bytes1, lowest1, power1, masks), adding);
    }
  } else {
    const unused = 32 - bits;
    for (; n >= 8; n -= 8, out += 32, from += bits) {
      give(out, narrowFour(v128.load(from), bytes0, power0, unused), adding);
      give(out + 16, narrowFour(v128.load(from + half), bytes1, power1, unused), adding);
    }
  }
  for (let at: u32 = 0; n > 0; n--, out += 4, at += bits) {
    const word = ((load<u64>(from + (at >> 3)) >> (at & 7)) as u32) & mask;
    store<u32>(out, adding ? load<u32>(out) + word : word);
  }
}

/**
 * `n` words of `bits` bits each (1 to 32) from the packed ones at `from`, which may start anywhere.
 *
 * @param table rows 0 to 5; @param wide whether a word can touch five bytes
 */
export function unpack(
  out: usize, from: usize, n: u32, bits: u32, table: usize, wide: bool,
): void {
  unpackInto(out, from, n, bits, table, wide, false);
}

/** The same, added to the words at `out` mod 2^32. */
export function unpackAdd(
  out: usize, from: usize, n: u32, bits: u32, table: usize, wide: bool,
): void {
  unpackInto(out, from, n, bits, table, wide, true);
}

/** One word after the other: for the last few, and for widths below 8. */
@inline function packRest(out: usize, words: usize, n: u32, bits: u32): void {
  const mask: u64 = ((1 as u64) << bits) - 1;
  let pending: u64 = 0;
  let held: i32 = 0;
  for (; n > 0; n--, words += 4) {
    pending |= ((load<u32>(words) as u64) & mask) << held;
    held += bits;
    if (held >= 32) {
      store<u32>(out, pending as u32);
      out += 4;
      pending >>= 32;
      held -= 32;
    }
  }
  for (; held > 0; held -= 8, out++, pending >>= 8) store<u8>(out, pending as u8);
}

/**
 * Packs the low `bits` bits (1 to 32) of `n` words to `out`, which may start anywhere; writes whole
 * bytes and none behind them.
 *
 * @param table rows 0 to 8, not looked at below 8 bits; @param wide as for unpacking
 */
export function pack(
  out: usize, words: usize, n: u32, bits: u32, table: usize, wide: bool,
): void {
  if (bits >= 8) {
    // Neighbours can share a byte; every second word does not, so two moves place four words.
    const even0 = row(table, 0);
    const odd0 = row(table, 1);
    const power0 = row(table, 2);
    const even1 = row(table, 3);
    const odd1 = row(table, 4);
    const power1 = row(table, 5);
    // The byte that the first four share with the second, moved to where the second begins.
    const shared = row(table, 6);
    const mask = i32x4.splat(0xffffffff >> (32 - bits));
    const half = bits >> 1;
    // Stores are 16 bytes long. What they write too much is overwritten by the next; the last ones
    // that would reach beyond the end are left to the slow loop.
    const size = (n >> 3) * bits;
    const reach = half + 16;
    let eights: u32 = size < reach ? 0 : (size - reach) / bits + 1;
    n -= 8 * eights;
    if (wide) {
      const fifth0 = row(table, 7);
      const fifth1 = row(table, 8);
      for (; eights > 0; eights--, out += bits, words += 32) {
        const v0 = v128.and(v128.load(words), mask);
        const v1 = v128.and(v128.load(words, 16), mask);
        const a0 = i32x4.mul(v0, power0);
        const a1 = i32x4.mul(v1, power1);
        const b0 = i32x4.mul(i32x4.shr_u(v0, 8), power0);
        const b1 = i32x4.mul(i32x4.shr_u(v1, 8), power1);
        const first = v128.or(v128.or(i8x16.swizzle(a0, even0), i8x16.swizzle(a0, odd0)),
          i8x16.swizzle(b0, fifth0));
        v128.store(out, first);
        v128.store(out + half, v128.or(
          v128.or(i8x16.swizzle(a1, even1), i8x16.swizzle(a1, odd1)),
          v128.or(i8x16.swizzle(b1, fifth1), i8x16.swizzle(first, shared))));
      }
    } else {
      for (; eights > 0; eights--, out += bits, words += 32) {
        const a0 = i32x4.mul(v128.and(v128.load(words), mask), power0);
        const a1 = i32x4.mul(v128.and(v128.load(words, 16), mask), power1);
        const first = v128.or(i8x16.swizzle(a0, even0), i8x16.swizzle(a0, odd0));
        v128.store(out, first);
        v128.store(out + half, v128.or(
          v128.or(i8x16.swizzle(a1, even1), i8x16.swizzle(a1, odd1)),
          i8x16.swizzle(first, shared)));
      }
    }
  }
  packRest(out, words, n, bits);
}
