/** A case of the suite `dp`: named parameters and values, read strictly, and compared with a tolerance. */

/** Thrown by a family's check; the message says what was got and expected. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';
}

export type Json = Readonly<Record<string, unknown>>;

/** One entry of the file. Every parameter and value has to be asked for. */
export type Case = {
  readonly params: Reader;
  readonly value: Reader;
};

/** Reads the fields of a record and knows which ones nobody asked for. */
export type Reader = {
  readonly has: (name: string) => boolean;
  /** A number, also one written as text with more digits than a double. */
  readonly number: (name: string) => number;
  readonly text: (name: string) => string;
  readonly numbers: (name: string) => readonly number[];
  readonly any: (name: string) => unknown;
  /** Marks fields that are only for the reader of the file. */
  readonly note: (...names: readonly string[]) => void;
  readonly unread: () => readonly string[];
};

export function readerOf(record: Json, where: string): Reader {
  const seen = new Set<string>();
  const any = (name: string): unknown => {
    seen.add(name);
    if (!Object.hasOwn(record, name)) throw new Mismatch(`${where}: got no "${name}"`);
    return record[name];
  };
  const toNumber = (name: string, value: unknown): number => {
    const number =
      typeof value === 'string' && value.trim() !== '' ? Number(value) : (value as number);
    if (typeof number === 'number' && Number.isFinite(number)) return number;
    throw new Mismatch(`${where}: "${name}": got ${JSON.stringify(value)}, expected a number`);
  };
  return {
    has: (name) => Object.hasOwn(record, name),
    number: (name) => toNumber(name, any(name)),
    text: (name) => {
      const value = any(name);
      if (typeof value === 'string') return value;
      throw new Mismatch(`${where}: "${name}": got ${JSON.stringify(value)}, expected text`);
    },
    numbers: (name) => {
      const value = any(name);
      if (Array.isArray(value)) return value.map((entry) => toNumber(name, entry));
      throw new Mismatch(`${where}: "${name}": got ${JSON.stringify(value)}, expected a list`);
    },
    any,
    note: (...names) => {
      for (const name of names) seen.add(name);
    },
    unread: () => Object.keys(record).filter((name) => !seen.has(name)),
  };
}

/** low ≤ got ≤ high. */
export function within(what: string, got: number, low: number, high: number): void {
  if (got >= low && got <= high) return;
  throw new Mismatch(`${what}: got ${got}, expected ${low} to ${high}`);
}

/** |got − expected| ≤ tolerance · |expected|. */
export function near(what: string, got: number, expected: number, tolerance: number): void {
  const room = tolerance * Math.abs(expected);
  within(what, got, expected - room, expected + room);
}

/** Fails unless a field has one of the values that the suite knows. */
export function known(what: string, got: unknown, ...values: readonly unknown[]): void {
  if (values.includes(got)) return;
  throw new Mismatch(`${what}: got ${JSON.stringify(got)}, expected ${JSON.stringify(values)}`);
}
