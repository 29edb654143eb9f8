/** A client's complaints: whatever it finds wrong, the coordinator had to refuse it first. */
import { CodecError, type ProtocolCode, ProtocolError } from '../../errors.ts';

/** A `ProtocolError` that blames the coordinator. */
export const blame = (code: ProtocolCode, message: string): ProtocolError =>
  new ProtocolError(code, message, ['coordinator']);

/**
 * Reads what a neighbour has validly signed: a form that does not hold is something the coordinator
 * should not have passed on.
 */
export function readSigned<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof CodecError) throw blame('bad-downlink', error.message);
    throw error;
  }
}
