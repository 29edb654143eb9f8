/** Canonical CBOR: the one way in which veilsum turns values into bytes and back. */
export { type DecodeOptions, decode } from './cbor-decode.ts';
export { encode } from './cbor-encode.ts';
export { type CborValue, MAX_DEPTH, MAX_ITEMS } from './cbor-grammar.ts';
