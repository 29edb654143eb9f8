/**
 * Canonical CBOR, the part of it that messages need. For every value there is exactly one encoding,
 * and the decoder refuses every other: so a hash or signature over bytes is one over the value.
 *
 * The subset: safe integers, byte and text strings, booleans, null, arrays, and maps whose keys are
 * text; no floats, tags, `undefined` or indefinite lengths. Both directions share the same limits,
 * so what encodes also decodes. This file holds what writer and reader agree on.
 */

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

/** The major types of RFC 8949 §3.1 in their place, the upper three bits of the first byte. */
export const MAJOR = {
  unsigned: 0x00,
  negative: 0x20,
  bytes: 0x40,
  text: 0x60,
  array: 0x80,
  map: 0xa0,
  tag: 0xc0,
  simple: 0xe0,
} as const;

/** The three simple values in use, as whole bytes. */
export const SIMPLE = { false: 0xf4, true: 0xf5, null: 0xf6 } as const;
