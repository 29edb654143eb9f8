/**
 * A small circuit, written by hand in the two binary formats that snarkjs reads:
 *
 *     y = x³ + x·(a1 + a2 + a3)      y, a1, a2, a3 public, x private
 *
 * Every public value stands in a constraint, and the last one may be zero.
 */
import { R } from '../../src/zk/groth16/field.ts';

/** Terms of a linear combination: wire and coefficient. */
type Linear = readonly (readonly [wire: number, coefficient: bigint])[];

// Wires: 0 is one; 1 to 4 are public; then x, x², x³ and the products x·a.
const [ONE, Y, A1, A2, A3, X, SQUARE, CUBE, X1, X2, X3] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const WIRES = 11;

/** a·b = c. */
const CONSTRAINTS: readonly (readonly [a: Linear, b: Linear, c: Linear])[] = [
  [[[X, 1n]], [[X, 1n]], [[SQUARE, 1n]]],
  [[[SQUARE, 1n]], [[X, 1n]], [[CUBE, 1n]]],
  [[[X, 1n]], [[A1, 1n]], [[X1, 1n]]],
  [[[X, 1n]], [[A2, 1n]], [[X2, 1n]]],
  [[[X, 1n]], [[A3, 1n]], [[X3, 1n]]],
  [
    [
      [CUBE, 1n],
      [X1, 1n],
      [X2, 1n],
      [X3, 1n],
    ],
    [[ONE, 1n]],
    [[Y, 1n]],
  ],
];

/** `bytes` of a number, least significant first. */
const le = (value: bigint | number, bytes: number): readonly number[] =>
  Array.from({ length: bytes }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 255n));

const section = (type: number, content: readonly number[]): readonly number[] => [
  ...le(type, 4),
  ...le(content.length, 8),
  ...content,
];

const magic = (text: string, version: number, sections: number): readonly number[] => [
  ...new TextEncoder().encode(text),
  ...le(version, 4),
  ...le(sections, 4),
];

/** The circuit as an `.r1cs` file. */
export function r1cs(): Uint8Array {
  const linear = (terms: Linear): readonly number[] => [
    ...le(terms.length, 4),
    ...terms.flatMap(([wire, coefficient]) => [...le(wire, 4), ...le(coefficient, 32)]),
  ];
  const header = [
    ...le(32, 4),
    ...le(R, 32),
    ...le(WIRES, 4),
    ...le(1, 4), // outputs
    ...le(3, 4), // public inputs
    ...le(1, 4), // private inputs
    ...le(WIRES, 8),
    ...le(CONSTRAINTS.length, 4),
  ];
  return Uint8Array.from([
    ...magic('r1cs', 1, 3),
    ...section(1, header),
    ...section(
      2,
      CONSTRAINTS.flatMap((constraint) => constraint.flatMap(linear)),
    ),
    ...section(3, Array.from({ length: WIRES }, (_, i) => le(i, 8)).flat()),
  ]);
}

/** What a prover knows, as a `.wtns` file. */
export function witness(x: bigint, a: readonly [bigint, bigint, bigint]): Uint8Array {
  const products = a.map((value) => (x * value) % R);
  const cube = x ** 3n % R;
  const y = products.reduce((sum, value) => sum + value, cube) % R;
  const wires = [1n, y, ...a, x, x ** 2n % R, cube, ...products];
  return Uint8Array.from([
    ...magic('wtns', 2, 2),
    ...section(1, [...le(32, 4), ...le(R, 32), ...le(WIRES, 4)]),
    ...section(
      2,
      wires.flatMap((value) => le(value, 32)),
    ),
  ]);
}
