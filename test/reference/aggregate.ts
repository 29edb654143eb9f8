/**
 * The aggregation circuit's statement, slowly and by the book: textbook Poseidon, one loop for each
 * demand, no packing trick shared with the sources. It judges any field elements, as the circuit must.
 */
import { R } from '../../src/zk/groth16/field.ts';
import { poseidonConstants } from '../../src/zk/poseidon.ts';

/** What the circuit is given. Field elements; a negative number stands for itself plus r. */
export type AggregateWitness = {
  readonly statement: bigint;
  readonly context: bigint;
  readonly bound: bigint;
  readonly salt: readonly bigint[];
  readonly x: readonly (readonly bigint[])[];
};

/** Which demand a witness does not meet. */
export type Unmet = 'range' | 'norm' | 'statement';

const mod = (value: bigint): bigint => ((value % R) + R) % R;

/** The permutation as the paper has it. */
export function slowPermutation(state: readonly bigint[]): readonly bigint[] {
  const { roundConstants, matrix, partialRounds } = poseidonConstants(state.length);
  let s = [...state];
  for (const [round, added] of roundConstants.entries()) {
    s = s.map((value, i) => mod(value + (added[i] as bigint)));
    const isFull = round < 4 || round >= 4 + partialRounds;
    s = s.map((value, i) => (isFull || i === 0 ? mod(value ** 5n) : value));
    s = matrix.map((row) => mod(row.reduce((sum, m, j) => sum + m * (s[j] as bigint), 0n)));
  }
  return s;
}

/** The sponge. */
export function slowHash(tag: bigint, inputs: readonly bigint[]): bigint {
  const rate = Math.min(16, inputs.length);
  const padded = [...inputs];
  while (padded.length % rate !== 0) padded.push(0n);
  let state: readonly bigint[] = [tag, ...padded.slice(0, rate)].map(mod);
  for (let at = rate; ; at += rate) {
    state = slowPermutation(state);
    if (at === padded.length) return state[0] as bigint;
    state = state.map((s, i) => (i === 0 ? s : mod(s + (padded[at + i - 1] as bigint))));
  }
}

const tag = (purpose: number, first: number, second: number): bigint =>
  BigInt(`0x${Buffer.from('veilsum').toString('hex')}`) * 2n ** 96n +
  BigInt(purpose) * 2n ** 64n +
  BigInt(first) * 2n ** 32n +
  BigInt(second);

/** Digits to the base 2^bits, as many to a number as fit into 253 bits. */
function sideBySide(digits: readonly bigint[], bits: number): readonly bigint[] {
  const perNumber = Math.floor(253 / bits);
  const out: bigint[] = [];
  for (const [i, digit] of digits.entries()) {
    if (i % perNumber === 0) out.push(0n);
    const last = out.length - 1;
    out[last] = (out[last] as bigint) + digit * 2n ** BigInt(bits * (i % perNumber));
  }
  return out;
}

/** The commitment of one update. */
export const slowCommitment = (x: readonly bigint[], salt: bigint): bigint =>
  slowHash(tag(1, 0, x.length), [
    salt,
    ...sideBySide(
      x.map((v) => mod(v + 2n ** 15n)),
      16,
    ),
  ]);

/** The public input that belongs to the private ones. */
export function slowStatement({
  context,
  bound,
  salt,
  x,
}: Omit<AggregateWitness, 'statement'>): bigint {
  const n = x.length;
  const d = (x[0] as readonly bigint[]).length;
  const root = slowHash(
    tag(2, n, 0),
    x.map((update, i) => slowCommitment(update, salt[i] as bigint)),
  );
  const sums = Array.from({ length: d }, (_, j) =>
    mod(x.reduce((sum, update) => sum + (update[j] as bigint), 0n) + BigInt(n) * 2n ** 15n),
  );
  let bits = 16;
  while (2 ** (bits - 16) < n) bits++;
  return slowHash(tag(3, n, d), [context, root, bound, ...sideBySide(sums, bits)]);
}

/** The first demand that is not met, or `undefined` if all are. */
export function unmet(witness: AggregateWitness): Unmet | undefined {
  const { x, bound } = witness;
  const d = BigInt((x[0] as readonly bigint[]).length);
  for (const update of x) {
    for (const entry of update) {
      const isNatural = mod(entry) < 2n ** 15n;
      const isNegative = mod(entry) >= R - 2n ** 15n;
      if (!isNatural && !isNegative) return 'range';
    }
  }
  for (const update of x) {
    const integers = update.map((entry) => (mod(entry) < R / 2n ? mod(entry) : mod(entry) - R));
    const slack = mod(bound) - integers.reduce((sum, v) => sum + v * v, 0n);
    let limit = 2n ** 30n;
    while (limit < d * 2n ** 30n) limit *= 2n;
    if (slack < 0n || slack >= limit) return 'norm';
  }
  return mod(witness.statement) === slowStatement(witness) ? undefined : 'statement';
}
