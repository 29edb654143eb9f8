/**
 * Uploads that come in chunks. A place holds one upload as packed bytes until its length and signature
 * hold; only then is it unpacked and added, in one pass. So memory is the accumulator and as many
 * packed uploads as the caller gave places, however many clients are sending, and an upload that
 * breaks off or is forged leaves the sum as it was.
 */
import { CodecError, UsageError } from '../../errors.ts';
import { assertBytes, assertInteger } from '../../internal/assert.ts';
import { concat } from '../../internal/bytes.ts';
import { type Sha256Stream, sha256Stream } from '../../internal/sha256.ts';
import { vault } from '../../internal/spent.ts';
import { decodeEnvelopeStart, type EnvelopeStart } from '../../wire/envelope.ts';
import { copyWithRooms } from '../accumulator.ts';
import type { Fault } from '../fault.ts';
import { messageLimits } from '../messages.ts';
import { uploadLength } from '../terms.ts';
import { keepFault, refusal, strangerFault, takeEnvelope } from './accept.ts';
import { type CoordinatorState, ledgerOf } from './state.ts';

/** Places for uploads that are under way; see {@link openStaging}. */
export type Staging = { readonly places: number };

/** One upload under way; see {@link beginUpload}. */
export type Upload = { readonly phase: 'mask' };

type StagingContents = {
  readonly state: CoordinatorState<'mask'>;
  /** Places that nobody uses now. */
  readonly free: Uint8Array[];
};

type UploadContents = {
  readonly staging: StagingContents;
  /** Where the payload goes. */
  readonly place: Uint8Array;
  /** What has come before the payload, until its start is complete. */
  head: Uint8Array;
  start: EnvelopeStart | undefined;
  /** Bytes of payload that are here. */
  received: number;
  readonly digest: Sha256Stream;
};

const stagings = vault<StagingContents>('staging');
const uploads = vault<UploadContents>('upload');

/**
 * Makes places for uploads, in the memory of the accumulator (beyond 4 GiB in all, both become plain arrays).
 *
 * @param options.places - uploads that may be under way at a time, 1 to 65,536
 * @throws UsageError `out-of-range`, `state-spent`
 *
 * **Cost**: places × packed size, and a copy of the sum so far.
 */
export function openStaging(
  state: CoordinatorState<'mask'>,
  options: { readonly places: number },
): Staging {
  const { places } = options;
  assertInteger('places', places, 1, 65_536);
  const ledger = ledgerOf(state);
  if (state.phase !== 'mask') {
    throw new UsageError(
      'wrong-type',
      `staging: got a coordinator in phase "${state.phase}", expected "mask"`,
    );
  }
  const size = uploadLength(ledger.terms);
  const { accumulator, rooms } = copyWithRooms(
    ledger.accumulator,
    Array.from({ length: places }, () => size),
  );
  ledger.accumulator = accumulator;
  return stagings.put(Object.freeze({ places }), { state, free: [...rooms] });
}

/**
 * Takes a place for one upload.
 *
 * @returns nothing while all places are taken: let the client wait, or abandon another upload
 * @throws UsageError `state-spent` once the phase is closed
 */
export function beginUpload(staging: Staging): Upload | undefined {
  const contents = stagings.peek(staging);
  ledgerOf(contents.state);
  const place = contents.free.pop();
  if (place === undefined) return undefined;
  return uploads.put(Object.freeze({ phase: 'mask' }), {
    staging: contents,
    place,
    head: new Uint8Array(0),
    start: undefined,
    received: 0,
    digest: sha256Stream(),
  });
}

/**
 * Takes in the next bytes of an upload, cut anywhere. Never throws for what a client sent.
 *
 * @param chunk - any number of bytes; copied
 * @returns nothing while all is well. A fault ends the upload and frees its place; it has no culprit,
 * since no signature is checked before the end
 * @throws UsageError `wrong-type`, `state-spent` (the upload has ended, or the phase)
 */
export function feedUpload(upload: Upload, chunk: Uint8Array): Fault | undefined {
  const contents = uploads.peek(upload);
  const ledger = ledgerOf(contents.staging.state);
  assertBytes('chunk', chunk);
  try {
    const payload = contents.start === undefined ? readStart(contents, chunk) : chunk;
    if (contents.start === undefined) return undefined;
    const stranger = contents.received === 0 && strangerFault(ledger, 'mask', contents.start.head);
    if (stranger) return end(upload, stranger);
    if (contents.received + payload.length > contents.start.payloadLength) {
      throw new CodecError('trailing-bytes', 'upload: got bytes after its end');
    }
    const { place, received } = contents;
    place.set(payload, received);
    contents.received = received + payload.length;
    // Hashed from the place: what is hashed is what will be added, even if another thread writes to the chunk.
    contents.digest.update(place.subarray(received, contents.received));
    return undefined;
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return end(upload, refusal('mask', error.code, error.message));
  }
}

/**
 * Ends an upload: checks it as `accept` checks a whole message, adds it, and frees its place.
 *
 * @returns as `accept`
 * @throws UsageError `state-spent`
 *
 * **Cost**: one signature check, and one pass that unpacks and adds.
 */
export function finishUpload(upload: Upload): Fault | undefined {
  const { start, received, place, digest, staging } = uploads.peek(upload);
  const ledger = ledgerOf(staging.state);
  if (start === undefined || received < start.payloadLength) {
    const of = start === undefined ? 'before its payload' : `of ${start.payloadLength}`;
    const text = `upload: got its end after ${received} bytes of payload, ${of}`;
    return end(upload, refusal('mask', 'truncated', text));
  }
  const empty = new Uint8Array(0);
  const payloadDigest = received === 0 ? empty : digest.digest();
  const payload = place.subarray(0, received);
  let fault: Fault | undefined;
  try {
    fault = takeEnvelope(ledger, 'mask', { ...start.head, payload, payloadDigest });
  } finally {
    end(upload, fault);
  }
  return fault;
}

/** Ends an upload whose sender is gone, and frees its place. Nothing was added. @throws UsageError `state-spent` */
export const abandonUpload = (upload: Upload): void => void end(upload, undefined);

/** Frees the place; keeps the fault for the result. */
function end(upload: Upload, fault: Fault | undefined): Fault | undefined {
  const { staging, place } = uploads.take(upload);
  staging.free.push(place);
  if (fault !== undefined) keepFault(ledgerOf(staging.state), fault);
  return fault;
}

/** Reads on in what precedes the payload; gives the bytes of the chunk that are payload. */
function readStart(contents: UploadContents, chunk: Uint8Array): Uint8Array {
  const { terms } = ledgerOf(contents.staging.state);
  const limits = messageLimits(terms, 'mask');
  // What precedes the payload is short, so no more than that of a long chunk is copied.
  const most = limits.header + HEAD_ROOM;
  const before = contents.head.length;
  const head = concat(contents.head, chunk.subarray(0, Math.max(0, most - before)));
  contents.start = decodeEnvelopeStart(head, limits);
  contents.head = contents.start === undefined ? head : new Uint8Array(0);
  return contents.start === undefined
    ? new Uint8Array(0)
    : chunk.subarray(contents.start.payloadAt - before);
}

/** Above everything that stands before a payload besides the header. */
const HEAD_ROOM = 256;
