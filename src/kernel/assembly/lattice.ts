// Hiding a block of 2,048 coefficients under a lattice mask, and opening a sum of such blocks: the last two
// levels of the transform back, for both primes, and in the same pass what is made of their results.
//
// `code` holds what a field's parameters come to; ../lattice.ts writes it:
//      0  for each prime, 20 bytes: Δ·K and the float next to its part of p, K, low and high half of C, both signed
//     40  2^(63−k), low and high half
//     48  opening: what is added to a sum before its bits are taken, low and high half
//     56  2^k − 1, low and high half
//     64  opening, doubles: 1/δ, δ, the remainder of a sum that no error has touched, what is added to steps (a word), 2^52,
//         1.5·2^52, and that and the steps of the greatest sum
//    128  of all that was opened: the greatest and the least remainders, two doubles each
import {
  BLOCK, canonical, centred, lanesOf, MAGIC, multiplyBack, splat, turned, turnedBy, upper,
} from './ring';

/** In the head of each prime's tables: ψ^−512t for t = 0, 1, 2, 3. */
const QUARTERS: usize = 40;

/** What becomes of each register of the transform back. */
const KEEP: i32 = 0;
const ROUND: i32 = 1;
const ROUND_WIDE: i32 = 2;
const OPEN: i32 = 3;
const OPEN_WIDE: i32 = 4;
const FIRST: i32 = 5;
const KEEP_CENTRED: i32 = 6;

/** Sums of the two products of residues with their fractions, plus what rounds: 64 bits, two lanes each. */
@inline function fractionsLow(y1: v128, y2: v128, code: usize): v128 {
  return i64x2.add(
    i64x2.add(
      i64x2.extmul_low_i32x4_s(y1, splat(code + 12)),
      i64x2.extmul_low_i32x4_s(y2, splat(code + 32)),
    ),
    v128.load64_splat(code + 40),
  );
}

@inline function fractionsHigh(y1: v128, y2: v128, code: usize): v128 {
  return i64x2.add(
    i64x2.add(
      i64x2.extmul_high_i32x4_s(y1, splat(code + 12)),
      i64x2.extmul_high_i32x4_s(y2, splat(code + 32)),
    ),
    v128.load64_splat(code + 40),
  );
}

/** What the upper halves of the fractions add to the upper halves of the sums. */
@inline function carried(y1: v128, y2: v128, code: usize): v128 {
  return i32x4.add(i32x4.mul(y1, splat(code + 16)), i32x4.mul(y2, splat(code + 36)));
}

/** A residue of the block to hide: the product, the error and the message; within 85p before it is canonical. */
@inline function hidden(
  z: v128, o: usize, e: usize, m: usize, code: usize, p: v128, inverse: v128, magic: v128,
): v128 {
  const message = centred(v128.load(m + o), p, inverse, magic);
  const scaled = turnedBy(message, code, p, magic);
  const error = i32x4.mul(v128.load_ext<i16>(e + (o >> 1)), splat(code + 8));
  const sum = i32x4.add(i32x4.add(z, scaled), error);
  return canonical(sum, p, inverse, magic);
}

/** The lower k bits of sums, as doubles, less the remainder of a sum that no error has touched. */
@inline function valueOf(sum: v128, code: usize): v128 {
  // Between 2^52 and 2^53 a double holds a whole number in its lower bits.
  const two52 = v128.load64_splat(code + 96);
  const whole = f64x2.sub(v128.or(v128.and(sum, v128.load64_splat(code + 56)), two52), two52);
  return f64x2.sub(whole, v128.load64_splat(code + 80));
}

/**
 * How many steps are in a value, in the lower bits of 1.5·2^52 and that many. Those beyond the greatest sum, which
 * may not fit a word, are left as a remainder.
 */
@inline function stepsIn(value: v128, code: usize): v128 {
  const steps = f64x2.add(f64x2.mul(value, v128.load64_splat(code + 64)), v128.load64_splat(code + 104));
  return f64x2.pmin(steps, v128.load64_splat(code + 112));
}

