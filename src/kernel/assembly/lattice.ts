// Hiding a block of 2,048 coefficients under a lattice mask, and opening a sum of such blocks: the last two
// levels of the transform back, for both primes, and in the same pass what is made of their results.
//
// `code` holds what a field's parameters come to; ../lattice.ts writes it:
//      0  for each prime: Δ·K and its companion (Montgomery), K, low and high half of C    20 bytes each
//     40  2^(63−k), low and high half
//     48  opening: what is added to a sum before its bits are taken, low and high half
//     56  2^k − 1, low and high half
//     64  opening, doubles: 1/δ, δ, and the remainder of a sum that no error has touched
import {
  BLOCK, canonical, lanesOf, multiplyBack, splat, times, timesBoth, turned, upper,
} from './ring';

/** In the head of each prime's tables: ψ^−512t for t = 0, 1, 2, 3, and the root of order four. */
const QUARTERS: usize = 40;
const TURN: usize = 72;

/** What becomes of each register of the transform back. */
const KEEP: i32 = 0;
const ROUND: i32 = 1;
const ROUND_WIDE: i32 = 2;
const OPEN: i32 = 3;
const OPEN_WIDE: i32 = 4;
const FIRST: i32 = 5;

/** Sums of the two products of residues with their fractions, plus what rounds: 64 bits, two lanes each. */
@inline function fractionsLow(y1: v128, y2: v128, code: usize): v128 {
  return i64x2.add(
    i64x2.add(
      i64x2.extmul_low_i32x4_u(y1, splat(code + 12)),
      i64x2.extmul_low_i32x4_u(y2, splat(code + 32)),
    ),
    v128.load64_splat(code + 40),
  );
}

@inline function fractionsHigh(y1: v128, y2: v128, code: usize): v128 {
  return i64x2.add(
    i64x2.add(
      i64x2.extmul_high_i32x4_u(y1, splat(code + 12)),
      i64x2.extmul_high_i32x4_u(y2, splat(code + 32)),
    ),
    v128.load64_splat(code + 40),
  );
}

/** What the upper halves of the fractions add to the upper halves of the sums. */
@inline function carried(y1: v128, y2: v128, code: usize): v128 {
  return i32x4.add(i32x4.mul(y1, splat(code + 16)), i32x4.mul(y2, splat(code + 36)));
}

/** A residue of the block to hide: the product, the error and the message. */
@inline function hidden(
  z: v128, quarter: usize, o: usize, e: usize, m: usize, code: usize, tables: usize, p: v128,
): v128 {
  const message = v128.load(m + o);
  const factor = splat(code);
  const factorWith = splat(code + 4);
  const sum = timesBoth(z, splat(quarter), splat(quarter + 4), message, factor, factorWith, p);
  const error = i32x4.mul(v128.load_ext<i16>(e + (o >> 1)), splat(code + 8));
  return canonical(i32x4.add(sum, error), p, splat(tables + 4));
}

/** A residue of the product alone. */
@inline function plain(z: v128, quarter: usize, p: v128): v128 {
  const y = times(z, splat(quarter), splat(quarter + 4), p);
  return i32x4.add(y, v128.and(i32x4.shr_s(y, 31), p));
}

/** 2^52: a double between it and twice it holds a whole number in its lower bits. */
@inline function two52(): v128 {
  return f64x2.splat(4503599627370496);
}

/** The lower k bits of sums, as doubles. */
@inline function valueOf(sum: v128, code: usize): v128 {
  return f64x2.sub(v128.or(v128.and(sum, v128.load64_splat(code + 56)), two52()), two52());
}

/** How many whole steps are in values, as far as words can tell: what lies beyond is left as a remainder. */
@inline function stepsIn(value: v128, code: usize): v128 {
  const steps = f64x2.floor(f64x2.mul(value, v128.load64_splat(code + 64)));
  return f64x2.pmin(steps, f64x2.splat(4294967295));
}

