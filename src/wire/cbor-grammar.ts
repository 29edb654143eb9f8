/** Which values have an encoding, and how large one may be: what writer and reader agree on. */

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
