/** From sums of what travelled to sums of the fields: reduced, and opened where lattice masks hide them. */
import { keySumOf, openVectors } from '../lattice/opening.ts';
import { reduceInto } from '../ring/vector.ts';
import { type FieldShape, hiddenPlaces, maskedFields, type Terms } from './terms.ts';

/**
 * The sums of a round's fields, reduced modulo their 2^b.
 *
 * @param opened - the sums of the vectors that travelled, once all masks of this room are taken away
 * @param contributors - how many uploads are in them
 * @throws ProtocolError `lattice-key`, `lattice-residual`: no value of any field is given then
 *
 * **Cost**: one pass; for fields under lattice masks `openVectors`, whoever dropped out.
 */
export function fieldSums(
  terms: Terms,
  opened: readonly Uint32Array[],
  contributors: number,
): readonly Uint32Array[] {
  const { fields, wire, lattice } = terms;
  if (lattice === undefined) return fields.map((field, i) => reduced(field, opened[i]));
  const { layout } = lattice;
  const masked = maskedFields(wire).length;
  const none = new Uint32Array(0);
  const keySum = keySumOf(layout, opened[masked - 1] as Uint32Array, contributors);
  const places = hiddenPlaces(wire, layout);
  const hidden = layout.fields.map(({ shape }, i) => {
    const place = places[i] as number;
    const lows = shape.wireBits > 32 ? opened[place + 1] : undefined;
    return { words: opened[place] as Uint32Array, lows: lows ?? none };
  });
  const vectors = openVectors(layout, terms.roundId, keySum, hidden);
  let next = 0;
  return fields.map((field, i) => {
    const at = lattice.fields.indexOf(i);
    return reduced(field, at === -1 ? opened[next++] : vectors[at]);
  });
}

function reduced({ modulusBits }: FieldShape, sum: Uint32Array | undefined): Uint32Array {
  const out = new Uint32Array((sum as Uint32Array).length);
  reduceInto(out, sum as Uint32Array, modulusBits);
  return out;
}
