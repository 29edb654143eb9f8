// Arithmetic of lattice masks: polynomials modulo X^2048 + 1 and one of two primes p just below 2^23, four
// residues at a time. ../ring-tables.ts lays the tables out and says where everything lies in them.
//
// A polynomial is 2,048 words. By its values it has value number i = 4i' + l, that at the root to the power
// 2i + 1, at position 4·reverse(i') + l: so all but the first and last two levels of a transform work on
// whole registers, and the lanes of one are never multiplied by different roots.
//
// Residues are signed and seldom reduced; comments say how far from zero they can be, as multiples of p.

/** Offsets of the tables of one prime, in bytes; the same as in ../ring-tables.ts. */
const LAYERS: usize = 128;
const LANES: usize = LAYERS + 168 * 24;
const FORWARD_SHIFTS: usize = LANES + 128 * 128;
const FORWARD_LANES: usize = FORWARD_SHIFTS + 16384;
const FORWARD_LAYERS: usize = FORWARD_LANES + 128 * 96;

/** 2,048 words. */
export const BLOCK: usize = 8192;

@inline export function splat(at: usize): v128 {
  return v128.load32_splat(at);
}

/** The upper halves of four products. */
@inline export function upper(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(low, high, 1, 3, 5, 7);
}

/**
 * x·w·2^−32 modulo p, in (−p, p), for |w| ≤ p/2 and any x: Montgomery's product. `with_` is w/p modulo 2^32.
 */
@inline function times(x: v128, w: v128, with_: v128, p: v128): v128 {
  const m = i32x4.mul(x, with_);
  return upper(
    i64x2.sub(i64x2.extmul_low_i32x4_s(x, w), i64x2.extmul_low_i32x4_s(m, p)),
    i64x2.sub(i64x2.extmul_high_i32x4_s(x, w), i64x2.extmul_high_i32x4_s(m, p)),
  );
}

/**
 * x·w modulo p, not far beyond p, by way of floats: half as long as Montgomery's product, since nothing has to
 * change its lane. |w| ≤ p/2, `part` is the float next to w/p, divided by 2^s, and `multiple` is 2^s·p.
 *
 * With b = |x|/p and b < 2^s, the quotient by `multiple` is below 2^22, and the sum with `magic` = 1.5·2^23 rounds
 * it to a whole number, in the lower bits: off by a half, and by a half-unit of each float on the way, which
 * comes to b/4 multiples of p for the part and for the product, and for x where it is beyond 2^24. So |result|
 * is at most p·(2^s/2 + b/2) for b ≤ 2 and p·(2^s/2 + 3b/4) beyond.
 */
@inline export function timesNear(
  x: v128, w: v128, part: v128, multiple: v128, magic: v128,
): v128 {
  const shifted = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(x), part), magic);
  // The product of the magic's bits is added where nothing waits for it.
  const raised = i32x4.add(i32x4.mul(x, w), i32x4.mul(magic, multiple));
  return i32x4.sub(raised, i32x4.mul(shifted, multiple));
}

/** Offset of 1.5·2^23 in a prime's tables. */
export const MAGIC: usize = 88;

/** y modulo p, within p/2 and a little more, for |y| < 2^31. `inverse` is the float next to 1/p. */
@inline export function centred(
  y: v128, p: v128, inverse: v128, magic: v128,
): v128 {
  const shifted = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(y), inverse), magic);
  return i32x4.sub(i32x4.add(y, i32x4.mul(magic, p)), i32x4.mul(shifted, p));
}

/** y modulo p, in [0, p), for |y| < 2^30. */
@inline export function canonical(
  y: v128, p: v128, inverse: v128, magic: v128,
): v128 {
  const rest = centred(y, p, inverse, magic);
  // As an unsigned number a negative one is the larger of the two.
  return i32x4.min_u(rest, i32x4.add(rest, p));
}

/**
 * x ← the transform back of a·s, up to its last two levels and all scaling: each lane for itself, within p/2
 * and a little more. `a` are values in [0, p), `s` centred ones and, a block further, the floats next to s/p.
 */
