/** What a source of ChaCha20 keystream has to offer; three of them stand beside this file. */
import { TILE, type Tile } from '../kernel/index.ts';

/** The nonce of every stream: twelve zero bytes, because a key is expanded once. */
export const NONCE_BYTES = 12;

/** Bytes of keystream made at a time: large enough to be fast, small enough to stay in cache. */
export const CHUNK_BYTES: number = 4 * TILE;

/** Zeros to encrypt; ciphers give the keystream itself back. Never written to. */
export const ZEROS: Uint8Array = new Uint8Array(CHUNK_BYTES);

/** The first `size` zeros. */
export const zeros = (size: number): Uint8Array =>
  size === CHUNK_BYTES ? ZEROS : ZEROS.subarray(0, size);

/** One stream that is being expanded, tile after tile. */
export type OpenStream = {
  /** Adds the next words of the stream to a tile, or takes them away. */
  readonly applyTo: (tile: Tile, negative: boolean) => void;
  /** Forgets the key. */
  readonly close: () => void;
};

/** One implementation of the ChaCha20 keystream (RFC 8439) with the zero nonce. */
export type KeystreamBackend = {
  readonly name: 'node' | 'wasm' | 'noble';
  /**
   * Opens a stream.
   *
   * @param key - 32 bytes; a copy is kept until the stream is closed
   * @param firstBlock - block counter to start from, below 2^32 − 1
   */
  readonly open: (key: Uint8Array, firstBlock: number) => OpenStream;
};
