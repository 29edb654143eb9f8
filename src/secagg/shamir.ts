/**
 * Shamir's secret sharing of short byte strings, over GF(2^8) up to 255 shares and over GF(2^16) up
 * to 65,535. Each byte (or pair of bytes) is the constant term of its own random polynomial.
 *
 * The x-coordinates are public, the bytes are not: see binary-field.ts for how the two are kept
 * apart. A wrong share gives a wrong secret without a sign of it; whoever combines checks the result
 * against something public (secagg does: public keys, commitments).
 */
import { CapacityError, UsageError } from '../errors.ts';
import { assertBytes, assertInteger, assertLength } from '../internal/assert.ts';
import { wipe } from '../internal/bytes.ts';
import { fillRandom } from '../internal/random.ts';
import {
  addProductInto,
  type BinaryField,
  bytesFrom,
  doublingsInto,
  GF8,
  GF16,
  wordsFrom,
} from './binary-field.ts';

/** How a secret is shared. */
export type Sharing = {
  /** t: shares that open the secret, from 2 to `shares`. */
  readonly threshold: number;
  /** All shares that can exist (k + 1); their number decides the field. At most 65,535. */
  readonly shares: number;
};

/** One share: where the polynomial was evaluated, and what came out. */
export type Share = { readonly x: number; readonly value: Uint8Array };

/**
 * The field that serves so many shares.
 *
 * @param shares from 1.
 * @throws CapacityError `too-many-shares` beyond 65,535
 */
export function fieldFor(shares: number): BinaryField {
  assertInteger('shares', shares, 1, Number.MAX_SAFE_INTEGER);
  if (shares <= GF8.units) return GF8;
  if (shares <= GF16.units) return GF16;
  throw new CapacityError(
    'too-many-shares',
    `shares: got ${shares}, expected at most ${GF16.units}; split the roster into smaller rounds`,
    { shares, most: GF16.units },
  );
}

/**
 * Splits a secret: any `threshold` of the values open it, fewer tell nothing.
 *
 * @param secret a positive multiple of four bytes (32 for seeds); unchanged.
 * @param sharing threshold, total, and `xs`: the distinct x-coordinates to evaluate at, from 1 to
 *   `shares`.
 * @returns one value for each x, in the same order, as long as the secret.
 * @throws UsageError `wrong-type`, `wrong-length`, `out-of-range`
 * @throws CapacityError `too-many-shares`
 *
 * **Security**: perfect secrecy below the threshold, given the platform's CSPRNG; coefficients are
 * wiped. Time and memory access depend on public numbers only, as far as the engine keeps to that.
 * **Source**: Shamir, "How to Share a Secret", CACM 22(11), 1979.
 * **Cost**: O(threshold · shares) word operations on 8 (or 16) doublings a coefficient.
 */
export function splitSecret(
  secret: Uint8Array,
  sharing: Sharing & { readonly xs: readonly number[] },
): Uint8Array[] {
  assertWholeWords('secret', secret);
  assertSharing(sharing);
  assertDistinct(sharing.xs, sharing.shares);
  const length = secret.length / 4;
  const coefficients = new Uint32Array(sharing.threshold * length);
  fillRandom(coefficients.subarray(length));
  const constant = wordsFrom(secret);
  coefficients.set(constant);
  try {
    return evaluate(coefficients, length, sharing.xs, fieldFor(sharing.shares));
  } finally {
    wipe(coefficients, constant);
  }
}

/**
 * Opens a secret with the first `threshold` of the given shares; further ones are not looked at.
 *
 * @param shares at least `threshold`, with distinct x-coordinates and values of one length.
 * @throws UsageError `wrong-type`, `wrong-length` (too few, or lengths differ), `out-of-range`
 * @throws CapacityError `too-many-shares`
 *
 * **Security**: a wrong share is not noticed; check the result.
 * **Cost**: O(threshold²) for the weights (see {@link lagrangeWeights}) and O(threshold) products.
 */
export function combineShares(shares: readonly Share[], sharing: Sharing): Uint8Array {
  assertSharing(sharing);
  if (shares.length < sharing.threshold) {
    throw new UsageError(
      'wrong-length',
      `shares: got ${shares.length}, expected at least ${sharing.threshold}`,
      { got: shares.length, expected: sharing.threshold },
    );
  }
  const used = shares.slice(0, sharing.threshold);
  const xs = used.map((share) => share.x);
  assertDistinct(xs, sharing.shares);
  const field = fieldFor(sharing.shares);
  return combineWithWeights(
    used.map((share) => share.value),
    lagrangeWeights(xs, field),
    field,
  );
}

