/**
 * Checks of what comes back as JSON. Each reader gives a frozen copy of exactly what it knows, or an error that
 * says where something else stands and does not repeat it.
 */
import { assertEvent, type DpEvent } from '../../dp/events.ts';
import { CodecError, UsageError } from '../../errors.ts';

/** Reads a value that stands at `where`. */
export type Read<T> = (where: string, value: unknown) => T;

/** The error of a value that is not what it should be. */
export const malformed = (where: string, expected: string): CodecError =>
  new CodecError('malformed', `${where}: got something else, expected ${expected}`, { where });

/** A value for which `holds`. */
const checked =
  <T>(expected: string, holds: (value: unknown) => boolean): Read<T> =>
  (where, value) => {
    if (!holds(value)) throw malformed(where, expected);
    return value as T;
  };

/** 1 to `most` characters, none of them invisible, a line break, or one that turns others around. */
export const text = (most: number): Read<string> =>
  checked(
    `1 to ${most} visible characters`,
    (value) =>
      typeof value === 'string' &&
      value.length >= 1 &&
      value.length <= most &&
      !/[\p{C}\p{Zl}\p{Zp}]/u.test(value),
  );

/** A text that matches. */
export const matching = (pattern: RegExp, expected: string): Read<string> =>
  checked(expected, (value) => typeof value === 'string' && pattern.test(value));

/** This many lower-case hexadecimal digits. */
export const hex = (digits: number): Read<string> =>
  matching(new RegExp(`^[0-9a-f]{${digits}}$`), `${digits} lower-case hexadecimal digits`);

/** A whole number from 0. */
export const whole: Read<number> = (where, value) => {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw malformed(where, 'a whole number from 0');
};

/** A finite number, from `least`. */
export const finite = (least: number = -Number.MAX_VALUE): Read<number> =>
  checked('a finite number', (value) => Number.isFinite(value) && (value as number) >= least);

/** True or false. */
export const yesOrNo: Read<boolean> = (where, value) => {
  if (typeof value === 'boolean') return value;
  throw malformed(where, 'true or false');
};

/** One of these words. */
export const oneOf = <const T extends string>(...words: readonly T[]): Read<T> =>
  checked(`one of ${words.join(', ')}`, (value) => words.includes(value as T));

/** What `read` reads, or null. */
export const orNull =
  <T>(read: Read<T>): Read<T | null> =>
  (where, value) =>
    value === null ? null : read(where, value);

/** At most `most` of what `read` reads. */
export const listOf =
  <T>(read: Read<T>, most: number): Read<readonly T[]> =>
  (where, value) => {
    if (!Array.isArray(value) || value.length > most) {
      throw malformed(where, `a list of at most ${most}`);
    }
    return Object.freeze(Array.from(value, (one, i) => read(`${where}[${i}]`, one)));
  };

/** An object of exactly these keys. */
export const objectOf =
  <T extends object>(readers: { readonly [Key in keyof T]-?: Read<T[Key]> }): Read<T> =>
  (where, value) => {
    const keys = Object.keys(readers) as (keyof T & string)[];
    const found = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    if (found.length !== keys.length || !keys.every((key) => found.includes(key))) {
      throw malformed(where, `an object of ${keys.join(', ')}`);
    }
    const of = value as Readonly<Record<string, unknown>>;
    const pairs = keys.map((key) => [key, readers[key](`${where}.${key}`, of[key])]);
    return Object.freeze(Object.fromEntries(pairs)) as T;
  };

/** An event of the accountants. */
export const eventOf: Read<DpEvent> = (where, value) => {
  try {
    return assertEvent(value);
  } catch (error) {
    if (error instanceof UsageError) throw malformed(where, 'an event');
    throw error;
  }
};
