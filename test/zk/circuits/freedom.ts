/** Whether wires can be moved together: what a change of one wire at a time cannot see. */
import { R } from '../../../src/zk/groth16/field.ts';
import { scalars } from '../../../src/zk/poseidon.ts';
import type { Row, Rows } from '../../../src/zk/setup/r1cs.ts';

/**
 * How many ways there are to change wires together, to first order, with the given ones left alone:
 * wires minus the rank of the rows' derivatives. A change of one wire cannot see a pair that is free.
 */
export function freedom(
  { rows, wires }: Rows,
  witness: readonly bigint[],
  given: ReadonlySet<number>,
): number {
  const value = (terms: Row['a']): bigint =>
    terms.reduce((sum, [wire, k]) => (sum + k * (witness[wire] as bigint)) % R, 0n);
  const pending = rows.map(({ a, b, c }) => {
    const slopes = new Map<number, bigint>();
    const add = (terms: Row['a'], factor: bigint): void => {
      for (const [wire, k] of terms) {
        if (wire === 0 || given.has(wire)) continue;
        const slope = ((slopes.get(wire) ?? 0n) + k * factor) % R;
        if (slope === 0n) slopes.delete(wire);
        else slopes.set(wire, slope);
      }
    };
    add(a, value(b));
    add(b, value(a));
    add(c, R - 1n);
    return slopes;
  });
  let rank = 0;
  while (pending.length > 0) {
    // The shortest row loses a wire, which then leaves all others.
    pending.sort((one, other) => other.size - one.size);
    const pivot = pending.pop() as Map<number, bigint>;
    const [first] = pivot;
    if (first === undefined) continue;
    rank++;
    const [wire, slope] = first;
    const inverse = scalars.inv(slope);
    for (const row of pending) {
      const own = row.get(wire);
      if (own === undefined) continue;
      const factor = R - ((own * inverse) % R);
      for (const [other, k] of pivot) {
        const sum = ((row.get(other) ?? 0n) + factor * k) % R;
        if (sum === 0n) row.delete(other);
        else row.set(other, sum);
      }
    }
  }
  return wires - 1 - given.size - rank;
}
