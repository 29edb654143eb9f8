// Hiding a block of 2,048 coefficients under a lattice mask, and opening a sum of such blocks: the last two
// levels of the transform back, for both primes, and then what is made of both results.
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
  BLOCK, canonical, centred, lanesOf, MAGIC, multiplyBack, splat, timesNear, turned, turnedBy, upper,
} from './ring';

/** In the head of each prime's tables: ψ^−512t for t = 0, 1, 2, 3, and the root of order four. */
const QUARTERS: usize = 40;
const TURN: usize = 72;

/**
 * The last two levels of the transform back, across lanes: y ← K·a·s, within 33p. `x` is what `multiplyBack`
 * left, and is overwritten.
 */
function lastLevels(y: usize, x: usize, tables: usize): void {
  const p = splat(tables);
  const p4 = i32x4.shl(p, 2);
  const p16 = i32x4.shl(p, 4);
  const p32 = i32x4.shl(p, 5);
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
    // 2.9p, 4.2p; 8.4p for the turn, 14.3p; 22.7p, 33p at last.
    const x0 = turned(v128.shuffle<i64>(ab, cd, 0, 2), lanes, p4, magic);
    const x1 = turned(v128.shuffle<i64>(ab, cd, 1, 3), lanes + 32, p4, magic);
    const x2 = turned(v128.shuffle<i64>(ba, dc, 0, 2), lanes + 64, p4, magic);
    const x3 = turned(v128.shuffle<i64>(ba, dc, 1, 3), lanes + 96, p4, magic);
    const even = i32x4.add(x0, x2);
    const odd = i32x4.add(x1, x3);
    const apart = i32x4.sub(x0, x2);
    const turn = turnedBy(i32x4.sub(x1, x3), tables + TURN, p16, magic);
    const to = y + o;
    v128.store(to, turnedBy(i32x4.add(even, odd), tables + QUARTERS, p32, magic));
    v128.store(to + 2048, turnedBy(i32x4.add(apart, turn), tables + QUARTERS + 8, p32, magic));
    v128.store(to + 4096, turnedBy(i32x4.sub(even, odd), tables + QUARTERS + 16, p32, magic));
    v128.store(to + 6144, turnedBy(i32x4.sub(apart, turn), tables + QUARTERS + 24, p32, magic));
  }
}

/** K·a·s modulo both primes, into `y` and `z`. */
@inline function products(
  y: usize, z: usize, work: usize, a: usize, s: usize, tables: usize, size: usize,
): void {
  multiplyBack(work, a, s, tables);
  lastLevels(y, work, tables);
  multiplyBack(work, a + BLOCK, s + 2 * BLOCK, tables + size);
  lastLevels(z, work, tables + size);
}

/**
 * A residue of the block to hide: the product, the error and the message, canonical. The sum is within 85p
 * before; `whole` is the message as a float, and `factor` and `part` are for `timesNear`.
 */
@inline function hidden(
  z: v128, message: v128, whole: v128, error: v128, factor: v128, part: v128, k: v128,
  p: v128, inverse: v128, magic: v128,
): v128 {
  const shifted = f32x4.add(f32x4.mul(whole, inverse), magic);
  const raised = i32x4.add(message, i32x4.mul(magic, p));
  const scaled = timesNear(i32x4.sub(raised, i32x4.mul(shifted, p)), factor, part, p, magic);
  return canonical(i32x4.add(i32x4.add(z, scaled), i32x4.mul(error, k)), p, inverse, magic);
}

