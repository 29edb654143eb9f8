/**
 * Tables from which integer noise is drawn, and how far what they give is from the distribution asked for:
 * proven in exact integers when a table is built, never assumed. Tables are public and kept for reuse.
 */
import { PrivacyError, UsageError } from '../../errors.ts';
import { assertInteger } from '../../internal/assert.ts';
import type { AliasTable } from '../../kernel/index.ts';
import { assemble } from './assembly.ts';
import { checkedDistribution, type NoiseDistribution } from './distributions.ts';
import { keeper } from './kept.ts';
import { layoutOf } from './layouts.ts';

/** A table for {@link drawInto} and {@link addNoiseInto}. Frozen; its integers are kept elsewhere. */
export type NoiseTable = {
  readonly distribution: NoiseDistribution;
  /** A draw is within 2^−distanceBits of the distribution, in total variation. */
  readonly distanceBits: number;
  /** Columns of all tables; 24 bytes each. */
  readonly columns: number;
  /** Table reads for one draw, each with 20 random bytes: 1, or 2 for wide distributions. */
  readonly reads: 1 | 2;
};

/** The least distance that is accepted unless another is asked for. */
const LEAST_DISTANCE_BITS = 120;

/** The most tables that are kept: about 20 MB at worst. */
const MOST_KEPT = 12;

const kept = keeper<NoiseTable>(MOST_KEPT);
const contents = new WeakMap<NoiseTable, readonly AliasTable[]>();

/**
 * The table of a distribution, built at its first use.
 *
 * @param distribution with its parameter within the range that its type names
 * @param options.distanceBits refuse a table that is not proven to be this near; 120 if left out. F15 of the
 *   privacy notes: d coordinates a round over T rounds add (1 + e^ε) · d · T · 2^−bits to δ
 * @throws UsageError `out-of-range` for a parameter that is no number, or below the range
 * @throws CapacityError `ring-overflow` for noise too wide; the message names the widest
 * @throws PrivacyError `unsound-parameters` where the table is further away than asked for
 *
 * **Security**: tables hold nothing secret, and building them takes time that depends on the parameter.
 * **Source**: see `layouts.ts` and `alias-columns.ts`.
 * **Cost**: the first time 1 to 150 ms up to a deviation of 2,000, and up to 2 s beyond (Skellam); 0.5 to 2 MB.
 * Then a look-up, while the distribution is among the last twelve.
 */
export function noiseTable(
  distribution: NoiseDistribution,
  options: { readonly distanceBits?: number } = {},
): NoiseTable {
  const wanted = options.distanceBits ?? LEAST_DISTANCE_BITS;
  assertInteger('noiseTable: options.distanceBits', wanted, 1, 256);
  const checked = checkedDistribution(distribution);
  const table = kept(JSON.stringify(checked), () => build(checked));
  if (table.distanceBits < wanted) {
    throw new PrivacyError(
      'unsound-parameters',
      `noiseTable: proven within 2^-${table.distanceBits} of the distribution, wanted 2^-${wanted}`,
      { distanceBits: table.distanceBits, wanted },
    );
  }
  return table;
}

/** The integers of a table. */
export function aliasTablesOf(table: NoiseTable): readonly AliasTable[] {
  const tables = contents.get(table);
  if (tables === undefined) {
    throw new UsageError('wrong-type', 'noise table: expected a record from noiseTable()');
  }
  return tables;
}

function build(distribution: NoiseDistribution): NoiseTable {
  const { tables, distanceBits, columns } = assemble(layoutOf(distribution));
  const reads = tables.length as 1 | 2;
  const table: NoiseTable = Object.freeze({ distribution, distanceBits, columns, reads });
  contents.set(table, tables);
  return table;
}
