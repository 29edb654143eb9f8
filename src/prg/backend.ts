/** What a source of ChaCha20 keystream has to offer; two of them stand beside this file. */

/** The nonce of every stream: twelve zero bytes, because a key is expanded once. */
export const NONCE_BYTES = 12;

/** Bytes of keystream made at a time: large enough to be fast, small enough to stay in cache. */
export const CHUNK_BYTES = 65_536;

/** Zeros to encrypt; ciphers give the keystream itself back. Never written to. */
export const ZEROS: Uint8Array = new Uint8Array(CHUNK_BYTES);

/**
 * Receives one chunk of keystream.
 *
 * @param words - keystream words; valid during the call only, overwritten afterwards
 * @param at - position of `words[0]`, counted from the first word asked for
 */
export type KeystreamSink = (words: Uint32Array, at: number) => void;

/** One implementation of the ChaCha20 keystream (RFC 8439) with the zero nonce. */
export type KeystreamBackend = {
  readonly name: 'node' | 'noble';
  /**
   * Makes `length` words of keystream and hands them to `sink`, chunk by chunk and in order.
   *
   * @param key - 32 bytes; not kept
   * @param firstBlock - block counter to start from, below 2^32 − 1
   * @param length - number of words; the stream must end before block 2^32 − 1
   */
  readonly stream: (
    key: Uint8Array,
    firstBlock: number,
    length: number,
    sink: KeystreamSink,
  ) => void;
};
