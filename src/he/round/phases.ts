/** The phases of an encrypted round, what is said in them, and why a message was not taken. */
import type { CodecCode, ProtocolCode } from '../../errors.ts';
import type { ClientId } from '../../identity/roster.ts';

/**
 * The phases in their order. Members of a committee `join` and `reveal` their parts of the key; a lone
 * key holder begins with the next one. Holders publish the `key`, clients `commit` to their ciphertexts, holders
 * sign the `root` of the commitments, clients `upload`, holders sign the `close`, active holders `open`.
 */
export const ENCRYPTED_PHASES = [
  'join',
  'reveal',
  'key',
  'commit',
  'root',
  'upload',
  'close',
  'open',
] as const;

/** One of the eight. */
export type EncryptedPhase = (typeof ENCRYPTED_PHASES)[number];

/** The phase's number in an envelope: 33 to 40, none of which the masked round has. */
export const phaseNumber = (phase: EncryptedPhase): number => 33 + ENCRYPTED_PHASES.indexOf(phase);

declare const direction: unique symbol;

/**
 * Bytes for the coordinator. Bytes fresh from a socket fit any phase, and are checked at run time;
 * bytes that a step made fit their own phase only.
 */
export type EncryptedUplink<P extends EncryptedPhase = EncryptedPhase> = Uint8Array & {
  readonly [direction]?: { readonly to: 'coordinator'; readonly phase: P };
};

/** Bytes from the coordinator, answering which a client or holder does phase `P`. */
export type EncryptedDownlink<P extends EncryptedPhase = EncryptedPhase> = Uint8Array & {
  readonly [direction]?: { readonly to: 'party'; readonly phase: P };
};

/** Why a message was refused. */
export type EncryptedFaultCode =
  | CodecCode
  | ProtocolCode
  /** The claimed sender is no roster position. */
  | 'not-on-roster'
  /** The sender has no part in this phase, or said this already. */
  | 'not-expected'
  /** The sender signed two different messages for one phase; the first one stands. */
  | 'equivocation'
  /** The bytes are not those whose hash the sender committed to. */
  | 'not-committed'
  /** The sender broke the protocol before, and a signature proves it. */
  | 'excluded';

/**
 * A refused message; the round goes on without it. `culprit` is set only where a signature proves who
 * did it; of anything else only whose name it bore is known (`claimed`), and whose standing it does not
 * touch.
 */
export type EncryptedFault = {
  readonly phase: EncryptedPhase;
  readonly code: EncryptedFaultCode;
  /** What, got, expected. Never a secret. */
  readonly message: string;
  readonly culprit?: ClientId;
  readonly claimed?: ClientId;
};

/** Makes a fault with what is known of the message so far. */
export type Refuse = (code: EncryptedFaultCode, text: string) => EncryptedFault;
