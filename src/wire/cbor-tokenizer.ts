/**
 * cborg's tokenizer under guard: it refuses what the subset lacks, keeps the limits on nesting and
 * items while reading, and says in our codes what is wrong with the bytes.
 */
import { type DecodeOptions, Tokenizer } from 'cborg';
import { type CodecCode, CodecError } from '../errors.ts';
import { MAX_DEPTH, MAX_ITEMS } from './cbor-grammar.ts';

/** What cborg is told to refuse. The texts' bytes are kept, for a stricter reading of them. */
export const STRICT: DecodeOptions = Object.freeze({
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
  retainStringBytes: true,
});

/** The error for foreign bytes: what was got, and where. */
export const fault = (what: string, at: number, code: CodecCode, got: string): CodecError =>
  new CodecError(code, `${what}: ${got}, at byte ${at}; expected canonical CBOR`, { what, at });

/** What cborg takes for a source of tokens. */
export type GuardedTokenizer = NonNullable<DecodeOptions['tokenizer']>;

/** A byte order mark is part of the text: dropping it would give two encodings to one value. */
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A tokenizer that keeps the limits. cborg builds values by recursion, one call a level: so nesting
 * is bounded here, token by token, before it can recurse.
 *
 * @param bytes - one encoding, from outside; not a `Buffer`, whose slices are no copies
 * @param what - names the message in errors
 * @returns to be used once; it throws CodecError `truncated`, `non-canonical`, `malformed`,
 * `too-large`
 *
 * **Cost:** a list of the open arrays and maps, at most 16 long.
 */
export function guardedTokenizer(bytes: Uint8Array, what: string): GuardedTokenizer {
  const inner = new Tokenizer(bytes, STRICT);
  const open: number[] = []; // of each open array or map, outermost first: how many items to come
  let items = 0;
  const nextToken = (at: number): ReturnType<GuardedTokenizer['next']> => {
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
  const reads = (options: DecodeOptions): boolean => {
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
