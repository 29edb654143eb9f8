/** The writer of canonical CBOR: it measures first, then writes into memory of just that size. */
import { UsageError } from '../errors.ts';
import { type CborValue, MAJOR, MAX_DEPTH, MAX_ITEMS, SIMPLE } from './cbor-grammar.ts';

const encoder = new TextEncoder();

/**
 * Encodes a value in the one canonical way.
 *
 * Negative zero is written as zero. Properties whose key is a symbol are not seen.
 *
 * @param value - plain data: see {@link CborValue}; at most 16 levels and 2^20 items
 * @returns fresh bytes; equal values give equal bytes, whatever the order of their keys
 * @throws UsageError `wrong-type` (a float, `undefined`, a class instance, text that is not
 * well-formed), `out-of-range` (too deep, a cycle, too many items)
 *
 * **Source:** RFC 8949 §4.2.1, core deterministic encoding.
 *
 * **Cost:** linear, and O(m log m) for a map of m keys; one allocation for the output.
 */
export function encode(value: CborValue): Uint8Array {
  const out = new Uint8Array(measure(value));
  write({ out, view: new DataView(out.buffer), at: 0 }, value);
  return out;
}

/** Bytes of the head (first byte and argument) for the argument `n`. */
const headSize = (n: number): number =>
  n < 24 ? 1 : n < 0x100 ? 2 : n < 0x1_0000 ? 3 : n < 0x1_0000_0000 ? 5 : 9;

/** Checks the whole value and adds up its size. */
function measure(root: CborValue): number {
  let items = 0;
  const size = (value: CborValue, depth: number): number => {
    if (++items > MAX_ITEMS) {
      throw new UsageError('out-of-range', `value: got more items than the ${MAX_ITEMS} allowed`);
    }
    if (value === null || typeof value === 'boolean') return 1;
    if (typeof value === 'number') {
      if (Number.isSafeInteger(value)) return headSize(value < 0 ? -1 - value : value);
      throw unsupported('a number that is no safe integer');
    }
    if (typeof value === 'string') {
      if (!value.isWellFormed()) throw unsupported('text with half a surrogate pair');
      const length = utf8Length(value);
      return headSize(length) + length;
    }
    if (value instanceof Uint8Array) return headSize(value.length) + value.length;
    if (typeof value !== 'object') throw unsupported(typeof value);
    if (depth >= MAX_DEPTH) {
      throw new UsageError(
        'out-of-range',
        `value: got deeper nesting than the ${MAX_DEPTH} levels allowed`,
      );
    }
    let total: number;
    if (isList(value)) {
      total = headSize(value.length);
      // By index, not by iterator: a hole in a sparse array must be seen, not skipped.
      for (let i = 0; i < value.length; i++) total += size(value[i] as CborValue, depth + 1);
      return total;
    }
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      throw unsupported(`an instance of ${prototype.constructor?.name}`);
    }
    const keys = Object.keys(value);
    total = headSize(keys.length);
    for (const key of keys) {
      total += size(key, depth + 1) + size(value[key] as CborValue, depth + 1);
    }
    return total;
  };
  return size(root, 0);
}

const isList = (value: CborValue): value is readonly CborValue[] => Array.isArray(value);

/** Bytes of well-formed text in UTF-8, without making them. */
function utf8Length(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Each half of a surrogate pair counts 2: together the 4 bytes of their code point.
    length += unit < 0x80 ? 1 : unit < 0x800 || (unit & 0xf800) === 0xd800 ? 2 : 3;
  }
  return length;
}

const unsupported = (got: string): UsageError =>
  new UsageError(
    'wrong-type',
    `value: got ${got}, expected safe integers, text, bytes, booleans, null, arrays or plain objects`,
  );

type Writer = { readonly out: Uint8Array; readonly view: DataView; at: number };

/** Writes a value that {@link measure} has checked. */
function write(writer: Writer, value: CborValue): void {
  if (value === null) writer.out[writer.at++] = SIMPLE.null;
  else if (typeof value === 'boolean') {
    writer.out[writer.at++] = value ? SIMPLE.true : SIMPLE.false;
  } else if (typeof value === 'number') {
    if (value < 0) writeHead(writer, MAJOR.negative, -1 - value);
    else writeHead(writer, MAJOR.unsigned, value);
  } else if (typeof value === 'string') writeString(writer, MAJOR.text, encoder.encode(value));
  else if (value instanceof Uint8Array) writeString(writer, MAJOR.bytes, value);
  else if (isList(value)) {
    writeHead(writer, MAJOR.array, value.length);
    for (const item of value) write(writer, item);
  } else writeMap(writer, value);
}

/** Keys in the bytewise order of their encodings: for text that is by length in bytes, then bytes. */
function writeMap(writer: Writer, map: { readonly [key: string]: CborValue }): void {
  const entries = Object.keys(map).map((key) => ({ key, bytes: encoder.encode(key) }));
  entries.sort((a, b) => a.bytes.length - b.bytes.length || compareBytes(a.bytes, b.bytes));
  writeHead(writer, MAJOR.map, entries.length);
  for (const { key, bytes } of entries) {
    writeString(writer, MAJOR.text, bytes);
    write(writer, map[key] as CborValue);
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function writeString(writer: Writer, major: number, bytes: Uint8Array): void {
  writeHead(writer, major, bytes.length);
  writer.out.set(bytes, writer.at);
  writer.at += bytes.length;
}

/** The shortest head for the argument `n`. */
function writeHead(writer: Writer, major: number, n: number): void {
  const { out, view, at } = writer;
  const size = headSize(n);
  if (size === 1) out[at] = major | n;
  else if (size === 2) {
    out[at] = major | 24;
    out[at + 1] = n;
  } else if (size === 3) {
    out[at] = major | 25;
    view.setUint16(at + 1, n);
  } else if (size === 5) {
    out[at] = major | 26;
    view.setUint32(at + 1, n);
  } else {
    out[at] = major | 27;
    view.setUint32(at + 1, Math.floor(n / 2 ** 32));
    view.setUint32(at + 5, n);
  }
  writer.at = at + size;
}
