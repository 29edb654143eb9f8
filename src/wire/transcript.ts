/**
 * The transcript: an append-only list of what was said in a round. Whoever holds its head can later
 * be shown, with a short Merkle path, that an entry was in it or that nothing was taken back.
 */
import { assertBytes } from '../internal/assert.ts';
import { u32, utf8 } from '../internal/bytes.ts';
import { sha256 } from '../internal/sha256.ts';
import { merkleRoot } from './merkle.ts';

/** A list of entries, each the 32-byte hash of what happened; entry 0 is the label. */
export type Transcript = { readonly entries: readonly Uint8Array[] };

/** What a transcript is known by; sign both together. */
export type TranscriptHead = {
  /** Number of entries, the label included. */
  readonly size: number;
  /** 32 bytes: root of the Merkle tree whose leaves are the entries. */
  readonly root: Uint8Array;
};

/**
 * A transcript that says only what it is of.
 *
 * @param label - binds the transcript, e.g. a round id; any length
 * @returns a transcript with the label as its one entry
 * @throws UsageError `wrong-type`
 */
export const emptyTranscript = (label: Uint8Array): Transcript =>
  Object.freeze({ entries: Object.freeze([transcriptEntry('veilsum/v1 transcript', label)]) });

/**
 * The transcript with one more entry; the old one stays as it was.
 *
 * @param transcript - to append to; not changed
 * @param kind - what happened, e.g. "advertise"
 * @param parts - its facts, public ones only; hashed, not kept; each of any length
 * @throws UsageError `wrong-type`
 *
 * **Cost:** hashes the parts and copies the list of references, 8 bytes an entry. For many appends
 * in a row take {@link transcriptLog}, which does not copy.
 */
export const appendToTranscript = (
  transcript: Transcript,
  kind: string,
  ...parts: readonly Uint8Array[]
): Transcript =>
  Object.freeze({
    entries: Object.freeze([...transcript.entries, transcriptEntry(kind, ...parts)]),
  });

/**
 * The hash under which an event stands in a transcript: SHA-256 over the kind and the parts, each
 * preceded by its length in four bytes. It is the leaf to prove with the Merkle functions.
 *
 * @param kind - what happened
 * @param parts - its facts, each of any length
 * @returns 32 bytes
 * @throws UsageError `wrong-type`
 *
 * **Cost:** the parts are hashed where they are, not copied.
 */
export function transcriptEntry(kind: string, ...parts: readonly Uint8Array[]): Uint8Array {
  for (const part of parts) assertBytes('part of a transcript entry', part);
  return sha256(...[utf8(kind), ...parts].flatMap((part) => [u32(part.length), part]));
}

/**
 * The head of a transcript: its size and Merkle root.
 *
 * **Source:** RFC 9162 §2.1.1.
 *
 * **Cost:** 2n − 1 hashes.
 */
export const transcriptHead = (transcript: Transcript): TranscriptHead =>
  Object.freeze({
    size: transcript.entries.length,
    root: merkleRoot(transcript.entries),
  });

/** A transcript in the making. The one mutable thing here; keep it to yourself. */
export type TranscriptLog = {
  /** Appends an entry in constant time. @throws UsageError `wrong-type` */
  readonly append: (kind: string, ...parts: readonly Uint8Array[]) => void;
  /** The transcript so far, as {@link appendToTranscript} would have made it; a copy. */
  readonly snapshot: () => Transcript;
};

/**
 * Starts a log that continues a transcript.
 *
 * @param transcript - to continue; not changed
 *
 * **Cost:** an append hashes its parts and no more; a snapshot copies references, 8 bytes an entry.
 */
export function transcriptLog(transcript: Transcript): TranscriptLog {
  const entries = [...transcript.entries];
  return Object.freeze({
    append: (kind: string, ...parts: readonly Uint8Array[]): void => {
      entries.push(transcriptEntry(kind, ...parts));
    },
    snapshot: (): Transcript => Object.freeze({ entries: Object.freeze([...entries]) }),
  });
}
