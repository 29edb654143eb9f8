/** What the vectors of building blocks are made for. */
import type { CborValue } from '../../../src/wire/cbor.ts';

/** Values with an encoding. */
export const CBOR: readonly CborValue[] = [
  0,
  23,
  24,
  255,
  256,
  65_535,
  65_536,
  2 ** 32 - 1,
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
  -1,
  -24,
  -25,
  -Number.MAX_SAFE_INTEGER,
  '',
  'ä東',
  [true, false, null],
  { bb: 1, a: [[]], c: {}, aa: 'x' },
];

/** Bytes that no writer writes, and what is wrong with them. */
export const NOT_CBOR: readonly (readonly [string, string])[] = [
  ['', 'truncated'],
  ['18', 'truncated'],
  ['4201', 'truncated'],
  ['8201', 'truncated'],
  ['0000', 'trailing-bytes'],
  ['1817', 'non-canonical'],
  ['1900ff', 'non-canonical'],
  ['1b00000000ffffffff', 'non-canonical'],
  ['5f4100ff', 'non-canonical'],
  ['9f00ff', 'non-canonical'],
  ['a2626262006161f6', 'non-canonical'],
  ['1b0020000000000000', 'malformed'],
  ['3b001fffffffffffff', 'malformed'],
  ['1c', 'malformed'],
  ['c000', 'malformed'],
  ['f7', 'malformed'],
  ['f93c00', 'malformed'],
  ['f818', 'malformed'],
  ['61ff', 'malformed'],
  ['a10000', 'malformed'],
  ['a2616100616100', 'malformed'],
  [`${'81'.repeat(17)}00`, 'malformed'],
];

/** Numbers as text: hard cases of the shortest decimal. */
export const NUMBERS: readonly number[] = [
  1,
  0.5,
  100,
  0.1 + 0.2,
  1e-6,
  1e-7,
  1.5e-10,
  1e20,
  123_456_789_012_345_680_000,
  1e21,
  1e100,
  5e-324,
  1 / 3,
  2 ** 53,
  2 ** -20,
  4452.532565289999,
];

/** Roster sizes, rates and models. */
export const PARAMETERS: readonly (readonly [number, string, string, 'active' | 'semi-honest'])[] =
  [
    [3, '0', '0', 'active'],
    [5, '0.2', '0.2', 'active'],
    [5, '0.2', '0.4', 'semi-honest'],
    [12, '0.1', '0.2', 'active'],
    [20, '0.1', '0.2', 'semi-honest'],
    [20, '0', '0.15', 'semi-honest'],
    [30, '0.05', '0.05', 'active'],
    [100, '0.29', '0.1', 'semi-honest'],
    [100, '0.05', '0.05', 'active'],
    [100, '0.3', '0.3', 'active'],
    [255, '0.333333333', '0.1', 'semi-honest'],
    [256, '0.45', '0.2', 'semi-honest'],
    [1_000, '0.05', '0.05', 'active'],
    [1_000, '0.05', '0.05', 'semi-honest'],
    [1_000, '0', '0.1', 'semi-honest'],
    [1_000, '0.1', '0', 'active'],
    [1_000, '0.3', '0.3', 'active'],
    [4_000, '0.1', '0.2', 'active'],
    [10_000, '0.05', '0.1', 'active'],
    [10_000, '0.2', '0.3', 'semi-honest'],
  ];
