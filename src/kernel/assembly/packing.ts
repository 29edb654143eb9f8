// Packing: the low `bits` bits of each word one after the other, least significant first. Sixteen words
// take exactly 2 · bits bytes. The fast kernels work on sixteens; `…Rest` on words one by one, for what
// is left over and for widths that have no fast kernel.
//
// A 64-bit lane holds neighbouring words joined to a pair of 2 · bits bits (or to a quad, where four
// fit). Pair k of eight words begins in byte ⌊2 · bits · k / 8⌋, `skew(k)` bits above its start. A vector
// has pair k of words 0 to 7 in one lane and pair k of words 8 to 15 in the other: they have the same
// skew, so one shift serves both. Shifts by a constant are one instruction and shifts by a variable
// four, hence a kernel of its own for each width. Only for unpacking up to 25 bits, where a word touches
// at most four bytes, a table of byte moves does as well for all widths.
//
// Unpacking reads up to 16 bytes past the packed words, and uses nothing of them.

/** Where in its first byte piece k begins, of pieces of `size` bits. */
@inline function skew(size: i32, k: i32): i32 {
  return (size * k) & 7;
}

// --- packing

/** Two words a lane to one pair a lane. */
@inline function joined(words: v128, b: i32, low: v128, high: v128): v128 {
  return v128.or(v128.and(words, low), v128.and(i64x2.shr_u(words, 32 - b), high));
}

/** Piece k moved up to where it begins, and in the byte they share the top of the piece before it. */
@inline function placed(piece: v128, before: v128, size: i32, k: i32): v128 {
  const s = skew(size, k);
  return s == 0 ? piece : v128.or(i64x2.shl(piece, s), i64x2.shr_u(before, size - s));
}

/**
 * Stores are eight bytes long. What they write too much is overwritten by the next, so they go upwards;
 * the last of all writes at most four bytes too much.
 */
@inline function packBy(out: usize, words: usize, sixteens: u32, bits: u32, b: i32): void {
  const low = i64x2.splat(((1 as u64) << bits) - 1);
  const high = i64x2.shl(low, b);
  const size = 2 * b;
  for (; sixteens > 0; sixteens--, out += size, words += 64) {
    const first = v128.load(words);
    const second = v128.load(words, 16);
    const third = v128.load(words, 32);
    const fourth = v128.load(words, 48);
    const p0 = joined(v128.shuffle<i64>(first, third, 0, 2), b, low, high);
    const p1 = joined(v128.shuffle<i64>(first, third, 1, 3), b, low, high);
    const p2 = joined(v128.shuffle<i64>(second, fourth, 0, 2), b, low, high);
    const p3 = joined(v128.shuffle<i64>(second, fourth, 1, 3), b, low, high);
    if (b <= 16) {
      const q0 = v128.or(p0, i64x2.shl(p1, size));
      const q1 = placed(v128.or(p2, i64x2.shl(p3, size)), q0, 2 * size, 1);
      v128.store64_lane(out, q0, 0);
      v128.store64_lane(out + (b >> 1), q1, 0);
      v128.store64_lane(out + b, q0, 1);
      v128.store64_lane(out + b + (b >> 1), q1, 1);
    } else {
      const s1 = placed(p1, p0, size, 1);
      const s2 = placed(p2, p1, size, 2);
      const s3 = placed(p3, p2, size, 3);
      v128.store64_lane(out, p0, 0);
      v128.store64_lane(out + (size >> 3), s1, 0);
      v128.store64_lane(out + (2 * size >> 3), s2, 0);
      v128.store64_lane(out + (3 * size >> 3), s3, 0);
      v128.store64_lane(out + b, p0, 1);
      v128.store64_lane(out + b + (size >> 3), s1, 1);
      v128.store64_lane(out + b + (2 * size >> 3), s2, 1);
      v128.store64_lane(out + b + (3 * size >> 3), s3, 1);
    }
  }
}

