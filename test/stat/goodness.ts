/** How well counts fit a law. */

/**
 * What χ² with `freedom` degrees exceeds with a chance of at most e^(−25) = 1.4e-11: Laurent and Massart,
 * Ann. Statist. 28(5), 2000, Lemma 1.
 */
export const chiSquareLimit = (freedom: number): number =>
  freedom + 2 * Math.sqrt(25 * freedom) + 50;

/** Counts of integers, those beyond ± reach in the outermost two. */
export type Counts = { readonly reach: number; readonly cells: Float64Array };

export const emptyCounts = (reach: number): Counts => ({
  reach,
  cells: new Float64Array(2 * reach + 1),
});

export function count(counts: Counts, draws: Int32Array): void {
  const { reach, cells } = counts;
  for (const x of draws) {
    const cell = Math.max(-reach, Math.min(reach, x)) + reach;
    cells[cell] = (cells[cell] as number) + 1;
  }
}

/**
 * χ² against a symmetric law; cells in which fewer than 25 are expected are thrown together.
 *
 * @param probabilityOf P(x)
 */
export function chiSquare(
  { reach, cells }: Counts,
  probabilityOf: (x: number) => number,
): { readonly statistic: number; readonly freedom: number } {
  const n = cells.reduce((sum, cell) => sum + cell, 0);
  let statistic = 0;
  let freedom = -1;
  let rest = { expected: n, found: n };
  for (let x = -reach + 1; x < reach; x++) {
    const expected = n * probabilityOf(x);
    if (expected < 25) continue;
    const found = cells[x + reach] as number;
    statistic += (found - expected) ** 2 / expected;
    freedom++;
    rest = { expected: rest.expected - expected, found: rest.found - found };
  }
  if (rest.expected >= 25) {
    statistic += (rest.found - rest.expected) ** 2 / rest.expected;
    freedom++;
  }
  return { statistic, freedom: Math.max(freedom, 1) };
}
