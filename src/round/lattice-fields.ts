/** Which fields of a plan travel under lattice masks, and what these need to know of their sums. */
import { CapacityError, UsageError } from '../errors.ts';
import { latticeLayout } from '../lattice/layout.ts';
import { type LatticeShape, latticeShape } from '../lattice/parameters.ts';
import { LATTICE_SUITE } from '../lattice/polynomials.ts';
import type { GraphParameters } from '../secagg/graph-parameters.ts';
import type { FieldShape, LatticeForm } from '../secagg/terms.ts';
import type { CborValue } from '../wire/cbor.ts';
import type { Commitments } from './commitment-layout.ts';
import { ringLength, sumRange } from './field-shape.ts';
import type { Field, Fields } from './fields.ts';
import type { PlannedPrivacy } from './price.ts';

/** From here on a client masks faster under a lattice mask than under its neighbours' masks. */
const LEAST_LENGTH = 20_000;
const LEAST_DEGREE = 12;

/**
 * Settles what fields leave to the plan.
 *
 * @throws UsageError `wrong-type` where a plan asks for commitments and for lattice masks
 */
export function settleMasks<F extends Fields>(
  fields: F,
  { degree }: GraphParameters,
  commitments: Commitments,
): F {
  const settled = Object.entries(fields).map(([name, field]) => {
    const { mask, ...rest } = field;
    if (mask === undefined) return [name, field];
    if (mask === 'lattice' && commitments !== undefined) {
      throw new UsageError(
        'wrong-type',
        `field "${name}": got lattice masks in a plan with commitments, expected masks of pairs: a commitment ` +
          'says nothing of what a lattice mask hides until that relation can be proven',
        { field: name },
      );
    }
    const isLong = ringLength(field) >= LEAST_LENGTH && degree >= LEAST_DEGREE;
    const isLattice = mask === 'lattice' || (isLong && commitments === undefined);
    return [name, Object.freeze(isLattice ? { ...rest, mask: 'lattice' } : rest)];
  });
  return Object.freeze(Object.fromEntries(settled)) as F;
}

/**
 * The lattice masks of a plan; nothing where no field has any.
 *
 * @throws CapacityError `ring-overflow` naming the field and what would fit
 */
export function latticeFormOf(
  fields: Fields,
  shapes: readonly FieldShape[],
  privacy: PlannedPrivacy | undefined,
  clients: number,
): LatticeForm | undefined {
  const names = Object.keys(fields);
  const chosen = names.flatMap((name, i) => (fields[name]?.mask === 'lattice' ? [i] : []));
  if (chosen.length === 0) return undefined;
  const found = chosen.map((i): LatticeShape => {
    const name = names[i] as string;
    const { length, modulusBits } = shapes[i] as FieldShape;
    const isNoisy = privacy?.stretches.some(({ field }) => field === name) === true;
    const range = sumRange(fields[name] as Field, modulusBits, clients, isNoisy);
    try {
      return latticeShape({ clients, length, ...range });
    } catch (error) {
      if (!(error instanceof CapacityError)) throw error;
      const details = { ...error.details, field: name };
      throw new CapacityError(error.code, `field "${name}": ${error.message}`, details);
    }
  });
  return Object.freeze({ layout: latticeLayout(found, clients), fields: Object.freeze(chosen) });
}

/** What a plan's bytes say of them: all of it follows from the fields, and readers compare. */
export const latticeValue = (form: LatticeForm | undefined): { readonly lattice?: CborValue } =>
  form === undefined
    ? {}
    : {
        lattice: {
          suite: LATTICE_SUITE,
          secrets: form.layout.key.secrets,
          keyBits: form.layout.key.modulusBits,
          fields: form.layout.fields.map(({ shape }) => [
            shape.low,
            shape.modulus,
            shape.packing,
            shape.wireBits,
          ]),
        },
      };