/** From products to words: `z` is `out`. */
@inline function hideResidues(
  out: usize, low: usize, y: usize, e: usize, m: usize, code: usize, tables: usize, size: usize, k: i32,
  isWide: bool,
): void {
  const magic = splat(tables + MAGIC);
  const p1 = splat(tables);
  const p2 = splat(tables + size);
  const inverse1 = splat(tables + 4);
  const inverse2 = splat(tables + size + 4);
  const factor1 = splat(code);
  const factor2 = splat(code + 20);
  const part1 = splat(code + 4);
  const part2 = splat(code + 24);
  const k1 = splat(code + 8);
  const k2 = splat(code + 28);
  const low1 = splat(code + 12);
  const low2 = splat(code + 32);
  const high1 = splat(code + 16);
  const high2 = splat(code + 36);
  const half = v128.load64_splat(code + 40);
  for (let o: usize = 0; o < BLOCK; o += 16) {
    const message = v128.load(m + o);
    const whole = f32x4.convert_i32x4_s(message);
    const error = v128.load_ext<i16>(e + (o >> 1));
    const y1 = hidden(v128.load(y + o), message, whole, error, factor1, part1, k1, p1, inverse1, magic);
    const y2 = hidden(v128.load(out + o), message, whole, error, factor2, part2, k2, p2, inverse2, magic);
    const first = fractions(i64x2.extmul_low_i32x4_s(y1, low1), i64x2.extmul_low_i32x4_s(y2, low2), half);
    const second = fractions(i64x2.extmul_high_i32x4_s(y1, low1), i64x2.extmul_high_i32x4_s(y2, low2), half);
    const top = i32x4.add(upper(first, second), i32x4.add(i32x4.mul(y1, high1), i32x4.mul(y2, high2)));
    if (isWide) {
      v128.store(out + o, top);
      v128.store(low + o, i32x4.shr_u(v128.shuffle<i32>(first, second, 0, 2, 4, 6), 64 - k));
    } else {
      v128.store(out + o, i32x4.shr_u(top, 32 - k));
    }
  }
}

/** A sum of two products and of what rounds, modulo 2^64. */
@inline function fractions(a: v128, b: v128, half: v128): v128 {
  return i64x2.add(i64x2.add(a, b), half);
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
  products(y, out, work, a, s, tables, size);
  if (k <= 32) hideResidues(out, low, y, e, m, code, tables, size, k, false);
  else hideResidues(out, low, y, e, m, code, tables, size, k, true);
}

/**
 * From products to steps: `z` is `out`. A mask that is taken off may come from any residue: C being off by up to
 * 2^−41 of its unit, one within 33p changes less than 1/16 of a unit of the wire for k ≤ 32, and one within p/2
 * less than 1/4 for k = 40.
 */