/**
 * The weights that take the polynomial's values at `xs` to its value at zero. They depend on nothing
 * secret; whoever opens many secrets at the same places computes them once.
 *
 * @param xs distinct, from 1 to the units of the field.
 * @throws UsageError `out-of-range`
 *
 * **Cost**: O(xs²) table look-ups.
 */
export function lagrangeWeights(xs: readonly number[], field: BinaryField): Uint16Array {
  assertDistinct(xs, field.units);
  const { log, exp } = field.logarithms();
  const weights = new Uint16Array(xs.length);
  const points = Uint16Array.from(xs);
  let product = 0;
  for (const x of points) product += log[x] as number;
  for (let i = 0; i < points.length; i++) {
    const x = points[i] as number;
    // Σ log of Π_{j≠i} (x_j − x_i), and of x_i itself: both are divided away. Below 2^32 always.
    let divisor = log[x] as number;
    for (let j = 0; j < points.length; j++) {
      if (j !== i) divisor += log[x ^ (points[j] as number)] as number;
    }
    const difference = (product - divisor) % field.units;
    weights[i] = exp[difference < 0 ? difference + field.units : difference] as number;
  }
  return weights;
}

/**
 * The weighted sum of share values: the secret, if the weights are those of their x-coordinates.
 *
 * @param values of one length, a positive multiple of four bytes.
 * @param weights one for each value, public.
 * @throws UsageError `wrong-type`, `wrong-length`
 *
 * **Cost**: 8 (or 16) doublings and half as many additions a value.
 */
export function combineWithWeights(
  values: readonly Uint8Array[],
  weights: Uint16Array,
  field: BinaryField,
): Uint8Array {
  assertLength('weights', weights, values.length);
  const bytes = values[0]?.length ?? 0;
  const length = bytes / 4;
  const out = new Uint32Array(length);
  const doublings = new Uint32Array(length * field.bits);
  try {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as Uint8Array;
      assertWholeWords('share value', value);
      assertBytes('share value', value, bytes);
      const words = wordsFrom(value);
      doublingsInto(doublings, field, words);
      addProductInto(out, 0, length, doublings, weights[i] as number);
      wipe(words);
    }
    return bytesFrom(out);
  } finally {
    wipe(out, doublings);
  }
}

/**
 * The values at `xs` of the polynomials whose coefficients (constant term first) lie one after the
 * other, `length` words each. Exported for tests, which choose the coefficients.
 */
export function evaluate(
  coefficients: Uint32Array,
  length: number,
  xs: readonly number[],
  field: BinaryField,
): Uint8Array[] {
  const { log, exp } = field.logarithms();
  const points = Uint16Array.from(xs);
  const powers = new Uint32Array(points.length); // logarithms of x^m
  const sums = new Uint32Array(points.length * length);
  const doublings = new Uint32Array(length * field.bits);
  for (let from = 0; from < coefficients.length; from += length) {
    doublingsInto(doublings, field, coefficients.subarray(from, from + length));
    for (let i = 0; i < points.length; i++) {
      const power = powers[i] as number;
      addProductInto(sums, i * length, length, doublings, exp[power] as number);
      const next = power + (log[points[i] as number] as number);
      powers[i] = next >= field.units ? next - field.units : next;
    }
  }
  const values = Array.from(points, (_, i) => bytesFrom(sums, i * length, length));
  wipe(sums, doublings);
  return values;
}

function assertSharing({ threshold, shares }: Sharing): void {
  fieldFor(shares);
  assertInteger('threshold', threshold, 2, shares);
}

function assertWholeWords(what: string, bytes: Uint8Array): void {
  assertBytes(what, bytes);
  if (bytes.length === 0 || bytes.length % 4 !== 0) {
    throw new UsageError(
      'wrong-length',
      `${what}: got ${bytes.length} bytes, expected a positive multiple of 4`,
      { what, got: bytes.length },
    );
  }
}

function assertDistinct(xs: readonly number[], most: number): void {
  const seen = new Uint8Array(most + 1);
  for (const x of xs) {
    assertInteger('x-coordinate', x, 1, most);
    if (seen[x] === 1) {
      throw new UsageError('out-of-range', `x-coordinate: got ${x} twice, expected distinct ones`, {
        x,
      });
    }
    seen[x] = 1;
  }
}
