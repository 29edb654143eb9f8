/**
 * A small seeded generator, so that two runs of the demo split, start and shuffle alike.
 *
 * It is for reproducible experiments only. Anyone who knows the seed knows every number, so nothing
 * secret may come from here: keys, masks and noise come from veilsum, which asks the platform.
 */

/** Gives the next number, uniform in [0, 1). */
export type InsecureGenerator = () => number;

/**
 * Starts a generator: a counter put through the finishing steps of MurmurHash3.
 * @param seed any integers; the same integers in the same order give the same numbers.
 */
export function insecureGenerator(...seed: readonly number[]): InsecureGenerator {
  let counter = 0;
  for (const part of seed) counter = scramble((counter ^ part) + 0x9e3779b9);
  return () => {
    counter = (counter + 0x9e3779b9) >>> 0;
    return scramble(counter) / 2 ** 32;
  };
}

/** Returns the integers 0 to length − 1 in a random order (Fisher and Yates). */
export function permutation(length: number, next: InsecureGenerator): Uint32Array {
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    const moved = order[i] as number;
    order[i] = order[j] as number;
    order[j] = moved;
  }
  return order;
}

function scramble(value: number): number {
  let word = value ^ (value >>> 16);
  word = Math.imul(word, 0x85ebca6b);
  word ^= word >>> 13;
  word = Math.imul(word, 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}
