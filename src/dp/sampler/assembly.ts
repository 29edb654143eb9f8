/** From a layout to tables in memory, with the distance that was proven on the way. */
import { type AliasTable, residentTables } from '../../kernel/index.ts';
import { COLUMN_WORDS, fillColumns, massesOf } from './alias-columns.ts';
import type { Layout } from './layouts.ts';
import { bitLength } from './rational.ts';

/** Tables whose draws are added up. */
export type Assembled = {
  readonly tables: readonly AliasTable[];
  /** The sum is within 2^−distanceBits of the law that the layout is for, in total variation. */
  readonly distanceBits: number;
  readonly columns: number;
};

/**
 * Builds the tables of a layout, all in one memory.
 *
 * **Cost**: a microsecond or two for each column, besides what the layout cost.
 */
export function assemble({ parts, distance: between, precision }: Layout): Assembled {
  const filled = parts.map((part) => ({ ...part, ...massesOf(part.terms, part.tail, precision) }));
  const memories = residentTables(filled.map(({ columns }) => COLUMN_WORDS * columns));
  filled.forEach(({ masses, valueAt }, i) => {
    fillColumns(memories[i] as Uint32Array, masses, valueAt);
  });
  // Independent draws: their distances add up, and to them what the layout itself is wrong by.
  const distance = filled.reduce(
    (sum, part) => sum + part.distance * BigInt(part.uses.length),
    between,
  );
  return {
    tables: filled.flatMap(({ uses }, i) =>
      uses.map((use) => ({ columns: memories[i] as Uint32Array, ...use })),
    ),
    distanceBits: precision - bitLength(distance),
    columns: filled.reduce((sum, { columns }) => sum + columns, 0),
  };
}
