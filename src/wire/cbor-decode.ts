/**
 * The reader of canonical CBOR: one pass over hostile bytes, refusing at the first byte that the
 * writer would not have written. Nothing is allocated on the word of a length that the input cannot
 * back up, and nesting is bounded, so neither memory nor stack can be exhausted from outside.
 */
import { type CodecCode, CodecError } from '../errors.ts';
import { type CborValue, MAJOR, MAX_DEPTH, MAX_ITEMS, SIMPLE } from './cbor-grammar.ts';

/** What is being decoded, and how large it may be. */
export type DecodeOptions = {
  /** Names the message in errors, e.g. "share message". */
  readonly what: string;
  /** Longer input is refused unread. */
  readonly maxBytes: number;
};

/** A byte order mark is part of the text: dropping it would give two encodings to one value. */
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes bytes from outside, accepting only what {@link encode} would have produced.
 *
 * Byte strings in the result are **views into the input**, plain `Uint8Array`s: a change of one is
 * a change of the other, and one small view keeps the whole input in memory. Copy what you keep.
 * Maps come back as plain objects (a key such as `__proto__` is an ordinary own property).
 *
 * @param bytes - one encoding and nothing else
 * @param options - the name for errors, and the largest length accepted
 * @returns the value; `encode` of it gives exactly `bytes`
 * @throws CodecError `too-large` (before anything is read, or over 2^20 items), `truncated`,
 * `trailing-bytes`, `non-canonical` (a longer head than needed, an indefinite length, unsorted
 * keys), `malformed` (all else: tags, floats, integers beyond 2^53 − 1, ill-formed text, duplicate
 * keys, over 16 levels)
 *
 * **Security:** meant for hostile input. Work and memory are linear in its length.
 *
 * **Source:** RFC 8949 §4.2.1, core deterministic encoding.
 *
 * **Cost:** linear; byte strings are not copied.
 */
export function decode(bytes: Uint8Array, options: DecodeOptions): CborValue {
  const { what, maxBytes } = options;
  if (!(bytes instanceof Uint8Array)) {
    throw new CodecError('malformed', `${what}: got something else than a Uint8Array`, { what });
  }
  if (!(bytes.length <= maxBytes)) {
    throw new CodecError(
      'too-large',
      `${what}: got ${bytes.length} bytes, expected at most ${maxBytes}`,
      { what, got: bytes.length, max: maxBytes },
    );
  }
  // A Buffer's subarrays are Buffers, whose `slice` does not copy; a plain view has no surprises.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const reader: Reader = { bytes: plain, what, at: 0, items: 0 };
  const value = readItem(reader, 0);
  if (reader.at !== plain.length) {
    throw fault(reader, 'trailing-bytes', `got ${plain.length - reader.at} bytes after the end`);
  }
  return value;
}

type Reader = { readonly bytes: Uint8Array; readonly what: string; at: number; items: number };

const fault = (reader: Reader, code: CodecCode, got: string): CodecError =>
  new CodecError(code, `${reader.what}: ${got}, at byte ${reader.at}; expected canonical CBOR`, {
    what: reader.what,
    at: reader.at,
  });

function readItem(reader: Reader, depth: number): CborValue {
  countItem(reader);
  const first = peekByte(reader);
  switch (first & 0xe0) {
    case MAJOR.unsigned:
      return readArgument(reader);
    case MAJOR.negative: {
      const n = readArgument(reader);
      if (n === Number.MAX_SAFE_INTEGER)
        throw fault(reader, 'malformed', 'got an integer below −(2^53 − 1)');
      return -1 - n;
    }
    case MAJOR.bytes:
      return take(reader, readArgument(reader));
    case MAJOR.text:
      return readText(reader);
    case MAJOR.array:
      return readArray(reader, depth);
    case MAJOR.map:
      return readMap(reader, depth);
    case MAJOR.tag:
      throw fault(reader, 'malformed', 'got a tag');
    default:
      return readSimple(reader, first);
  }
}

function readSimple(reader: Reader, first: number): boolean | null {
  if (first !== SIMPLE.false && first !== SIMPLE.true && first !== SIMPLE.null) {
    throw fault(reader, 'malformed', 'got a float, undefined, a break or an unknown simple value');
  }
  reader.at += 1;
  return first === SIMPLE.null ? null : first === SIMPLE.true;
}

