/** Section 2.2: canonical CBOR, by hand. */
import { must, refusal } from './refused.ts';

export type Value = number | string | boolean | null | Uint8Array | readonly Value[] | Fields;
type Fields = { readonly [key: string]: Value };

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function head(major: number, size: number): number[] {
  const top = major << 5;
  if (size < 24) return [top + size];
  if (size < 2 ** 8) return [top + 24, size];
  if (size < 2 ** 16) return [top + 25, size >> 8, size & 255];
  const bytes = size < 2 ** 32 ? 4 : 8;
  const out = [top + (bytes === 4 ? 26 : 27)];
  for (let i = bytes - 1; i >= 0; i--) out.push(Math.floor(size / 256 ** i) % 256);
  return out;
}

function parts(value: Value): readonly (readonly number[] | Uint8Array)[] {
  if (value === false) return [[0xf4]];
  if (value === true) return [[0xf5]];
  if (value === null) return [[0xf6]];
  if (typeof value === 'number') return [value < 0 ? head(1, -1 - value) : head(0, value)];
  if (typeof value === 'string') {
    const bytes = utf8.encode(value);
    return [head(3, bytes.length), bytes];
  }
  if (value instanceof Uint8Array) return [head(2, value.length), value];
  if (Array.isArray(value)) return [head(4, value.length), ...value.flatMap(parts)];
  const entries = Object.entries(value as Fields).map(
    ([key, inner]) => [Buffer.from(encode(key)), inner] as const,
  );
  entries.sort(([a], [b]) => Buffer.compare(a, b));
  return [head(5, entries.length), ...entries.flatMap(([key, inner]) => [key, ...parts(inner)])];
}

export function encode(value: Value): Uint8Array {
  return new Uint8Array(Buffer.concat(parts(value).map((part) => Uint8Array.from(part))));
}

/** Reads one encoding and nothing else. */
export function decode(bytes: Uint8Array, limit: number): Value {
  must(bytes.length <= limit, 'too-large', `${bytes.length} bytes`);
  let at = 0;
  let items = 0;
  const take = (count: number): Uint8Array => {
    must(at + count <= bytes.length, 'truncated', `at ${at}`);
    at += count;
    return bytes.slice(at - count, at);
  };
  const item = (depth: number): Value => {
    must(++items <= 2 ** 20, 'too-large', 'items');
    const first = take(1)[0] as number;
    const [major, low] = [first >> 5, first & 31];
    if (first === 0xf4 || first === 0xf5) return first === 0xf5;
    if (first === 0xf6) return null;
    must(major < 6, 'malformed', 'a tag, a float or another simple value');
    must(low !== 31, 'non-canonical', 'an indefinite length');
    must(low < 28, 'malformed', 'a reserved head');
    let size = low;
    if (low >= 24) {
      size = 0;
      for (const byte of take(2 ** (low - 24))) size = size * 256 + byte;
      const least = low === 24 ? 24 : 2 ** (4 * 2 ** (low - 24));
      must(size >= least, 'non-canonical', 'a longer head than needed');
    }
    must(size <= Number.MAX_SAFE_INTEGER, 'malformed', 'a number beyond 2^53 − 1');
    if (major === 0) return size;
    if (major === 1) {
      must(size < Number.MAX_SAFE_INTEGER, 'malformed', 'an integer below −(2^53 − 1)');
      return -1 - size;
    }
    if (major === 2) return take(size);
    if (major === 3) {
      const text = take(size);
      try {
        return fromUtf8.decode(text);
      } catch {
        throw refusal('malformed', 'text that is not UTF-8');
      }
    }
    must(depth < 16, 'malformed', 'deeper nesting than 16');
    must(size * (major - 3) <= bytes.length - at, 'truncated', 'fewer bytes than items');
    if (major === 4) return Array.from({ length: size }, () => item(depth + 1));
    const map: Record<string, Value> = {};
    let before: Uint8Array | undefined;
    for (let i = 0; i < size; i++) {
      const start = at;
      const key = item(depth + 1);
      must(typeof key === 'string', 'malformed', 'a key that is no text');
      const encoded = bytes.slice(start, at);
      const order = before === undefined ? -1 : Buffer.compare(before, encoded);
      must(order !== 0, 'malformed', 'a key twice');
      must(order < 0, 'non-canonical', 'unsorted keys');
      before = encoded;
      Object.defineProperty(map, key, { value: item(depth + 1), enumerable: true });
    }
    return map;
  };
  const value = item(0);
  must(at === bytes.length, 'trailing-bytes', `${bytes.length - at}`);
  return value;
}

/** An array of so many items, or of at most so many. */
export function list(
  value: Value | undefined,
  count?: number,
  most: number = 2 ** 20,
): readonly Value[] {
  must(Array.isArray(value), 'malformed', 'no array');
  must(count === undefined ? value.length <= most : value.length === count, 'malformed', 'length');
  return value;
}

/** A byte string of one of these lengths. */
export function bytes(value: Value | undefined, ...lengths: readonly number[]): Uint8Array {
  must(value instanceof Uint8Array, 'malformed', 'no bytes');
  must(lengths.length === 0 || lengths.includes(value.length), 'malformed', 'length of bytes');
  return value;
}

export function int(value: Value | undefined, least: number, most: number): number {
  must(typeof value === 'number' && value >= least && value <= most, 'malformed', 'integer');
  return value;
}

export function text(value: Value | undefined): string {
  must(typeof value === 'string', 'malformed', 'no text');
  return value;
}

/** A map with exactly these keys. */
export function map<K extends string>(
  value: Value | undefined,
  ...keys: readonly K[]
): Readonly<Record<K, Value>> {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  must(isMap && !(value instanceof Uint8Array), 'malformed', 'no map');
  const got = Object.keys(value as object);
  must(got.length === keys.length && keys.every((key) => got.includes(key)), 'malformed', 'keys');
  return value as unknown as Readonly<Record<K, Value>>;
}
