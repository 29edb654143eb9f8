// Residues modulo a prime below 2^61, two lanes at a time. On the wire a residue has `width` bytes (1 to
// 8), least significant first; in memory it is a word of eight. Pointers are byte addresses, `n` counts
// residues. A prime comes in two halves, since a 64-bit parameter would be a BigInt of the caller's.
//
// Reading from the wire touches up to 14 bytes past the last residue, and uses nothing of them.

/** What was found: some residue is not below the prime; some residue is not zero. */
const NOT_BELOW: u32 = 1;
const NOT_ZERO: u32 = 2;

@inline function primeOf(high: u32, low: u32): u64 {
  return ((high as u64) << 32) | (low as u64);
}

@inline function maskOf(width: u32): u64 {
  return (-1 as u64) >> (64 - 8 * width);
}

/** Moves bytes 0 to width − 1 into the first lane, the next `width` into the second, zeros elsewhere. */
@inline function spreading(width: u32): v128 {
  const order: u64 = 0x0706050403020100;
  const none = ~maskOf(width);
  const second = order + (width as u64) * 0x0101010101010101;
  return i64x2.replace_lane(i64x2.splat(order | none), 1, second | none);
}

/** The inverse: the low `width` bytes of both lanes next to each other, and zeros behind them. */
function gathering(width: u32): v128 {
  let low: u64 = -1;
  let high: u64 = -1;
  for (let lane: u32 = 0; lane < 2; lane++) {
    for (let byte: u32 = 0; byte < width; byte++) {
      const to = lane * width + byte;
      const change = (0xff ^ (8 * lane + byte) as u64) << (8 * (to & 7));
      if (to < 8) low ^= change;
      else high ^= change;
    }
  }
  return i64x2.replace_lane(i64x2.splat(low), 1, high);
}

/**
 * For primes below 2^61, v < prime exactly when v − prime is negative as a signed number and v is not:
 * `below` collects the signs of the one, `some` those of the other and all bits that are set.
 */
@inline function verdict(below: u64, some: u64): u32 {
  const fine = (below as i64) < 0 && (some as i64) >= 0;
  return (fine ? 0 : NOT_BELOW) | (some == 0 ? 0 : NOT_ZERO);
}

@inline function lanesAnd(v: v128): u64 {
  return i64x2.extract_lane(v, 0) & i64x2.extract_lane(v, 1);
}

@inline function lanesOr(v: v128): u64 {
  return i64x2.extract_lane(v, 0) | i64x2.extract_lane(v, 1);
}

@inline function inspect(
  out: usize, from: usize, n: u32, width: u32, prime: u64, writing: bool,
): u32 {
  const moves = spreading(width);
  const primes = i64x2.splat(prime);
  let below = i64x2.splat(-1);
  let some = i64x2.splat(0);
  for (; n >= 4; n -= 4, from += 4 * width) {
    const a = i8x16.swizzle(v128.load(from), moves);
    const b = i8x16.swizzle(v128.load(from + 2 * width), moves);
    if (writing) {
      v128.store(out, a);
      v128.store(out, b, 16);
      out += 32;
    }
    below = v128.and(below, v128.and(i64x2.sub(a, primes), i64x2.sub(b, primes)));
    some = v128.or(some, v128.or(a, b));
  }
  let restBelow = lanesAnd(below);
  let restSome = lanesOr(some);
  const mask = maskOf(width);
  for (; n > 0; n--, from += width) {
    const one = load<u64>(from) & mask;
    if (writing) {
      store<u64>(out, one);
      out += 8;
    }
    restBelow &= one - prime;
    restSome |= one;
  }
  return verdict(restBelow, restSome);
}

/** Looks at `n` residues on the wire: see NOT_BELOW and NOT_ZERO. */
export function checkResidues(from: usize, n: u32, width: u32, high: u32, low: u32): u32 {
  return inspect(0, from, n, width, primeOf(high, low), false);
}

/** The same, and writes them as words; all of them, also if some are not below the prime. */
export function widenResidues(
  out: usize, from: usize, n: u32, width: u32, high: u32, low: u32,
): u32 {
  return inspect(out, from, n, width, primeOf(high, low), true);
}

/** a + b − prime, and the prime again where that is negative. */
@inline function sumOf(a: v128, b: v128, primes: v128): v128 {
  const sum = i64x2.sub(i64x2.add(a, b), primes);
  return i64x2.add(sum, v128.and(i64x2.lt_s(sum, i64x2.splat(0)), primes));
}

/** sum[i] ← (sum[i] + residue i of the wire) mod prime; all of them below the prime before. */
export function addResidues(
  sum: usize, from: usize, n: u32, width: u32, high: u32, low: u32,
): void {
  const moves = spreading(width);
  const prime = primeOf(high, low);
  const primes = i64x2.splat(prime);
  for (; n >= 4; n -= 4, from += 4 * width, sum += 32) {
    const a = i8x16.swizzle(v128.load(from), moves);
    const b = i8x16.swizzle(v128.load(from + 2 * width), moves);
    v128.store(sum, sumOf(v128.load(sum), a, primes));
    v128.store(sum, sumOf(v128.load(sum, 16), b, primes), 16);
  }
  const mask = maskOf(width);
  for (; n > 0; n--, from += width, sum += 8) {
    const next = load<u64>(sum) + (load<u64>(from) & mask) - prime;
    store<u64>(sum, next + ((((next as i64) >> 63) as u64) & prime));
  }
}

/**
 * Writes the low `width` bytes of `n` words. Stores are 16 bytes long; what they write too much is
 * overwritten by the next, so they go upwards, and the last bytes are written one by one.
 */
export function narrowResidues(out: usize, from: usize, n: u32, width: u32): void {
  const moves = gathering(width);
  for (; n >= 2 && n * width >= 16; n -= 2, from += 16, out += 2 * width) {
    v128.store(out, i8x16.swizzle(v128.load(from), moves));
  }
  for (; n > 0; n--, from += 8) {
    let word = load<u64>(from);
    for (let byte: u32 = 0; byte < width; byte++, out++, word >>= 8) store<u8>(out, word as u8);
  }
}