export function multiplyBack(x: usize, a: usize, s: usize, tables: usize): void {
  const p = splat(tables);
  const p2 = i32x4.add(p, p);
  const p4 = i32x4.add(p2, p2);
  const inverse = splat(tables + 4);
  const magic = splat(tables + MAGIC);
  // Levels 1, 2 and 4, on products within 0.75p; then 1.5p, 3.25p, 7.7p.
  for (let o: usize = 0; o < BLOCK; o += 128) {
    const pa = a + o;
    const ps = s + o;
    let x0 = product(pa, ps, 0, p, magic);
    let x1 = product(pa, ps, 16, p, magic);
    let x2 = product(pa, ps, 32, p, magic);
    let x3 = product(pa, ps, 48, p, magic);
    let t = x1;
    x1 = i32x4.sub(x0, t);
    x0 = i32x4.add(x0, t);
    t = x3;
    x3 = turnedBy(i32x4.sub(x2, t), tables + 8, p2, magic);
    x2 = i32x4.add(x2, t);
    t = x2;
    x2 = i32x4.sub(x0, t);
    x0 = i32x4.add(x0, t);
    t = x3;
    x3 = i32x4.sub(x1, t);
    x1 = i32x4.add(x1, t);
    let x4 = product(pa, ps, 64, p, magic);
    let x5 = product(pa, ps, 80, p, magic);
    let x6 = product(pa, ps, 96, p, magic);
    let x7 = product(pa, ps, 112, p, magic);
    t = x5;
    x5 = i32x4.sub(x4, t);
    x4 = i32x4.add(x4, t);
    t = x7;
    x7 = turnedBy(i32x4.sub(x6, t), tables + 8, p2, magic);
    x6 = i32x4.add(x6, t);
    t = x6;
    x6 = turnedBy(i32x4.sub(x4, t), tables + 16, p4, magic);
    x4 = i32x4.add(x4, t);
    t = x7;
    x7 = turnedBy(i32x4.sub(x5, t), tables + 32, p4, magic);
    x5 = turnedBy(i32x4.add(x5, t), tables + 24, p4, magic);
    storePair(x + o, 64, x0, x4, p, inverse, magic);
    storePair(x + o + 16, 64, x1, x5, p, inverse, magic);
    storePair(x + o + 32, 64, x2, x6, p, inverse, magic);
    storePair(x + o + 48, 64, x3, x7, p, inverse, magic);
  }
  const p8 = i32x4.add(p4, p4);
  let roots = tables + LAYERS;
  // Levels 8 and 16: 0.5p, 1.25p, 2.9p.
  pairOfLevels(x, 128, roots, p, p2, magic, false, p, inverse);
  roots += 8 * 24;
  // Levels 32 and 64: 7.1p, 16.4p.
  pairOfLevels(x, 512, roots, p4, p8, magic, true, p, inverse);
  roots += 32 * 24;
  // Levels 128 and 256: 1.25p, 2.9p.
  pairOfLevels(x, 2048, roots, p, p2, magic, false, p, inverse);
}

/** Levels h and 2h, in bytes of registers; `first` and `second` are the multiples of p of their products. */
@inline function pairOfLevels(
  x: usize, h: usize, roots: usize, first: v128, second: v128, magic: v128,
  isCentred: bool, p: v128, inverse: v128,
): void {
  for (let j = x; j < x + BLOCK; j += h << 2) {
    let w = roots;
    for (let k = j; k < j + h; k += 16, w += 24) {
      const a0 = v128.load(k);
      const a1 = turnedBy(v128.load(k + h), w, first, magic);
      const a2 = v128.load(k + 2 * h);
      const a3 = turnedBy(v128.load(k + 3 * h), w, first, magic);
      const b0 = i32x4.add(a0, a1);
      const b1 = i32x4.sub(a0, a1);
      const b2 = turnedBy(i32x4.add(a2, a3), w + 8, second, magic);
      const b3 = turnedBy(i32x4.sub(a2, a3), w + 16, second, magic);
      if (isCentred) {
        storePair(k, 2 * h, b0, b2, p, inverse, magic);
        storePair(k + h, 2 * h, b1, b3, p, inverse, magic);
      } else {
        v128.store(k, i32x4.add(b0, b2));
        v128.store(k + h, i32x4.add(b1, b3));
        v128.store(k + 2 * h, i32x4.sub(b0, b2));
        v128.store(k + 3 * h, i32x4.sub(b1, b3));
      }
    }
  }
}

/** One register of a·s, within 0.75p. */
@inline function product(
  a: usize, s: usize, o: usize, p: v128, magic: v128,
): v128 {
  return timesNear(v128.load(a + o), v128.load(s + o), v128.load(s + o + BLOCK), p, magic);
}

/** By the root at `w`. */
@inline export function turnedBy(
  x: v128, w: usize, multiple: v128, magic: v128,
): v128 {
  return timesNear(x, splat(w), splat(w + 4), multiple, magic);
}

/** A sum and, `apart` bytes further, a difference, centred. */
@inline function storePair(
  at: usize, apart: usize, a: v128, b: v128, p: v128, inverse: v128, magic: v128,
): void {
  v128.store(at, centred(i32x4.add(a, b), p, inverse, magic));
  v128.store(at + apart, centred(i32x4.sub(a, b), p, inverse, magic));
}

/** A lane of four neighbours, by the roots that their place asks for. */
@inline export function turned(
  x: v128, lanes: usize, multiple: v128, magic: v128,
): v128 {
  return timesNear(x, v128.load(lanes), v128.load(lanes, 16), multiple, magic);
}