/** Packs the low `bits` bits (1 to 32) of `n` words; writes whole bytes and none behind them. */
export function packRest(out: usize, words: usize, n: u32, bits: u32): void {
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

// --- unpacking

/** Four words to where a result goes, or added to what is there. */
@inline function give(out: usize, words: v128, adding: bool): void {
  v128.store(out, adding ? i32x4.add(v128.load(out), words) : words);
}

/** Eight bytes at `at` and eight bytes `b` bytes on. */
@inline function loaded(at: usize, b: i32): v128 {
  return v128.load64_lane(at + b, v128.load64_zero(at), 1);
}

/** Pair k of each of two eights, split into words. */
@inline function split(from: usize, b: i32, k: i32, low: v128, high: v128): v128 {
  const s = skew(2 * b, k);
  const at = from + (2 * b * k >> 3);
  const pair = loaded(at, b);
  const first = v128.and(s == 0 ? pair : i64x2.shr_u(pair, s), low);
  let second: v128;
  if (s + 2 * b > 64) {
    // The second word ends beyond the eight bytes.
    second = i64x2.shl(loaded(at + 4, b), 64 - s - b);
  } else {
    second = s + b > 32 ? i64x2.shr_u(pair, s + b - 32) : i64x2.shl(pair, 32 - s - b);
  }
  return v128.or(first, v128.and(second, high));
}

@inline function unpackBy(
  out: usize, from: usize, sixteens: u32, bits: u32, b: i32, adding: bool,
): void {
  const low = i64x2.splat(((1 as u64) << bits) - 1);
  const high = i64x2.shl(low, 32);
  for (; sixteens > 0; sixteens--, from += 2 * b, out += 64) {
    const p0 = split(from, b, 0, low, high);
    const p1 = split(from, b, 1, low, high);
    give(out, v128.shuffle<i64>(p0, p1, 0, 2), adding);
    give(out + 32, v128.shuffle<i64>(p0, p1, 1, 3), adding);
    const p2 = split(from, b, 2, low, high);
    const p3 = split(from, b, 3, low, high);
    give(out + 16, v128.shuffle<i64>(p2, p3, 0, 2), adding);
    give(out + 48, v128.shuffle<i64>(p2, p3, 1, 3), adding);
  }
}

/** Four words: each word's bytes to a lane of its own, there to the same height, and down. */
@inline function narrowFour(from: usize, moves: v128, power: v128, mask: v128): v128 {
  return v128.and(i32x4.shr_u(i32x4.mul(i8x16.swizzle(v128.load(from), moves), power), 7), mask);
}

@inline function unpackNarrowBy(
  out: usize, from: usize, sixteens: u32, bits: u32, table: usize, adding: bool,
): void {
  const moves0 = v128.load(table);
  const power0 = v128.load(table, 16);
  const moves1 = v128.load(table, 32);
  const power1 = v128.load(table, 48);
  const mask = i32x4.splat(0xffffffff >> (32 - bits));
  const half = bits >> 1;
  for (let eights = 2 * sixteens; eights > 0; eights--, out += 32, from += bits) {
    give(out, narrowFour(from, moves0, power0, mask), adding);
    give(out + 16, narrowFour(from + half, moves1, power1, mask), adding);
  }
}

/**
 * Unpacks `sixteens` times sixteen words of 1 to 25 bits. WebAssembly has no shift by a count of each
 * lane's own, so a word that begins s bits above the start of its byte is multiplied by 2^(7 − s), and
 * all are shifted by 7.
 *
 * @param table four rows of 16 bytes: moves and powers for words 0 to 3 of eight, then for 4 to 7
 */
export function unpackNarrow(
  out: usize, from: usize, sixteens: u32, bits: u32, table: usize,
): void {
  unpackNarrowBy(out, from, sixteens, bits, table, false);
}

/** The same, added to the words at `out` mod 2^32. */
export function unpackAddNarrow(
  out: usize, from: usize, sixteens: u32, bits: u32, table: usize,
): void {
  unpackNarrowBy(out, from, sixteens, bits, table, true);
}

@inline function unpackRestBy(out: usize, from: usize, n: u32, bits: u32, adding: bool): void {
  const mask: u32 = 0xffffffff >> (32 - bits);
  for (let shift: u32 = 0; n > 0; n--, out += 4) {
    const word = ((load<u64>(from) >> shift) as u32) & mask;
    store<u32>(out, adding ? load<u32>(out) + word : word);
    shift += bits;
    from += shift >> 3;
    shift &= 7;
  }
}

/** Unpacks `n` words of `bits` bits (1 to 32). */
export function unpackRest(out: usize, from: usize, n: u32, bits: u32): void {
  unpackRestBy(out, from, n, bits, false);
}

/** The same, added to the words at `out` mod 2^32. */
export function unpackAddRest(out: usize, from: usize, n: u32, bits: u32): void {
  unpackRestBy(out, from, n, bits, true);
}

// --- one kernel a width. `bits` is the width once more, as something that is not a constant: masks made
// of it stay in registers, where constants would be built anew each time.

export function pack8(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 8);
}
export function pack9(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 9);
}
export function pack10(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 10);
}
export function pack11(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 11);
}
export function pack12(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 12);
}
export function pack13(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 13);
}
export function pack14(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 14);
}
export function pack15(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 15);
}
export function pack16(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 16);
}
export function pack17(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 17);
}
export function pack18(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 18);
}
export function pack19(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 19);
}
export function pack20(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 20);
}
export function pack21(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 21);
}
export function pack22(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 22);
}
export function pack23(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 23);
}
export function pack24(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 24);
}
export function pack25(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 25);
}
export function pack26(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 26);
}
export function pack27(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 27);
}
export function pack28(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 28);
}
export function pack29(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 29);
}
export function pack30(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 30);
}
export function pack31(out: usize, from: usize, sixteens: u32, bits: u32): void {
  packBy(out, from, sixteens, bits, 31);
}
export function unpack26(out: usize, from: usize, sixteens: u32, bits: u32): void {
  unpackBy(out, from, sixteens, bits, 26, false);
}
export function unpack27(out: usize, from: usize, sixteens: u32, bits: u32): void {
  unpackBy(out, from, sixteens, bits, 27, false);
}
export function unpack28(out: usize, from: usize, sixteens: u32, bits: u32): void {
  unpackBy(out, from, sixteens, bits, 28, false);
}
export function unpack29(out: usize, from: usize, sixteens: u32, bits: u32): void {
  unpackBy(out, from, sixteens, bits, 29, false);
}
export function unpack30(out: usize, from: usize, sixteens: u32, bits: u32): void {
  unpackBy(out, from, sixteens, bits, 30, false);
}
export function unpack31(out: usize, from: usize, sixteens: u32, bits: u32): void {
  unpackBy(out, from, sixteens, bits, 31, false);
}
export function unpackAdd26(out: usize, from: usize, sixteens: u32, bits: u32): void {
  unpackBy(out, from, sixteens, bits, 26, true);
}
export function unpackAdd27(out: usize, from: usize, sixteens: u32, bits: u32): void {
  unpackBy(out, from, sixteens, bits, 27, true);
}
export function unpackAdd28(out: usize, from: usize, sixteens: u32, bits: u32): void {
  unpackBy(out, from, sixteens, bits, 28, true);
}
export function unpackAdd29(out: usize, from: usize, sixteens: u32, bits: u32): void {
  unpackBy(out, from, sixteens, bits, 29, true);
}
export function unpackAdd30(out: usize, from: usize, sixteens: u32, bits: u32): void {
  unpackBy(out, from, sixteens, bits, 30, true);
}
export function unpackAdd31(out: usize, from: usize, sixteens: u32, bits: u32): void {
  unpackBy(out, from, sixteens, bits, 31, true);
}
