/** Integer noise, drawn from a table with random words of the platform. */
import { UsageError } from '../../errors.ts';
import { fillRandom } from '../../internal/random.ts';
import { drawAliasInto } from '../../kernel/index.ts';
import { aliasTablesOf, type NoiseTable } from './noise-tables.ts';

/** How noise is drawn. */
export type DrawOptions = {
  /** Read the whole table for every draw, so that no address depends on it. Default: false. */
  readonly scan?: boolean;
};

/**
 * Overwrites a vector with independent draws.
 *
 * @param out any length
 * @param table from `noiseTable`
 * @param options.scan reads every column for every draw
 * @throws UsageError `wrong-type`
 *
 * **Security**: words come from the platform's CSPRNG and are wiped. The instructions are the same whatever is
 * drawn: no branch, loop or rejection depends on it. One address does, the column that is read, which another
 * process may see through a shared cache; `scan` leaves nothing of that. The engine gives no guarantee of either.
 * **Cost**: 20 random bytes and about 8 ns a draw, twice that for wide tables (`table.reads`); with `scan` about
 * a nanosecond for each column and draw.
 */
export function drawInto(out: Int32Array, table: NoiseTable, options: DrawOptions = {}): void {
  if (!(out instanceof Int32Array)) throw wrongType('drawInto', 'an Int32Array');
  drawFromInto(out, table, fillRandom, { add: false, scan: options.scan === true });
}

/**
 * Adds an independent draw to every element, mod 2^32, in place.
 *
 * @param residues any length
 * @param table as for {@link drawInto}
 * @param options as for {@link drawInto}
 * @throws UsageError `wrong-type`
 *
 * **Security**, **Cost**: as {@link drawInto}. The draws themselves are wiped as well.
 */
export function addNoiseInto(
  residues: Uint32Array,
  table: NoiseTable,
  options: DrawOptions = {},
): void {
  if (!(residues instanceof Uint32Array)) throw wrongType('addNoiseInto', 'a Uint32Array');
  drawFromInto(residues, table, fillRandom, { add: true, scan: options.scan === true });
}

/** The same with words from elsewhere; for tests. */
export function drawFromInto(
  out: Int32Array | Uint32Array,
  table: NoiseTable,
  words: (out: Uint32Array) => void,
  mode: { readonly add: boolean; readonly scan: boolean },
): void {
  drawAliasInto(out, aliasTablesOf(table), words, mode);
}

const wrongType = (where: string, expected: string): UsageError =>
  new UsageError('wrong-type', `${where}: got something else, expected ${expected}`);
