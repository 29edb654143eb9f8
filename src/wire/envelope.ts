/**
 * The one shape in which a client speaks: a small signed header, and a payload that the header
 * pins by its digest. Whoever must check later what a client said (its neighbours do) needs the
 * header only, never the payload.
 *
 *     [ version, phase, round id, sender, header, signature, payload ]      canonical CBOR
 *
 * This file knows the layout; who may sign, and what the header means, is decided above it.
 */
import { CodecError } from '../errors.ts';
import { concat, lengthPrefixed, u32, utf8 } from '../internal/bytes.ts';
import { sha256 } from '../internal/sha256.ts';
import { type CborValue, decode, encode } from './cbor.ts';
import { bytes, integer, tuple } from './fields.ts';

/** The version of everything on the wire; another number is another protocol. */
export const WIRE_VERSION = 1;

/** What remains of a message when its payload is left out: enough to check who said what. */
export type SignedHeader = {
  /** Position on the roster. */
  readonly sender: number;
  /** Canonical CBOR; its meaning belongs to the phase. */
  readonly header: Uint8Array;
  /** SHA-256 of the payload, or no bytes where there is none. */
  readonly payloadDigest: Uint8Array;
  /** Ed25519, 64 bytes, over {@link signedContent}. */
  readonly signature: Uint8Array;
};

/** A whole message. */
export type Envelope = SignedHeader & {
  readonly phase: number;
  /** 32 bytes. */
  readonly roundId: Uint8Array;
  readonly payload: Uint8Array;
};

const ENVELOPE_OVERHEAD = 160;

/** SHA-256 of a payload; an empty payload has an empty digest. */
export const digestOfPayload = (payload: Uint8Array): Uint8Array =>
  payload.length === 0 ? payload : sha256(payload);

/** The bytes that a client signs. Every part is length-prefixed, so none can run into the next. */
export const signedContent = (
  roundId: Uint8Array,
  phase: number,
  said: Omit<SignedHeader, 'signature'>,
): Uint8Array =>
  lengthPrefixed(
    utf8('veilsum/v1 message'),
    roundId,
    Uint8Array.of(phase),
    u32(said.sender),
    said.header,
    said.payloadDigest,
  );

/** H(signed header): what lists of survivors commit to. 32 bytes. */
export const hashOfSigned = (roundId: Uint8Array, phase: number, said: SignedHeader): Uint8Array =>
  sha256(
    lengthPrefixed(
      utf8('veilsum/v1 signed header'),
      signedContent(roundId, phase, said),
      said.signature,
    ),
  );

/** The message's bytes. */
export const encodeEnvelope = (message: Omit<Envelope, 'payloadDigest'>): Uint8Array =>
  encode([
    WIRE_VERSION,
    message.phase,
    message.roundId,
    message.sender,
    message.header,
    message.signature,
    message.payload,
  ]);

/** A message that is being written: what is in place already, and room for the rest. */
export type EnvelopeDraft = {
  /** The whole message: its signature and payload are zeros until they are written. */
  readonly message: Uint8Array;
  /** Room for the signature within it, 64 bytes. */
  readonly signature: Uint8Array;
  /** Room for the payload within it. */
  readonly payload: Uint8Array;
};

/**
 * Makes a message with room for a long payload, so that it need not be copied into place.
 *
 * @param payloadLength - below 2^32
 */
export function draftEnvelope(
  message: Omit<Envelope, 'payloadDigest' | 'signature' | 'payload'>,
  payloadLength: number,
): EnvelopeDraft {
  const signature = new Uint8Array(SIGNATURE_LENGTH);
  const whole = encodeEnvelope({ ...message, signature, payload: new Uint8Array(0) });
  // The empty payload is one byte at the end; before it stands the signature.
  const start = whole.subarray(0, -1);
  const head = byteStringHead(payloadLength);
  const out = new Uint8Array(start.length + head.length + payloadLength);
  out.set(start);
  out.set(head, start.length);
  const payloadAt = start.length + head.length;
  return {
    message: out,
    signature: out.subarray(start.length - SIGNATURE_LENGTH, start.length),
    payload: out.subarray(payloadAt),
  };
}

const SIGNATURE_LENGTH = 64;

/** CBOR major type 2 with a length in its shortest form (RFC 8949, 3 and 4.2.1). */
function byteStringHead(length: number): Uint8Array {
  if (length < 24) return Uint8Array.of(0x40 + length);
  if (length < 2 ** 8) return Uint8Array.of(0x58, length);
  if (length < 2 ** 16) return Uint8Array.of(0x59, length >>> 8, length);
  return Uint8Array.of(0x5a, ...u32(length));
}

/** The most bytes that the parts of a message may have in a phase. */
export type EnvelopeLimits = { readonly header: number; readonly payload: number };

/**
 * Reads a message strictly.
 *
 * @returns its payload is a view of `foreign`, not a copy (unless that is shared memory); all else is copied
 * @throws CodecError any code but `wrong-…`: those are for who knows the round.
 *
 * **Cost**: one pass over the payload, for its digest.
 */
