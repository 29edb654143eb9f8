/** Says which rows of a circuit a list of wire values breaks, and which wires could be others. */
import { R } from '../../../src/zk/groth16/field.ts';
import type { Row, Rows, Terms } from '../../../src/zk/setup/r1cs.ts';

const evaluate = (terms: Terms, witness: readonly bigint[]): bigint =>
  terms.reduce((sum, [wire, k]) => (sum + k * (witness[wire] as bigint)) % R, 0n);

/** Whether a row holds. */
export const holds = ({ a, b, c }: Row, witness: readonly bigint[]): boolean =>
  (evaluate(a, witness) * evaluate(b, witness) - evaluate(c, witness)) % R === 0n;

/** The first row that does not hold, if any. */
export function brokenRow({ rows }: Rows, witness: readonly bigint[]): number | undefined {
  const index = rows.findIndex((row) => !holds(row, witness));
  return index < 0 ? undefined : index;
}

/** The wires that can be changed by `change` without a broken row. */
export function freeWires(
  { rows, wires }: Rows,
  witness: readonly bigint[],
  change: (value: bigint) => bigint,
): readonly number[] {
  const touching = Array.from({ length: wires }, () => new Set<Row>());
  for (const row of rows) {
    for (const [wire] of [...row.a, ...row.b, ...row.c]) touching[wire]?.add(row);
  }
  const changed = [...witness];
  return touching.flatMap((rowsOfWire, wire) => {
    // Wire 0 is one: nobody chooses it.
    if (wire === 0) return [];
    changed[wire] = change(witness[wire] as bigint);
    const isFree = [...rowsOfWire].every((row) => holds(row, changed));
    changed[wire] = witness[wire] as bigint;
    return isFree ? [wire] : [];
  });
}
