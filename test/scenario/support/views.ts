/**
 * Sets-only simulations: for rounds too large to mask in a test, what a coordinator can open follows
 * from who holds a share of whom and what each client was told. No keys and no vectors here; the
 * stories say so where they use it.
 */
import { utf8 } from '../../../src/internal/bytes.ts';
import { expandInto, hkdfSha256 } from '../../../src/prg/index.ts';

/** Numbers below `bound`, the same on every run for one label. */
export function dice(label: string): (bound: number) => number {
  const words = new Uint32Array(4_096);
  const key = hkdfSha256(utf8(label), utf8('test'), utf8('dice'), 32);
  let from = -words.length;
  let used = words.length;
  return (bound) => {
    if (used === words.length) {
      from += words.length;
      used = 0;
      expandInto(words, key, from);
    }
    return Math.floor(((words[used++] as number) / 2 ** 32) * bound);
  };
}

/** 0 … n−1 in an order that is the same on every run for one label. */
export function shuffled(n: number, label: string): number[] {
  const roll = dice(label);
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = roll(i + 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}
