// ChaCha20 (RFC 8439 §2.3), four blocks at a time: vector register j holds word j of blocks c, c+1,
// c+2 and c+3, so a quarter round works on all four at once and nothing is shuffled until the end,
// when four words of four blocks are transposed on their way into the accumulator.

import { into } from './words';

// No byte swizzle by a constant: V8 (Node 24) builds the constant anew for each use, five instructions
// a rotation. Swapping 16-bit halves it knows as two instructions, and shifting costs three.
@inline function rotl16(x: v128): v128 {
  return v128.shuffle<i16>(x, x, 1, 0, 3, 2, 5, 4, 7, 6);
}
@inline function rotl8(x: v128): v128 {
  return v128.or(i32x4.shl(x, 8), i32x4.shr_u(x, 24));
}
@inline function rotl12(x: v128): v128 {
  return v128.or(i32x4.shl(x, 12), i32x4.shr_u(x, 20));
}
@inline function rotl7(x: v128): v128 {
  return v128.or(i32x4.shl(x, 7), i32x4.shr_u(x, 25));
}

/** Word j of the state, in all four lanes. */
@inline function splat(state: usize, j: usize): v128 {
  return v128.load_splat<u32>(state + 4 * j);
}

/** Words 4q to 4q+3 of four blocks, given as one register a word, into the four blocks at `p`. */
@inline function blocksInto(p: usize, a: v128, b: v128, c: v128, d: v128, negative: bool): void {
  const ab01 = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd01 = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const ab23 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cd23 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  into(p, v128.shuffle<i64>(ab01, cd01, 0, 2), negative);
  into(p + 64, v128.shuffle<i64>(ab01, cd01, 1, 3), negative);
  into(p + 128, v128.shuffle<i64>(ab23, cd23, 0, 2), negative);
  into(p + 192, v128.shuffle<i64>(ab23, cd23, 1, 3), negative);
}