/** What is left of a value. */
@inline function remainder(value: v128, steps: v128, code: usize): v128 {
  const count = f64x2.sub(steps, v128.load64_splat(code + 104));
  return f64x2.sub(value, f64x2.mul(count, v128.load64_splat(code + 72)));
}

/** Does with one register what `mode` says; `o` is its place in the block, in bytes. */
@inline function emit(
  mode: i32, z: v128, o: usize, y: usize, e: usize, m: usize, code: usize, out: usize, low: usize, k: i32,
  p: v128, inverse: v128, magic: v128,
): void {
  if (mode == FIRST) {
    v128.store(y + o, hidden(z, o, e, m, code, p, inverse, magic));
  } else if (mode == KEEP) {
    v128.store(y + o, z);
  } else if (mode == KEEP_CENTRED) {
    v128.store(y + o, centred(z, p, inverse, magic));
  } else {
    const y1 = v128.load(y + o);
    // A mask that is taken off may come from any residue: C being off by up to 2^−41 of its unit, one within 33p
    // changes less than 1/16 of a unit of the wire for k ≤ 32, and one within p/2 less than 1/4 for k = 40.
    const y2 = mode == ROUND || mode == ROUND_WIDE
      ? hidden(z, o, e, m, code + 20, p, inverse, magic)
      : mode == OPEN_WIDE ? centred(z, p, inverse, magic) : z;
    const first = fractionsLow(y1, y2, code);
    const second = fractionsHigh(y1, y2, code);
    const top = i32x4.add(upper(first, second), carried(y1, y2, code));
    if (mode == ROUND) {
      v128.store(out + o, i32x4.shr_u(top, 32 - k));
    } else if (mode == ROUND_WIDE) {
      v128.store(out + o, top);
      const rest = v128.shuffle<i32>(first, second, 0, 2, 4, 6);
      v128.store(low + o, i32x4.shr_u(rest, 64 - k));
    } else {
      let s0: v128;
      let s1: v128;
      if (mode == OPEN) {
        const sum = i32x4.add(i32x4.sub(v128.load(m + o), i32x4.shr_u(top, 32 - k)), splat(code + 48));
        s0 = i64x2.extend_low_i32x4_u(sum);
        s1 = i64x2.extend_high_i32x4_u(sum);
      } else {
        const tops = v128.load(m + o);
        const lows = v128.load(e + o);
        const offset = v128.load64_splat(code + 48);
        const carry = carried(y1, y2, code);
        const whole0 = i64x2.add(first, i64x2.shl(i64x2.extend_low_i32x4_u(carry), 32));
        const whole1 = i64x2.add(second, i64x2.shl(i64x2.extend_high_i32x4_u(carry), 32));
        s0 = i64x2.add(i64x2.shl(i64x2.extend_low_i32x4_u(tops), k - 32), i64x2.extend_low_i32x4_u(lows));
        s1 = i64x2.add(i64x2.shl(i64x2.extend_high_i32x4_u(tops), k - 32), i64x2.extend_high_i32x4_u(lows));
        s0 = i64x2.add(i64x2.sub(s0, i64x2.shr_u(whole0, 64 - k)), offset);
        s1 = i64x2.add(i64x2.sub(s1, i64x2.shr_u(whole1, 64 - k)), offset);
      }
      const v0 = valueOf(s0, code);
      const v1 = valueOf(s1, code);
      const q0 = stepsIn(v0, code);
      const q1 = stepsIn(v1, code);
      const steps = v128.shuffle<i32>(q0, q1, 0, 2, 4, 6);
      v128.store(out + o, i32x4.add(steps, splat(code + 88)));
      const r0 = remainder(v0, q0, code);
      const r1 = remainder(v1, q1, code);
      // The greatest and the least remainders lie behind the code.
      v128.store(code, f64x2.pmax(v128.load(code, 128), f64x2.pmax(r0, r1)), 128);
      v128.store(code, f64x2.pmin(v128.load(code, 144), f64x2.pmin(r0, r1)), 144);
    }
  }
}

