/** Values to bytes and back: canonical encoding, bitmaps, Merkle trees, transcripts, envelopes. */
export { fromBitmap, toBitmap } from './bitmap.ts';
export {
  type CborValue,
  type DecodeOptions,
  decode,
  encode,
  MAX_DEPTH,
  MAX_ITEMS,
} from './cbor.ts';
export {
  decodeEnvelope,
  digestOfPayload,
  type Envelope,
  encodeEnvelope,
  hashOfSigned,
  type SignedHeader,
  signedContent,
  WIRE_VERSION,
} from './envelope.ts';
export {
  bytes,
  flag,
  integer,
  type LengthRange,
  list,
  record,
  text,
  tuple,
} from './fields.ts';
export {
  type ConsistencyClaim,
  consistencyPath,
  type InclusionClaim,
  inclusionPath,
  type MerkleTree,
  merkleRoot,
  merkleTree,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts';
export {
  appendToTranscript,
  emptyTranscript,
  type Transcript,
  type TranscriptHead,
  type TranscriptLog,
  transcriptEntry,
  transcriptHead,
  transcriptLog,
} from './transcript.ts';
