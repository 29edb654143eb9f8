/** Section 8: from numbers to words, with the random words given. */

import type { Field, Round } from './plan.ts';
import { KDF, STREAM } from './primitives.ts';

/** Whether a vector was longer than its bound, and what reals are multiplied by: the note of 8.2. */
function scaled(values: readonly number[], norm: string, bound: number, bits: number): number[] {
  const M = 2 ** (bits - 1) - 1;
  let s = M / bound;
  while (bound * s > M) s = s * (1 - 2 ** -53);
  if (norm === 'linf') return values.map((x) => Math.max(-bound, Math.min(bound, x)) * s);
  const lanes = new Array<number>(8).fill(0);
  for (const [e, x] of values.entries()) lanes[e % 8] = (lanes[e % 8] as number) + x * x;
  for (const width of [4, 2, 1]) {
    for (let q = 0; q < width; q++) lanes[q] = (lanes[q] as number) + (lanes[q + width] as number);
  }
  const N = Math.sqrt(lanes[0] as number);
  const slack = (values.length + 8) * 2 ** -53;
  const factor = N * (1 + slack) <= bound ? s : ((bound * s) / N) * (1 - slack);
  return values.map((x) => x * factor);
}

/** z of 8.2 from the four bytes for each coordinate. */
export function rounded(
  values: readonly number[],
  code: { readonly norm: string; readonly bound: number; readonly bits: number },
  random: Uint8Array,
): number[] {
  const words = Buffer.from(random);
  return scaled(values, code.norm, code.bound, code.bits).map((u, e) =>
    words.readUInt32LE(4 * e) * 2 ** -32 < u - Math.floor(u) ? Math.floor(u) + 1 : Math.floor(u),
  );
}

/** Section 8.3 in doubles, by the definition. */
export function turned(values: readonly number[], field: Field, planHash: Uint8Array): number[] {
  const { d: p, bound, name } = field;
  const norm = Math.hypot(...values);
  const cut = norm > bound ? bound / norm : 1;
  const words = STREAM(KDF(planHash, ['rotation', name]), Math.ceil(p / 32));
  return Array.from({ length: p }, (_, i) => {
    let sum = 0;
    for (const [e, x] of values.entries()) {
      const sign = ((words[e >> 5] as number) >>> (e & 31)) & 1;
      let odd = sign;
      for (let both = i & e; both > 0; both >>= 1) odd ^= both & 1;
      sum += odd === 1 ? -x : x;
    }
    return (sum * cut) / (bound * Math.sqrt(p));
  });
}

/** A field's words without noise. */
export function encoded(
  field: Field,
  input: unknown,
  random: Uint8Array,
  { planHash }: Pick<Round, 'planHash'>,
): number[] {
  const { kind, min, rotated, bits } = field;
  if (kind === 'integer') return (input as number[]).map((v) => v - min);
  if (kind === 'weighted-mean') {
    const { values, weight } = input as { values: number[]; weight: number };
    return [...rounded(values, field, random).map((z) => (z * weight) >>> 0), weight];
  }
  const values = input as number[];
  const z = rotated
    ? rounded(turned(values, field, planHash), { norm: 'l2', bound: 1, bits }, random)
    : rounded(values, field, random);
  return z.map((value) => value >>> 0);
}