@inline function openResidues(
  out: usize, sums: usize, lows: usize, y: usize, code: usize, tables: usize, size: usize, k: i32,
  isWide: bool,
): void {
  const magic = splat(tables + MAGIC);
  const low1 = splat(code + 12);
  const low2 = splat(code + 32);
  const high1 = splat(code + 16);
  const high2 = splat(code + 36);
  const half = v128.load64_splat(code + 40);
  const offset = v128.load64_splat(code + 48);
  const mask = v128.load64_splat(code + 56);
  const inverse = v128.load64_splat(code + 64);
  const delta = v128.load64_splat(code + 72);
  const middle = v128.load64_splat(code + 80);
  const least = splat(code + 88);
  const two52 = v128.load64_splat(code + 96);
  const rounding = v128.load64_splat(code + 104);
  const greatest = v128.load64_splat(code + 112);
  let above = f64x2.splat(0);
  let below = f64x2.splat(0);
  for (let o: usize = 0; o < BLOCK; o += 16) {
    let y1 = v128.load(y + o);
    let y2 = v128.load(out + o);
    if (isWide) {
      y1 = centred(y1, splat(tables), splat(tables + 4), magic);
      y2 = centred(y2, splat(tables + size), splat(tables + size + 4), magic);
    }
    const first = fractions(i64x2.extmul_low_i32x4_s(y1, low1), i64x2.extmul_low_i32x4_s(y2, low2), half);
    const second = fractions(i64x2.extmul_high_i32x4_s(y1, low1), i64x2.extmul_high_i32x4_s(y2, low2), half);
    const carry = i32x4.add(i32x4.mul(y1, high1), i32x4.mul(y2, high2));
    let v0: v128;
    let v1: v128;
    if (isWide) {
      const tops = v128.load(sums + o);
      const rest = v128.load(lows + o);
      v0 = wideSum(tops, rest, first, carry, offset, k, false);
      v1 = wideSum(tops, rest, second, carry, offset, k, true);
      // Between 2^52 and 2^53 a double holds a whole number in its lower bits.
      v0 = f64x2.sub(v128.or(v128.and(v0, mask), two52), two52);
      v1 = f64x2.sub(v128.or(v128.and(v1, mask), two52), two52);
    } else {
      const taken = i32x4.shr_u(i32x4.add(upper(first, second), carry), 32 - k);
      const sum = v128.and(
        i32x4.add(i32x4.sub(v128.load(sums + o), taken), v128.shuffle<i32>(offset, offset, 0, 0, 0, 0)),
        v128.shuffle<i32>(mask, mask, 0, 0, 0, 0),
      );
      v0 = f64x2.convert_low_i32x4_u(sum);
      v1 = f64x2.convert_low_i32x4_u(v128.shuffle<i32>(sum, sum, 2, 3, 2, 3));
    }
    v0 = f64x2.sub(v0, middle);
    v1 = f64x2.sub(v1, middle);
    // How many steps are in a value, in the lower bits of 1.5·2^52 and that many. Those beyond the greatest sum,
    // which may not fit a word, are left as a remainder.
    const q0 = f64x2.pmin(f64x2.add(f64x2.mul(v0, inverse), rounding), greatest);
    const q1 = f64x2.pmin(f64x2.add(f64x2.mul(v1, inverse), rounding), greatest);
    v128.store(out + o, i32x4.add(v128.shuffle<i32>(q0, q1, 0, 2, 4, 6), least));
    const r0 = f64x2.sub(v0, f64x2.mul(f64x2.sub(q0, rounding), delta));
    const r1 = f64x2.sub(v1, f64x2.mul(f64x2.sub(q1, rounding), delta));
    above = f64x2.pmax(above, f64x2.pmax(r0, r1));
    below = f64x2.pmin(below, f64x2.pmin(r0, r1));
  }
  v128.store(code, above, 128);
  v128.store(code, below, 144);
}

/** Two sums of words of two planes, less their masks, and raised. */
@inline function wideSum(
  tops: v128, lows: v128, fraction: v128, carry: v128, offset: v128, k: i32, isHigh: bool,
): v128 {
  const top = isHigh ? i64x2.extend_high_i32x4_u(tops) : i64x2.extend_low_i32x4_u(tops);
  const rest = isHigh ? i64x2.extend_high_i32x4_u(lows) : i64x2.extend_low_i32x4_u(lows);
  const carried = isHigh ? i64x2.extend_high_i32x4_u(carry) : i64x2.extend_low_i32x4_u(carry);
  const mask = i64x2.shr_u(i64x2.add(fraction, i64x2.shl(carried, 32)), 64 - k);
  return i64x2.add(i64x2.sub(i64x2.add(i64x2.shl(top, k - 32), rest), mask), offset);
}

/**
 * out ← whole steps of δ in what sums leave when the mask of the summed secret is taken off, counted from
 * the least sum on. The greatest and the least remainders go behind the code. For k > 32 `sums` are of the
 * upper 32 bits, `lows` of the others.
 */
export function latticeOpen(
  out: usize, sums: usize, lows: usize, work: usize, a: usize, s: usize, code: usize,
  tables: usize, size: usize, k: i32,
): void {
  const y = work + BLOCK;
  products(y, out, work, a, s, tables, size);
  if (k <= 32) openResidues(out, sums, lows, y, code, tables, size, k, false);
  else openResidues(out, sums, lows, y, code, tables, size, k, true);
}
