/**
 * Clipping of real vectors, with a norm that is certain: floats round, and a vector a hair above its bound is
 * above its price. So lengths are rounded up and factors down, and the exact norm is never above the bound.
 */
import { UsageError } from '../../errors.ts';
import { assertFinite, assertInteger } from '../../internal/assert.ts';
import { measure } from '../../kernel/index.ts';

/** Far enough from the ends of the doubles for squares and quotients. */
const MIN_BOUND = 1e-100;
const MAX_BOUND = 1e100;
/** Up to here the error of a norm, (length + 8) · 2^−53, is below 2^−24. */
const MAX_LENGTH = 2 ** 28;
/** Above it squares overflow; what {@link SHRINK} brings below it is still far from subnormal. */
const LARGE = 2 ** 480;
const SHRINK = 2 ** -600;

/**
 * Scales a vector down, in place, where it is longer than a bound.
 *
 * @param values at most 2^28 finite numbers
 * @param bound of the Euclidean norm, 1e−100 to 1e100
 * @returns whether it was scaled: a secret of whoever holds the vector
 * @throws UsageError `wrong-type`, `wrong-length`, `not-finite`, `out-of-range`; then nothing was changed
 *
 * **Guarantee**: after it the exact Euclidean norm of the doubles is at most `bound`. A vector whose norm is less
 * than one part in 2^23 below the bound may be scaled as well.
 * **Proof**: the computed norm is within (length + 8) · 2^−53 of the true one, and each product within 2^−53 or,
 * where it is subnormal, within 2^−1074; the factor is smaller by twice as much as all of it.
 * **Security**: not constant time: whether it was scaled shows.
 */
export function clipInto(values: Float64Array, bound: number): boolean {
  assertFinite('clipInto: bound', bound, MIN_BOUND, MAX_BOUND);
  if (!(values instanceof Float64Array)) {
    throw new UsageError('wrong-type', 'clipInto: values: expected a Float64Array');
  }
  if (values.length > MAX_LENGTH) {
    throw new UsageError(
      'wrong-length',
      `clipInto: values: got ${values.length} elements, expected at most ${MAX_LENGTH}`,
    );
  }
  let { largest, squares } = measure(values);
  if (!Number.isFinite(largest)) throw notFinite(values);
  if (largest > LARGE) {
    // Far above every bound: first brought down to where squares fit.
    for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * SHRINK;
    squares = measure(values).squares;
    largest = 0;
  }
  const margin = (4 * values.length + 64) * 2 ** -53;
  const length = Math.sqrt(squares) * (1 + margin);
  if (largest > 0 && length <= bound) return false;
  if (squares === 0) return false;
  const factor = (bound / length) * (1 - margin);
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * factor;
  return true;
}

/** Layers of one vector, each with a bound of its own. Frozen. */
export type Layers = {
  /** Coordinates of each layer, one after the other. */
  readonly lengths: readonly number[];
  /** Bound of each layer's Euclidean norm. */
  readonly bounds: readonly number[];
  /** √Σ bound²: the bound of the whole vector, which is what the noise must be made for. */
  readonly bound: number;
};

/**
 * Describes layers that are clipped one by one and charged together.
 *
 * @param layers one or more, with a length of at least 1 and a bound from 1e−100 to 1e100
 * @throws UsageError `wrong-length`, `out-of-range`, `not-finite`
 *
 * **Guarantee**: a vector whose layers are within their bounds is within `bound`, which is rounded up. Noise for
 * one layer's bound alone would be too little: all layers of one person move together.
 * **Proof**: squared norms of layers add up.
 */
export function layersOf(
  layers: readonly { readonly length: number; readonly bound: number }[],
): Layers {
  if (!Array.isArray(layers) || layers.length === 0) {
    throw new UsageError('wrong-length', 'layersOf: got no layers, expected one or more');
  }
  layers.forEach(({ length, bound }, i) => {
    assertInteger(`layersOf: layers[${i}].length`, length, 1, MAX_LENGTH);
    assertFinite(`layersOf: layers[${i}].bound`, bound, MIN_BOUND, MAX_BOUND);
  });
  const bounds = layers.map(({ bound }) => bound);
  // Relative to the largest, squares neither overflow nor vanish where they count.
  const most = Math.max(...bounds);
  const squares = bounds.reduce((sum, bound) => sum + (bound / most) ** 2, 0);
  const up = 1 + (2 * bounds.length + 16) * 2 ** -53;
  return Object.freeze({
    lengths: Object.freeze(layers.map(({ length }) => length)),
    bounds: Object.freeze(bounds),
    bound: layers.length === 1 ? most : most * Math.sqrt(squares) * up,
  });
}

/**
 * Clips each layer of a vector to its own bound, in place.
 *
 * @param values as many finite numbers as all layers have coordinates
 * @param layers from {@link layersOf}
 * @throws UsageError `wrong-type`, `wrong-length`, `not-finite`; then nothing was changed
 *
 * **Guarantee**, **Proof**: {@link clipInto} for each layer and {@link layersOf} for the whole vector.
 */
export function clipLayersInto(values: Float64Array, layers: Layers): void {
  const total = layers.lengths.reduce((sum, length) => sum + length, 0);
  if (!(values instanceof Float64Array)) {
    throw new UsageError('wrong-type', 'clipLayersInto: values: expected a Float64Array');
  }
  if (values.length !== total) {
    throw new UsageError(
      'wrong-length',
      `clipLayersInto: values: got ${values.length} elements, expected ${total}`,
      { got: values.length, expected: total },
    );
  }
  if (!Number.isFinite(measure(values).largest)) throw notFinite(values);
  let at = 0;
  layers.lengths.forEach((length, i) => {
    clipInto(values.subarray(at, at + length), layers.bounds[i] as number);
    at += length;
  });
}

function notFinite(values: Float64Array): UsageError {
  const index = values.findIndex((value) => !Number.isFinite(value));
  return new UsageError('not-finite', `clipping: values[${index}]: expected a finite number`, {
    index,
  });
}