/** Where the last levels' tables begin, 128 bytes for each group of four. */
@inline export function lanesOf(tables: usize): usize {
  return tables + LANES;
}

/**
 * The values of a polynomial of small coefficients, centred, and a block further the floats next to their
 * parts of p. `from` are words with |x| < 2^27; `work` is a block.
 */
export function ringForward(out: usize, from: usize, work: usize, tables: usize): void {
  const p = splat(tables);
  const i = splat(tables + 96);
  const iWith = splat(tables + 100);
  const one = splat(tables + 104);
  const oneWith = splat(tables + 108);
  const shifts = tables + FORWARD_SHIFTS;
  let lanes = tables + FORWARD_LANES;
  for (let o: usize = 0; o < 2048; o += 16, lanes += 96) {
    const x0 = shifted(from, shifts, o, p);
    const x1 = shifted(from, shifts, o + 2048, p);
    const x2 = shifted(from, shifts, o + 4096, p);
    const x3 = shifted(from, shifts, o + 6144, p);
    const even = i32x4.add(x0, x2);
    const odd = i32x4.add(x1, x3);
    const apart = i32x4.sub(x0, x2);
    const turn = times(i32x4.sub(x1, x3), i, iWith, p);
    const y0 = times(i32x4.add(even, odd), one, oneWith, p);
    const y1 = times(i32x4.add(apart, turn), v128.load(lanes), v128.load(lanes, 16), p);
    const y2 = times(i32x4.sub(even, odd), v128.load(lanes, 32), v128.load(lanes, 48), p);
    const y3 = times(i32x4.sub(apart, turn), v128.load(lanes, 64), v128.load(lanes, 80), p);
    const a = v128.shuffle<i32>(y0, y1, 0, 4, 1, 5);
    const b = v128.shuffle<i32>(y2, y3, 0, 4, 1, 5);
    const c = v128.shuffle<i32>(y0, y1, 2, 6, 3, 7);
    const d = v128.shuffle<i32>(y2, y3, 2, 6, 3, 7);
    const to = work + 4 * o;
    v128.store(to, v128.shuffle<i64>(a, b, 0, 2));
    v128.store(to, v128.shuffle<i64>(a, b, 1, 3), 16);
    v128.store(to, v128.shuffle<i64>(c, d, 0, 2), 32);
    v128.store(to, v128.shuffle<i64>(c, d, 1, 3), 48);
  }
  let roots = tables + FORWARD_LAYERS;
  for (let h: usize = BLOCK / 2; h >= 16; h >>= 1) {
    for (let j = work; j < work + BLOCK; j += 2 * h) {
      let w = roots;
      for (let k = j; k < j + h; k += 16, w += 8) {
        const a = v128.load(k);
        const b = v128.load(k + h);
        v128.store(k, times(i32x4.add(a, b), one, oneWith, p));
        v128.store(k + h, times(i32x4.sub(a, b), splat(w), splat(w + 4), p));
      }
    }
    roots += (h >> 4) * 8;
  }
  const inverse = splat(tables + 4);
  const magic = splat(tables + MAGIC);
  const wholes = f32x4.convert_i32x4_s(p);
  const half = i32x4.shr_s(p, 1);
  for (let o: usize = 0; o < BLOCK; o += 16) {
    const value = canonical(v128.load(work + o), p, inverse, magic);
    const centred = i32x4.sub(value, v128.and(i32x4.gt_s(value, half), p));
    v128.store(out + o, centred);
    v128.store(out + o, f32x4.div(f32x4.convert_i32x4_s(centred), wholes), BLOCK);
  }
}

/** Coefficients times the powers of the root of order 4,096. */
@inline function shifted(from: usize, shifts: usize, o: usize, p: v128): v128 {
  return times(v128.load(from + o), v128.load(shifts + o), v128.load(shifts + o, BLOCK), p);
}

/**
 * Residues modulo p, uniform, from candidates of 23 bits in three bytes each, in order; those that are not
 * below p are passed over. Reads up to 4 bytes past `length`. Returns 1, or 0 if there were too few.
 */
export function ringUniform(out: usize, from: usize, length: u32, tables: usize): i32 {
  const p = splat(tables);
  const most = load<i32>(tables);
  const spread = i8x16(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
  const mask = i32x4.splat(0x7fffff);
  const end = out + BLOCK;
  const last = from + length;
  while (out < end) {
    if (from + 12 <= last && out + 16 <= end) {
      const four = v128.and(i8x16.swizzle(v128.load(from), spread), mask);
      if (i32x4.all_true(i32x4.lt_s(four, p))) {
        v128.store(out, four);
        out += 16;
        from += 12;
        continue;
      }
    }
    if (from + 3 > last) return 0;
    const one = load<i32>(from) & 0x7fffff;
    from += 3;
    if (one < most) {
      store<i32>(out, one);
      out += 4;
    }
  }
  return 1;
}
