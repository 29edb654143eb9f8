/** Signing and checking what clients say; see `wire/envelope.ts` for the layout. */
import { ProtocolError } from '../errors.ts';
import { isEnvelopeSigned, signEnvelope } from '../identity/signed-envelope.ts';
import type { Signer } from '../identity/signer.ts';
import { hashOfSigned, type SignedHeader } from '../wire/envelope.ts';
import { type Phase, phaseNumber, type Uplink } from './phases.ts';
import { idAt, identityKeyAt, sizeOf, type Terms } from './terms.ts';

/** Signs a header and its payload as the client at roster position `sender`. One signature. */
export async function signMessage<P extends Phase>(
  terms: Terms,
  phase: P,
  sender: number,
  signer: Signer,
  header: Uint8Array,
  payload: Uint8Array = new Uint8Array(0),
): Promise<{ readonly message: Uplink<P>; readonly said: SignedHeader }> {
  return signLongMessage(terms, phase, sender, signer, header, payload.length, (room) =>
    room.set(payload),
  );
}

/** The same with a payload that is written into its place by `write`, for long ones. */
export async function signLongMessage<P extends Phase>(
  terms: Terms,
  phase: P,
  sender: number,
  signer: Signer,
  header: Uint8Array,
  payloadLength: number,
  write: (payload: Uint8Array) => void,
): Promise<{ readonly message: Uplink<P>; readonly said: SignedHeader }> {
  const said = { phase: phaseNumber(phase), roundId: terms.roundId, sender, header };
  const signed = await signEnvelope(signer, said, payloadLength, write);
  return { ...signed, message: signed.message as Uplink<P> };
}

/** Whether the roster's key for `said.sender` signed this header in this round and phase. */
export const isSigned = (terms: Terms, phase: Phase, said: SignedHeader): boolean =>
  said.sender < sizeOf(terms) &&
  isEnvelopeSigned(identityKeyAt(terms, said.sender), terms.roundId, phaseNumber(phase), said);

/**
 * The same as {@link isSigned}, for a client that got the header from the coordinator: a header that
 * does not verify is the coordinator's fault, since it had to refuse it.
 *
 * @throws ProtocolError `bad-signature`, blaming the coordinator.
 */
export function requireSigned(terms: Terms, phase: Phase, said: SignedHeader): void {
  if (isSigned(terms, phase, said)) return;
  const who = said.sender < sizeOf(terms) ? `client "${idAt(terms, said.sender)}"` : 'nobody';
  throw new ProtocolError(
    'bad-signature',
    `${phase} header of ${who}, passed on by the coordinator: its signature does not verify`,
    ['coordinator'],
    { phase, sender: said.sender },
  );
}

/** H(signed header) in this round and phase. */
export const headerHash = (terms: Terms, phase: Phase, said: SignedHeader): Uint8Array =>
  hashOfSigned(terms.roundId, phaseNumber(phase), said);
