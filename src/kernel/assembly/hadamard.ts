// The Walsh–Hadamard transform of floats, in place: level h = 1, 2, 4, … replaces the elements i and
// i + h, wherever bit h of i is clear, by their sum and their difference. Levels are taken together
// where registers allow, and block by block where caches ask for it; neither changes which sums are
// taken of what, so every path rounds alike.

/** Floats of a block in the first-level cache (8 KB), and of one in the second (512 KB). */
const NEAR: u32 = 2048;
const FAR: u32 = 131072;

/** Levels 1 and 2 of four neighbours in each of two registers. */
@inline function levels12(p: usize): void {
  const x = v128.load(p);
  const y = v128.load(p, 16);
  const even = v128.shuffle<i32>(x, y, 0, 2, 4, 6);
  const odd = v128.shuffle<i32>(x, y, 1, 3, 5, 7);
  const sums = f32x4.add(even, odd);
  const differences = f32x4.sub(even, odd);
  // Halves of the level-1 results: what level 2 adds and what it is added to.
  const first = v128.shuffle<i32>(sums, differences, 0, 2, 4, 6);
  const second = v128.shuffle<i32>(sums, differences, 1, 3, 5, 7);
  const upper = f32x4.add(first, second);
  const lower = f32x4.sub(first, second);
  v128.store(p, v128.shuffle<i32>(upper, lower, 0, 2, 4, 6));
  v128.store(p, v128.shuffle<i32>(upper, lower, 1, 3, 5, 7), 16);
}

/** Level h, for n a multiple of 2h and h of 4. */
function radix2(p: usize, n: u32, h: u32): void {
  const step: usize = (h as usize) << 2;
  for (const end = p + ((n as usize) << 2); p < end; p += 2 * step) {
    for (let q = p; q < p + step; q += 16) {
      const a = v128.load(q);
      const b = v128.load(q + step);
      v128.store(q, f32x4.add(a, b));
      v128.store(q + step, f32x4.sub(a, b));
    }
  }
}

/** Levels h and 2h. */
function radix4(p: usize, n: u32, h: u32): void {
  const step: usize = (h as usize) << 2;
  for (const end = p + ((n as usize) << 2); p < end; p += 4 * step) {
    for (let q = p; q < p + step; q += 16) {
      const a = v128.load(q);
      const b = v128.load(q + step);
      const c = v128.load(q + 2 * step);
      const d = v128.load(q + 3 * step);
      const ab = f32x4.add(a, b);
      const cd = f32x4.add(c, d);
      const ba = f32x4.sub(a, b);
      const dc = f32x4.sub(c, d);
      v128.store(q, f32x4.add(ab, cd));
      v128.store(q + step, f32x4.add(ba, dc));
      v128.store(q + 2 * step, f32x4.sub(ab, cd));
      v128.store(q + 3 * step, f32x4.sub(ba, dc));
    }
  }
}

/** Levels h, 2h and 4h. */
function radix8(p: usize, n: u32, h: u32): void {
  const step: usize = (h as usize) << 2;
  for (const end = p + ((n as usize) << 2); p < end; p += 8 * step) {
    for (let q = p; q < p + step; q += 16) {
      const r = q + 4 * step;
      let a0 = v128.load(q);
      let a1 = v128.load(q + step);
      let a2 = v128.load(q + 2 * step);
      let a3 = v128.load(q + 3 * step);
      let a4 = v128.load(r);
      let a5 = v128.load(r + step);
      let a6 = v128.load(r + 2 * step);
      let a7 = v128.load(r + 3 * step);
      let t = f32x4.add(a0, a1); a1 = f32x4.sub(a0, a1); a0 = t;
      t = f32x4.add(a2, a3); a3 = f32x4.sub(a2, a3); a2 = t;
      t = f32x4.add(a4, a5); a5 = f32x4.sub(a4, a5); a4 = t;
      t = f32x4.add(a6, a7); a7 = f32x4.sub(a6, a7); a6 = t;
      t = f32x4.add(a0, a2); a2 = f32x4.sub(a0, a2); a0 = t;
      t = f32x4.add(a1, a3); a3 = f32x4.sub(a1, a3); a1 = t;
      t = f32x4.add(a4, a6); a6 = f32x4.sub(a4, a6); a4 = t;
      t = f32x4.add(a5, a7); a7 = f32x4.sub(a5, a7); a5 = t;
      v128.store(q, f32x4.add(a0, a4));
      v128.store(q + step, f32x4.add(a1, a5));
      v128.store(q + 2 * step, f32x4.add(a2, a6));
      v128.store(q + 3 * step, f32x4.add(a3, a7));
      v128.store(r, f32x4.sub(a0, a4));
      v128.store(r + step, f32x4.sub(a1, a5));
      v128.store(r + 2 * step, f32x4.sub(a2, a6));
      v128.store(r + 3 * step, f32x4.sub(a3, a7));
    }
  }
}

/** Levels h, 2h, … top / 2 of n floats, without blocks; h is at least 4, n a multiple of top. */
function levels(p: usize, n: u32, h: u32, top: u32): void {
  for (; h * 8 <= top; h *= 8) radix8(p, n, h);
  if (h * 4 == top) radix4(p, n, h);
  else if (h * 2 == top) radix2(p, n, h);
}

/** Levels h, 2h, … n / 2 of n floats, blocks first; h is at least 4. */
function blocks(p: usize, n: u32, h: u32): void {
  const part = n > FAR ? FAR : NEAR;
  if (n > part && h < part) {
    for (let at: u32 = 0; at < n; at += part) blocks(p + ((at as usize) << 2), part, h);
    h = part;
  }
  levels(p, n, h, n);
}

/** Levels h, 2h, … n / 2 of n floats; n is a power of two, h another, at least 4, or 1 for all levels. */
export function walshHadamard(p: usize, n: u32, h: u32): void {
  if (h == 1 && n < 8) {
    for (; h < n; h *= 2) {
      for (let i: u32 = 0; i < n; i++) {
        if (i & h) continue;
        const q = p + ((i as usize) << 2);
        const r = q + ((h as usize) << 2);
        const a = load<f32>(q);
        const b = load<f32>(r);
        store<f32>(q, a + b);
        store<f32>(r, a - b);
      }
    }
    return;
  }
  if (h == 1) {
    for (let q = p; q < p + ((n as usize) << 2); q += 32) levels12(q);
    h = 4;
  }
  blocks(p, n, h);
}
