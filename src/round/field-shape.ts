/** What the ring must hold of a field: how many coordinates, how many bits, and what is left for noise. */
import { CapacityError } from '../errors.ts';
import { modulusBits } from '../ring/capacity.ts';
import { type FixedPoint, fixedPoint } from '../ring/fixed-point.ts';
import type { FieldShape } from '../secagg/terms.ts';
import { DEFAULT_BITS, type Field, type RealField, type WeightedMeanField } from './fields.ts';
import { paddedLength, rotatedRoom } from './rotation.ts';

/** Whether a plan spreads this field over all coordinates. */
export const isRotated = (field: Field): field is RealField =>
  field.kind === 'real' && field.rotated === true;

/** The code of a field of reals, over all coordinates that it has in the ring; rotated ones have a bound of 1. */
export function codeOf(field: RealField | WeightedMeanField): FixedPoint {
  const { length, clip, bits = DEFAULT_BITS } = field;
  return isRotated(field)
    ? fixedPoint({ length: ringLength(field), clip: { norm: 'l2', bound: 1 }, bits })
    : fixedPoint({ length, clip, bits });
}

/** Ring units in one of the caller's. */
export function unitsPerOne(field: Field): number {
  if (field.kind === 'integer') return 1;
  return codeOf(field).scale / (isRotated(field) ? field.clip.bound : 1);
}

/** Coordinates of a field in the ring: a weighted mean carries its weight at the end. */
export function ringLength(field: Field): number {
  if (field.kind === 'weighted-mean') return field.length + 1;
  return isRotated(field) ? paddedLength(field.length) : field.length;
}

/**
 * A field's length in the ring, and b for `clients` of it and for noise.
 *
 * @param tail - how far noise may go on either side; 0 without noise
 * @throws CapacityError `ring-overflow` naming what would fit
 */
export function shapeOf(name: string, field: Field, clients: number, tail = 0): FieldShape {
  try {
    const bits = modulusBits({ ...loadOf(field, clients), tail: 2 * tail });
    return { name, length: ringLength(field), modulusBits: bits };
  } catch (error) {
    if (!(error instanceof CapacityError)) throw error;
    throw new CapacityError(error.code, `field "${name}": ${error.message}`, {
      ...error.details,
      field: name,
    });
  }
}

/** How far noise may go on either side of a field's sums of `clients` contributions before they wrap. */
export function tailRoom(field: Field, bits: number, clients: number): number {
  const load = loadOf(field, clients);
  return Math.floor((2 ** bits - 1 - load.clients * (load.levels - 1) * load.maxWeight) / 2);
}

/**
 * The least and the greatest sum of a field, in the ring's units: without noise what clients who keep to the
 * plan can add up to; with it as far as the ring is wide, since noise may take up all that there is.
 */
export function sumRange(
  field: Field,
  bits: number,
  clients: number,
  isNoisy: boolean,
): { readonly low: number; readonly high: number } {
  if (field.kind === 'integer') {
    const low = isNoisy ? -tailRoom(field, bits, clients) : 0;
    const high = isNoisy ? low + 2 ** bits - 1 : clients * (field.max - field.min);
    return { low: low === 0 ? 0 : low, high };
  }
  if (isNoisy || isRotated(field)) return { low: -(2 ** (bits - 1)), high: 2 ** (bits - 1) - 1 };
  const maxWeight = field.kind === 'weighted-mean' ? field.maxWeight : 1;
  const high = clients * maxWeight * codeOf(field).maxMagnitude;
  return { low: -high, high };
}

/** What sums of a field take up without noise. */
type Load = { readonly clients: number; readonly levels: number; readonly maxWeight: number };

function loadOf(field: Field, clients: number): Load {
  if (field.kind === 'integer')
    return { clients, levels: integerLevels(field, clients), maxWeight: 1 };
  const code = codeOf(field);
  if (isRotated(field)) {
    const norm = Math.sqrt(Number(code.squaredNormBound));
    return { clients: 1, levels: 2 * rotatedRoom(norm, code.length, clients) + 1, maxWeight: 1 };
  }
  const maxWeight = field.kind === 'weighted-mean' ? field.maxWeight : 1;
  return { clients, levels: 2 ** code.bits, maxWeight };
}

function integerLevels(
  field: { readonly min: number; readonly max: number },
  clients: number,
): number {
  const largest = Math.max(Math.abs(field.min), Math.abs(field.max));
  if (clients * largest > Number.MAX_SAFE_INTEGER) {
    const most = Math.floor(Number.MAX_SAFE_INTEGER / clients);
    throw new CapacityError(
      'ring-overflow',
      `the sum of ${clients} values of up to ${largest} is beyond exact numbers; values up to ${most} would fit`,
      { largest, most },
    );
  }
  return field.max - field.min + 1;
}
