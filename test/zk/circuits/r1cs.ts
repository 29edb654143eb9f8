/** Says which rows of a circuit a list of wire values breaks. */
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
