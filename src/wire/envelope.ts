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
import { lengthPrefixed, u32, utf8 } from '../internal/bytes.ts';
import { sha256 } from '../internal/sha256.ts';
import { decode, encode } from './cbor.ts';
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

/**
 * Reads a message strictly.
 *
 * @param limits - the most bytes that header and payload may have in this phase.
 * @throws CodecError any code but `wrong-…`: those are for who knows the round.
 */
export function decodeEnvelope(
  message: Uint8Array,
  limits: { readonly header: number; readonly payload: number },
): Envelope {
  const what = 'client message';
  const maxBytes = limits.header + limits.payload + ENVELOPE_OVERHEAD;
  const fields = tuple(decode(message, { what, maxBytes }), 7, what);
  const version = integer(fields[0], 0, 0xffff_ffff, `${what}: version`);
  if (version !== WIRE_VERSION) {
    throw new CodecError(
      'unknown-version',
      `${what}: got version ${version}, expected ${WIRE_VERSION}`,
      { version },
    );
  }
  const payload = bytes(fields[6], { min: 0, max: limits.payload }, `${what}: payload`);
  return {
    phase: integer(fields[1], 0, 255, `${what}: phase`),
    roundId: bytes(fields[2], 32, `${what}: round id`),
    sender: integer(fields[3], 0, 0xffff_ffff, `${what}: sender`),
    header: bytes(fields[4], { min: 0, max: limits.header }, `${what}: header`),
    signature: bytes(fields[5], 64, `${what}: signature`),
    payload,
    payloadDigest: digestOfPayload(payload),
  };
}