function readArray(reader: Reader, depth: number): readonly CborValue[] {
  enter(reader, depth);
  const length = readCount(reader, 1);
  const out: CborValue[] = [];
  for (let i = 0; i < length; i++) out.push(readItem(reader, depth + 1));
  return out;
}

function readMap(reader: Reader, depth: number): { readonly [key: string]: CborValue } {
  enter(reader, depth);
  const length = readCount(reader, 2);
  const out: Record<string, CborValue> = {};
  let previous: Uint8Array | undefined;
  for (let i = 0; i < length; i++) {
    countItem(reader);
    const start = reader.at;
    if ((peekByte(reader) & 0xe0) !== MAJOR.text) {
      throw fault(reader, 'malformed', 'got a map key that is not text');
    }
    const key = readText(reader);
    const encoded = reader.bytes.subarray(start, reader.at);
    if (previous !== undefined) checkOrder(reader, previous, encoded);
    previous = encoded;
    const value = readItem(reader, depth + 1);
    // Assigning to `__proto__` would set the prototype instead of a property.
    if (key === '__proto__') {
      Object.defineProperty(out, key, {
        value,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    } else out[key] = value;
  }
  return out;
}

/** Keys must rise strictly in the bytewise order of their encodings. */
function checkOrder(reader: Reader, previous: Uint8Array, next: Uint8Array): void {
  const common = Math.min(previous.length, next.length);
  for (let i = 0; i < common; i++) {
    const difference = (next[i] as number) - (previous[i] as number);
    if (difference > 0) return;
    if (difference < 0) throw fault(reader, 'non-canonical', 'got unsorted map keys');
  }
  // Heads hold the lengths, so no encoding is a proper prefix of another: these two are equal.
  throw fault(reader, 'malformed', 'got a map key twice');
}

function readText(reader: Reader): string {
  const bytes = take(reader, readArgument(reader));
  try {
    return utf8Decoder.decode(bytes);
  } catch {
    throw fault(reader, 'malformed', 'got text that is not UTF-8');
  }
}

/** The number of elements of a container, each of at least `minBytes`: refused if they cannot be there. */
function readCount(reader: Reader, minBytes: number): number {
  const count = readArgument(reader);
  if (count * minBytes > reader.bytes.length - reader.at) {
    throw fault(reader, 'truncated', `got fewer bytes than ${count} entries need`);
  }
  return count;
}

/** The head's argument, which must be in its shortest form and a safe integer. */
function readArgument(reader: Reader): number {
  const low = peekByte(reader) & 0x1f;
  if (low < 24) {
    reader.at += 1;
    return low;
  }
  if (low === 31) throw fault(reader, 'non-canonical', 'got an indefinite length');
  if (low > 27) throw fault(reader, 'malformed', 'got a reserved head');
  const size = 2 ** (low - 24);
  const { bytes, at } = reader;
  if (bytes.length - at < 1 + size) throw fault(reader, 'truncated', 'got half a head');
  let n = 0;
  // Floating-point arithmetic is exact below 2^53, and beyond it only grows: the check still bites.
  for (let i = 1; i <= size; i++) n = n * 256 + (bytes[at + i] as number);
  if (n < (size === 1 ? 24 : 256 ** (size / 2))) {
    throw fault(reader, 'non-canonical', 'got a longer head than needed');
  }
  if (n > Number.MAX_SAFE_INTEGER) throw fault(reader, 'malformed', 'got a number beyond 2^53 − 1');
  reader.at += 1 + size;
  return n;
}

function take(reader: Reader, length: number): Uint8Array {
  const { bytes, at } = reader;
  if (length > bytes.length - at) {
    throw fault(reader, 'truncated', `got ${bytes.length - at} bytes of a string of ${length}`);
  }
  reader.at += length;
  return bytes.subarray(at, at + length);
}

function peekByte(reader: Reader): number {
  const byte = reader.bytes[reader.at];
  if (byte === undefined) throw fault(reader, 'truncated', 'got the end of the input');
  return byte;
}

function countItem(reader: Reader): void {
  reader.items += 1;
  if (reader.items > MAX_ITEMS) {
    throw fault(reader, 'too-large', `got more items than the ${MAX_ITEMS} allowed`);
  }
}

function enter(reader: Reader, depth: number): void {
  if (depth >= MAX_DEPTH) {
    throw fault(reader, 'malformed', `got deeper nesting than the ${MAX_DEPTH} levels allowed`);
  }
}
