// Vectors of 32-bit words, four lanes at a time. Pointers are byte addresses; `n` counts words.

/** Adds four words to those at `a`, or takes them away. */
@inline export function into(a: usize, words: v128, negative: bool): void {
  const old = v128.load(a);
  v128.store(a, negative ? i32x4.sub(old, words) : i32x4.add(old, words));
}

@inline function combine(a: usize, b: usize, n: u32, negative: bool): void {
  for (; n >= 16; n -= 16, a += 64, b += 64) {
    into(a, v128.load(b), negative);
    into(a + 16, v128.load(b, 16), negative);
    into(a + 32, v128.load(b, 32), negative);
    into(a + 48, v128.load(b, 48), negative);
  }
  for (; n > 0; n--, a += 4, b += 4) {
    store<u32>(a, negative ? load<u32>(a) - load<u32>(b) : load<u32>(a) + load<u32>(b));
  }
}

/** a[i] += b[i] mod 2^32. The ranges are the same or apart. */
export function add(a: usize, b: usize, n: u32): void {
  combine(a, b, n, false);
}

/** a[i] −= b[i] mod 2^32. The ranges are the same or apart. */
export function subtract(a: usize, b: usize, n: u32): void {
  combine(a, b, n, true);
}
