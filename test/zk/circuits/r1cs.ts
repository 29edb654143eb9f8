/** Reads `.r1cs` files and says which of their rows a list of wire values breaks. */

/** Wires and their coefficients. */
export type Terms = readonly (readonly [wire: number, coefficient: bigint])[];

/** a·b = c. */
export type Row = { readonly a: Terms; readonly b: Terms; readonly c: Terms };

/** A system of rows over a prime field. */
export type Rows = {
  readonly modulus: bigint;
  readonly wires: number;
  /** Wires 1 to this are public. */
  readonly publics: number;
  readonly privateInputs: number;
  readonly rows: readonly Row[];
};

/** Parses a file, whose format is magic, version, and sections of a type and a length each. */
export function readR1cs(file: Uint8Array): Rows {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const sections = new Map<number, number>();
  for (let at = 12; at < file.length; at += 12 + Number(view.getBigUint64(at + 4, true))) {
    sections.set(view.getUint32(at, true), at + 12);
  }
  let at = sections.get(1) as number;
  const u32 = (): number => {
    at += 4;
    return view.getUint32(at - 4, true);
  };
  const number = (bytes: number): bigint => {
    let value = 0n;
    for (let i = bytes - 8; i >= 0; i -= 8)
      value = (value << 64n) | view.getBigUint64(at + i, true);
    at += bytes;
    return value;
  };
  const size = u32();
  const modulus = number(size);
  const [wires, outputs, publicInputs, privateInputs] = [u32(), u32(), u32(), u32()];
  at += 8;
  const count = u32();
  at = sections.get(2) as number;
  const terms = (): Terms => Array.from({ length: u32() }, () => [u32(), number(size)] as const);
  const rows = Array.from({ length: count }, () => ({ a: terms(), b: terms(), c: terms() }));
  return { modulus, wires, publics: outputs + publicInputs, privateInputs, rows };
}

const evaluate = (terms: Terms, witness: readonly bigint[], modulus: bigint): bigint =>
  terms.reduce((sum, [wire, k]) => (sum + k * (witness[wire] as bigint)) % modulus, 0n);

/** Whether a row holds. */
export const holds = ({ a, b, c }: Row, witness: readonly bigint[], modulus: bigint): boolean =>
  (evaluate(a, witness, modulus) * evaluate(b, witness, modulus) - evaluate(c, witness, modulus)) %
    modulus ===
  0n;

/** The first row that does not hold, if any. */
export function brokenRow({ rows, modulus }: Rows, witness: readonly bigint[]): number | undefined {
  const index = rows.findIndex((row) => !holds(row, witness, modulus));
  return index < 0 ? undefined : index;
}