/** What is left of values, as a distance from where no error would have put it. */
@inline function remainder(value: v128, steps: v128, code: usize): v128 {
  const rest = f64x2.sub(value, f64x2.mul(steps, v128.load64_splat(code + 72)));
  return f64x2.abs(f64x2.sub(rest, v128.load64_splat(code + 80)));
}

/** Does with one register what `mode` says; `o` is its place in the block, in bytes. Gives remainders. */
@inline function emit(
  mode: i32, z: v128, quarter: usize, o: usize, y: usize, e: usize, m: usize, code: usize,
  tables: usize, out: usize, low: usize, k: i32, p: v128,
): v128 {
  if (mode == FIRST) {
    v128.store(y + o, hidden(z, quarter, o, e, m, code, tables, p));
  } else if (mode == KEEP) {
    v128.store(y + o, plain(z, quarter, p));
  } else {
    const y1 = v128.load(y + o);
    const y2 = mode == ROUND || mode == ROUND_WIDE
      ? hidden(z, quarter, o, e, m, code + 20, tables, p)
      : plain(z, quarter, p);
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
      const whole0 = f64x2.add(q0, two52());
      const whole1 = f64x2.add(q1, two52());
      v128.store(out + o, v128.shuffle<i32>(whole0, whole1, 0, 2, 4, 6));
      return f64x2.pmax(remainder(v0, q0, code), remainder(v1, q1, code));
    }
  }
  return f64x2.splat(0);
}

/** The last two levels, across lanes: a quarter of the block further with each of four results. */
@inline function last(
  mode: i32, x: usize, y: usize, tables: usize, e: usize, m: usize, code: usize,
  out: usize, low: usize, k: i32,
): v128 {
  let worst = f64x2.splat(0);
  const p = splat(tables);
  const i = splat(tables + TURN);
  const iWith = splat(tables + TURN + 4);
  let lanes = lanesOf(tables);
  for (let o: usize = 0; o < 2048; o += 16, lanes += 128) {
    const from = x + 4 * o;
    const x0 = turned(from, 0, lanes, p);
    const x1 = turned(from, 1, lanes, p);
    const x2 = turned(from, 2, lanes, p);
    const x3 = turned(from, 3, lanes, p);
    const even = i32x4.add(x0, x2);
    const odd = i32x4.add(x1, x3);
    const apart = i32x4.sub(x0, x2);
    const turn = times(i32x4.sub(x1, x3), i, iWith, p);
    // Through memory, so that what becomes of a register stands in the module once for each mode.
    v128.store(from, i32x4.add(even, odd));
    v128.store(from, i32x4.add(apart, turn), 16);
    v128.store(from, i32x4.sub(even, odd), 32);
    v128.store(from, i32x4.sub(apart, turn), 48);
    for (let t: usize = 0; t < 4; t++) {
      const quarter = tables + QUARTERS + 8 * t;
      const to = o + 2048 * t;
      const z = v128.load(from + 16 * t);
      worst = f64x2.pmax(worst, emit(mode, z, quarter, to, y, e, m, code, tables, out, low, k, p));
    }
  }
  return worst;
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
 * the least sum on. Returns the largest remainder. For k > 32 `sums` are of the upper 32 bits, `lows` of the others.
 */
export function latticeOpen(
  out: usize, sums: usize, lows: usize, work: usize, a: usize, s: usize, code: usize,
  tables: usize, size: usize, k: i32,
): f64 {
  const y = work + BLOCK;
  multiplyBack(work, a, s, tables);
  last(KEEP, work, y, tables, 0, 0, code, out, 0, k);
  multiplyBack(work, a + BLOCK, s + 2 * BLOCK, tables + size);
  const worst = k <= 32
    ? last(OPEN, work, y, tables + size, lows, sums, code, out, 0, k)
    : last(OPEN_WIDE, work, y, tables + size, lows, sums, code, out, 0, k);
  return max(f64x2.extract_lane(worst, 0), f64x2.extract_lane(worst, 1));
}
