/** Seeds to keys and streams: HKDF-SHA-256 and ChaCha20. */
export {
  addStreamInto,
  addStreamsInto,
  expandInto,
  hotPaths,
  type SignedStream,
  subtractStreamInto,
} from './chacha20.ts';
export { deriveKey, hkdfSha256 } from './hkdf.ts';
