/** Typed readers of decoded values: each takes what a message should hold or names the field that is wrong. */
import { CodecError } from '../errors.ts';
import type { CborValue } from './cbor-grammar.ts';

/** Bounds of a length, both inclusive. */
export type LengthRange = { readonly min: number; readonly max: number };

/**
 * Reads an array of exactly `length` items.
 *
 * @param value - a decoded value
 * @param length - number of items
 * @param what - names the field in the error
 * @throws CodecError `malformed`
 */
export function tuple(
  value: CborValue | undefined,
  length: number,
  what: string,
): readonly CborValue[] {
  const items = array(value, what, `an array of ${length}`);
  if (items.length !== length) throw malformed(what, `${items.length} items`, String(length));
  return items;
}

/**
 * Reads an array of at most `maxLength` items.
 *
 * @param value - a decoded value
 * @param maxLength - the most items accepted
 * @param what - names the field in the error
 * @throws CodecError `malformed`
 */
export function list(
  value: CborValue | undefined,
  maxLength: number,
  what: string,
): readonly CborValue[] {
  const items = array(value, what, `an array of at most ${maxLength}`);
  if (items.length > maxLength)
    throw malformed(what, `${items.length} items`, `at most ${maxLength}`);
  return items;
}

/**
 * Reads a byte string of a given length.
 *
 * @param value - a decoded value
 * @param length - in bytes: exact, or a range with both ends included
 * @param what - names the field in the error
 * @returns a copy of its own, made by the decoder
 * @throws CodecError `malformed`
 */
export function bytes(
  value: CborValue | undefined,
  length: number | LengthRange,
  what: string,
): Uint8Array {
  const { min, max } = typeof length === 'number' ? { min: length, max: length } : length;
  const expected = min === max ? `${min} bytes` : `${min} to ${max} bytes`;
  if (!(value instanceof Uint8Array)) throw malformed(what, kind(value), expected);
  if (value.length < min || value.length > max) {
    throw malformed(what, `${value.length} bytes`, expected);
  }
  return value;
}

/**
 * Reads an integer with `min` ≤ value ≤ `max`.
 *
 * @param value - a decoded value
 * @param min - least value accepted
 * @param max - greatest value accepted
 * @param what - names the field in the error
 * @throws CodecError `malformed`
 */
export function integer(
  value: CborValue | undefined,
  min: number,
  max: number,
  what: string,
): number {
  const expected = `an integer from ${min} to ${max}`;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw malformed(what, kind(value), expected);
  }
  if (value < min || value > max) throw malformed(what, 'one outside', expected);
  return value;
}

/**
 * Reads text of at most `maxLength` UTF-16 units (what `length` of a string counts).
 *
 * @param value - a decoded value
 * @param maxLength - the greatest length accepted
 * @param what - names the field in the error
 * @throws CodecError `malformed`
 */
export function text(value: CborValue | undefined, maxLength: number, what: string): string {
  const expected = `text of at most ${maxLength} characters`;
  if (typeof value !== 'string') throw malformed(what, kind(value), expected);
  if (value.length > maxLength) throw malformed(what, `${value.length} characters`, expected);
  return value;
}

/**
 * Reads a map that has exactly the given keys, no more and no fewer.
 *
 * @param value - a decoded value
 * @param keys - the keys, each once, in any order
 * @param what - names the field in the error
 * @throws CodecError `malformed`
 */
export function record<Key extends string>(
  value: CborValue | undefined,
  keys: readonly Key[],
  what: string,
): { readonly [K in Key]: CborValue } {
  const expected = `a map of ${keys.join(', ')}`;
  if (kind(value) !== 'a map') throw malformed(what, kind(value), expected);
  const map = value as { readonly [K in Key]: CborValue };
  const size = Object.keys(map).length;
  if (size !== keys.length) throw malformed(what, `${size} keys`, expected);
  for (const key of keys) {
    if (!Object.hasOwn(map, key)) throw malformed(what, `no ${key}`, expected);
  }
  return map;
}

/**
 * Reads a boolean.
 *
 * @param value - a decoded value
 * @param what - names the field in the error
 * @throws CodecError `malformed`
 */
export function flag(value: CborValue | undefined, what: string): boolean {
  if (typeof value !== 'boolean') throw malformed(what, kind(value), 'true or false');
  return value;
}

function array(value: CborValue | undefined, what: string, expected: string): readonly CborValue[] {
  if (!Array.isArray(value)) throw malformed(what, kind(value), expected);
  return value;
}

/** The kind of a value, never the value: fields may be secrets. */
function kind(value: CborValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (value instanceof Uint8Array) return 'bytes';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' ? 'a number' : 'a boolean';
}

const malformed = (what: string, got: string, expected: string): CodecError =>
  new CodecError('malformed', `${what}: got ${got}, expected ${expected}`, { what });
