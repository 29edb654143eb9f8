/**
 * Canonical CBOR: the one way in which veilsum turns values into bytes and back. For every value
 * there is exactly one encoding, and the decoder refuses every other: so a hash or signature over
 * bytes is one over the value.
 *
 * `cborg` reads and writes. Added here is what hostile bytes and signatures need on top: a subset
 * (safe integers, byte and text strings, booleans, null, arrays, maps with text keys), limits that
 * hold while reading, a check that re-encoding gives the same bytes, and veilsum's errors.
 */
import {
  decodeFirst,
  encodeInto,
  rfc8949EncodeOptions,
  type DecodeOptions as Strictness,
  Tokenizer,
} from 'cborg';
import { encodedLength } from 'cborg/length';
import { type CodecCode, CodecError, UsageError } from '../errors.ts';
import { equalBytes, wipe } from '../internal/bytes.ts';

/** What can be encoded: plain data, integers only. */
export type CborValue =
  | number
  | string
  | Uint8Array
  | boolean
  | null
  | readonly CborValue[]
  | { readonly [key: string]: CborValue };

/** How deep arrays and maps may be nested. A lone integer has depth 0, `[1]` has depth 1. */
export const MAX_DEPTH = 16;

/** How many items (values and map keys) one encoding may hold. Bounds the memory of a decoder. */
export const MAX_ITEMS: number = 2 ** 20;

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

const STRICT: Strictness = Object.freeze({
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
  retainStringBytes: true,
});

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
  tokenizer: Guarded,
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

const fault = (what: string, at: number, code: CodecCode, got: string): CodecError =>
  new CodecError(code, `${what}: ${got}, at byte ${at}; expected canonical CBOR`, { what, at });

type Guarded = NonNullable<Strictness['tokenizer']>;

/** A byte order mark is part of the text: dropping it would give two encodings to one value. */
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * cborg's tokenizer with our limits. cborg builds values by recursion, one call a level: so nesting
 * is bounded here, token by token, before it can recurse.
 */
function guardedTokenizer(bytes: Uint8Array, what: string): Guarded {
  const inner = new Tokenizer(bytes, STRICT);
  const open: number[] = []; // of each open array or map, outermost first: how many items to come
  let items = 0;
  const nextToken = (at: number): ReturnType<Guarded['next']> => {
    try {
      return inner.next();
    } catch {
      throw fault(what, at, ...refusal(bytes, at));
    }
  };
  return {
    pos: () => inner.pos(),
    // Asked before every item that must be there, and at no other time.
    done: () => {
      if (inner.done()) throw fault(what, inner.pos(), 'truncated', 'got the end of the input');
      return false;
    },
    next: () => {
      const at = inner.pos();
      if (++items > MAX_ITEMS) {
        throw fault(what, at, 'too-large', `got more items than the ${MAX_ITEMS} allowed`);
      }
      while (open.at(-1) === 0) open.pop();
      if (open.length > 0) (open[open.length - 1] as number)--;
      const token = nextToken(at);
      const { major, name } = token.type;
      if (major === 6) throw fault(what, at, 'malformed', 'got a tag');
      if (name === 'float') throw fault(what, at, 'malformed', 'got a float');
      if (token.byteValue !== undefined) {
        try {
          token.value = utf8Decoder.decode(token.byteValue);
        } catch {
          throw fault(what, at, 'malformed', 'got text that is not UTF-8');
        }
      }
      if (major !== 4 && major !== 5) return token;
      const length = major === 4 ? token.value : 2 * token.value;
      if (open.length >= MAX_DEPTH) {
        throw fault(
          what,
          at,
          'malformed',
          `got deeper nesting than the ${MAX_DEPTH} levels allowed`,
        );
      }
      if (length > bytes.length - inner.pos()) {
        throw fault(what, at, 'truncated', `got fewer bytes than ${length} items need`);
      }
      open.push(length);
      return token;
    },
  };
}

/** Why cborg's tokenizer refused the item at `at`: found by asking it again, about the head alone. */
function refusal(bytes: Uint8Array, at: number): [CodecCode, string] {
  const first = bytes[at] as number;
  const major = first >> 5;
  const low = first & 31;
  if (major >= 6)
    return ['malformed', 'got a tag, float, undefined, break or unknown simple value'];
  if (low === 31) return ['non-canonical', 'got an indefinite length'];
  if (low > 27) return ['malformed', 'got a reserved head'];
  // With its type cleared, a head is an unsigned integer: the argument.
  const head = Uint8Array.of(low, ...bytes.subarray(at + 1, at + 9));
  const reads = (options: Strictness): boolean => {
    try {
      return new Tokenizer(head, options).next() !== undefined;
    } catch {
      return false;
    }
  };
  if (!reads({ allowBigInt: true })) return ['truncated', 'got half a head'];
  if (!reads({ allowBigInt: true, strict: true })) {
    return ['non-canonical', 'got a longer head than needed'];
  }
  if (!reads({ allowBigInt: false })) return ['malformed', 'got a number beyond 2^53 − 1'];
  if (major === 2 || major === 3) return ['truncated', 'got a part of a string'];
  return ['malformed', 'got an integer below −(2^53 − 1)'];
}
