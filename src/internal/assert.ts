/** Checks of what the caller gave. Each throws a `UsageError` that says what, got and expected. */
import { UsageError } from '../errors.ts';

/** An integer with `min` ≤ value ≤ `max`. */
export function assertInteger(what: string, value: unknown, min: number, max: number): void {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
    throw new UsageError(
      'out-of-range',
      `${what}: got ${describe(value)}, expected an integer from ${min} to ${max}`,
      { what, min, max },
    );
  }
}

/** A finite number with `min` ≤ value ≤ `max`. */
export function assertFinite(
  what: string,
  value: unknown,
  min: number = -Number.MAX_VALUE,
  max: number = Number.MAX_VALUE,
): void {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new UsageError(
      'not-finite',
      `${what}: got ${describe(value)}, expected a finite number`,
      {
        what,
      },
    );
  }
  if (value < min || value > max) {
    throw new UsageError(
      'out-of-range',
      `${what}: got ${value}, expected a number from ${min} to ${max}`,
      { what, min, max },
    );
  }
}

/** A `Uint8Array` of exactly `length` bytes (any length where it is left out). */
export function assertBytes(what: string, value: unknown, length?: number): void {
  if (!(value instanceof Uint8Array)) {
    throw new UsageError('wrong-type', `${what}: got ${typeName(value)}, expected a Uint8Array`, {
      what,
    });
  }
  if (length !== undefined && value.length !== length) {
    throw new UsageError('wrong-length', `${what}: got ${value.length} bytes, expected ${length}`, {
      what,
      got: value.length,
      expected: length,
    });
  }
}

/** An array (or typed array) of exactly `length` elements. */
export function assertLength(
  what: string,
  value: { readonly length: number },
  length: number,
): void {
  if (value?.length !== length) {
    throw new UsageError(
      'wrong-length',
      `${what}: got ${value?.length ?? typeName(value)} elements, expected ${length}`,
      { what, got: value?.length, expected: length },
    );
  }
}

/**
 * An array (or typed array) of exactly `length` numbers: nothing is ever coerced to one.
 *
 * **Cost**: one pass over a plain array; none over a typed one.
 */
export function assertNumbers(what: string, values: unknown, length: number): void {
  if (typeof values !== 'object' || values === null) {
    throw new UsageError('wrong-type', `${what}: got ${typeName(values)}, expected an array`, {
      what,
    });
  }
  assertLength(what, values as ArrayLike<unknown>, length);
  const isBigInts = values instanceof BigInt64Array || values instanceof BigUint64Array;
  if (ArrayBuffer.isView(values) && !isBigInts) return;
  for (let i = 0; i < length; i++) {
    const value = (values as ArrayLike<unknown>)[i];
    if (typeof value !== 'number') {
      throw new UsageError(
        'wrong-type',
        `${what}: [${i}]: got ${typeName(value)}, expected a number`,
        { what, index: i },
      );
    }
  }
}

/** Numbers are shown (parameters are public); of anything else only its type. */
const describe = (value: unknown): string =>
  typeof value === 'number' ? String(value) : typeName(value);

const typeName = (value: unknown): string =>
  value === null
    ? 'null'
    : (Object.getPrototypeOf(Object(value))?.constructor?.name ?? typeof value);
