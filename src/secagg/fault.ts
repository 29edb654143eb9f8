/** What a coordinator gets back instead of an exception when a message cannot be used. */
import type { CodecCode, ProtocolCode } from '../errors.ts';
import type { ClientId } from '../identity/roster.ts';
import type { Phase } from './phases.ts';

/** Why a message was refused. */
export type FaultCode =
  | CodecCode
  | ProtocolCode
  /** The claimed sender is no roster position. */
  | 'not-on-roster'
  /** The sender is not part of this phase: it dropped out earlier or was refused. */
  | 'not-expected'
  /** The sender signed two different messages for one phase; the first one stands. */
  | 'equivocation'
  /** The sender signed a wrong message before, in this phase; it is out. */
  | 'excluded';

/**
 * A refused message, or a bad share. Nothing was lost: the round goes on with the rest.
 *
 * `culprit` is set only where a valid signature proves who did it. A message that does not verify
 * says nothing about the client whose name it bears (`claimed`), whose standing is untouched.
 */
export type Fault = {
  readonly phase: Phase;
  readonly code: FaultCode;
  /** What, got, expected. Never a secret. */
  readonly message: string;
  readonly culprit?: ClientId;
  readonly claimed?: ClientId;
};
