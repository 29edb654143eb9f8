/** Draws from alias tables in plain TypeScript: what runs where WebAssembly does not. */

/** How a table's draws enter what they are added to; see `kernel/alias.ts`. */
type Signs = { readonly factor: number; readonly sign: 'none' | 'drawn' | 'kept' };

/** Words of a column, and of one draw. */
const COLUMN = 6;
const LIMB = 0x7fffffff;

/**
 * out[i] += ± factor · draw. Thresholds and random numbers are four limbs of 31 bits, least significant
 * first; bit 31 of a limb's difference is the borrow, so there is no comparison that could become a branch.
 *
 * @param words one for each draw, then four for each draw
 * @param scan whether every draw reads every column
 */
export function drawAlias(
  out: Int32Array,
  words: Uint32Array,
  columns: Uint32Array,
  signs: Signs,
  scan: boolean,
): void {
  const n = out.length;
  const mask = columns.length / COLUMN - 1;
  const drawn = signs.sign === 'drawn' ? 1 : 0;
  const kept = signs.sign === 'kept' ? -1 : 0;
  const column = new Int32Array(COLUMN);
  for (let i = 0; i < n; i++) {
    const word = words[i] as number;
    const index = word & mask;
    if (scan) scanColumn(column, columns, index);
    else for (let j = 0; j < COLUMN; j++) column[j] = columns[COLUMN * index + j] as number;
    let borrow = 0;
    for (let limb = 0; limb < 4; limb++) {
      const random = (words[n + 4 * i + limb] as number) & LIMB;
      borrow = (random - (column[limb] as number) - borrow) >>> 31;
    }
    const other = column[5] as number;
    const value = other ^ (((column[4] as number) ^ other) & -borrow);
    const before = out[i] as number;
    const sign = -((word >>> 31) & drawn) | ((before >> 31) & kept);
    out[i] = before + ((Math.imul(value, signs.factor) ^ sign) - sign);
  }
  column.fill(0);
}

/** Collects one column by reading them all. */
function scanColumn(out: Int32Array, columns: Uint32Array, index: number): void {
  out.fill(0);
  for (let at = 0, i = 0; at < columns.length; at += COLUMN, i++) {
    // i ^ index is 0 in one place only; one less has its top bit set there.
    const here = ((i ^ index) - 1) >> 31;
    for (let j = 0; j < COLUMN; j++) {
      out[j] = (out[j] as number) | ((columns[at + j] as number) & here);
    }
  }
}