/** `groups` times 64 words of keystream into the vector at `acc`; counts the state's counter on. */
@inline function groupsInto(acc: usize, state: usize, groups: u32, negative: bool): void {
  let counters = i32x4.add(splat(state, 12), i32x4(0, 1, 2, 3));
  for (; groups > 0; groups--, acc += 256) {
    let x0 = splat(state, 0);
    let x1 = splat(state, 1);
    let x2 = splat(state, 2);
    let x3 = splat(state, 3);
    let x4 = splat(state, 4);
    let x5 = splat(state, 5);
    let x6 = splat(state, 6);
    let x7 = splat(state, 7);
    let x8 = splat(state, 8);
    let x9 = splat(state, 9);
    let x10 = splat(state, 10);
    let x11 = splat(state, 11);
    let x12 = counters;
    let x13 = splat(state, 13);
    let x14 = splat(state, 14);
    let x15 = splat(state, 15);
    for (let round = 0; round < 10; round++) {
      // Columns. Each quarter round: a += b; d ^= a; d <<<= 16; c += d; b ^= c; b <<<= 12; and again
      // with 8 and 7 (§2.1). The four of a round are independent.
      x0 = i32x4.add(x0, x4); x12 = rotl16(v128.xor(x12, x0)); x8 = i32x4.add(x8, x12); x4 = rotl12(v128.xor(x4, x8));
      x0 = i32x4.add(x0, x4); x12 = rotl8(v128.xor(x12, x0)); x8 = i32x4.add(x8, x12); x4 = rotl7(v128.xor(x4, x8));
      x1 = i32x4.add(x1, x5); x13 = rotl16(v128.xor(x13, x1)); x9 = i32x4.add(x9, x13); x5 = rotl12(v128.xor(x5, x9));
      x1 = i32x4.add(x1, x5); x13 = rotl8(v128.xor(x13, x1)); x9 = i32x4.add(x9, x13); x5 = rotl7(v128.xor(x5, x9));
      x2 = i32x4.add(x2, x6); x14 = rotl16(v128.xor(x14, x2)); x10 = i32x4.add(x10, x14); x6 = rotl12(v128.xor(x6, x10));
      x2 = i32x4.add(x2, x6); x14 = rotl8(v128.xor(x14, x2)); x10 = i32x4.add(x10, x14); x6 = rotl7(v128.xor(x6, x10));
      x3 = i32x4.add(x3, x7); x15 = rotl16(v128.xor(x15, x3)); x11 = i32x4.add(x11, x15); x7 = rotl12(v128.xor(x7, x11));
      x3 = i32x4.add(x3, x7); x15 = rotl8(v128.xor(x15, x3)); x11 = i32x4.add(x11, x15); x7 = rotl7(v128.xor(x7, x11));
      // Diagonals.
      x0 = i32x4.add(x0, x5); x15 = rotl16(v128.xor(x15, x0)); x10 = i32x4.add(x10, x15); x5 = rotl12(v128.xor(x5, x10));
      x0 = i32x4.add(x0, x5); x15 = rotl8(v128.xor(x15, x0)); x10 = i32x4.add(x10, x15); x5 = rotl7(v128.xor(x5, x10));
      x1 = i32x4.add(x1, x6); x12 = rotl16(v128.xor(x12, x1)); x11 = i32x4.add(x11, x12); x6 = rotl12(v128.xor(x6, x11));
      x1 = i32x4.add(x1, x6); x12 = rotl8(v128.xor(x12, x1)); x11 = i32x4.add(x11, x12); x6 = rotl7(v128.xor(x6, x11));
      x2 = i32x4.add(x2, x7); x13 = rotl16(v128.xor(x13, x2)); x8 = i32x4.add(x8, x13); x7 = rotl12(v128.xor(x7, x8));
      x2 = i32x4.add(x2, x7); x13 = rotl8(v128.xor(x13, x2)); x8 = i32x4.add(x8, x13); x7 = rotl7(v128.xor(x7, x8));
      x3 = i32x4.add(x3, x4); x14 = rotl16(v128.xor(x14, x3)); x9 = i32x4.add(x9, x14); x4 = rotl12(v128.xor(x4, x9));
      x3 = i32x4.add(x3, x4); x14 = rotl8(v128.xor(x14, x3)); x9 = i32x4.add(x9, x14); x4 = rotl7(v128.xor(x4, x9));
    }
    blocksInto(acc, i32x4.add(x0, splat(state, 0)), i32x4.add(x1, splat(state, 1)),
      i32x4.add(x2, splat(state, 2)), i32x4.add(x3, splat(state, 3)), negative);
    blocksInto(acc + 16, i32x4.add(x4, splat(state, 4)), i32x4.add(x5, splat(state, 5)),
      i32x4.add(x6, splat(state, 6)), i32x4.add(x7, splat(state, 7)), negative);
    blocksInto(acc + 32, i32x4.add(x8, splat(state, 8)), i32x4.add(x9, splat(state, 9)),
      i32x4.add(x10, splat(state, 10)), i32x4.add(x11, splat(state, 11)), negative);
    blocksInto(acc + 48, i32x4.add(x12, counters), i32x4.add(x13, splat(state, 13)),
      i32x4.add(x14, splat(state, 14)), i32x4.add(x15, splat(state, 15)), negative);
    counters = i32x4.add(counters, i32x4.splat(4));
  }
  store<u32>(state, i32x4.extract_lane(counters, 0), 48);
}

/**
 * Adds `groups` · 64 words of keystream to the vector at `acc`.
 *
 * @param state 16 words as RFC 8439 §2.3 lays them out; its counter (word 12) counts on.
 */
export function addKeystream(acc: usize, state: usize, groups: u32): void {
  groupsInto(acc, state, groups, false);
}

/** Takes the same away. */
export function subtractKeystream(acc: usize, state: usize, groups: u32): void {
  groupsInto(acc, state, groups, true);
}
