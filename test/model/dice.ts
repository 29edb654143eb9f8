/** Seeded dice: the same seed throws the same story. For tests only. */

export type Dice = {
  /** A number in [0, 1). */
  readonly real: () => number;
  /** A whole number from `from` up to and with `to`. */
  readonly int: (from: number, to: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly pick: <T>(from: readonly T[]) => T;
  readonly shuffle: <T>(list: readonly T[]) => T[];
  readonly bytes: (length: number) => Uint8Array;
};

/** Mulberry32: 32 bits of state, plenty for stories. */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  const real = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (from: number, to: number): number => from + Math.floor(real() * (to - from + 1));
  return {
    real,
    int,
    chance: (probability) => real() < probability,
    pick: (from) => from[int(0, from.length - 1)] as never,
    shuffle: (list) => {
      const out = [...list];
      for (let i = out.length - 1; i > 0; i--) {
        const j = int(0, i);
        [out[i], out[j]] = [out[j] as never, out[i] as never];
      }
      return out;
    },
    bytes: (length) => Uint8Array.from({ length }, () => int(0, 255)),
  };
}