/** The last two levels, across lanes: a quarter of the block further with each of four results. */
@inline function last(
  mode: i32, x: usize, y: usize, tables: usize, e: usize, m: usize, code: usize,
  out: usize, low: usize, k: i32,
): void {
  const p = splat(tables);
  const p4 = i32x4.shl(p, 2);
  const p16 = i32x4.shl(p, 4);
  const p32 = i32x4.shl(p, 5);
  const inverse = splat(tables + 4);
  const magic = splat(tables + MAGIC);
  let lanes = lanesOf(tables);
  for (let o: usize = 0; o < 2048; o += 16, lanes += 128) {
    const from = x + 4 * o;
    const a = v128.load(from);
    const b = v128.load(from, 16);
    const c = v128.load(from, 32);
    const d = v128.load(from, 48);
    const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
    const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
    const ba = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    const dc = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    const x0 = turned(v128.shuffle<i64>(ab, cd, 0, 2), lanes, p4, magic);
    const x1 = turned(v128.shuffle<i64>(ab, cd, 1, 3), lanes + 32, p4, magic);
    const x2 = turned(v128.shuffle<i64>(ba, dc, 0, 2), lanes + 64, p4, magic);
    const x3 = turned(v128.shuffle<i64>(ba, dc, 1, 3), lanes + 96, p4, magic);
    const even = i32x4.add(x0, x2);
    const odd = i32x4.add(x1, x3);
    const apart = i32x4.sub(x0, x2);
    // 2.9p, 4.2p; 8.4p here, 14.3p; 22.7p for what is stored, 33p at last.
    const turn = turnedBy(i32x4.sub(x1, x3), tables + 72, p16, magic);
    // Through memory, so that what becomes of a register stands in the module once for each mode.
    v128.store(from, i32x4.add(even, odd));
    v128.store(from, i32x4.add(apart, turn), 16);
    v128.store(from, i32x4.sub(even, odd), 32);
    v128.store(from, i32x4.sub(apart, turn), 48);
    for (let t: usize = 0; t < 4; t++) {
      const quarter = tables + QUARTERS + 8 * t;
      const z = turnedBy(v128.load(from + 16 * t), quarter, p32, magic);
      emit(mode, z, o + 2048 * t, y, e, m, code, out, low, k, p, inverse, magic);
    }
  }
}

/**
 * out ← the top k bits of a·s + e + Δ·m as a fraction of q; for k > 32 the upper 32 of them, and the others
 * in `low`. `work` is two blocks; `a` is two blocks, `s` four, `tables` those of both primes.
 */
export function latticeHide(
  out: usize, low: usize, work: usize, a: usize, s: usize, e: usize, m: usize, code: usize,
  tables: usize, size: usize, k: i32,
): void {
  const y = work + BLOCK;
  multiplyBack(work, a, s, tables);
  last(FIRST, work, y, tables, e, m, code, out, low, k);
  multiplyBack(work, a + BLOCK, s + 2 * BLOCK, tables + size);
  if (k <= 32) last(ROUND, work, y, tables + size, e, m, code, out, low, k);
  else last(ROUND_WIDE, work, y, tables + size, e, m, code, out, low, k);
}

/**
 * out ← whole steps of δ in what sums leave when the mask of the summed secret is taken off, counted from
 * the least sum on. What is behind the code is kept up. For k > 32 `sums` are of the upper 32 bits, `lows` of the others.
 */
export function latticeOpen(
  out: usize, sums: usize, lows: usize, work: usize, a: usize, s: usize, code: usize,
  tables: usize, size: usize, k: i32,
): void {
  const y = work + BLOCK;
  multiplyBack(work, a, s, tables);
  if (k <= 32) last(KEEP, work, y, tables, 0, 0, code, out, 0, k);
  else last(KEEP_CENTRED, work, y, tables, 0, 0, code, out, 0, k);
  multiplyBack(work, a + BLOCK, s + 2 * BLOCK, tables + size);
  if (k <= 32) last(OPEN, work, y, tables + size, lows, sums, code, out, 0, k);
  else last(OPEN_WIDE, work, y, tables + size, lows, sums, code, out, 0, k);
}