export function decodeEnvelope(foreign: Uint8Array, limits: EnvelopeLimits): Envelope {
  const maxBytes = limits.header + limits.payload + ENVELOPE_OVERHEAD;
  const isRead = foreign instanceof Uint8Array && foreign.length <= maxBytes;
  // Memory that another thread shares could change between two looks at it.
  const isOwn = isRead && foreign.buffer instanceof ArrayBuffer;
  const message = isRead && !isOwn ? Uint8Array.from(foreign) : foreign;
  const start = isRead ? startOf(message) : FOREIGN;
  if (
    typeof start === 'number' ||
    start.payloadAt + start.payloadLength !== message.length ||
    start.payloadLength > limits.payload
  ) {
    // Not the layout, too long, too short: the general decoder says what is wrong with it.
    return withPayload(decode(message, { what: WHAT, maxBytes }), limits);
  }
  const head = headOf(message, start, limits);
  const payload = new Uint8Array(
    message.buffer,
    message.byteOffset + start.payloadAt,
    start.payloadLength,
  );
  return { ...head, payload, payloadDigest: digestOfPayload(payload) };
}

/** A message without its payload, and where that lies. */
export type EnvelopeStart = {
  readonly head: Omit<Envelope, 'payload' | 'payloadDigest'>;
  /** Position of the payload's first byte. */
  readonly payloadAt: number;
  /** Its length, as the message announces it. */
  readonly payloadLength: number;
};

/**
 * Reads the start of a message of which only the first bytes have come, strictly.
 *
 * @returns nothing while too few bytes are there
 * @throws CodecError if these bytes cannot be the start of a message within the limits
 */
export function decodeEnvelopeStart(
  bytes: Uint8Array,
  limits: EnvelopeLimits,
): EnvelopeStart | undefined {
  const start = startOf(bytes);
  if (typeof start !== 'number') {
    if (start.payloadLength > limits.payload) {
      throw new CodecError(
        'too-large',
        `${WHAT}: payload: got ${start.payloadLength} bytes, expected at most ${limits.payload}`,
        { got: start.payloadLength, max: limits.payload },
      );
    }
    const { payloadAt, payloadLength } = start;
    return { head: headOf(bytes, start, limits), payloadAt, payloadLength };
  }
  if (start === INCOMPLETE && bytes.length < limits.header + ENVELOPE_OVERHEAD) return undefined;
  throw new CodecError(
    start === INCOMPLETE ? 'too-large' : 'malformed',
    `${WHAT}: got something else than the start of a message within its limits`,
  );
}

const WHAT = 'client message';
const INCOMPLETE = 1;
const FOREIGN = 0;

type Start = {
  /** Position of the payload's own head. */
  readonly headEnd: number;
  readonly payloadAt: number;
  readonly payloadLength: number;
};

/** CBOR major types of the seven items: integers and byte strings. */
const LAYOUT: readonly number[] = [0, 0, 2, 0, 2, 2, 2];

/** Walks over the items up to the payload. Only heads in their shortest form are followed. */
function startOf(bytes: Uint8Array): Start | typeof INCOMPLETE | typeof FOREIGN {
  if (bytes.length === 0) return INCOMPLETE;
  if (bytes[0] !== 0x80 + LAYOUT.length) return FOREIGN;
  let at = 1;
  for (const [i, major] of LAYOUT.entries()) {
    const first = bytes[at];
    if (first === undefined) return INCOMPLETE;
    if (first >> 5 !== major) return FOREIGN;
    const info = first & 31;
    const size = info < 24 ? 0 : 2 ** (info - 24);
    if (size > 4) return FOREIGN;
    if (at + 1 + size > bytes.length) return INCOMPLETE;
    let value = size === 0 ? info : 0;
    for (let j = 1; j <= size; j++) value = value * 256 + (bytes[at + j] as number);
    const least = size === 0 ? 0 : size === 1 ? 24 : 2 ** (4 * size);
    if (value < least) return FOREIGN;
    const after = at + 1 + size;
    if (i === LAYOUT.length - 1) return { headEnd: at, payloadAt: after, payloadLength: value };
    at = major === 2 ? after + value : after;
  }
  return FOREIGN;
}

/** The items before the payload, by the general decoder: it reads them with an empty payload. */
function headOf(bytes: Uint8Array, { headEnd }: Start, limits: EnvelopeLimits) {
  const small = concat(bytes.subarray(0, headEnd), Uint8Array.of(0x40));
  const maxBytes = limits.header + ENVELOPE_OVERHEAD;
  const { payload, payloadDigest, ...head } = withPayload(
    decode(small, { what: WHAT, maxBytes }),
    limits,
  );
  return head;
}

function withPayload(value: CborValue, limits: EnvelopeLimits): Envelope {
  const fields = tuple(value, LAYOUT.length, WHAT);
  const version = integer(fields[0], 0, 0xffff_ffff, `${WHAT}: version`);
  if (version !== WIRE_VERSION) {
    throw new CodecError(
      'unknown-version',
      `${WHAT}: got version ${version}, expected ${WIRE_VERSION}`,
      { version },
    );
  }
  const payload = bytes(fields[6], { min: 0, max: limits.payload }, `${WHAT}: payload`);
  return {
    phase: integer(fields[1], 0, 255, `${WHAT}: phase`),
    roundId: bytes(fields[2], 32, `${WHAT}: round id`),
    sender: integer(fields[3], 0, 0xffff_ffff, `${WHAT}: sender`),
    header: bytes(fields[4], { min: 0, max: limits.header }, `${WHAT}: header`),
    signature: bytes(fields[5], 64, `${WHAT}: signature`),
    payload,
    payloadDigest: digestOfPayload(payload),
  };
}
