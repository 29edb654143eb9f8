/**
 * How the lattice fields of a round share one key: which blocks of 2,048 coefficients are whose, and which
 * public polynomial and which secret each of them is hidden under.
 *
 * Blocks are numbered over all fields in their order; a field begins with a block of its own. Block B is
 * hidden under polynomial ⌊B/G⌋ and secret B mod G, so no pair of the two is ever used twice.
 */
import { RING_DEGREE } from '../kernel/index.ts';
import { type KeyShape, keyShape, type LatticeShape } from './parameters.ts';

/** One field, and where its blocks begin. */
export type LatticeField = { readonly shape: LatticeShape; readonly firstBlock: number };

/** The lattice fields of a round, and the key that hides them. Frozen. */
export type LatticeLayout = { readonly key: KeyShape; readonly fields: readonly LatticeField[] };

/** Blocks of a field. */
export const blocksOf = ({ coefficients }: LatticeShape): number =>
  Math.ceil(coefficients / RING_DEGREE);

/**
 * Lays fields out.
 *
 * @param shapes one for each field, in their order; at least one
 * @param clients how many may contribute, 2 to 10^6
 * @throws UsageError `out-of-range`
 */
export function latticeLayout(shapes: readonly LatticeShape[], clients: number): LatticeLayout {
  let firstBlock = 0;
  const fields = shapes.map((shape): LatticeField => {
    const field = Object.freeze({ shape, firstBlock });
    firstBlock += blocksOf(shape);
    return field;
  });
  const coefficients = shapes.reduce((sum, shape) => sum + shape.coefficients, 0);
  return Object.freeze({ key: keyShape(coefficients, clients), fields: Object.freeze(fields) });
}
