// Vectors of 32-bit words, four lanes at a time. Pointers are byte addresses; `n` counts words.

/** a[i] += b[i] mod 2^32. The ranges are the same or apart. */
export function add(a: usize, b: usize, n: u32): void {
  let i: u32 = 0;
  for (; i + 16 <= n; i += 16, a += 64, b += 64) {
    v128.store(a, i32x4.add(v128.load(a), v128.load(b)));
    v128.store(a, i32x4.add(v128.load(a, 16), v128.load(b, 16)), 16);
    v128.store(a, i32x4.add(v128.load(a, 32), v128.load(b, 32)), 32);
    v128.store(a, i32x4.add(v128.load(a, 48), v128.load(b, 48)), 48);
  }
  for (; i < n; i++, a += 4, b += 4) store<u32>(a, load<u32>(a) + load<u32>(b));
}

/** a[i] −= b[i] mod 2^32. The ranges are the same or apart. */
export function subtract(a: usize, b: usize, n: u32): void {
  let i: u32 = 0;
  for (; i + 16 <= n; i += 16, a += 64, b += 64) {
    v128.store(a, i32x4.sub(v128.load(a), v128.load(b)));
    v128.store(a, i32x4.sub(v128.load(a, 16), v128.load(b, 16)), 16);
    v128.store(a, i32x4.sub(v128.load(a, 32), v128.load(b, 32)), 32);
    v128.store(a, i32x4.sub(v128.load(a, 48), v128.load(b, 48)), 48);
  }
  for (; i < n; i++, a += 4, b += 4) store<u32>(a, load<u32>(a) - load<u32>(b));
}
