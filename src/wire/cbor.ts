/**
 * Canonical CBOR: the one way in which veilsum turns values into bytes and back. For every value
 * there is exactly one encoding, and the decoder refuses every other: so a hash or signature over
 * bytes is one over the value.
 *
 * `cborg` reads and writes. Added here is what hostile bytes and signatures need on top: a subset
 * (safe integers, byte and text strings, booleans, null, arrays, maps with text keys), limits that
 * hold while reading, a check that re-encoding gives the same bytes, and veilsum's errors.
 */
import { decodeFirst, encodeInto, rfc8949EncodeOptions } from 'cborg';
import { encodedLength } from 'cborg/length';
import { CodecError, UsageError } from '../errors.ts';
import { equalBytes, wipe } from '../internal/bytes.ts';
import { type CborValue, MAX_DEPTH, MAX_ITEMS } from './cbor-grammar.ts';
import { fault, type GuardedTokenizer, guardedTokenizer, STRICT } from './cbor-tokenizer.ts';

export { type CborValue, MAX_DEPTH, MAX_ITEMS };

/** What is being decoded, and how large it may be. */
export type DecodeOptions = {
  /** Names the message in errors, e.g. "share message". */
  readonly what: string;
  /** Longer input is refused unread. */
  readonly maxBytes: number;
};

/**
 * Encodes a value in the one canonical way.
 *
 * Negative zero is written as zero. Properties whose key is a symbol are not seen.
 *
 * @param value - plain data: see {@link CborValue}; at most 16 levels and 2^20 items
 * @returns fresh bytes, in memory of their own; equal values give equal bytes, whatever the order
 * of their keys
 * @throws UsageError `wrong-type` (a float, `undefined`, a class instance, text that is not
 * well-formed), `out-of-range` (too deep, a cycle, too many items)
 *
 * **Security:** leaves no copy of byte strings behind but the one it returns.
 *
 * **Source:** RFC 8949 §4.2.1, core deterministic encoding.
 *
 * **Cost:** linear, and O(m log m) for a map of m keys; byte strings are copied once.
 */
export function encode(value: CborValue): Uint8Array {
  checkEncodable(value, 0, { items: 0 });
  // cborg's own buffers are Buffers out of Node's shared pool, and one is kept for the next call:
  // memory of the right size, made here, is neither.
  const out = new Uint8Array(encodedLength(value));
  encodeInto(value, out, rfc8949EncodeOptions);
  return out;
}

/** Refuses all that cborg would encode but {@link decode} would not give back. */
function checkEncodable(value: CborValue, depth: number, count: { items: number }): void {
  if (++count.items > MAX_ITEMS) throw beyond(`more items than the ${MAX_ITEMS} allowed`);
  if (value === null || typeof value === 'boolean' || value instanceof Uint8Array) return;
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw unsupported('a number that is no safe integer');
  } else if (typeof value === 'string') {
    if (!value.isWellFormed()) throw unsupported('text with half a surrogate pair');
  } else if (typeof value !== 'object') throw unsupported(typeof value);
  else if (depth >= MAX_DEPTH) throw beyond(`deeper nesting than the ${MAX_DEPTH} levels allowed`);
  else if (isList(value)) {
    // By index, not by iterator: a hole in a sparse array must be seen, not skipped.
    for (let i = 0; i < value.length; i++) checkEncodable(value[i] as CborValue, depth + 1, count);
  } else {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      throw unsupported(`an instance of ${prototype.constructor?.name}`);
    }
    for (const key of Object.keys(value)) {
      checkEncodable(key, depth + 1, count);
      checkEncodable(value[key] as CborValue, depth + 1, count);
    }
  }
}

const isList = (value: CborValue): value is readonly CborValue[] => Array.isArray(value);

const beyond = (got: string): UsageError => new UsageError('out-of-range', `value: got ${got}`);

const unsupported = (got: string): UsageError =>
  new UsageError(
    'wrong-type',
    `value: got ${got}, expected safe integers, text, bytes, booleans, null, arrays or plain objects`,
  );

/**
 * Decodes bytes from outside, accepting only what {@link encode} would have produced.
 *
 * Byte strings in the result are plain `Uint8Array`s and **copies**: they neither change with the
 * input nor keep it in memory. Maps come back as plain objects (a key such as `__proto__` is an
 * ordinary own property).
 *
 * @param bytes - one encoding and nothing else
 * @param options - the name for errors, and the largest length accepted
 * @returns the value; `encode` of it gives exactly `bytes`
 * @throws CodecError `too-large` (before anything is read, or over 2^20 items), `truncated`,
 * `trailing-bytes`, `non-canonical` (a longer head than needed, an indefinite length, unsorted
 * keys), `malformed` (all else: tags, floats, integers beyond 2^53 − 1, ill-formed text, duplicate
 * keys, over 16 levels)
 *
 * **Security:** meant for hostile input: neither memory nor stack can be exhausted, as nothing is
 * allocated on the word of a length that the input cannot back up. Wiping the input does not wipe
 * the result.
 *
 * **Source:** RFC 8949 §4.2.1, core deterministic encoding.
 *
 * **Cost:** linear, and O(m log m) for a map of m keys; byte strings are copied twice, of which one
 * copy stays.
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
  // A Buffer's `slice` does not copy and gives Buffers; a plain view has no surprises.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const tokenizer = guardedTokenizer(plain, what);
  const [value, rest] = firstItem(plain, tokenizer, what);
  const at = tokenizer.pos();
  if (rest.length > 0) {
    throw fault(what, at, 'trailing-bytes', `got ${rest.length} bytes after the end`);
  }
  const again = new Uint8Array(plain.length);
  const { written } = encodeInto(value, again, rfc8949EncodeOptions);
  const same = written === plain.length && equalBytes(again, plain);
  wipe(again); // it may hold secrets
  if (!same) throw fault(what, at, 'non-canonical', 'got unsorted map keys');
  return value;
}

function firstItem(
  bytes: Uint8Array,
  tokenizer: GuardedTokenizer,
  what: string,
): readonly [CborValue, Uint8Array] {
  try {
    return decodeFirst(bytes, { ...STRICT, tokenizer });
  } catch (error) {
    if (error instanceof CodecError) throw error;
    // All that the tokenizer cannot see. cborg's message may quote a key: it is not passed on.
    throw fault(
      what,
      tokenizer.pos(),
      'malformed',
      'got a map key that is twice there or not text',
    );
  }
}
