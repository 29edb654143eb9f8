/**
 * MT19937 (Matsumoto and Nishimura, ACM TOMACS 8(1), 1998): statistically fine and no cipher. Every
 * output bit is a linear function of 19,937 state bits, which is what the test of uploads must see.
 */

/** The next output word. */
export function mersenneTwister(seed: number): () => number {
  const state = new Uint32Array(624);
  state[0] = seed;
  for (let i = 1; i < 624; i++) {
    const before = state[i - 1] as number;
    state[i] = Math.imul(1_812_433_253, before ^ (before >>> 30)) + i;
  }
  let at = 624;
  return () => {
    if (at === 624) {
      for (let i = 0; i < 624; i++) {
        const mixed =
          ((state[i] as number) & 0x8000_0000) | ((state[(i + 1) % 624] as number) & 0x7fff_ffff);
        const odd = mixed & 1 ? 0x9908_b0df : 0;
        state[i] = (state[(i + 397) % 624] as number) ^ (mixed >>> 1) ^ odd;
      }
      at = 0;
    }
    let y = state[at++] as number;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c_5680;
    y ^= (y << 15) & 0xefc6_0000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}
